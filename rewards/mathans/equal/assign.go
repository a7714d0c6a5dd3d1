package equal

import (
	"gradus/rewards/mathans/ast"
	"gradus/rewards/mathans/parse"
)

// isEquation says whether n is a chain of = and ∈ only.
func isEquation(n *ast.Node) bool {
	if n.Kind != ast.Relation {
		return false
	}
	for _, op := range n.Ops {
		if op != ast.EQ && op != ast.IN {
			return false
		}
	}
	return true
}

// isAssignment says whether n gives a value to something named: x = 3.
func isAssignment(n *ast.Node) bool { return isEquation(n) && parse.IsName(n.Args[0]) }

// unwrapAssignments brings both sides to the form of the gold answer, as
// Math-Verify does (grader.py, sympy_expr_eq). Chains that begin with a name
// keep their ends only. An answer "x = 3" is worth 3 where the gold answer is a
// value; a gold answer "x = 3" accepts 3; but x = 3 is not y = 3, and 2x + z = 1
// is not 1. What is said of a multiple of the unknown, -x = 5 or 2x = 10, is not
// said of it; only namesOnly takes 5 and 10 for the answer there, too.
func unwrapAssignments(gold, pred *ast.Node, namesOnly bool) (*ast.Node, *ast.Node) {
	ga, pa := isAssignment(gold), isAssignment(pred)
	ge, pe := isEquation(gold), isEquation(pred)
	if ga {
		gold = ends(gold)
	}
	if pa {
		pred = ends(pred)
	}
	switch {
	case pe && !ge && (namesOnly || !scaledName(pred.Args[0])):
		pred = pred.Args[len(pred.Args)-1]
	case ga && !pe:
		gold = gold.Args[len(gold.Args)-1]
	}
	return gold, pred
}

// scaledName says whether n is a number times or over a single symbol, or its
// negative.
func scaledName(n *ast.Node) bool {
	switch {
	case n.Kind == ast.Neg:
		return parse.IsName(n.Args[0]) || scaledName(n.Args[0])
	case len(n.Args) == 2 && n.Kind == ast.Mul:
		a, b := n.Args[0], n.Args[1]
		return a.Kind == ast.Num && b.Kind == ast.Sym || b.Kind == ast.Num && a.Kind == ast.Sym
	case n.Kind == ast.Div:
		return n.Args[0].Kind == ast.Sym && n.Args[1].Kind == ast.Num
	}
	return false
}

func ends(n *ast.Node) *ast.Node {
	last := len(n.Args) - 1
	if last == 1 {
		return n
	}
	return &ast.Node{Kind: ast.Relation, Ops: []ast.Op{ast.EQ}, Args: []*ast.Node{n.Args[0], n.Args[last]}}
}

// maxSigns bounds how many ± of one answer are expanded.
const maxSigns = 3

// expandSigns turns ± into the list of the values it stands for. Several
// ± are independent unless a ∓ ties them.
func expandSigns(n *ast.Node) *ast.Node {
	switch n.Kind {
	case ast.List, ast.Set:
		if !n.HasKind(ast.PlusMinus) {
			return n
		}
		var all []*ast.Node
		for _, a := range n.Args {
			all = append(all, signs(a)...)
		}
		return &ast.Node{Kind: n.Kind, Args: all}
	}
	all := signs(n)
	if len(all) == 1 {
		return all[0]
	}
	return ast.New(ast.List, all...)
}

func signs(n *ast.Node) []*ast.Node {
	var found []*ast.Node
	tied := false
	n.Has(func(x *ast.Node) bool {
		if x.Kind == ast.PlusMinus {
			found = append(found, x)
			tied = tied || x.Name == "mp"
		}
		return false
	})
	k := len(found)
	if k == 0 || k > maxSigns {
		return []*ast.Node{n}
	}
	choices := 1 << k
	if tied {
		choices = 2
	}
	var all []*ast.Node
	for c := range choices {
		seen := 0
		all = append(all, choose(n, func(x *ast.Node) bool {
			bit := seen
			seen++
			if tied {
				return (c == 1) != (x.Name == "mp")
			}
			return c>>bit&1 == 1
		}))
	}
	return all
}

// choose replaces each ± by + or −, in the order of Has.
func choose(n *ast.Node, minus func(*ast.Node) bool) *ast.Node {
	take := n.Kind == ast.PlusMinus && minus(n)
	args := make([]*ast.Node, len(n.Args))
	for i, a := range n.Args {
		args[i] = choose(a, minus)
	}
	if n.Kind != ast.PlusMinus {
		c := *n
		c.Args = args
		return &c
	}
	last := args[len(args)-1]
	if take {
		last = ast.New(ast.Neg, last)
	}
	if len(args) == 1 {
		return last
	}
	return ast.New(ast.Add, args[0], last)
}
