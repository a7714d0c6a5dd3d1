package prime

import (
	"strings"
	"unicode/utf8"

	"gradus/rewards/rules/pytext"
)

// Extract is match_answer: what stands behind the last "answer is" and its
// like, in the last box of that, before the last full stop, and behind the last
// "is", "=" and other words that announce a value. Where nothing of these
// stands, it is the whole text. The published function also says whether it
// found something, which its score does not depend on.
func Extract(s string) string {
	t := &lowered{text: s}
	for _, mark := range [...]string{"answer:", "answer is", "answers are"} {
		if _, after, ok := t.cutLast(mark); ok {
			t.set(after)
		}
	}
	for _, mark := range [...]string{"is answer", "is the answer", "are answers", "are the answers"} {
		if before, _, ok := t.cutLast(mark); ok {
			t.set(before)
		}
	}
	if box := lastBox(t.text); box != "" {
		t.set(box)
	}
	if at := strings.LastIndex(t.text, ". "); at >= 0 {
		t.set(t.text[:at])
	}
	for _, mark := range [...]string{"be ", "is ", "are ", "=", ": ", "get ", "be\n", "is\n", "are\n", ":\n", "get\n"} {
		if _, after, ok := t.cutLast(mark); ok {
			t.set(after)
		}
	}
	return t.text
}

// lowered is a text and, once it was asked for, the text in small letters.
type lowered struct{ text, low string }

func (t *lowered) set(s string) { *t = lowered{text: pytext.Strip(s)} }

// cutLast cuts the text around the last place where a mark stands in its
// lower(). As published, the place is counted in characters of that, which has
// more of them where a capital letter becomes two.
func (t *lowered) cutLast(mark string) (before, after string, ok bool) {
	if t.low == "" {
		t.low = pytext.Lower(t.text)
	}
	at := strings.LastIndex(t.low, mark)
	if at < 0 {
		return "", "", false
	}
	from := ahead(t.text, utf8.RuneCountInString(t.low[:at]))
	return t.text[:from], t.text[from+ahead(t.text[from:], len(mark)):], true
}

// ahead is the offset behind n characters.
func ahead(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// lastBox is _last_boxed_only_string: what stands in the first braces behind
// the last "\boxed", or "\fbox" where there is none; "" where they are not
// closed.
func lastBox(s string) string {
	at := strings.LastIndex(s, `\boxed`)
	if at < 0 {
		at = strings.LastIndex(s, `\fbox`)
	}
	if at < 0 {
		return ""
	}
	from, open := -1, 0
	for i := at; i < len(s); i++ {
		switch s[i] {
		case '{':
			if open++; from < 0 {
				from = i + 1
			}
		case '}':
			if open--; open == 0 {
				return pytext.Strip(s[from:i])
			}
		}
	}
	return ""
}
