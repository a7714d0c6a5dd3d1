// Package mutate rewrites answers to test a verifier: into forms that mean the
// same, which it must accept, and into near misses, which it must reject.
package mutate

import (
	"fmt"
	"math/big"
	"strings"

	"gradus/rewards/mathans/ast"
	"gradus/rewards/mathans/parse"
)

// Mutation is one rewritten answer.
type Mutation struct {
	Name  string // of the rule
	Equal bool   // whether it still means the same
	Pred  string // the answer in LaTeX, without delimiters
	Plain bool   // Pred stands as it is, in no box
}

// Of rewrites an answer by every rule that applies. The rules look at what the
// answer is, so no value-changing one can happen to keep the value.
func Of(gold string) []Mutation {
	a, err := parse.Parse(gold, parse.Options{})
	if err != nil {
		return nil
	}
	var all []Mutation
	add := func(name string, equal bool, pred string) {
		if pred != "" && pred != gold {
			all = append(all, Mutation{Name: name, Equal: equal, Pred: pred})
		}
	}
	all = append(all, Mutation{"bare", true, gold, true}, Mutation{"dollars", true, "$" + gold + "$", true})
	plain := func(name string, equal bool, pred string) {
		if pred != "" {
			all = append(all, Mutation{name, equal, pred, true})
		}
	}
	add("spaces", true, spaced(gold))
	if !strings.Contains(gold, `\dfrac`) {
		add("dfrac", true, strings.ReplaceAll(gold, `\frac`, `\dfrac`))
	}
	if r, ok := rational(a.Expr); ok && a.Unit == "" {
		numbers(gold, r, add, plain)
	}
	switch a.Expr.Kind {
	case ast.Tuple, ast.List, ast.Set, ast.Interval, ast.Union:
		collections(a.Expr, add)
	case ast.Text:
		add("text_wrapped", true, `\text{`+a.Expr.Name+`}`)
		add("other_word", false, `\text{`+a.Expr.Name+`ish}`)
	case ast.Relation:
	default:
		if !a.Expr.HasKind(ast.PlusMinus) && !a.Expr.HasKind(ast.Matrix) && a.Unit == "" && !a.Expr.HasKind(ast.BaseN) &&
			!a.Expr.HasKind(ast.Degree) && !a.Expr.HasKind(ast.Text) && !a.Expr.HasKind(ast.Percent) && !a.Expr.Has(infinite) {
			expressions(gold, a.Expr, add)
		}
	}
	return all
}

func infinite(n *ast.Node) bool { return n.Kind == ast.Const && n.Name == "oo" }

// spaced puts a space around signs and after commas.
func spaced(s string) string {
	if strings.ContainsAny(s, `\{`) || strings.Count(s, ",") > 0 && !strings.Contains(s, "(") {
		return ""
	}
	return strings.NewReplacer("+", " + ", "-", " - ", "(", "( ", ")", " )").Replace(s)
}

// rational is the value of an answer that is one number.
func rational(n *ast.Node) (*big.Rat, bool) {
	switch n.Kind {
	case ast.Num:
		return n.Rat, true
	case ast.Neg:
		r, ok := rational(n.Args[0])
		if !ok {
			return nil, false
		}
		return new(big.Rat).Neg(r), true
	case ast.Div:
		a, ok1 := rational(n.Args[0])
		b, ok2 := rational(n.Args[1])
		if !ok1 || !ok2 || b.Sign() == 0 {
			return nil, false
		}
		return new(big.Rat).Quo(a, b), true
	}
	return nil, false
}

func frac(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	sign := ""
	if r.Sign() < 0 {
		sign = "-"
	}
	return fmt.Sprintf(`%s\frac{%s}{%s}`, sign, new(big.Int).Abs(r.Num()), r.Denom())
}

func numbers(gold string, r *big.Rat, add, plain func(string, bool, string)) {
	rat := func(a, b int64) *big.Rat { return big.NewRat(a, b) }
	plus := func(d *big.Rat) *big.Rat { return new(big.Rat).Add(r, d) }
	n, d := r.Num(), r.Denom()
	if r.IsInt() {
		s := n.String()
		add("trailing_zeros", true, s+".00")
		if grouped := thousands(s); grouped != s {
			add("thousands", true, grouped)
			add("thousands_latex", true, strings.ReplaceAll(grouped, ",", "{,}"))
		}
		add("fraction_of_one", true, fmt.Sprintf(`\frac{%d}{2}`, new(big.Int).Mul(n, big.NewInt(2))))
		add("digit_appended", false, s+"1")
		add("power", false, fmt.Sprintf("%s^{2}+1", bracket(s)))
		if n.Sign() != 0 {
			add("decimal_point", false, s+".5")
		}
	} else {
		k := big.NewInt(3)
		add("unreduced", true, fmt.Sprintf(`\frac{%d}{%d}`, new(big.Int).Mul(n, k), new(big.Int).Mul(d, k)))
		add("slash", true, fmt.Sprintf("%s/%s", n, d))
		if exact, ok := decimal(r); ok {
			add("decimal", true, exact)
		} else {
			f := new(big.Float).SetRat(r)
			add("truncated_decimal", false, f.Text('f', 3))
		}
		if n.CmpAbs(d) > 0 {
			q, m := new(big.Int).QuoRem(new(big.Int).Abs(n), d, new(big.Int))
			sign := ""
			if n.Sign() < 0 {
				sign = "-"
			}
			add("mixed", true, fmt.Sprintf(`%s%s\frac{%s}{%s}`, sign, q, m, d))
			plain("mixed_plain", true, fmt.Sprintf("%s%s %s/%s", sign, q, m, d))
			plain("mixed_truncated", false, fmt.Sprintf("%s%s", sign, q))
		}
		add("inverted", n.CmpAbs(d) == 0, frac(new(big.Rat).Inv(r)))
		add("numerator_only", false, n.String())
	}
	add("sum", true, frac(plus(rat(-1, 1)))+"+1")
	add("boxed_twice", true, fmt.Sprintf(`\boxed{%s}`, gold))
	add("assigned", true, "x="+gold)
	add("off_by_one", false, frac(plus(rat(1, 1))))
	add("off_by_little", false, frac(plus(rat(1, 1000))))
	plain("listed", false, fmt.Sprintf("%s, %s, %s", frac(plus(rat(-2, 1))), frac(plus(rat(-1, 1))), frac(r)))
	if r.Sign() != 0 {
		add("halved", false, frac(new(big.Rat).Mul(r, rat(1, 2))))
		add("negated", false, frac(new(big.Rat).Neg(r)))
		add("ten_times", false, frac(new(big.Rat).Mul(r, rat(10, 1))))
	}
	add("root_factor", false, bracket(frac(plus(rat(1, 1))))+`\sqrt{2}`)
	add("two_answers", false, fmt.Sprintf("%s, %s", frac(r), frac(plus(rat(1, 1)))))
	add("not_equal", false, `x\neq `+frac(plus(rat(1, 1))))
}

func bracket(s string) string {
	if strings.HasPrefix(s, "-") {
		return "(" + s + ")"
	}
	return s
}

// thousands groups the digits of an integer.
func thousands(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	var parts []string
	for len(s) > 3 {
		parts = append([]string{s[len(s)-3:]}, parts...)
		s = s[:len(s)-3]
	}
	return sign + strings.Join(append([]string{s}, parts...), ",")
}

// decimal writes r with a point when that is exact within six places.
func decimal(r *big.Rat) (string, bool) {
	s := r.FloatString(6)
	back, ok := new(big.Rat).SetString(s)
	if !ok || back.Cmp(r) != 0 {
		return "", false
	}
	return strings.TrimRight(s, "0"), true
}

// latex writes a simple element of a list.
func latex(n *ast.Node) (string, bool) {
	switch n.Kind {
	case ast.Num, ast.Neg, ast.Div:
		if r, ok := rational(n); ok {
			return frac(r), true
		}
	case ast.Sym:
		return n.Name, len(n.Name) == 1
	case ast.Const:
		if n.Name == "oo" {
			return `\infty`, true
		}
	}
	if n.Kind == ast.Neg {
		s, ok := latex(n.Args[0])
		return "-" + s, ok
	}
	return "", false
}

func collections(n *ast.Node, add func(string, bool, string)) {
	var parts []string
	for _, a := range n.Args {
		s, ok := latex(a)
		if !ok {
			return
		}
		parts = append(parts, s)
	}
	if len(parts) < 2 {
		return
	}
	reversed := make([]string, len(parts))
	for i, p := range parts {
		reversed[len(parts)-1-i] = p
	}
	join := func(p []string) string { return strings.Join(p, ", ") }
	distinct := join(parts) != join(reversed)
	switch n.Kind {
	case ast.List, ast.Set:
		if distinct {
			add("reordered", true, `\{`+join(reversed)+`\}`)
		}
		add("element_missing", false, join(parts[1:]))
		add("element_added", false, join(append(parts[:len(parts):len(parts)], "7919")))
	case ast.Tuple:
		add("sized_brackets", true, `\left(`+join(parts)+`\right)`)
		if distinct {
			add("tuple_reversed", false, "("+join(reversed)+")")
		}
		add("element_added", false, "("+join(append(parts[:len(parts):len(parts)], "7919"))+")")
	case ast.Interval:
		if infinite(n.Args[0]) || infinite(n.Args[1]) || n.Args[0].Has(infinite) {
			return // the bracket at an infinite end says nothing
		}
		open, close := "[", "]"
		if !n.LeftOpen {
			open = "("
		}
		if n.RightOpen {
			close = ")"
		}
		add("bracket_changed", false, open+join(parts)+close)
	}
}

// expressions rewrites around the answer, keeping its text whole.
func expressions(gold string, n *ast.Node, add func(string, bool, string)) {
	if n.Collection() {
		return
	}
	if _, ok := rational(n); !ok {
		add("doubled_and_halved", true, fmt.Sprintf(`\frac{2\left(%s\right)}{2}`, gold))
		add("plus_minus_one", true, fmt.Sprintf(`1 + \left(%s\right) - 1`, gold))
		add("boxed_twice", true, fmt.Sprintf(`\boxed{%s}`, gold))
		add("off_by_one", false, fmt.Sprintf(`%s+1`, gold))
		add("off_by_little", false, fmt.Sprintf(`\left(%s\right)+\frac{1}{1000}`, gold))
		add("doubled", false, fmt.Sprintf(`2\left(%s\right)`, gold))
		add("halved", false, fmt.Sprintf(`\frac{%s}{2}`, gold))
	}
}
