// Package extract finds what a completion claims. Every policy works on byte
// spans of the text as it stands, in time linear in its length, and changes
// nothing.
package extract

import "gradus/rewards/text"

// Form is how a claim is written.
type Form uint8

// The forms.
const (
	Latex      Form = iota // a formula
	Number                 // a number in plain text
	Arithmetic             // numbers, signs and brackets in plain text
	Plain                  // anything
)

// Part is one formula of a claim.
type Part struct {
	Span    text.Span
	Percent bool // a percent mark stands behind it
}

// Candidate is one stretch of text that may be the claim.
type Candidate struct {
	Form     Form
	Whole    text.Span // with what led to it
	Parts    []Part    // several are a list
	Last     bool      // of several boxes only the last ones count
	Priority int
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// finder remembers where the next occurrence of something lies, so that
// asking from left to right, with small steps back, costs one pass in all.
type finder struct {
	from, at int // no occurrence in [from, at)
	size     int
	next     func(i, limit int) int // first occurrence in [i, limit), or limit
}

func newFinder(size int, next func(i, limit int) int) *finder {
	return &finder{from: size + 1, at: size, size: size, next: next}
}

// after returns the first occurrence at or after i, or the length of the text.
func (f *finder) after(i int) int {
	switch {
	case f.from <= i && i <= f.at:
	case i < f.from && f.from <= f.size:
		if k := f.next(i, f.from); k < f.from {
			return k
		}
		f.from = i
	default:
		f.from, f.at = i, f.next(i, f.size)
	}
	return f.at
}
