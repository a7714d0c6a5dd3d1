package mathans

import (
	"math"

	"gradus/rewards/mathans/ast"
)

// Number is float(parse(s)[0]) of Math-Verify: the value of the first claim
// that it reads in a text. ok is false where there is none, or it is no real
// number, or made of more than arithmetic, roots, π and e.
func (l *Literal) Number(s string) (v float64, ok bool) {
	r := readMathVerify(s[max(0, len(s)-maxCompletion):], Adjust{Literal: l}.predSearch())
	if r.expr == nil || r.expr.Size(mostSummands) >= mostSummands {
		return 0, false
	}
	v = float(r.expr)
	return v, !math.IsNaN(v)
}

// mostSummands bounds the parts of a formula that Number computes.
const mostSummands = 1000

// float is the value of an expression in float64; NaN where it has none here.
func float(n *ast.Node) float64 {
	args := make([]float64, len(n.Args))
	for i, a := range n.Args {
		args[i] = float(a)
	}
	switch n.Kind {
	case ast.Num:
		v, _ := n.Rat.Float64()
		return v
	case ast.Const:
		switch n.Name {
		case "pi":
			return math.Pi
		case "e":
			return math.E
		case "oo":
			return math.Inf(1)
		}
	case ast.Percent:
		return args[0] / 100
	case ast.Neg:
		return -args[0]
	case ast.Add, ast.Mul:
		v := args[0]
		for _, a := range args[1:] {
			if n.Kind == ast.Add {
				v += a
			} else {
				v *= a
			}
		}
		return v
	case ast.Div:
		return args[0] / args[1]
	case ast.Pow:
		return math.Pow(args[0], args[1])
	case ast.Func:
		if n.Name == "root" && len(args) == 2 { // of the first, with the second for its index
			return math.Pow(args[0], 1/args[1])
		}
	}
	return math.NaN()
}
