package language

import (
	"math/bits"
	"strings"
	"unicode"
)

// Span is a byte range [From, To).
type Span struct{ From, To int }

// Count is a measured text.
type Count struct {
	Target  int // words of the target language
	Other   int // words of other languages
	Neutral int // words without evidence for any language
	Masked  int // bytes left out as mathematics, code, addresses or tags
	// Languages counts the classified words by code; "latin" and "other"
	// stand for scripts whose language is not known.
	Languages map[string]int
	Foreign   []Span // runs of words of other languages
}

// Add adds the numbers of another text; its Foreign spans are not taken over.
func (c *Count) Add(o Count) {
	c.Target += o.Target
	c.Other += o.Other
	c.Neutral += o.Neutral
	c.Masked += o.Masked
	if c.Languages == nil {
		c.Languages = map[string]int{}
	}
	for code, n := range o.Languages {
		c.Languages[code] += n
	}
}

// Meter measures texts against one target language. It is safe for use by
// several goroutines.
type Meter struct {
	target Language
	words  map[string]uint16
	codes  []string // of the bits of words
	own    uint16   // the target's bit; 0 when its script is not Latin
}

// window is how many words around a word decide its language.
const window = 12

// NewMeter returns a meter for a target language.
func NewMeter(target Language) *Meter {
	m := &Meter{target: target}
	m.words, m.codes = functionWords()
	for i, code := range m.codes {
		if code == target.Code {
			m.own = 1 << i
		}
	}
	return m
}

// word is one word of prose and what is known of it.
type word struct {
	Span
	script Script
	bits   uint16 // Latin languages that have it as a function word
}

// Measure counts the words of a text. Time is linear in its length.
func (m *Meter) Measure(s string) Count {
	c := Count{Languages: map[string]int{}}
	words := make([]word, 0, len(s)/8+8)
	end := 0
	for _, at := range mask(s) {
		words = m.split(words, s, Span{end, at.From})
		c.Masked += at.To - at.From
		end = at.To
	}
	words = m.split(words, s, Span{end, len(s)})
	kana := hasKana(words)
	votes := newVotes(words, len(m.codes))
	// Neighbours are of one language more often than not.
	last, run := "", 0
	for i, w := range words {
		code, known := m.classify(w, kana, votes.around(i))
		switch {
		case !known:
			c.Neutral++
			continue
		case code == m.target.Code:
			c.Target++
		default:
			c.Other++
			if n := len(c.Foreign); n > 0 && i > 0 && c.Foreign[n-1].To == words[i-1].To {
				c.Foreign[n-1].To = w.To
			} else {
				c.Foreign = append(c.Foreign, w.Span)
			}
		}
		if code != last && run > 0 {
			c.Languages[last] += run
			run = 0
		}
		last = code
		run++
	}
	if run > 0 {
		c.Languages[last] += run
	}
	return c
}

// Measure is NewMeter and Measure for a single text.
func Measure(s string, target Language) Count { return NewMeter(target).Measure(s) }

// classify names the language of a word; known is false without evidence.
func (m *Meter) classify(w word, kana bool, votes []int) (code string, known bool) {
	if w.script != Latin {
		switch {
		case m.target.writes(w.script):
			return m.target.Code, true
		case w.script == Han && kana:
			return "ja", true
		}
		return codeOf(w.script), true
	}
	best, most, own := -1, 0, 0
	for i, n := range votes {
		if n > most {
			best, most = i, n
		}
		if m.own == 1<<i {
			own = n
		}
	}
	switch {
	case m.own != 0 && most == 0:
		return "", false
	case m.own != 0 && own == most: // ties go to the target
		return m.target.Code, true
	case best < 0:
		return "latin", true // the target's script is another one: foreign, whatever it is
	}
	return m.codes[best], true
}

// split appends the words of a stretch of prose. Letters with their marks
// form words; Han and Kana runes are words of their own; single letters and
// numbers are no words.
func (m *Meter) split(words []word, s string, at Span) []word {
	from, script, letters := -1, NoScript, 0
	flush := func(to int) {
		if from >= 0 && (letters > 1 || script != Latin) {
			w := word{Span: Span{from, to}, script: script}
			if script == Latin {
				w.bits = m.function(s[from:to])
			}
			words = append(words, w)
		}
		from, letters = -1, 0
	}
	for i, r := range s[at.From:at.To] {
		i += at.From
		sc := scriptOf(r)
		if sc == Latin && script == Latin && from >= 0 {
			letters++
			continue
		}
		switch {
		case sc == NoScript:
			if from >= 0 && unicode.Is(unicode.M, r) {
				continue // a mark belongs to the letter before it
			}
			flush(i)
		case sc == Han || sc == Kana:
			flush(i)
			from, script, letters = i, sc, 1
		case from >= 0 && sc == script:
			letters++
		default:
			flush(i)
			from, script, letters = i, sc, 1
		}
	}
	flush(at.To)
	return words
}

// function looks a word up, without a copy of it where it is ASCII.
func (m *Meter) function(w string) uint16 {
	var lower [16]byte // longer than any function word
	if len(w) > len(lower) {
		return 0
	}
	for i := range len(w) {
		c := w[i]
		if c >= 0x80 {
			return m.words[strings.ToLower(w)]
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	return m.words[string(lower[:len(w)])]
}

func hasKana(words []word) bool {
	for _, w := range words {
		if w.script == Kana {
			return true
		}
	}
	return false
}

// scriptOf returns the script of a letter, NoScript for all else.
func scriptOf(r rune) Script {
	switch {
	case r < 0x80:
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return Latin
		}
		return NoScript
	case unicode.Is(unicode.Latin, r):
		return Latin
	case unicode.Is(unicode.Han, r):
		return Han
	case unicode.In(r, unicode.Hiragana, unicode.Katakana):
		return Kana
	case unicode.Is(unicode.Hangul, r):
		return Hangul
	case unicode.Is(unicode.Cyrillic, r):
		return Cyrillic
	case unicode.Is(unicode.Arabic, r):
		return Arabic
	case unicode.Is(unicode.Devanagari, r) && unicode.IsLetter(r):
		return Devanagari
	case unicode.Is(unicode.Greek, r):
		return NoScript // names of variables and constants, not prose
	case unicode.IsLetter(r):
		return OtherScript
	}
	return NoScript
}

// votes slides a window over the Latin words and counts, for each language,
// its function words in it.
type votes struct {
	words  []word
	lo, hi int // words[lo:hi] are counted
	count  []int
}

func newVotes(words []word, languages int) *votes {
	return &votes{words: words, count: make([]int, languages)}
}

// around returns the counts of the window around word i. It is called with
// rising i.
func (v *votes) around(i int) []int {
	lo, hi := max(0, i-window/2), min(len(v.words), i+window/2)
	for ; v.hi < hi; v.hi++ {
		v.add(v.words[v.hi].bits, 1)
	}
	for ; v.lo < lo; v.lo++ {
		v.add(v.words[v.lo].bits, -1)
	}
	return v.count
}

func (v *votes) add(set uint16, n int) {
	for ; set != 0; set &= set - 1 { // most words are no function words
		v.count[bits.TrailingZeros16(set)] += n
	}
}
