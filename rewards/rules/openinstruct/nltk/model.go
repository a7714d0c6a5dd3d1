// Package nltk cuts English text into sentences and words as the Python
// package nltk does (3.9.2: PunktSentenceTokenizer with the English model, and
// NLTKWordTokenizer).
package nltk

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

//go:embed english.txt
var english string

// model is what Punkt learned of a language.
type model struct {
	abbreviations, starters, collocations map[string]bool
	contexts                              map[string]int // sums of the flags below
}

// Orthographic contexts in which a word was seen: at the beginning of a
// sentence or within, in upper or lower case.
const (
	beginUpper = 1 << (iota + 1)
	middleUpper
	unknownUpper
	beginLower
	middleLower
	unknownLower

	upper = beginUpper | middleUpper | unknownUpper
	lower = beginLower | middleLower | unknownLower
)

// learned reads the table once, which takes some milliseconds.
var learned = sync.OnceValue(func() *model {
	m := &model{map[string]bool{}, map[string]bool{}, map[string]bool{}, make(map[string]int, 21_000)}
	for line := range strings.Lines(english) {
		name, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok {
			continue
		}
		flags, _ := strconv.Atoi(name)
		for word := range strings.SplitSeq(rest, "\t") {
			switch name {
			case "abbreviations":
				m.abbreviations[word] = true
			case "starters":
				m.starters[word] = true
			case "collocations":
				m.collocations[word] = true
			default:
				m.contexts[word] = flags
			}
		}
	}
	return m
})
