package ifevalg

import (
	"strings"

	"gradus/rewards/rules/pytext"
)

// places are the instructions about the first and the last word.
func places() Instructions {
	return Instructions{
		"first_word:first_word_sent": stated("first_word", arguments.firstWord, func(t *Text, word string) bool {
			return eachSentence(t, word, func(words []string) string { return words[0] })
		}),
		"first_word:first_word_answer": stated("first_word", arguments.word, func(t *Text, word string) bool {
			words := t.split()
			return len(words) > 0 && pytext.Lower(words[0]) == pytext.Lower(word)
		}),
		"last_word:last_word_sent": stated("last_word", arguments.firstWord, func(t *Text, word string) bool {
			return eachSentence(t, word, lastWord)
		}),
		"last_word:last_word_answer": stated("last_word", arguments.word, func(t *Text, word string) bool {
			return len(t.split()) > 0 && pytext.Lower(lastWord(t.split())) == pytext.Lower(word)
		}),
	}
}

// eachSentence says whether a word of each sentence is the one that is wanted.
// A sentence without words fails.
func eachSentence(t *Text, want string, word func(words []string) string) bool {
	want = pytext.Lower(want)
	for _, s := range t.cut() {
		words := pytext.Words(s)
		if len(words) == 0 || pytext.Lower(word(words)) != want {
			return false
		}
	}
	return true
}

// lastWord is the last word without punctuation.
func lastWord(words []string) string {
	return strings.Map(func(r rune) rune {
		if pytext.Word(r) {
			return r
		}
		return -1
	}, words[len(words)-1])
}
