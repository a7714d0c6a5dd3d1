package parse

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what is read at all.
const (
	MaxBytes  = 8192 // of one expression
	maxTokens = 6000
	maxNodes  = 4000
	maxDepth  = 120
)

// ErrTooLarge says that an expression passes a limit, so that nothing is said
// about what it means.
var ErrTooLarge = errors.New("expression too large")

// lexer turns a source into tokens. It never looks back further than one
// token, so its time is linear in the source.
type lexer struct {
	src    string
	at     int
	toks   []token
	space  bool
	money  bool
	matrix bool // row breaks mean something
	round  int  // depth of ( [ \{, in which a comma separates
	sympy  bool // Options.Sympy
}

func lex(src string, sympy bool) (*lexer, error) {
	if len(src) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d are read", ErrTooLarge, len(src), MaxBytes)
	}
	l := &lexer{src: src, toks: make([]token, 0, min(len(src), 24)), matrix: strings.Contains(src, `\begin`), sympy: sympy}
	for l.at < len(src) {
		if err := l.next(); err != nil {
			return nil, err
		}
		if len(l.toks) > maxTokens {
			return nil, fmt.Errorf("%w: more than %d tokens", ErrTooLarge, maxTokens)
		}
	}
	return l, nil
}

func (l *lexer) emit(t token, length int) {
	t.from, t.to, t.space = l.at, l.at+length, l.space
	l.space = false
	l.toks = append(l.toks, t)
	l.at += length
}

func (l *lexer) skip(n int) {
	l.at += n
}

func (l *lexer) rest() string { return l.src[l.at:] }

func (l *lexer) next() error {
	c := l.src[l.at]
	switch {
	case c == ' ' || c >= '\t' && c <= '\r':
		l.space = true
		l.skip(1)
	case c == '~':
		if strings.HasPrefix(l.rest(), "~=") {
			l.emit(simple["approx"], 2)
			return nil
		}
		l.space = true
		l.skip(1)
	case c >= '0' && c <= '9', c == '.' && l.at+1 < len(l.src) && isDigit(l.src[l.at+1]):
		l.number()
	case c >= utf8.RuneSelf:
		return l.unicode()
	case isLetter(c):
		end := l.at
		for end < len(l.src) && isLetter(l.src[end]) {
			end++
		}
		l.emit(token{kind: tWord, text: l.src[l.at:end]}, end-l.at)
	case c == '\\':
		return l.command()
	default:
		return l.punctuation(c)
	}
	return nil
}

func (l *lexer) punctuation(c byte) error {
	two := ""
	if l.at+1 < len(l.src) {
		two = l.src[l.at : l.at+2]
	}
	switch two {
	case "<=":
		l.emit(simple["le"], 2)
		return nil
	case ">=":
		l.emit(simple["ge"], 2)
		return nil
	case "!=":
		l.emit(simple["ne"], 2)
		return nil
	case "==":
		l.emit(simple["equiv"], 2)
		return nil
	case "**":
		l.emit(token{kind: tCaret}, 2)
		return nil
	case ":=":
		l.emit(simple["equiv"], 2)
		return nil
	}
	if strings.HasPrefix(l.rest(), "...") {
		l.emit(token{kind: tEllipsis}, 3)
		return nil
	}
	switch c {
	case '+':
		l.emit(token{kind: tPlus}, 1)
	case '-':
		l.emit(token{kind: tMinus}, 1)
	case '*':
		l.emit(token{kind: tTimes}, 1)
	case '/':
		l.emit(token{kind: tSlash}, 1)
	case ':':
		l.emit(token{kind: tColon}, 1)
	case '^':
		l.emit(token{kind: tCaret}, 1)
	case '_':
		l.emit(token{kind: tUnder}, 1)
	case '!':
		l.emit(token{kind: tBang}, 1)
	case '%':
		l.emit(token{kind: tPercent}, 1)
	case '(', '[':
		l.round++
		l.emit(token{kind: tOpen, text: string(c)}, 1)
	case ')', ']':
		l.round--
		l.emit(token{kind: tClose, text: string(c)}, 1)
	case '{':
		l.emit(token{kind: tLBrace}, 1)
	case '}':
		l.emit(token{kind: tRBrace}, 1)
	case '|':
		l.emit(token{kind: tBar}, 1)
	case ',':
		l.emit(token{kind: tComma}, 1)
	case ';':
		l.emit(token{kind: tSemi}, 1)
	case '&':
		l.emit(token{kind: tAmp}, 1)
	case '=':
		l.emit(simple["equiv"], 1)
	case '<':
		l.emit(simple["lt"], 1)
	case '>':
		l.emit(simple["gt"], 1)
	case '\'':
		l.emit(token{kind: tPrime}, 1)
	case '.':
		l.emit(token{kind: tPeriod}, 1)
	case '$':
		l.money = true
		l.skip(1)
	case '"', '`':
		l.skip(1)
	default:
		l.emit(token{kind: tUnknown, text: string(rune(c))}, 1)
	}
	return nil
}

// command reads \name, \symbol or \\.
func (l *lexer) command() error {
	if l.at+1 >= len(l.src) {
		l.skip(1)
		return nil
	}
	c := l.src[l.at+1]
	if c == '\\' {
		// Doubly escaped LaTeX writes \\frac: a row break only where rows are.
		if !l.matrix && l.at+2 < len(l.src) && (isLetter(l.src[l.at+2]) || strings.IndexByte("(){}[]%$,;!| ", l.src[l.at+2]) >= 0) {
			l.skip(1)
			return l.command()
		}
		l.emit(token{kind: tRow}, 2)
		return nil
	}
	if l.sympy && (c == '(' || c == ')') {
		kind := tOpen
		if c == ')' {
			kind = tClose
		}
		l.emit(token{kind: kind, text: string(c)}, 2)
		return nil
	}
	if !isLetter(c) {
		switch c {
		case '{':
			l.round++
			l.emit(token{kind: tOpen, text: "{"}, 2)
		case '}':
			l.round--
			l.emit(token{kind: tClose, text: "}"}, 2)
		case '%':
			l.emit(token{kind: tPercent}, 2)
		case '$':
			l.money = true
			l.skip(2)
		case '|':
			l.emit(token{kind: tNorm}, 2)
		case '(', ')', '[', ']', ',', ';', ':', '!', ' ', '>', '-', '/', '&', '#', '_', '\n', '\t':
			l.space = l.space || c != '!'
			l.skip(2)
		default:
			l.skip(1) // a lone backslash
		}
		return nil
	}
	end := l.at + 1
	for end < len(l.src) && isLetter(l.src[end]) {
		end++
	}
	name := l.src[l.at+1 : end]
	for _, gap := range [...]string{"qquad", "quad"} {
		// \quadx is \quad x.
		if strings.HasPrefix(name, gap) && len(name) > len(gap) {
			name, end = gap, l.at+1+len(gap)
			break
		}
	}
	length := end - l.at
	if skipped[name] {
		l.skip(length)
		if (name == "left" || name == "right" || name == "middle") && l.at < len(l.src) && l.src[l.at] == '.' {
			l.skip(1)
		}
		l.space = true
		return nil
	}
	if t, ok := simple[name]; ok {
		switch t.kind {
		case tOpen:
			l.round++
		case tClose:
			l.round--
		}
		l.emit(t, length)
		return nil
	}
	switch {
	case name == "begin" || name == "end":
		arg, n := braced(l.src[end:])
		if n == 0 {
			return fmt.Errorf("\\%s without a name in braces at byte %d", name, l.at)
		}
		k := tBegin
		if name == "end" {
			k = tEnd
		}
		if k == tBegin && arg == "array" {
			_, m := braced(l.src[end+n:])
			n += m
		}
		l.emit(token{kind: k, text: strings.TrimSuffix(arg, "*")}, length+n)
	case name == "mathbb":
		arg, n := braced(l.src[end:])
		arg = strings.TrimSpace(arg)
		if n > 0 && len(arg) == 1 && strings.Contains("NZQRCP", arg) {
			l.emit(token{kind: tNamedSet, text: arg}, length+n)
			return nil
		}
		l.skip(length)
	case wrappers[name]:
		arg, n := braced(l.src[end:])
		if n == 0 {
			l.skip(length)
			return nil
		}
		l.text(name, arg, length+n)
	case transparent[name]:
		l.skip(length)
	case name == "not":
		l.skip(length)
		for l.at < len(l.src) && l.src[l.at] == ' ' {
			l.skip(1)
		}
		for _, s := range []string{"=", `\equiv`} {
			if strings.HasPrefix(l.rest(), s) {
				l.emit(simple["ne"], len(s))
				return nil
			}
		}
		if strings.HasPrefix(l.rest(), `\in`) {
			l.emit(simple["notin"], len(`\in`))
		}
	case functions[name] != "" && name != "inf":
		l.emit(token{kind: tFunc, text: functions[name]}, length)
	case greek[name] || symbols[name]:
		l.emit(token{kind: tSym, text: name}, length)
	case accents[name] != "":
		l.emit(token{kind: tAccent, text: accents[name]}, length)
	case name == "pmod":
		l.emit(token{kind: tMod, text: "pmod"}, length)
	case name == "to" || name == "rightarrow" || name == "longrightarrow":
		l.emit(token{kind: tUnknown, text: `\to`}, length)
	case name == "colorbox" || name == "textcolor" || name == "color" || name == "label" || name == "tag" || name == "hspace" || name == "vspace" || name == "phantom" || name == "hphantom" || name == "vphantom":
		_, n := braced(l.src[end:])
		l.skip(length + n)
	default:
		l.emit(token{kind: tUnknown, text: `\` + name}, length)
	}
	return nil
}

// text reads the argument of \text and its like: a connective, a mark or a
// word.
func (l *lexer) text(command, arg string, length int) {
	word := strings.ToLower(strings.Trim(arg, " ,.;~"))
	if command == "variable" { // latex2sympy's own
		l.emit(token{kind: tSym, text: strings.TrimSpace(arg)}, length)
		return
	}
	if l.sympy && command != "operatorname" {
		l.emit(token{kind: tSym, text: sympyName(arg)}, length)
		return
	}
	switch word {
	case "and", "or", "and/or":
		l.emit(token{kind: tComma, soft: true}, length)
	case "percent", "percentage", "pct", "%", `\%`:
		l.emit(token{kind: tPercent}, length)
	case "$", `\$`:
		l.money = true
		l.skip(length)
	case "":
		l.space = true
		l.skip(length)
	case "degrees", "degree", "°":
		l.emit(token{kind: tDegree}, length)
	case "in":
		l.emit(simple["in"], length)
	case "pi":
		l.emit(simple["pi"], length)
	case "for":
		l.emit(token{kind: tText, text: arg}, length)
	default:
		if command == "operatorname" && functions[word] != "" {
			l.emit(token{kind: tFunc, text: functions[word]}, length)
			return
		}
		if strings.HasPrefix(command, "math") && len(word) == 1 {
			l.emit(token{kind: tWord, text: strings.Trim(arg, " ,.;~")}, length)
			return
		}
		if command == "mathbf" && !strings.ContainsAny(arg, `\ `) {
			l.emit(token{kind: tSym, text: strings.TrimSpace(arg)}, length)
			return
		}
		if digits := strings.TrimSuffix(strings.TrimPrefix(word, "("), ")"); numeric(digits) && (digits == word || len(digits) == len(word)-2) {
			// \text{13} and \textbf{(13)} are numbers in text type.
			l.emit(token{kind: tNum, text: digits}, length)
			return
		}
		l.emit(token{kind: tText, text: arg}, length)
	}
}

func numeric(s string) bool {
	if s == "" {
		return false
	}
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

func (l *lexer) unicode() error {
	r, size := utf8.DecodeRuneInString(l.rest())
	if t, ok := runes[r]; ok {
		switch t.kind {
		case tOpen:
			l.round++
		case tClose:
			l.round--
		}
		l.emit(t, size)
		return nil
	}
	if name, ok := greekRunes[r]; ok {
		l.emit(token{kind: tSym, text: name}, size)
		return nil
	}
	if _, ok := superscripts[r]; ok {
		var digits []byte
		n := 0
		for l.at+n < len(l.src) {
			q, s := utf8.DecodeRuneInString(l.src[l.at+n:])
			d, ok := superscripts[q]
			if !ok {
				break
			}
			digits = append(digits, d)
			n += s
		}
		l.emit(token{kind: tCaret}, 0)
		if digits[0] == '-' {
			l.emit(token{kind: tMinus}, 0)
			digits = digits[1:]
		}
		l.emit(token{kind: tNum, text: strings.ReplaceAll(string(digits), "-", "")}, n)
		return nil
	}
	if f, ok := vulgar[r]; ok {
		l.emit(token{kind: tFrac, text: fmt.Sprintf("%d/%d", f[0], f[1])}, size)
		return nil
	}
	switch {
	case strings.ContainsRune(currency, r):
		l.money = true
		l.skip(size)
	case unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff' || r == '\u2061' || r == '\u2062':
		l.space = true
		l.skip(size)
	case unicode.IsLetter(r):
		n := 0
		for l.at+n < len(l.src) {
			q, s := utf8.DecodeRuneInString(l.src[l.at+n:])
			if !unicode.IsLetter(q) && !unicode.IsMark(q) {
				break
			}
			n += s
		}
		l.emit(token{kind: tText, text: l.src[l.at : l.at+n]}, n)
	default:
		l.emit(token{kind: tUnknown, text: string(r)}, size)
	}
	return nil
}

// braced returns the text in the braces that s begins with (after spaces) and
// the number of bytes up to the closing brace, 0 when there are none.
func braced(s string) (string, int) {
	at := 0
	for at < len(s) && s[at] == ' ' {
		at++
	}
	if at >= len(s) || s[at] != '{' {
		return "", 0
	}
	depth := 0
	for i := at; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			depth--
			if depth == 0 {
				return s[at+1 : i], i + 1
			}
		}
	}
	return "", 0
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
