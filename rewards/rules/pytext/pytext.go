// Package pytext does to texts what Python's methods and expressions do, where
// Go's differ.
package pytext

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"gradus/rewards/text"
)

// Words splits text as Python's str.split() does: at runs of white
// space, among which Python counts U+001C to U+001F and Go does not.
func Words(s string) []string {
	return strings.FieldsFunc(s, Space)
}

// Space is str.isspace: Unicode white space and four separators more.
func Space(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// Lower is Python's str.lower(). It differs from Go's in the two full
// mappings of Unicode's SpecialCasing: İ becomes i and a combining dot, and a
// capital sigma at the end of a word becomes ς.
func Lower(s string) string {
	if !strings.ContainsAny(s, "İΣ") {
		return strings.ToLower(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for i, r := range s {
		switch r {
		case 'İ':
			b.WriteString("i̇")
		case 'Σ':
			if casedBefore(s[:i]) && !casedAfter(s[i+len("Σ"):]) {
				b.WriteRune('ς')
			} else {
				b.WriteRune('σ')
			}
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// casedBefore says whether the last rune that is not case-ignorable is cased.
func casedBefore(s string) bool {
	for len(s) > 0 {
		r, n := utf8.DecodeLastRuneInString(s)
		if !caseIgnorable(r) {
			return cased(r)
		}
		s = s[:len(s)-n]
	}
	return false
}

func casedAfter(s string) bool {
	for _, r := range s {
		if !caseIgnorable(r) {
			return cased(r)
		}
	}
	return false
}

func cased(r rune) bool {
	return unicode.IsUpper(r) || unicode.IsLower(r) || unicode.IsTitle(r)
}

// caseIgnorable follows Unicode's Case_Ignorable: marks, format characters,
// modifiers, and the punctuation that stands inside words.
func caseIgnorable(r rune) bool {
	switch r {
	case '\'', '.', ':', '·', '\u2018', '\u2019', '\u2024', '\u2027':
		return true
	}
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk)
}

// LastAnswer is where re.finditer(r"<answer>(.*?)</answer>", re.DOTALL) finds
// its last group, without the white space around it: each match begins at the
// first opening tag after the one before.
func LastAnswer(s string) (from, to int, found bool) {
	const opening, closing = "<answer>", "</answer>"
	for at := 0; ; at = to + len(closing) {
		open := strings.Index(s[at:], opening)
		if open < 0 {
			break
		}
		open += at + len(opening)
		length := strings.Index(s[open:], closing)
		if length < 0 {
			break
		}
		from, to, found = open, open+length, true
	}
	inside := strings.TrimLeftFunc(s[from:to], Space)
	from = to - len(inside)
	return from, from + len(strings.TrimRightFunc(inside, Space)), found
}

// LastCharacters are the last n code points, as Python slices text.
func LastCharacters(s string, n int) string {
	at := len(s)
	for ; n > 0 && at > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(s[:at])
		at -= size
	}
	return s[at:]
}

// LineAnswers are the groups of re.finditer(r"<answer>(.*?)</answer>", s),
// which match within a line.
func LineAnswers(s string) []text.Span {
	const opening, closing = "<answer>", "</answer>"
	var out []text.Span
	begin := 0
	for line := range strings.SplitSeq(s, "\n") {
		for at := 0; ; {
			open := strings.Index(line[at:], opening)
			if open < 0 {
				break
			}
			open += at + len(opening)
			length := strings.Index(line[open:], closing)
			if length < 0 {
				break
			}
			out = append(out, text.Span{From: begin + open, To: begin + open + length})
			at = open + length + len(closing)
		}
		begin += len(line) + 1
	}
	return out
}
