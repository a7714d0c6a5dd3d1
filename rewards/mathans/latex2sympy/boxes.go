package latex2sympy

import (
	"regexp"
	"strings"
	"unicode"
)

// Boxes says which boxes of a text are its formula.
type Boxes uint8

// The ways to take boxes.
const (
	AllBoxes  Boxes = iota // all, joined by commas
	LastBoxes              // the last, and those that stand close before it
	NoBoxes                // none: they are parts of the formula
)

// mostBoxes bounds the boxes of one text.
const mostBoxes = 512

// Inside is what stands in the boxes of a text, or the text where it has none.
// A last box that is never closed is the rest of the text with its brace.
func (n *Normalizer) Inside(s string, boxes Boxes) string {
	if boxes == NoBoxes {
		return s
	}
	var found []string // from right to left
	end, at, lastStart := len(s), len(s), -1
	boxed, fbox := at, at
	for len(found) < mostBoxes {
		if boxed >= at {
			boxed = strings.LastIndex(s[:at], `\boxed`)
		}
		if fbox >= at {
			fbox = strings.LastIndex(s[:at], `\fbox`)
		}
		start := max(boxed, fbox)
		if start < 0 {
			break
		}
		open := start + len(`\fbox`)
		if boxed > fbox {
			open = start + len(`\boxed`)
		}
		open += len(s[min(open, end):end]) - len(strings.TrimLeftFunc(s[min(open, end):end], space))
		if open >= end {
			break
		}
		closing := -1
		if s[open] == '{' {
			closing = closingBrace(s[:end], open)
		}
		if closing < 0 {
			if len(found) == 0 {
				found = append(found, s[open:])
			}
			break
		}
		inside := strings.TrimFunc(s[open+1:closing], space)
		if boxes == LastBoxes && lastStart >= 0 && !n.joined(s[closing+1:lastStart], inside, found[len(found)-1]) {
			break
		}
		if len(found) == 0 || found[len(found)-1] != inside {
			found = append(found, inside)
		}
		lastStart, end, at = start, start, start
	}
	if len(found) == 0 {
		return s
	}
	for i, j := 0, len(found)-1; i < j; i, j = i+1, j-1 {
		found[i], found[j] = found[j], found[i]
	}
	return strings.Join(found, ",")
}

// joined says whether a box belongs to the next one: because it stands close
// to it, or because a connective stands between two different ones.
func (n *Normalizer) joined(between, inside, next string) bool {
	runes := len([]rune(between))
	return runes < 10 || runes < 70 && inside != next && n.connective.MatchString(between)
}

func newConnective() *regexp.Regexp { return regexp.MustCompile(`\b(and|or)\b|,|;`) }

// closingBrace is the brace that closes the one at open; -1 when none does.
func closingBrace(s string, open int) int {
	depth := 0
	for i := open; i < len(s); i++ {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// space is Python's white space.
func space(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }
