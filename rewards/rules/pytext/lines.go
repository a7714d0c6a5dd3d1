package pytext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lines is str.splitlines: the lines of a text without their ends, of which
// Python knows eleven; no line follows the last end.
func Lines(s string) []string {
	var out []string
	for len(s) > 0 {
		at := strings.IndexFunc(s, lineEnd)
		if at < 0 {
			return append(out, s)
		}
		out = append(out, s[:at])
		if strings.HasPrefix(s[at:], "\r\n") {
			s = s[at+2:]
			continue
		}
		_, n := utf8.DecodeRuneInString(s[at:])
		s = s[at+n:]
	}
	return out
}

func lineEnd(r rune) bool {
	return r >= '\n' && r <= '\r' || r >= 0x1c && r <= 0x1e || r == 0x85 || r == 0x2028 || r == 0x2029
}

// IsUpper says whether s == s.upper(). Python's upper also changes what has
// no capital of its own, as ß, by Unicode's SpecialCasing.
func IsUpper(s string) bool {
	for _, r := range s {
		if unicode.ToUpper(r) != r || spelledOut(r) {
			return false
		}
	}
	return true
}

// spelledOut are the characters whose capital is several characters and which
// have no capital of their own.
func spelledOut(r rune) bool {
	switch {
	case r == 'ß', r == 'ŉ', r == 'ǰ', r == 'ΐ', r == 'ΰ', r == 'և', r >= 0x1e96 && r <= 0x1e9a, r >= 0xfb00 && r <= 0xfb06, r >= 0xfb13 && r <= 0xfb17:
		return true
	case r < 0x1f50 || r > 0x1ffc:
		return false
	case r <= 0x1f56:
		return r%2 == 0
	case r >= 0x1f88 && r <= 0x1faf:
		return r&0xf >= 8
	}
	return strings.ContainsRune("\u1fb2\u1fb4\u1fb6\u1fb7\u1fbc\u1fc2\u1fc4\u1fc6\u1fc7\u1fcc\u1fd2\u1fd3\u1fd6\u1fd7\u1fe2\u1fe3\u1fe4\u1fe6\u1fe7\u1ff2\u1ff4\u1ff6\u1ff7\u1ffc", r)
}
