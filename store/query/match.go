package query

import (
	"errors"
	"fmt"
	"strings"
)

// Phrases reads a text that is no query: words and "quoted phrases" that must
// all occur in the completion. Nothing in it is syntax, a quote that is never
// closed reaches to the end, and signs alone are passed over, but a text
// without a single letter or digit is an error. An empty text gives nil.
func Phrases(in string) (Node, error) {
	if strings.TrimSpace(in) == "" {
		return nil, nil
	}
	var out []Node
	for _, t := range phrases(in) {
		if strings.ContainsFunc(t, isTokenRune) {
			out = append(out, Words{Text: t})
		}
	}
	if len(out) == 0 {
		return nil, errors.New("there is no word to look for; the index knows letters and digits only")
	}
	if len(out) > 64 {
		return nil, errors.New("more than 64 words; put a phrase in double quotes")
	}
	return All(out...), nil
}

// phrases splits at white space outside of double quotes.
func phrases(in string) []string {
	var terms []string
	var cur strings.Builder
	quoted := false
	flush := func() {
		if cur.Len() > 0 {
			terms = append(terms, cur.String())
			cur.Reset()
		}
	}
	for _, r := range strings.ReplaceAll(strings.ToValidUTF8(in, " "), "\x00", " ") {
		switch {
		case r == '"':
			flush()
			quoted = !quoted
		case !quoted && (r == ' ' || r == '\t' || r == '\n' || r == '\r'):
			flush()
		default:
			cur.WriteRune(r)
		}
	}
	flush()
	return terms
}

// matchExpr writes n for FTS5 if it is about words alone and says what must
// occur. Every word is quoted, so that nothing typed is read as FTS5 syntax.
func matchExpr(n Node) (string, bool) {
	switch n := n.(type) {
	case Words:
		return matchWords(n), true
	case Or:
		return matchList(n, " OR ")
	case And:
		var must, not []Node
		for _, x := range n {
			if neg, ok := x.(Not); ok {
				not = append(not, neg.X)
			} else {
				must = append(must, x)
			}
		}
		expr, ok := matchList(must, " AND ")
		if !ok || len(not) == 0 {
			return expr, ok
		}
		without, ok := matchList(not, " OR ")
		return fmt.Sprintf("(%s NOT %s)", expr, without), ok
	}
	return "", false
}

func matchList(nodes []Node, sep string) (string, bool) {
	if len(nodes) == 0 {
		return "", false
	}
	parts := make([]string, len(nodes))
	for i, n := range nodes {
		var ok bool
		if parts[i], ok = matchExpr(n); !ok {
			return "", false
		}
	}
	if len(parts) == 1 {
		return parts[0], true
	}
	return "(" + strings.Join(parts, sep) + ")", true
}

func matchWords(w Words) string {
	text := strings.ReplaceAll(strings.ToValidUTF8(w.Text, " "), "\x00", " ")
	expr := `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	if w.Prefix {
		expr += " *"
	}
	return expr
}

// matchValues writes alternatives for FTS5.
func matchValues(values []Value) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = matchWords(Words{Text: v.Text, Prefix: v.Prefix})
	}
	return strings.Join(parts, " OR ")
}
