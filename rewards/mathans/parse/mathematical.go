package parse

import (
	"strings"

	"gradus/rewards/mathans/ast"
)

// Mathematical says whether a text without delimiters looks like a formula
// and not like prose: it holds no word that a formula does not use, but for
// one that names what an equation is about: Area = 5, [ABC] = 12, \angle ABC = 18.
func Mathematical(src string) bool {
	l, err := lex(src, false)
	if err != nil || len(l.toks) == 0 {
		return false
	}
	toks, _ := stripUnit(splitConnectives(l.toks))
	toks = afterName(toks)
	for i, t := range toks {
		switch t.kind {
		case tUnknown:
			return false
		case tWord:
			if len(t.text) == 2 && prose(t.text) {
				return false
			}
			if len(t.text) < 3 || known(t.text) {
				continue
			}
			if i+1 < len(toks) && toks[i+1].kind == tUnder || i > 0 && toks[i-1].kind == tUnder {
				continue
			}
			return false
		}
	}
	return true
}

// afterName drops "word =", also with a symbol before the word or brackets
// around it.
func afterName(toks []token) []token {
	words := 0
	for i, t := range toks {
		switch t.kind {
		case tWord:
			words++
		case tSym, tOpen, tClose:
		case tRel:
			if t.op == ast.EQ && words == 1 && i+1 < len(toks) {
				return toks[i+1:]
			}
			return toks
		default:
			return toks
		}
	}
	return toks
}

// prose says whether two letters are an English word rather than a product.
func prose(word string) bool {
	switch strings.ToLower(word) {
	case "so", "it", "is", "to", "of", "at", "we", "be", "as", "by", "no", "if", "he", "an", "on", "do", "my", "us", "go", "up":
		return true
	}
	return false
}

func known(word string) bool {
	if plainFunctions[word] || needBracket[word] || greek[word] {
		return true
	}
	switch strings.ToLower(word) {
	case "sqrt", "cbrt", "frac", "and", "or", "inf", "infinity", "infty", "percent", "percentage", "pct", "cup", "mod", "degrees", "degree", "deg", "union":
		return true
	}
	return unitName(word) != ""
}

// UnitsConflict says that two units measure the same kind of thing in
// different sizes, or different kinds, so that equal numbers are not equal
// amounts. Units that only count things never conflict.
func UnitsConflict(a, b string) bool {
	return a != "" && b != "" && a != b && measured(a) && measured(b)
}

func measured(unit string) bool {
	base := strings.TrimRight(unit, "0123456789")
	for _, part := range strings.FieldsFunc(base, func(r rune) bool { return r == ' ' || r == '/' }) {
		switch strings.TrimRight(part, "0123456789") {
		case "mm", "cm", "dm", "m", "km", "inch", "ft", "yard", "mile", "mg", "g", "kg", "lb", "oz", "ton", "ml", "l", "gallon",
			"s", "min", "h", "day", "week", "month", "year", "degree", "radian", "dollar", "cent", "kmh", "mph":
			return true
		}
	}
	return false
}
