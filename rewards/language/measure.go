package language

import (
	"slices"
	"sync"
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
	words *lexicon
	// codes are of the Latin languages in the order of votes, then "latin",
	// then those that scripts stand for.
	codes    []string
	latin    int                  // of "latin" in codes, after as many languages
	target   int                  // in codes
	own      int                  // the target's place in votes; -1 when it has none
	byScript [OtherScript + 1]int // the code of a word of that script
	han      int                  // the code of Han runes beside Kana
	scratch  sync.Pool            // of *prose
}

// window is how many words around a word decide its language.
const window = 12

// maxKept bounds the words of the scratch memory that is kept for the next
// text: 2 MB.
const maxKept = 1 << 16

// NewMeter returns a meter for a target language.
func NewMeter(target Language) *Meter {
	m := &Meter{own: -1}
	m.words, m.codes = newLexicon()
	m.latin = len(m.codes)
	for i, code := range m.codes {
		if code == target.Code {
			m.own = i
		}
	}
	m.codes = append(m.codes, "latin")
	m.target = m.code(target.Code)
	for s := range m.byScript {
		m.byScript[s] = m.code(codeOf(Script(s)))
		if target.writes(Script(s)) {
			m.byScript[s] = m.target
		}
	}
	m.han = m.byScript[Han]
	if !target.writes(Han) {
		m.han = m.code("ja")
	}
	m.scratch.New = func() any { return new(prose) }
	return m
}

// code returns the place of a code in codes, which it joins if it is new.
func (m *Meter) code(code string) int {
	i := slices.Index(m.codes, code)
	if i < 0 {
		i = len(m.codes)
		m.codes = append(m.codes, code)
	}
	return i
}

// Measure counts the words of a text. Time is linear in its length.
func (m *Meter) Measure(s string) Count {
	p := m.scratch.Get().(*prose)
	p.split(m.words, s)
	c := m.count(p)
	if cap(p.words) <= maxKept {
		m.scratch.Put(p)
	}
	return c
}

// count classifies the words of a text, a Latin one by the function words in
// the window around it, which slides along.
func (m *Meter) count(p *prose) Count {
	c := Count{Masked: p.masked}
	counts := make([]int, len(m.codes))
	han := m.byScript[Han]
	if p.kana {
		han = m.han
	}
	var sum, last votes
	code := m.classify(last) // of a Latin word among the votes of last
	foreign := -1            // the word that a run of other languages ends with
	words := p.words
	for _, w := range words[:min(window/2-1, len(words))] {
		sum += w.votes
	}
	for i := range words {
		w := &words[i]
		if in := i + window/2 - 1; in < len(words) {
			sum += words[in].votes
		}
		if out := i - window/2 - 1; out >= 0 {
			sum -= words[out].votes
		}
		of := m.byScript[w.script]
		if w.script == Latin {
			if sum != last {
				last, code = sum, m.classify(sum)
			}
			of = code
		} else if w.script == Han {
			of = han
		}
		if of < 0 {
			c.Neutral++
			continue
		}
		counts[of]++
		if of == m.target {
			continue
		}
		if n := len(c.Foreign); n > 0 && foreign == i-1 {
			c.Foreign[n-1].To = w.To
		} else {
			c.Foreign = append(c.Foreign, w.Span)
		}
		foreign = i
	}
	c.Languages = make(map[string]int, 2)
	for of, n := range counts {
		if n == 0 {
			continue
		}
		c.Languages[m.codes[of]] = n
		if of == m.target {
			c.Target = n
		} else {
			c.Other += n
		}
	}
	return c
}

// Measure is NewMeter and Measure for a single text.
func Measure(s string, target Language) Count { return NewMeter(target).Measure(s) }

// classify names the language of a Latin word among the function words of its
// window by its place in codes; -1 without evidence.
func (m *Meter) classify(sum votes) int {
	if m.own >= 0 {
		// No byte of the difference borrows from the next, and its top bit
		// stays where the language has at most as many as the target.
		own := sum >> (laneBits * m.own) & lane
		if ((own*ones|tops)-sum)&tops == tops { // ties go to the target
			if own == 0 {
				return -1
			}
			return m.own
		}
	}
	best, most := m.latin, votes(0)
	for i := range m.latin {
		if n := sum >> (laneBits * i) & lane; n > most {
			best, most = i, n
		}
	}
	return best // "latin" where the target's script is another one: foreign, whatever it is
}
