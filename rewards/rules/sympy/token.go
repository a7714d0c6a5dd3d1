package sympy

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"gradus/rewards/rules/pytext"
)

type tokenKind uint8

const (
	name tokenKind = iota
	op
	number
	lineEnd // inside brackets, where it means nothing
	bang    // "!" that is no part of "!="
	finish
)

type token struct {
	kind tokenKind
	text string
}

func is(t token, kind tokenKind, text string) bool { return t.kind == kind && t.text == text }

// operators are Python's, longest first where one begins another. Those that
// no number or symbol has are read, so that what follows is cut as there, and
// refused by the parser.
var operators = [...]string{"**=", "//=", "<<=", ">>=", "...", "!=", "%=", "&=", "**", "*=", "+=", "-=", "->", "//", "/=", ":=", "<<", "<=", "==", ">=", ">>", "@=", "^=", "|=",
	"%", "&", "(", ")", "*", "+", ",", "-", ".", "/", ":", ";", "<", "=", ">", "@", "[", "]", "^", "{", "|", "}", "~"}

// numerals is Number of Python's tokenize without imaginary ones: floats
// before integers.
var numerals = pytext.Expression(`^(?:(?:[0-9](?:_?[0-9])*\.(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)(?:[eE][-+]?[0-9](?:_?[0-9])*)?|[0-9](?:_?[0-9])*[eE][-+]?[0-9](?:_?[0-9])*` +
	`|0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?0)*|[1-9](?:_?[0-9])*)`)

var imaginary = pytext.Expression(`^(?:[0-9](?:_?[0-9])*|(?:[0-9](?:_?[0-9])*\.(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)(?:[eE][-+]?[0-9](?:_?[0-9])*)?|[0-9](?:_?[0-9])*[eE][-+]?[0-9](?:_?[0-9])*)[jJ]`)

// Python's limits: brackets inside each other, and a length beyond which no
// answer is.
const (
	mostNested = 199
	mostLength = 4000
)

// tokens cuts a text as Python's tokenize does. What could only lead to a
// syntax error or to something that is no number is refused: strings,
// comments, backslashes, signs that Python does not know.
func tokens(s string) ([]token, error) {
	s = pytext.Strip(s)
	if len(s) > mostLength {
		return nil, refuse("longer than %d bytes", mostLength)
	}
	var out []token
	var open []byte
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == ' ' || r == '\t' || r == '\f':
			s = s[size:]
			if strings.HasPrefix(s, "!") && !strings.HasPrefix(s, "!=") {
				return nil, refuse("a factorial of a space") // which is a token there
			}
			continue
		case r == '\n' || r == '\r':
			if len(open) == 0 {
				return nil, refuse("a second line")
			}
			out = append(out, token{lineEnd, "\n"})
			s = s[size:]
			continue
		}
		text := imaginary().FindString(s)
		if text == "" {
			text = numerals().FindString(s)
		}
		if text != "" {
			out = append(out, token{number, text})
			s = s[len(text):]
			continue
		}
		for _, o := range operators {
			if strings.HasPrefix(s, o) {
				text = o
				break
			}
		}
		switch {
		case text != "":
			out = append(out, token{op, text})
			switch text[0] {
			case '(', '[', '{':
				if open = append(open, text[0]); len(open) > mostNested {
					return nil, refuse("brackets nested too deep")
				}
			case ')', ']', '}':
				if len(open) == 0 || strings.IndexByte("([{", open[len(open)-1]) != strings.IndexByte(")]}", text[0]) {
					return nil, refuse("%q without an opening bracket", text)
				}
				open = open[:len(open)-1]
			}
		case r == '!':
			text = "!"
			out = append(out, token{bang, "!"})
		case pytext.Word(r):
			end := strings.IndexFunc(s, func(r rune) bool { return !pytext.Word(r) })
			if end < 0 {
				end = len(s)
			}
			text = s[:end]
			if !unicode.IsLetter(r) && r != '_' {
				return nil, refuse("%q", text)
			}
			if end < len(s) && (s[end] == '\'' || s[end] == '"') {
				return nil, refuse("a string")
			}
			out = append(out, token{name, text})
		default:
			return nil, refuse("%q", r)
		}
		s = s[len(text):]
	}
	if len(open) > 0 {
		return nil, refuse("a bracket that stays open")
	}
	return append(out, token{finish, ""}), nil
}
