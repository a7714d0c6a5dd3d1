package prime

import (
	"math"
	"slices"
	"strings"

	"gradus/rewards/rules/grader"
	"gradus/rewards/rules/pyarith"
	"gradus/rewards/rules/pytext"
)

// longestEvaluated bounds the bytes of a text that Python's eval is worked out
// for; deepest bounds the brackets inside each other.
const (
	longestEvaluated = 1 << 14
	deepest          = 50
)

// value is what math_equal compares: a text, or something that Python's eval
// made of one.
type value struct {
	text    string // str of it
	isText  bool
	nothing bool    // an empty collection, which is false and not 0
	list    []value // of a list: its elements
	isList  bool
}

func textValue(s string) value { return value{text: s, isText: true} }

// evaluate is eval(s) of numbers and of collections of them. ok is false where
// Python raises, and where it would make something else: a truth, a complex
// number, what its own functions return.
func evaluate(s string) (v value, ok bool) {
	if len(s) > longestEvaluated {
		return v, false
	}
	return expressions(s, deepest, true)
}

// expressions reads what stands at the top or in round brackets: an expression,
// or a tuple of those between commas.
func expressions(s string, depth int, top bool) (v value, ok bool) {
	parts, ok := elements(s)
	switch {
	case !ok || depth == 0:
		return v, false
	case len(parts) == 1 && parts[0] != "":
		return expression(parts[0], depth-1)
	case len(parts) == 1: // "" or "()"
		return value{text: "()", nothing: true}, !top
	}
	items, ok := each(parts, depth-1)
	if !ok {
		return v, false
	}
	end := ")"
	if len(items) == 1 {
		end = ",)"
	}
	return value{text: "(" + joined(items) + end}, true
}

// expression reads a collection in its brackets, or arithmetic.
func expression(s string, depth int) (v value, ok bool) {
	if kind := s[0]; strings.IndexByte("([{", kind) >= 0 && closes(s) == len(s)-1 {
		inside := s[1 : len(s)-1]
		if kind == '(' {
			if v, ok = expressions(inside, depth, false); ok {
				return v, true
			}
		} else if v, ok = collection(kind, inside, depth); ok {
			return v, true
		}
		return v, false
	}
	n, err := pyarith.Eval(s)
	if err != nil {
		return v, false
	}
	if n.Int == nil {
		return value{text: pytext.Repr(n.Float)}, true
	}
	text := n.Int.String()
	return value{text: text}, len(text) <= pyarith.MaxDigits // Python's str raises
}

// collection reads what stands in square or curly brackets.
func collection(kind byte, inside string, depth int) (v value, ok bool) {
	parts, ok := elements(inside)
	if !ok || depth == 0 {
		return v, false
	}
	if len(parts) == 1 && parts[0] == "" {
		return value{text: string(kind) + string(kind+2), nothing: true, isList: kind == '['}, true
	}
	items, ok := each(parts, depth-1)
	if !ok {
		return v, false
	}
	if kind == '[' {
		return value{text: "[" + joined(items) + "]", list: items, isList: true}, true
	}
	if slices.ContainsFunc(items, func(v value) bool { return v.isList || strings.HasPrefix(v.text, "{") }) {
		return v, false // unhashable
	}
	items = slices.CompactFunc(items, func(a, b value) bool { return a.text == b.text })
	return value{text: "{" + joined(items) + "}"}, true
}

func each(parts []string, depth int) ([]value, bool) {
	if last := len(parts) - 1; parts[last] == "" {
		parts = parts[:last] // a comma may end a list
	}
	var out []value
	for _, p := range parts {
		if p == "" {
			return nil, false
		}
		v, ok := expression(p, depth)
		if !ok {
			return nil, false
		}
		out = append(out, v)
	}
	return out, true
}

func joined(items []value) string {
	texts := make([]string, len(items))
	for i, v := range items {
		texts[i] = v.text
	}
	return strings.Join(texts, ", ")
}

// elements cuts a text at the commas that stand in no brackets; white space
// around each goes.
func elements(s string) ([]string, bool) {
	var out []string
	var open []byte
	from := 0
	for i := range len(s) {
		switch c := s[i]; c {
		case '(', '[', '{':
			open = append(open, c)
		case ')', ']', '}':
			last := len(open) - 1
			if last < 0 || strings.IndexByte("([{", open[last]) != strings.IndexByte(")]}", c) {
				return nil, false
			}
			open = open[:last]
		case ',':
			if len(open) == 0 {
				out = append(out, s[from:i])
				from = i + 1
			}
		}
	}
	out = append(out, s[from:])
	for i := range out {
		out[i] = strings.Trim(out[i], " \t\f")
	}
	return out, len(open) == 0
}

// closes is the place of the bracket that closes the one that s begins with.
func closes(s string) int {
	open := 0
	for i := range len(s) {
		switch s[i] {
		case '(', '[', '{':
			open++
		case ')', ']', '}':
			if open--; open == 0 {
				return i
			}
		}
	}
	return -1
}

// number is is_digit: a float in a text whose commas, or "{,}", are taken out.
func (v value) number() (float64, bool) {
	sign := ","
	if strings.Contains(v.text, "{,}") {
		sign = "{,}"
	}
	return pytext.Float(strings.ReplaceAll(v.text, sign, ""))
}

// wholePart is str(int(f)); ok is false where that raises.
func wholePart(f float64) (string, bool) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "", false
	}
	return grader.WholeText(f), true
}
