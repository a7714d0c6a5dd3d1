package parse

import (
	"strings"

	"gradus/rewards/mathans/ast"
)

// resolve decides what each run of letters means and takes the unit off the
// end: a known function, a connective, a constant, or single letters.
func resolve(toks []token) (out []token, unit string) {
	toks, unit = stripUnit(splitConnectives(toks))
	out = make([]token, 0, len(toks)+8)
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		if t.kind == tNum && !t.decimal && len(t.text) > 1 && len(out) > 0 && oneDigit(out[len(out)-1]) {
			// \frac12 is 1/2: without braces an argument is one digit.
			first, rest := t, t
			first.text, first.to = t.text[:1], t.from+1
			rest.text, rest.from, rest.space = t.text[1:], t.from+1, false
			out = append(out, first, rest)
			continue
		}
		if t.kind != tWord {
			if t.kind == tComma && t.soft && len(out) > 0 && out[len(out)-1].kind == tComma {
				continue // ", and"
			}
			if t.kind == tComma && len(out) > 0 && out[len(out)-1].kind == tComma && (out[len(out)-1].soft || t.soft) {
				continue
			}
			out = append(out, t)
			continue
		}
		next := token{kind: tEOF}
		if i+1 < len(toks) {
			next = toks[i+1]
		}
		bracket := next.kind == tOpen && next.text == "(" || next.kind == tLBrace
		lower := strings.ToLower(t.text)
		switch {
		case len(t.text) == 1:
			out = append(out, letter(t))
		case lower == "and" || lower == "or":
			if len(out) > 0 && out[len(out)-1].kind == tComma {
				continue
			}
			t.kind, t.soft = tComma, true
			out = append(out, t)
		case lower == "pi":
			t.kind, t.text = tConst, "pi"
			out = append(out, t)
		case lower == "inf" || lower == "infinity" || lower == "infty" || lower == "oo":
			t.kind, t.text = tConst, "oo"
			out = append(out, t)
		case lower == "percent" || lower == "percentage" || lower == "pct":
			t.kind = tPercent
			out = append(out, t)
		case t.text == "sqrt" || t.text == "cbrt":
			t.kind = tSqrt
			if t.text == "cbrt" {
				t.text = "3"
			}
			out = append(out, t)
		case t.text == "frac" && next.kind == tLBrace:
			t.kind, t.text = tFrac, ""
			out = append(out, t)
		case t.text == "binomial" && bracket:
			t.kind, t.text = tFunc, "binom"
			out = append(out, t)
		case plainFunctions[t.text], needBracket[t.text] && bracket:
			t.kind, t.text = tFunc, functions[t.text]
			out = append(out, t)
		case t.text == "in" && t.space && next.space:
			t.kind, t.op = tRel, ast.IN
			out = append(out, t)
		case t.text == "cup" && t.space && next.space, t.text == "U" && next.kind == tOpen:
			t.kind = tUnion
			out = append(out, t)
		case greek[t.text]:
			t.kind = tSym
			out = append(out, t)
		case t.text == "mod":
			t.kind, t.text = tMod, ""
			out = append(out, t)
		case t.text == "degrees" || t.text == "degree" || t.text == "deg":
			t.kind = tDegree
			out = append(out, t)
		default:
			for k := 0; k < len(t.text); k++ {
				c := letter(token{kind: tSym, text: t.text[k : k+1], from: t.from + k, to: t.from + k + 1, space: t.space && k == 0})
				out = append(out, c)
			}
		}
	}
	return out, unit
}

// splitConnectives separates "or" and "and" from what is written against them
// behind a number or a bracket: "x = 1orx = 2".
func splitConnectives(toks []token) []token {
	for i := 1; i < len(toks); i++ {
		t := toks[i]
		if t.kind != tWord || t.space || toks[i-1].kind != tNum && toks[i-1].kind != tClose && toks[i-1].kind != tRBrace {
			continue
		}
		for _, w := range [...]string{"and", "or"} {
			if strings.HasPrefix(t.text, w) && len(t.text) == len(w)+1 {
				first, rest := t, t
				first.text, first.to = w, t.from+len(w)
				rest.text, rest.from = t.text[len(w):], t.from+len(w)
				out := append([]token(nil), toks[:i]...)
				out = append(out, first, rest)
				return splitConnectives(append(out, toks[i+1:]...))
			}
		}
	}
	return toks
}

// oneDigit says whether a command takes a single digit as its argument.
func oneDigit(t token) bool {
	return (t.kind == tFrac || t.kind == tBinom || t.kind == tSqrt) && t.text == ""
}

func letter(t token) token {
	switch t.text {
	case "e":
		t.kind = tConst
	case "i":
		t.kind = tConst
	default:
		t.kind = tSym
	}
	return t
}

// endsValue says whether a value can end with this token.
func endsValue(t token) bool {
	switch t.kind {
	case tNum, tWord, tSym, tConst, tClose, tRBrace, tPercent, tDegree, tBang, tPrime, tEnd, tBar, tNamedSet, tFrac:
		return true
	}
	return false
}

// stripUnit takes units, remarks in \text and full stops off the end of an
// answer: "12 cm", "5 \text{ miles per hour}", "3 m/s^2", "15\mbox{ cm}^2".
func stripUnit(toks []token) ([]token, string) {
	var names []string
	for len(toks) > 0 {
		n := len(toks)
		last := toks[n-1]
		if last.kind == tPeriod || last.kind == tComma && !last.soft || last.kind == tSemi || last.kind == tColon || last.kind == tRow {
			toks = toks[:n-1]
			continue
		}
		// A power of the unit: ^2, ^{2}, ^3.
		at := n - 1
		power := ""
		if at >= 2 && toks[at].kind == tNum && toks[at-1].kind == tCaret {
			power = toks[at].text
			at -= 2
		} else if at >= 4 && toks[at].kind == tRBrace && toks[at-1].kind == tNum && toks[at-2].kind == tLBrace && toks[at-3].kind == tCaret {
			power = toks[at-1].text
			at -= 4
		}
		t := toks[at]
		if at == 0 {
			break
		}
		before := toks[at-1]
		switch {
		case t.kind == tText:
			if before.kind == tWord && (strings.EqualFold(before.text, "or") || strings.EqualFold(before.text, "and")) {
				return toks, strings.Join(names, " ") // another answer, not a remark
			}
			if !endsValue(before) && !(before.kind == tSlash && at >= 2) || onlyWords(toks[:at]) {
				return toks, strings.Join(names, " ")
			}
			name := unitName(t.text)
			if name == "" {
				name = strings.ToLower(strings.Trim(t.text, " .,;~"))
			}
			if before.kind == tSlash && measuring(toks[:at-1]) {
				name, at = "/"+name, at-1
			}
			names = append([]string{name + power}, names...)
			toks = toks[:at]
		case t.kind == tWord && unitName(t.text) != "":
			switch before.kind {
			case tNum, tPercent:
			case tWord, tText:
				if unitName(before.text) == "" || at < 2 {
					return toks, strings.Join(names, " ")
				}
			case tRBrace, tClose, tFrac:
				if shortUnit(t.text) && !t.space {
					return toks, strings.Join(names, " ")
				}
			case tSlash:
				if at < 3 || toks[at-2].kind != tWord || unitName(toks[at-2].text) == "" || !endsValue(toks[at-3]) {
					return toks, strings.Join(names, " ")
				}
				names = append([]string{"/" + unitName(t.text) + power}, names...)
				toks = toks[:at-1]
				continue
			default:
				if shortUnit(t.text) || !t.space || !endsValue(before) {
					return toks, strings.Join(names, " ")
				}
			}
			if before.kind == tNum && at >= 2 && (toks[at-2].kind == tCaret || toks[at-2].kind == tUnder) && shortUnit(t.text) {
				return toks, strings.Join(names, " ") // x^2 h is a product
			}
			if shortUnit(t.text) && hasVariables(toks[:at]) {
				return toks, strings.Join(names, " ") // 11a + 3c is a sum
			}
			names = append([]string{unitName(t.text) + power}, names...)
			toks = toks[:at]
		default:
			return toks, strings.Join(names, " ")
		}
	}
	return toks, strings.Join(names, " ")
}

// measuring says whether tokens end with a unit behind a value, so that a unit
// after a stroke divides it: 5 m/min.
func measuring(toks []token) bool {
	n := len(toks)
	if n < 2 {
		return false
	}
	last := toks[n-1]
	return (last.kind == tText || last.kind == tWord) && unitName(last.text) != "" && endsValue(toks[n-2])
}

// onlyWords says that nothing but words stands here, so a trailing \text
// belongs to them.
func onlyWords(toks []token) bool {
	for _, t := range toks {
		if t.kind != tWord && t.kind != tText {
			return false
		}
	}
	return true
}

// hasVariables says whether a single letter other than a unit's stands alone.
func hasVariables(toks []token) bool {
	for _, t := range toks {
		if t.kind == tWord && !plainFunctions[t.text] && t.text != "pi" && t.text != "sqrt" && unitName(t.text) == "" || t.kind == tSym {
			return true
		}
		if t.kind == tWord && len(t.text) == 1 {
			return true
		}
	}
	return false
}
