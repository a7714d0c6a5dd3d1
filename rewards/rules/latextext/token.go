package latextext

import (
	"slices"
	"strings"
	"unicode"

	"gradus/rewards/rules/pytext"
)

type tokenKind uint8

const (
	end tokenKind = iota // of the input; text is the white space before it
	char
	macro
	beginEnvironment
	endEnvironment
	comment
	openBrace
	closeBrace
	mathInline
	mathDisplay
	special
)

// token is what stands at a position: pre is the white space before it, post
// that behind a macro of letters or a comment.
type token struct {
	kind      tokenKind
	text      string
	at, size  int // in runes, white space before it left out
	pre, post string
}

// state is what a part of the text inherits.
type state struct {
	math  bool
	delim string
}

// specials are the signs that stand for others, longest first.
var specials = [...][2]string{{"---", "—"}, {"--", "–"}, {"``", "“"}, {"''", "”"}, {"!`", "¡"}, {"?`", "¿"}, {"&", "   "}, {"~", "\u00a0"}}

func (w *walker) starts(at int, prefix string) bool {
	n := 0
	for _, r := range prefix {
		if at+n >= len(w.s) || w.s[at+n] != r {
			return false
		}
		n++
	}
	return true
}

// token reads one token. Without environments \begin and \end are macros as
// others; brace is a bracket that counts as one beside { and }, or 0.
func (w *walker) token(at int, brace [2]rune, environments bool, st state) token {
	from := at
	for at < len(w.s) && pytext.Space(w.s[at]) {
		at++
		if at-from >= 2 && w.s[at-1] == '\n' && w.s[at-2] == '\n' {
			return token{kind: char, text: "\n\n", at: at - 2, size: 2, pre: string(w.s[from : at-2])}
		}
	}
	t := token{at: at, size: 1, pre: string(w.s[from:at])}
	if at >= len(w.s) {
		return token{at: at, text: t.pre}
	}
	c := w.s[at]
	switch {
	case c == '\\':
		return w.macro(t, environments)
	case c == '%':
		return w.comment(t)
	case c == '{' || c == brace[0] && brace[0] != 0:
		t.kind = openBrace
	case c == '}' || c == brace[1] && brace[1] != 0:
		t.kind = closeBrace
	case w.starts(at, "$$") && !(st.math && st.delim == "$"):
		t.kind, t.text, t.size = mathDisplay, "$$", 2
		return t
	case c == '$':
		t.kind = mathInline
	default:
		t.kind = char
		for _, s := range specials {
			if w.starts(at, s[0]) {
				t.kind, t.text, t.size = special, s[0], len(s[0])
				return t
			}
		}
	}
	t.text = string(c)
	return t
}

// macro reads a token that begins with a backslash.
func (w *walker) macro(t token, environments bool) token {
	at := t.at
	if at+1 >= len(w.s) {
		return token{at: at}
	}
	size := 2
	letters := unicode.IsLetter(w.s[at+1])
	for letters && at+size < len(w.s) && unicode.IsLetter(w.s[at+size]) {
		size++
	}
	t.kind, t.text, t.size = macro, string(w.s[at+1:at+size]), size
	switch t.text {
	case "[", "]":
		t.kind, t.text = mathDisplay, `\`+t.text
		return t
	case "(", ")":
		t.kind, t.text = mathInline, `\`+t.text
		return t
	case "begin", "end":
		if !environments {
			break
		}
		name, length := w.environment(at + size)
		if length == 0 {
			t.kind, t.text = char, `\`+t.text
			return t
		}
		t.kind, t.size = beginEnvironment, size+length
		if t.text == "end" {
			t.kind = endEnvironment
		}
		t.text = name
		return t
	}
	if letters {
		from := at + size
		for at+size < len(w.s) && pytext.Space(w.s[at+size]) {
			size++
			if n := at + size; n-from >= 2 && w.s[n-1] == '\n' && w.s[n-2] == '\n' {
				size -= 2
				break
			}
		}
		t.post, t.size = string(w.s[from:at+size]), size
	}
	return t
}

// environment reads the name in braces behind \begin or \end; the length is 0
// where there is none.
func (w *walker) environment(at int) (name string, length int) {
	from := at
	for at < len(w.s) && pytext.Space(w.s[at]) {
		at++
	}
	if at >= len(w.s) || w.s[at] != '{' {
		return "", 0
	}
	to := at + 1
	for to < len(w.s) && (unicode.IsLetter(w.s[to]) || unicode.IsNumber(w.s[to]) || strings.ContainsRune("_* .-", w.s[to])) {
		to++
	}
	if to == at+1 || to >= len(w.s) || w.s[to] != '}' {
		return "", 0
	}
	return string(w.s[at+1 : to]), to + 1 - from
}

// comment reads from % to the end of the line and the white space behind it,
// but not an empty line.
func (w *walker) comment(t token) token {
	t.kind = comment
	n := slices.IndexFunc(w.s[t.at:], func(r rune) bool { return r == '\n' || r == '\r' })
	if n < 0 {
		t.text, t.size = string(w.s[t.at+1:]), len(w.s)-t.at
		return t
	}
	t.text, t.size = string(w.s[t.at+1:t.at+n]), n
	to := t.at + n + 1
	if to < len(w.s) && (w.s[to] == '\n' || w.s[to] == '\r') {
		return t
	}
	for to < len(w.s) && pytext.Space(w.s[to]) {
		to++
	}
	t.post, t.size = string(w.s[t.at+n:to]), to-t.at
	return t
}
