package query

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind is what a token of the language is.
type tokenKind int

const (
	tokEnd   tokenKind = iota
	tokOpen            // (
	tokClose           // )
	tokOr              // OR, |
	tokAnd             // AND, &
	tokNot             // -, NOT
	tokWord            // a word or phrase
	tokField           // a field with an operator and its values
)

type token struct {
	kind     tokenKind
	from, to int // bytes of the query

	word  text   // tokWord
	field string // tokField: as typed
	op    string // : = != < <= > >=
	at    int    // where the values begin
	value []text
}

// text is a word, phrase or value.
type text struct {
	from, to int
	s        string
	quoted   bool
	star     bool   // an asterisk follows
	by       string // what follows an @ after a value
	hasBy    bool
}

// lexer cuts a query into tokens.
type lexer struct {
	in string
	at int
}

func (l *lexer) peek() (rune, int) { return utf8.DecodeRuneInString(l.in[l.at:]) }

// quotes are the marks that begin a phrase: that of the keyboard, and those
// that word processors make of it.
func isQuote(r rune) bool { return r == '"' || r == '“' || r == '”' }

// endsBare tells whether r ends a word without quotes.
func endsBare(r rune) bool {
	return r == 0 || unicode.IsSpace(r) || unicode.IsControl(r) || isQuote(r) || r == '(' || r == ')' || r == '|'
}

func (l *lexer) next() (token, *Error) {
	for l.at < len(l.in) {
		r, n := l.peek()
		if !unicode.IsSpace(r) && !unicode.IsControl(r) {
			break
		}
		l.at += n
	}
	from := l.at
	if from == len(l.in) {
		return token{kind: tokEnd, from: from, to: from}, nil
	}
	single := func(k tokenKind) (token, *Error) {
		l.at++
		return token{kind: k, from: from, to: l.at}, nil
	}
	switch l.in[from] {
	case '(':
		return single(tokOpen)
	case ')':
		return single(tokClose)
	case '|':
		return single(tokOr)
	case '-':
		return single(tokNot)
	}
	if k, n := l.keyword(); k != tokEnd {
		l.at += n
		return token{kind: k, from: from, to: l.at}, nil
	}
	if name, op := l.fieldAhead(); op != "" {
		return l.fieldToken(name, op)
	}
	w, err := l.text("")
	if err != nil {
		return token{}, err
	}
	return token{kind: tokWord, from: from, to: l.at, word: w}, nil
}

// keyword finds AND, OR and NOT, which are words of the language only in
// capitals.
func (l *lexer) keyword() (tokenKind, int) {
	for word, k := range map[string]tokenKind{"AND": tokAnd, "OR": tokOr, "NOT": tokNot} {
		if rest, ok := strings.CutPrefix(l.in[l.at:], word); ok {
			if r, _ := utf8.DecodeRuneInString(rest); rest == "" || endsBare(r) {
				return k, len(word)
			}
		}
	}
	return tokEnd, 0
}

// fieldAhead tells whether a field with an operator stands here. Names have
// letters, digits, dots and what else the names of rewards have; they begin
// with a letter.
func (l *lexer) fieldAhead() (name, op string) {
	rest := l.in[l.at:]
	end := 0
	for i, r := range rest {
		if !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r) && !strings.ContainsRune("._-/", r)) {
			break
		}
		end = i + utf8.RuneLen(r)
	}
	if end == 0 {
		return "", ""
	}
	for _, op := range []string{"!=", "<=", ">=", ":", "=", "<", ">"} {
		if strings.HasPrefix(rest[end:], op) {
			return rest[:end], op
		}
	}
	return "", ""
}

func (l *lexer) fieldToken(name, op string) (token, *Error) {
	t := token{kind: tokField, from: l.at, field: name, op: op}
	l.at += len(name) + len(op)
	if op == ":" { // field:>=3 as others write it
		for _, o := range []string{"<=", ">=", "<", ">"} {
			if strings.HasPrefix(l.in[l.at:], o) {
				t.op = o
				l.at += len(o)
				break
			}
		}
	}
	t.at = l.at
	for {
		v, err := l.text(",")
		if err != nil {
			return t, err
		}
		t.value = append(t.value, v)
		if !strings.HasPrefix(l.in[l.at:], ",") {
			break
		}
		l.at++
	}
	t.to = l.at
	return t, nil
}

// text reads a phrase, or a word up to a blank, a quote, a parenthesis or one
// of stops. Stops are given for values only: there an asterisk stands for
// what follows, and an @ before the name of an author.
func (l *lexer) text(stops string) (text, *Error) {
	t := text{from: l.at}
	r, n := l.peek()
	if l.at < len(l.in) && isQuote(r) {
		s, err := l.phrase(n)
		if err != nil {
			return t, err
		}
		t.s, t.quoted = s, true
		if strings.HasPrefix(l.in[l.at:], "*") {
			t.star = true
			l.at++
		}
		if stops != "" && strings.HasPrefix(l.in[l.at:], "@") {
			l.at++
			by, err := l.text(stops)
			if err != nil {
				return t, err
			}
			t.by, t.hasBy = by.s, true
		}
		t.to = l.at
		return t, nil
	}
	for l.at < len(l.in) {
		r, n := l.peek()
		if endsBare(r) || strings.ContainsRune(stops, r) {
			break
		}
		l.at += n
	}
	t.s = strings.ToValidUTF8(l.in[t.from:l.at], " ")
	if stops != "" {
		if label, by, ok := strings.Cut(t.s, "@"); ok && label != "" {
			t.s, t.by, t.hasBy = label, by, true
			if by == "" && l.at < len(l.in) { // hack@"ada l"
				if r, n := l.peek(); isQuote(r) {
					var err *Error
					if t.by, err = l.phrase(n); err != nil {
						return t, err
					}
				}
			}
		}
	}
	if s, ok := strings.CutSuffix(t.s, "*"); ok {
		t.s, t.star = s, true
	}
	t.to = l.at
	return t, nil
}

// phrase reads what stands between quotes; two quotes inside are one.
func (l *lexer) phrase(opening int) (string, *Error) {
	from := l.at
	l.at += opening
	var b strings.Builder
	for l.at < len(l.in) {
		r, n := l.peek()
		l.at += n
		switch {
		case !isQuote(r):
			if r == 0 || r == utf8.RuneError && n == 1 {
				r = ' '
			}
			b.WriteRune(r)
		case r == '"' && strings.HasPrefix(l.in[l.at:], `"`):
			l.at++
			b.WriteByte('"')
		default:
			return b.String(), nil
		}
	}
	return "", &Error{Query: l.in, From: from, To: from + opening, Message: `this quote is open; close it with "`}
}
