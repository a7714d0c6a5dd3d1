package language

import (
	"math/bits"
	"unicode"
)

// word is one word of prose and what is known of it.
type word struct {
	Span
	votes  votes // Latin languages that have it as a function word
	script Script
}

// prose is a text taken apart into words. It is used again for the next text.
type prose struct {
	words  []word
	kana   bool // some word is Kana, so Han runes are Japanese
	masked int  // bytes left out
}

// class is what a byte means for the words of a text.
type class uint8

const (
	between class = iota // ends a word
	letter               // an ASCII one
	wide                 // of a rune beyond ASCII
	opening              // may begin what is masked
)

// classes are the classes of the bytes.
var classes = func() (t [256]class) {
	for c := range t {
		switch {
		case isLetter(byte(c)):
			t[c] = letter
		case c >= 0x80:
			t[c] = wide
		}
	}
	for _, c := range []byte("`$\\<:") {
		t[c] = opening
	}
	return t
}()

// split finds the words of a text in one pass from left to right. Masked
// stretches end a word; so does every ASCII byte that is no letter.
func (p *prose) split(l *lexicon, s string) {
	*p = prose{words: p.words[:0]}
	m := masker{s: s}
	for i := 0; i < len(s); {
		switch classes[s[i]] {
		case between:
			i++
		case letter:
			to, lo, hi := letters(s, i)
			switch {
			case to < len(s) && s[to] >= 0x80:
				to = stretch(s, to)
				p.splitRunes(l, s, Span{i, to})
			case to-i > 1: // single letters are names
				w := word{Span: Span{i, to}, script: Latin}
				if to-i <= longestWord {
					w.votes = l.packed(lo, hi)
				}
				p.words = append(p.words, w)
			}
			i = to
		case wide:
			to := stretch(s, i)
			p.splitRunes(l, s, Span{i, to})
			i = to
		case opening:
			to := m.end(i)
			if to <= i {
				i++
				continue
			}
			from := i
			if s[i] == ':' {
				for from > m.last && s[from-1] >= 'a' && s[from-1] <= 'z' {
					from--
				}
				p.cut(l, s, from, i)
			}
			p.masked += to - from
			m.last, i = to, to
		}
	}
}

// cut takes s[from:to], the scheme of an address, out of the word that ends
// with it.
func (p *prose) cut(l *lexicon, s string, from, to int) {
	n := len(p.words) - 1
	if n < 0 || p.words[n].To != to {
		return
	}
	w := p.words[n]
	p.words = p.words[:n]
	p.splitRunes(l, s, Span{w.From, max(w.From, from)})
}

// splitRunes appends the words of a stretch of text that no mask touches.
// Letters with their marks form words; Han and Kana runes are words of their
// own; single Latin letters are no words.
func (p *prose) splitRunes(l *lexicon, s string, at Span) {
	from, script, letters := -1, NoScript, 0
	flush := func(to int) {
		if from >= 0 && (letters > 1 || script != Latin) {
			w := word{Span: Span{from, to}, script: script}
			if script == Latin {
				w.votes = l.word(s[from:to])
			}
			p.kana = p.kana || script == Kana
			p.words = append(p.words, w)
		}
		from, letters = -1, 0
	}
	for i, r := range s[at.From:at.To] {
		i += at.From
		sc := scriptOf(r)
		switch {
		case sc == NoScript:
			if r >= 0x80 && from >= 0 && unicode.Is(unicode.M, r) {
				continue // a mark belongs to the letter before it
			}
			flush(i)
		case sc != Han && sc != Kana && from >= 0 && sc == script:
			letters++
		default:
			flush(i)
			from, script, letters = i, sc, 1
		}
	}
	flush(at.To)
}

// stretch returns the end of the letters and bytes beyond ASCII from i on.
func stretch(s string, i int) int {
	for i < len(s) && (s[i] >= 0x80 || isLetter(s[i])) {
		i++
	}
	return i
}

// letters returns the end of the ASCII letters from i on, and the first 16 of
// them packed as packWord does. It looks at eight bytes at a time.
func letters(s string, i int) (to int, lo, hi uint64) {
	lo = eight(s, i)
	if other := noLetters(lo); other != 0 {
		n := bits.TrailingZeros64(other) &^ 7
		return i + n>>3, (lo | blanks) & (1<<(n&63) - 1), 0
	}
	lo, to = lo|blanks, i+8
	hi = eight(s, to)
	if other := noLetters(hi); other != 0 {
		n := bits.TrailingZeros64(other) &^ 7
		return to + n>>3, lo, (hi | blanks) & (1<<(n&63) - 1)
	}
	for to += 8; to < len(s) && isLetter(s[to]); to++ {
	}
	return to, lo, hi | blanks
}

// eight returns the eight bytes from i on, the first one lowest, 0 beyond the
// end.
func eight(s string, i int) (x uint64) {
	if i+8 <= len(s) {
		b := s[i : i+8]
		return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
			uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
	}
	for k := len(s) - 1; k >= i; k-- {
		x = x<<8 | uint64(s[k])
	}
	return x
}

const (
	ones   = 0x0101010101010101
	tops   = 0x80 * ones
	blanks = 0x20 * ones // what makes letters small
)

// noLetters sets the top bit of each of eight bytes that is no ASCII letter.
func noLetters(x uint64) uint64 {
	small := (x | blanks) &^ tops
	// Where at least 'a' is not reached, 'z' is passed, or it is no ASCII.
	return (^(small + (0x80-'a')*ones) | (small + (0x7f-'z')*ones) | x) & tops
}
