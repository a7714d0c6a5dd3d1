package equal

import "gradus/rewards/mathans/ast"

// radians gives degrees in the argument of a trigonometric function their
// value: sin 30° is sin(π/6). Elsewhere the mark is left, which a value may
// carry or not. ok says whether there was any.
func radians(n *ast.Node) (out *ast.Node, ok bool) {
	if !n.HasKind(ast.Degree) {
		return n, false
	}
	turn := func(x *ast.Node) *ast.Node {
		if x.Kind != ast.Degree {
			return x
		}
		ok = true
		return ast.New(ast.Div, ast.New(ast.Mul, x.Args[0], ast.Named(ast.Const, "pi")), ast.Int(180))
	}
	out = n.Replace(func(x *ast.Node) *ast.Node {
		if x.Kind != ast.Func || !trigonometric(x.Name) {
			return x
		}
		return x.Replace(turn)
	})
	return out, ok
}

func trigonometric(name string) bool {
	switch name {
	case "sin", "cos", "tan", "cot", "sec", "csc":
		return true
	}
	return false
}
