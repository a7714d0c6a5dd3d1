package language

import "strings"

// votes are counts of function words, a byte for each Latin language in the
// order of their codes: 12 words, the window, never carry into the next byte.
type votes uint64

const (
	laneBits = 8 // of one language's count in votes
	lane     = 1<<laneBits - 1
)

// lexicon finds function words. ASCII words are looked up by their letters in
// lower case, packed into two numbers, so that no text is hashed or copied.
type lexicon struct {
	places  [1 << lexiconBits]uint16 // by hash: the entry + 1, or 0
	entries []lexiconEntry
	all     map[string]votes // all words; asked for those with other letters
}

type lexiconEntry struct {
	lo, hi uint64
	votes  votes
}

const (
	lexiconBits = 12 // most places stay empty, so that most other words are known at once
	longestWord = 16 // bytes; no function word is longer
)

// newLexicon returns the function words of the languages of the Latin script,
// and their codes in the order of votes.
func newLexicon() (l *lexicon, codes []string) {
	l = &lexicon{all: map[string]votes{}}
	for _, lang := range list() {
		if lang.words == "" {
			continue
		}
		vote := votes(1) << (laneBits * len(codes))
		codes = append(codes, lang.Code)
		for _, w := range strings.Fields(lang.words) {
			l.all[w] |= vote
		}
	}
	for w, v := range l.all {
		lo, hi, ascii := packWord(w)
		if !ascii {
			continue
		}
		at := lexiconPlace(lo, hi)
		for l.places[at] != 0 {
			at = (at + 1) % (1 << lexiconBits)
		}
		l.entries = append(l.entries, lexiconEntry{lo, hi, v})
		l.places[at] = uint16(len(l.entries))
	}
	return l, codes
}

// packWord packs a word of at most 16 ASCII letters in lower case.
func packWord(w string) (lo, hi uint64, ascii bool) {
	if len(w) > longestWord {
		return 0, 0, false
	}
	for i := range len(w) {
		if !isLetter(w[i]) {
			return 0, 0, false
		}
		c := uint64(w[i] | 0x20)
		if i < 8 {
			lo |= c << (8 * i)
		} else {
			hi |= c << (8 * (i - 8))
		}
	}
	return lo, hi, true
}

// lexiconPlace is where a packed word is looked for first.
func lexiconPlace(lo, hi uint64) uint64 {
	return (lo ^ hi*0xff51afd7ed558ccd) * 0x9e3779b97f4a7c15 >> (64 - lexiconBits)
}

// packed returns the languages of a packed word.
func (l *lexicon) packed(lo, hi uint64) votes {
	for at := lexiconPlace(lo, hi); ; at = (at + 1) % (1 << lexiconBits) {
		place := l.places[at]
		if place == 0 {
			return 0
		}
		if e := &l.entries[place-1]; e.lo == lo && e.hi == hi {
			return e.votes
		}
	}
}

// word returns the languages of a word with letters beyond ASCII.
func (l *lexicon) word(w string) votes {
	if len(w) > longestWord {
		return 0
	}
	return l.all[strings.ToLower(w)]
}
