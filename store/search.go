package store

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// ErrSearch says that a text cannot be searched for, and why.
var ErrSearch = errors.New("search")

// matchExpr turns words and "quoted phrases" into an FTS5 expression that
// asks for all of them. Everything is quoted, so that no text a user types is
// ever read as FTS5 syntax. A text without a single letter or digit would
// match nothing by accident and is an error. An empty text is no filter.
func matchExpr(text string) (string, error) {
	if strings.TrimSpace(text) == "" {
		return "", nil
	}
	var terms []string
	for _, t := range searchTerms(text) {
		if strings.ContainsFunc(t, isTokenRune) {
			terms = append(terms, `"`+strings.ReplaceAll(t, `"`, `""`)+`"`)
		}
	}
	if len(terms) == 0 {
		return "", fmt.Errorf("%w: there is no word to look for; the index knows letters and digits only", ErrSearch)
	}
	if len(terms) > 64 {
		return "", fmt.Errorf("%w: more than 64 words; put a phrase in double quotes", ErrSearch)
	}
	return strings.Join(terms, " AND "), nil
}

// searchTerms splits at white space outside of double quotes. A quote that is
// never closed reaches to the end.
func searchTerms(text string) []string {
	var terms []string
	var cur strings.Builder
	quoted := false
	flush := func() {
		if cur.Len() > 0 {
			terms = append(terms, cur.String())
			cur.Reset()
		}
	}
	for _, r := range strings.ReplaceAll(strings.ToValidUTF8(text, " "), "\x00", " ") {
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

// isTokenRune tells whether FTS5's unicode61 tokenizer keeps r.
func isTokenRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.Co, r)
}
