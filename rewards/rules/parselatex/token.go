package parselatex

import (
	"slices"
	"strings"
)

type kind uint8

const (
	finish kind = iota
	broken      // no token begins here: the lexer raises when it is asked for it
	sign        // one of the signs and brackets; text says which
	letter
	digit
	symbolName   // a command without a meaning of its own; text is its name
	function     // \sin, \exp, …
	differential // d and a letter or command
	quotes
	relationSign
)

// token is a token of sympy's grammar LaTeX.g4.
type token struct {
	kind kind
	text string
	from int // byte offset
}

// skipped are the commands that the lexer drops.
var skipped = [...]string{`\thinspace`, `\medspace`, `\thickspace`, `\quad`, `\qquad`, `\negthinspace`, `\negmedspace`, `\negthickspace`, `\left`, `\right`, `\vrule`, `\vcenter`, `\vbox`, `\vskip`, `\vspace`, `\hfil`}

// functions are the functions that may stand before an argument without
// brackets.
var functions = [...]string{"exp", "log", "lg", "ln", "sin", "cos", "tan", "csc", "sec", "cot", "arcsin", "arccos", "arctan", "arccsc", "arcsec", "arccot", "sinh", "cosh", "tanh", "arsinh", "arcosh", "artanh"}

// commands are the commands that are signs of their own, under the sign.
var commands = map[string]string{
	"langle": `\langle`, "rangle": `\rangle`, "lim": `\lim`, "to": `\to`, "rightarrow": `\to`, "Rightarrow": `\to`, "longrightarrow": `\to`, "Longrightarrow": `\to`,
	"int": `\int`, "sum": `\sum`, "prod": `\prod`, "lfloor": `\lfloor`, "rfloor": `\rfloor`, "lceil": `\lceil`, "rceil": `\rceil`, "sqrt": `\sqrt`, "overline": `\overline`,
	"times": "*", "cdot": "*", "div": "/", "frac": `\frac`, "dfrac": `\frac`, "tfrac": `\frac`, "binom": `\binom`, "dbinom": `\binom`, "tbinom": `\binom`, "mathit": `\mathit`,
}

// relations are the commands that relate.
var relations = map[string]string{"neq": "!=", "leq": "<=", "le": "<=", "leqq": "<=", "leqslant": "<=", "geq": ">=", "ge": ">=", "geqq": ">=", "geqslant": ">="}

// tokens cuts a text as ANTLR's lexer does: the longest token wins. A broken
// token ends the list; it only matters when the parser gets there.
func tokens(s string) []token {
	var out []token
	add := func(k kind, text string, from int) { out = append(out, token{k, text, from}) }
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case space(c):
			i++
		case c >= '0' && c <= '9':
			add(digit, s[i:i+1], i)
			i++
		case c == 'd' && differentialEnd(s, i) > 0:
			end := differentialEnd(s, i)
			add(differential, s[i:end], i)
			i = end
		case isLetter(c):
			add(letter, s[i:i+1], i)
			i++
		case c == '\'':
			end := i
			for end < len(s) && s[end] == '\'' {
				end++
			}
			add(quotes, s[i:end], i)
			i = end
		case c == '=', c == '&':
			end := equalEnd(s, i)
			if end < 0 {
				add(broken, s[i:i+1], i)
				return out
			}
			add(relationSign, "=", i)
			i = end
		case c == '<', c == '>':
			add(relationSign, s[i:i+1], i)
			i++
		case strings.IndexByte("+-*/(){}[]|_^:!,.", c) >= 0:
			t := s[i : i+1]
			if c == ':' {
				t = "/"
			}
			add(sign, t, i)
			i++
		case c == '\\':
			end, ok := command(s, i, add)
			if !ok {
				add(broken, s[i:i+1], i)
				return out
			}
			i = end
		default:
			add(broken, s[i:i+1], i)
			return out
		}
	}
	add(finish, "", len(s))
	return out
}

// command reads what begins with a backslash.
func command(s string, i int, add func(kind, string, int)) (end int, ok bool) {
	if i+1 == len(s) {
		return 0, false
	}
	if c := s[i+1]; !isLetter(c) {
		switch c {
		case ',', ':', ';', '!', '*', '-', '.', '/', '"', '(', '=':
			return i + 2, true
		case '{', '}':
			add(sign, s[i:i+2], i)
			return i + 2, true
		}
		return 0, false
	}
	end = i + 1
	for end < len(s) && isLetter(s[end]) {
		end++
	}
	name := s[i+1 : end]
	switch {
	case slices.Contains(skipped[:], s[i:end]):
		if (name == "left" || name == "right") && end < len(s) && s[end] == '|' {
			add(sign, `\`+name+`|`, i)
			return end + 1, true
		}
	case slices.Contains(functions[:], name):
		add(function, name, i)
	case commands[name] != "":
		if name == "int" && strings.HasPrefix(s[end:], `\limits`) && (end+len(`\limits`) == len(s) || !isLetter(s[end+len(`\limits`)])) {
			end += len(`\limits`)
		}
		add(sign, commands[name], i)
	case relations[name] != "":
		add(relationSign, relations[name], i)
	default:
		add(symbolName, name, i)
	}
	return end, true
}

// differentialEnd is where a differential that begins at i ends; 0 for none.
func differentialEnd(s string, i int) int {
	j := i + 1
	for j < len(s) && space(s[j]) {
		j++
	}
	if j < len(s) && isLetter(s[j]) {
		return j + 1
	}
	if j+1 < len(s) && s[j] == '\\' && isLetter(s[j+1]) {
		for j++; j < len(s) && isLetter(s[j]); j++ {
		}
		return j
	}
	return 0
}

// equalEnd is where an equals sign with or without an & beside it ends; -1
// for none.
func equalEnd(s string, i int) int {
	j := i
	if s[j] == '&' {
		for j++; j < len(s) && space(s[j]); j++ {
		}
		if j == len(s) || s[j] != '=' {
			return -1
		}
		return j + 1
	}
	end := j + 1
	for j++; j < len(s) && space(s[j]); j++ {
	}
	if j < len(s) && s[j] == '&' {
		return j + 1
	}
	return end
}

func space(c byte) bool    { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
