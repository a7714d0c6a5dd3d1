package equal

import (
	"math/big"
	"strings"
	"unicode"

	"gradus/rewards/mathans/ast"
)

// texts compares words, choices and single symbols. done is false when
// neither side is one.
func (s *session) texts(gold, pred *ast.Node) (o Outcome, done bool) {
	gw, gText := letters(gold)
	pw, pText := letters(pred)
	if !gText && !pText {
		return o, false
	}
	if s.opt.NamesOnly {
		if sameLetters(gold, pred) {
			return yes("text", Heuristic), true
		}
		return no("text", Heuristic), true
	}
	if gw == "" || pw == "" {
		return no("text", Heuristic), gold.Kind == ast.Text || pred.Kind == ast.Text
	}
	if gold.Kind != ast.Text && pred.Kind != ast.Text && gold.Kind != ast.Sym && pred.Kind != ast.Sym {
		return o, false // two products of letters are algebra
	}
	if s.sameWord(gw, pw) {
		return yes("text", Heuristic), true
	}
	return no("text", Heuristic), true
}

// letters writes a word, a symbol or a product of single letters as one word;
// "odd" may be written \text{odd} or odd. isText is true for a text or symbol.
func letters(n *ast.Node) (word string, isText bool) {
	switch n.Kind {
	case ast.Text, ast.Sym:
		return n.Name, true
	case ast.Const:
		if n.Name == "e" || n.Name == "i" {
			return n.Name, false
		}
	case ast.Apply:
		// \text{f}(x) and the like are not words.
	case ast.Mul:
		var b strings.Builder
		for _, a := range n.Args {
			w, _ := letters(a)
			if w == "" {
				return "", false
			}
			b.WriteString(w)
		}
		return b.String(), false
	}
	return "", false
}

// sameLetters compares a symbol with what may be a symbol, or a product of
// letters that spells its name.
func sameLetters(gold, pred *ast.Node) bool {
	g, _ := letters(gold)
	p, _ := letters(pred)
	return g != "" && strings.EqualFold(g, p)
}

// named says that n is words or a symbol.
func named(n *ast.Node) bool { return n.Kind == ast.Text || n.Kind == ast.Sym }

// printedSame compares words with a constant as sympy prints it: \text{-7} is a
// symbol of the name -7 in Math-Verify, and looks like the number.
func printedSame(gold, pred *ast.Node) Outcome {
	if !named(gold) {
		gold, pred = pred, gold
	}
	if value := printed(pred); value != "" && strings.EqualFold(gold.Name, value) {
		return yes("text", Heuristic)
	}
	return no("text", Heuristic)
}

// printed is how sympy prints a rational number, π or infinity; "" for others.
func printed(n *ast.Node) string {
	switch {
	case n.Kind == ast.Neg:
		if p := printed(n.Args[0]); p != "" && p != "0" {
			return "-" + p
		}
	case n.Kind == ast.Const && (n.Name == "pi" || n.Name == "oo"):
		return n.Name
	case n.Kind == ast.Num && !n.Decimal:
		return n.Rat.RatString()
	case n.Kind == ast.Div && n.Args[0].Kind == ast.Num && n.Args[1].Kind == ast.Num && !n.Args[0].Decimal && !n.Args[1].Decimal && n.Args[1].Rat.Sign() > 0:
		return new(big.Rat).Quo(n.Args[0].Rat, n.Args[1].Rat).RatString()
	}
	return ""
}

// sameWord compares words without spaces, punctuation and articles. Single
// letters keep their case unless Fold is set.
func (s *session) sameWord(a, b string) bool {
	a, b = word(a), word(b)
	if a == "" || b == "" {
		return false
	}
	if s.opt.Fold || len(a) > 1 && len(b) > 1 {
		a, b = strings.ToLower(a), strings.ToLower(b)
	}
	return a == b
}

func word(s string) string {
	fields := strings.Fields(s)
	var b strings.Builder
	for i, f := range fields {
		switch strings.ToLower(f) {
		case "the", "a", "an":
			if len(fields) > 1 && i == 0 {
				continue
			}
		}
		for _, r := range f {
			if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || strings.ContainsRune("_{}'+-", r) {
				b.WriteRune(r)
			}
		}
	}
	return b.String()
}
