package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Find returns the byte ranges of clean text where query occurs, without
// regard to case unless query holds an upper-case letter, at most limit.
// Ranges do not overlap. An empty query finds nothing.
func Find(clean, query string, limit int) [][2]int {
	if query == "" {
		return nil
	}
	exact := strings.IndexFunc(query, unicode.IsUpper) >= 0
	var out [][2]int
	for at := 0; at < len(clean) && len(out) < limit; {
		from, to := -1, -1
		if exact {
			if i := strings.Index(clean[at:], query); i >= 0 {
				from, to = at+i, at+i+len(query)
			}
		} else {
			from, to = indexFold(clean, query, at)
		}
		if from < 0 {
			break
		}
		out = append(out, [2]int{from, to})
		at = to
	}
	return out
}

// indexFold finds query at or after at, comparing lower-case forms rune by
// rune, since lowering a whole text may change its length.
func indexFold(s, query string, at int) (int, int) {
	first, _ := utf8.DecodeRuneInString(query)
	first = unicode.ToLower(first)
	for i := at; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if unicode.ToLower(r) == first {
			if end := matchFold(s, query, i); end >= 0 {
				return i, end
			}
		}
		i += n
	}
	return -1, -1
}

func matchFold(s, query string, i int) int {
	for _, q := range query {
		if i >= len(s) {
			return -1
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if unicode.ToLower(r) != unicode.ToLower(q) {
			return -1
		}
		i += n
	}
	return i
}
