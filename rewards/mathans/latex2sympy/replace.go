package latex2sympy

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// replaced rewrites synonyms in one pass from left to right; at each place the
// first that stands there wins.
func replaced(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if n, form := synonym(s, i); n > 0 {
			b.WriteString(form)
			i += n
			continue
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// synonym is the length of what stands at i and what it is written as.
func synonym(s string, i int) (n int, form string) {
	rest := s[i:]
	gap := len(rest) - len(strings.TrimLeftFunc(rest, space))
	for _, p := range [...]struct{ head, form string }{
		{`\mathrm`, `\text`}, {`\mathit`, `\text`}, {`\mathbf`, `\text`}, {`\textnormal`, `\text`}, {`\textbf`, `\text`}, {`\textit`, `\text`}, {`\textrm`, `\text`},
		{`\dfrac`, `\frac`}, {`\tfrac`, `\frac`}, {`\cfrac`, `\frac`},
	} {
		if strings.HasPrefix(rest, p.head) {
			return len(p.head), p.form
		}
	}
	if gap > 0 {
		_, w := utf8.DecodeRuneInString(rest)
		if strings.HasPrefix(rest[w:], ".") {
			return w + 1, " 0."
		}
	}
	switch {
	case strings.HasPrefix(rest, "{."):
		return 2, "{0."
	case strings.HasPrefix(rest, "~="):
		return 2, `\approx`
	}
	if n := bracedComma(rest, gap); n > 0 {
		return n, ","
	}
	if n := connectiveWord(s, i); n > 0 {
		return n, ","
	}
	if n := connectiveText(rest); n > 0 {
		return n, ","
	}
	if rest[0] == '\\' && (i == 0 || s[i-1] != '\\') {
		if r, w := utf8.DecodeRuneInString(rest[1:]); w > 0 && space(r) {
			return 1 + w, " "
		}
	}
	if strings.HasPrefix(rest, "infinity") {
		return len("infinity"), `\infty`
	}
	for _, dots := range [...]string{`,\ldots`, `\ldots`} {
		if strings.HasPrefix(rest, dots) {
			return len(dots), " "
		}
	}
	for _, word := range [...]string{"percentage", "percent", "pct"} {
		if n := gap + len(word); strings.HasPrefix(rest[gap:], word) && !(wordBefore(s, i+gap)) && !wordAt(rest, n) {
			return n, `\%`
		}
		if text := `\text{` + word + "}"; strings.HasPrefix(rest, text) {
			return len(text), "%"
		}
	}
	if strings.HasPrefix(rest, "inf") && (i == 0 || s[i-1] != '\\') && !strings.HasPrefix(rest[3:], "inity") {
		return 3, `\infty`
	}
	if strings.HasPrefix(rest, " sqrt") {
		return 5, `\sqrt`
	}
	return 0, ""
}

// bracedComma matches a comma in braces, white space around all.
func bracedComma(s string, gap int) int {
	rest := s[gap:]
	if !strings.HasPrefix(rest, "{") {
		return 0
	}
	inside := strings.TrimLeftFunc(rest[1:], space)
	if !strings.HasPrefix(inside, ",") {
		return 0
	}
	after := strings.TrimLeftFunc(inside[1:], space)
	if !strings.HasPrefix(after, "}") {
		return 0
	}
	return len(s) - len(after) + 1
}

// connectiveWord matches and, or with a comma and white space before them, no
// letter next to it.
func connectiveWord(s string, i int) int {
	if i > 0 && letter(s[i-1]) {
		return 0
	}
	rest := strings.TrimLeftFunc(strings.TrimPrefix(s[i:], ","), space)
	for _, word := range [...]string{"and", "or"} {
		if after, ok := strings.CutPrefix(rest, word); ok && (after == "" || !letter(after[0])) {
			return len(s) - i - len(after)
		}
	}
	return 0
}

// connectiveText is connectiveWord for \text{and}.
func connectiveText(s string) int {
	rest, ok := strings.CutPrefix(strings.TrimLeftFunc(strings.TrimPrefix(s, ","), space), `\text{`)
	if !ok {
		return 0
	}
	rest = strings.TrimLeftFunc(rest, space)
	for _, word := range [...]string{"and", "or"} {
		if after, ok := strings.CutPrefix(rest, word); ok {
			if after, ok = strings.CutPrefix(strings.TrimLeftFunc(after, space), "}"); ok {
				return len(s) - len(after)
			}
		}
	}
	return 0
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func wordRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) }

// wordBefore says whether a word reaches up to i.
func wordBefore(s string, i int) bool {
	r, w := utf8.DecodeLastRuneInString(s[:i])
	return w > 0 && wordRune(r)
}

// wordAt says whether a word goes on at i.
func wordAt(s string, i int) bool {
	r, w := utf8.DecodeRuneInString(s[i:])
	return w > 0 && wordRune(r)
}
