package extract

import (
	"strings"

	"gradus/rewards/text"
)

// maxBoxes bounds the boxes of one claim.
const maxBoxes = 64

// Boxes returns the bodies of the \boxed and \fbox commands in a span, in the
// order they stand, by Math-Verify's rules (math_normalization.py,
// extract_boxed_content): outer boxes give way to the ones inside, a box
// without a closing brace counts only as the last one and reaches to the end.
// With last set, only those count that stand close to the last one: less than
// 10 bytes apart, or less than 70 with a connective between different boxes.
func Boxes(s string, span text.Span, last bool) []text.Span {
	in := s[:span.To]
	var found []text.Span // from right to left
	limit, pos := span.To, span.To
	lastStart := -1
	boxed, fbox := span.To, span.To // places not known to be before pos
	for len(found) < maxBoxes {
		if boxed >= pos {
			boxed = lastIndexIn(in, `\boxed`, span.From, pos)
		}
		if fbox >= pos {
			fbox = lastIndexIn(in, `\fbox`, span.From, pos)
		}
		start := max(boxed, fbox)
		if start < 0 {
			break
		}
		brace := start + len(`\boxed`)
		if strings.HasPrefix(in[start:], `\fbox`) {
			brace = start + len(`\fbox`)
		}
		brace = skipSpace(in[:limit], brace)
		if brace >= limit {
			break
		}
		if in[brace] != '{' {
			if len(found) == 0 {
				found = append(found, text.Span{From: brace, To: span.To})
			}
			break
		}
		close := closing(in, brace, limit)
		if close < 0 {
			if len(found) == 0 {
				found = append(found, text.Span{From: brace + 1, To: span.To})
			}
			break
		}
		body := text.TrimSpace(s, text.Span{From: brace + 1, To: close})
		if last && lastStart >= 0 {
			between := in[close+1 : lastStart]
			near := len(between) < 10
			joined := len(between) < 70 && body.In(s) != found[len(found)-1].In(s) && connective(between)
			if !near && !joined {
				break
			}
		}
		found = append(found, body)
		lastStart, limit, pos = start, start, start
	}
	for i, j := 0, len(found)-1; i < j; i, j = i+1, j-1 {
		found[i], found[j] = found[j], found[i]
	}
	return found
}

func lastIndexIn(s, sub string, from, to int) int {
	if k := strings.LastIndex(s[from:to], sub); k >= 0 {
		return from + k
	}
	return -1
}

func connective(s string) bool {
	return strings.ContainsAny(s, ",;") || strings.Contains(s, "and") || strings.Contains(s, "or")
}

// closing returns the brace that closes the one at open, before limit; -1
// when there is none.
func closing(s string, open, limit int) int {
	depth := 0
	for i := open; i < limit; i++ {
		switch s[i] {
		case '{':
			depth++
		case '}':
			depth--
			if depth == 0 {
				return i
			}
		}
	}
	return -1
}
