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
		if unicode.ToUpper(r) != r || capitals(r) != "" {
			return false
		}
	}
	return true
}

// UpperLetter is str.isupper of one character: Unicode's Uppercase, which
// counts Ⅷ and Ⓐ.
func UpperLetter(r rune) bool { return unicode.IsUpper(r) || unicode.Is(unicode.Other_Uppercase, r) }

// LowerLetter is str.islower of one character: Unicode's Lowercase, which
// counts ª and ⓐ.
func LowerLetter(r rune) bool { return unicode.IsLower(r) || unicode.Is(unicode.Other_Lowercase, r) }

// AllUpper is str.isupper: there is a letter with case, and each is a capital.
func AllUpper(s string) bool { return allCased(s, UpperLetter, LowerLetter) }

// AllLower is str.islower: there is a letter with case, and each is small.
func AllLower(s string) bool { return allCased(s, LowerLetter, UpperLetter) }

func allCased(s string, is, other func(rune) bool) bool {
	found := false
	for _, r := range s {
		if other(r) || unicode.IsTitle(r) {
			return false
		}
		found = found || is(r)
	}
	return found
}

// WordRuns are the matches of \w+.
func WordRuns(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !Word(r) })
}

// Enclosed counts the matches of opening.*?closing, both taken as they are,
// each within a line.
func Enclosed(s, opening, closing string) int {
	n := 0
	for line := range strings.SplitSeq(s, "\n") {
		for {
			from := strings.Index(line, opening)
			if from < 0 {
				break
			}
			to := strings.Index(line[from+len(opening):], closing)
			if to < 0 {
				break
			}
			n++
			line = line[from+len(opening)+to+len(closing):]
		}
	}
	return n
}
