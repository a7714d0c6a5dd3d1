package sympy

import (
	"slices"
	"strings"
	"unicode/utf8"

	"gradus/rewards/rules/pytext"
)

// The transformations of sympy.parsing.sympy_parser, each from tokens to
// tokens, in the order in which parse_expr applies them.

// keywords may not be names.
var keywords = map[string]bool{"and": true, "as": true, "assert": true, "async": true, "await": true, "break": true, "class": true, "continue": true, "def": true, "del": true,
	"elif": true, "else": true, "except": true, "finally": true, "for": true, "from": true, "global": true, "if": true, "import": true, "in": true, "is": true, "lambda": true,
	"nonlocal": true, "not": true, "or": true, "pass": true, "raise": true, "return": true, "try": true, "while": true, "with": true, "yield": true, "True": true, "False": true, "None": true}

// constants of sympy's name space, and functions: all with at most two
// different letters (beside those of "sqrt" and "frac"), which is what the
// graders let through, and the elementary ones.
var constants = map[string]bool{"pi": true, "E": true, "I": true, "oo": true, "zoo": true, "nan": true}

var functions = map[string]bool{
	"all": true, "csc": true, "eye": true, "ff": true, "fft": true, "frac": true, "fu": true, "gff": true, "hn1": true, "hn2": true, "id": true, "im": true, "jn": true, "li": true, "ln": true,
	"ntt": true, "re": true, "rf": true, "sqrt": true, "yn": true, "expand": true, "Integral": true, "integrate": true,
	"sin": true, "cos": true, "tan": true, "cot": true, "sec": true, "asin": true, "acos": true, "atan": true, "sinh": true, "cosh": true, "tanh": true, "asinh": true, "acosh": true, "atanh": true, "acot": true, "asec": true, "acsc": true, "conjugate": true, "exp": true, "log": true,
	"cbrt": true, "floor": true, "ceiling": true, "factorial": true, "factorial2": true, "binomial": true, "gcd": true, "lcm": true, "abs": true, "Abs": true, "max": true, "min": true,
	"S": true, "N": true, "Q": true, "O": true,
	"Symbol": true, "Function": true, "Integer": true, "Float": true, "Rational": true, "Number": true,
}

// greek names are not split into letters.
var greek = map[string]bool{"alpha": true, "beta": true, "gamma": true, "delta": true, "epsilon": true, "zeta": true, "eta": true, "theta": true, "iota": true, "kappa": true, "lamda": true,
	"lambda": true, "mu": true, "nu": true, "xi": true, "omicron": true, "pi": true, "rho": true, "sigma": true, "tau": true, "upsilon": true, "phi": true, "chi": true, "psi": true, "omega": true,
	"san": true, "sho": true}

func callable(t token) bool { return functions[t.text] }

func call(function, argument token) []token {
	return []token{{name, function.text}, {op, "("}, argument, {op, ")"}}
}

// autoSymbol makes symbols of the names that sympy does not know, and
// functions of those before a bracket. Python's words of logic are refused
// unless they are to be kept.
func autoSymbol(in []token, logic bool) ([]token, error) {
	var out []token
	for i, t := range in {
		switch {
		case t.kind != name:
			out = append(out, t)
		case logic && logical(t.text):
			out = append(out, t)
		case keywords[t.text]:
			return nil, refuse("the keyword %q", t.text)
		case constants[t.text] || functions[t.text]:
			out = append(out, t)
		default:
			kind := "Symbol"
			if in[i+1].text == "(" {
				kind = "Function"
			}
			out = append(out, call(token{name, kind}, token{name, "'" + t.text + "'"})...)
		}
	}
	return out, nil
}

// repeatedDecimals reads 0.2[45] as 0.2454545….
func repeatedDecimals(in []token) []token {
	var out, num []token
	digits := func(s string) bool { return strings.Trim(s, "0123456789_") == "" }
	for _, t := range in {
		switch {
		case t.kind == number && len(num) == 0 && strings.Contains(t.text, ".") && !strings.ContainsAny(t.text, "eEjJ"):
			num = append(num, t)
		case t.kind == number && digits(t.text) && (len(num) == 2 || len(num) == 3 && digits(num[2].text)):
			num = append(num, t)
		case is(t, op, ".") && len(num) == 0:
			num = append(num, token{number, "0."})
		case is(t, op, "[") && len(num) == 1, is(t, op, "]") && len(num) >= 3:
			num = append(num, t)
		default:
			num = nil
		}
		out = append(out, t)
		if len(num) == 0 || num[len(num)-1].text != "]" {
			continue
		}
		out = out[:len(out)-len(num)]
		clean := func(s string) string { return strings.ReplaceAll(s, "_", "") }
		pre, post, _ := strings.Cut(num[0].text, ".")
		pre, post = clean(pre), clean(post)
		repetend := clean(num[2].text)
		if len(num) == 5 {
			repetend += clean(num[3].text)
		}
		zeros := strings.Repeat("0", len(post))
		ratio := func(a, b string) []token {
			return []token{{op, "+"}, {name, "Rational"}, {op, "("}, {number, orZero(strings.TrimLeft(a, "0"))}, {op, ","}, {number, b}, {op, ")"}}
		}
		out = append(out, token{op, "("})
		out = append(out, call(token{name, "Integer"}, token{number, orZero(strings.TrimLeft(pre, "0"))})...)
		out = append(out, ratio(post, "1"+zeros)...)
		out = append(out, ratio(repetend, strings.Repeat("9", len(repetend))+zeros)...)
		out = append(out, token{op, ")"})
		num = nil
	}
	return out
}

func orZero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}

// autoNumber makes sympy's numbers of Python's.
func autoNumber(in []token) []token {
	var out []token
	for _, t := range in {
		if t.kind != number {
			out = append(out, t)
			continue
		}
		digits := strings.TrimRight(t.text, "jJ")
		kind := "Integer"
		if strings.Contains(digits, ".") || strings.ContainsAny(digits, "eE") && !strings.HasPrefix(strings.ToLower(digits), "0x") {
			kind = "Float"
		}
		out = append(out, call(token{name, kind}, token{number, digits})...)
		if digits != t.text {
			out = append(out, token{op, "*"}, token{name, "I"})
		}
	}
	return out
}

// factorials reads n! and n!!.
func factorials(in []token) ([]token, error) {
	var out []token
	count := 0
	for _, t := range in {
		if t.kind == bang {
			count++
			continue
		}
		if count > 2 {
			return nil, refuse("three exclamation marks")
		}
		if count > 0 {
			function := "factorial"
			if count == 2 {
				function = "factorial2"
			}
			var err error
			if out, err = applyBehind(function, out); err != nil {
				return nil, err
			}
			count = 0
		}
		out = append(out, t)
	}
	return out, nil
}

// applyBehind puts a function around the last operand.
func applyBehind(function string, in []token) ([]token, error) {
	if len(in) == 0 || in[len(in)-1].text == "(" {
		return nil, refuse("an exclamation mark behind nothing")
	}
	depth := 0
	for i, t := range slices.Backward(in) {
		switch t.text {
		case ")":
			depth++
		case "(":
			depth--
		}
		if depth != 0 {
			continue
		}
		if i > 0 && in[i-1].kind == name {
			i--
		}
		out := append(slices.Clone(in[:i]), token{name, function}, token{op, "("})
		out = append(out, in[i:]...)
		return append(out, token{op, ")"}), nil
	}
	return in, nil
}

// splitSymbols makes a product of letters of a symbol with a longer name.
func splitSymbols(in []token) []token {
	var out []token
	inside, drop := false, false
	for _, t := range in {
		if drop {
			drop = false
			continue
		}
		if t.kind == name && (t.text == "Symbol" || t.text == "Function") {
			inside = true
		} else if inside && t.kind == name {
			inside = false
			symbol := strings.Trim(t.text, "'")
			if utf8.RuneCountInString(symbol) > 1 && !strings.Contains(symbol, "_") && !greek[strings.ToLower(symbol)] {
				out = out[:len(out)-2]
				letters := []rune(symbol)
				for i := 0; i < len(letters); i++ {
					r := letters[i]
					switch {
					case constants[string(r)] || functions[string(r)]:
						out = append(out, token{name, string(r)})
					case pytext.Digit(r):
						from := i
						for i+1 < len(letters) && pytext.Digit(letters[i+1]) {
							i++
						}
						out = append(out, call(token{name, "Number"}, token{name, "'" + string(letters[from:i+1]) + "'"})...)
					default:
						out = append(out, call(token{name, "Symbol"}, token{name, "'" + string(r) + "'"})...)
					}
				}
				drop = true
				continue
			}
		}
		out = append(out, t)
	}
	return out
}
