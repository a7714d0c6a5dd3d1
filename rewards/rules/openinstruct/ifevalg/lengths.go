package ifevalg

import (
	"strings"
	"unicode/utf8"

	"gradus/rewards/rules/openinstruct/literaleval"
	"gradus/rewards/rules/openinstruct/nltk"
	"gradus/rewards/rules/pytext"
)

func lengths() Instructions {
	return Instructions{
		"length_constraints:number_sentences":         related("num_sentences", "relation", func(t *Text) int { return len(nltk.Sentences(t.whole)) }),
		"length_constraints:number_words":             related("num_words", "relation", func(t *Text) int { return len(pytext.WordRuns(t.whole)) }),
		"length_constraints:number_paragraphs":        counted("num_paragraphs", true, func(t *Text) int { return filled(divided(t.whole)) }),
		"length_constraints:nth_paragraph_first_word": {[]string{"num_paragraphs", "nth_paragraph", "first_word"}, paragraphFirstWord},
		"paragraphs:paragraphs":                       always(func(t *Text) bool { return filled(divided(t.whole)) == 2 }),
		"paragraphs:paragraphs2":                      always(func(t *Text) bool { return filled(strings.Split(t.whole, "\n\n")) == 2 }),
		"count:counting_composition":                  {[]string{"n_sent", "n_words"}, composition},
		"count:count_unique": always(func(t *Text) bool {
			seen := map[string]bool{}
			for _, w := range t.tokenized() {
				seen[w] = true
			}
			return len(seen) == len(t.tokenized())
		}),
		"count:lowercase_counting": {[]string{"N"}, func(a arguments) (Check, error) {
			if _, err := a.truthy("N"); err != nil {
				return nil, err
			}
			most, err := a.number("N")
			return plain(func(t *Text) bool {
				n := 0
				for _, w := range pytext.WordRuns(t.whole) {
					if strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") == "" {
						n++
					}
				}
				return float64(n) <= most
			}), err
		}},
	}
}

// divided is re.split(r"\s?\*\*\*\s?", s).
func divided(s string) []string {
	var out []string
	for {
		at := strings.Index(s, "***")
		if at < 0 {
			return append(out, s)
		}
		out = append(out, withoutLastSpace(s[:at]))
		s = withoutFirstSpace(s[at+len("***"):])
	}
}

func withoutLastSpace(s string) string {
	if r, n := utf8.DecodeLastRuneInString(s); pytext.Space(r) {
		return s[:len(s)-n]
	}
	return s
}

func withoutFirstSpace(s string) string {
	if r, n := utf8.DecodeRuneInString(s); pytext.Space(r) {
		return s[n:]
	}
	return s
}

// filled counts paragraphs but for empty ones at the beginning and the end; one
// that is empty between others makes it -1.
func filled(paragraphs []string) int {
	n := len(paragraphs)
	for i, p := range paragraphs {
		if pytext.Strip(p) != "" {
			continue
		}
		if i > 0 && i < len(paragraphs)-1 {
			return -1
		}
		n--
	}
	return n
}

// paragraphFirstWord: there are so many paragraphs, and the nth of all parts
// between empty lines begins with a word.
func paragraphFirstWord(a arguments) (Check, error) {
	want, err := a.count("num_paragraphs")
	if err != nil {
		return nil, err
	}
	nth, err := a.number("nth_paragraph")
	if err != nil {
		return nil, err
	}
	if nth <= 0 || nth > want {
		return nil, drawn("nth_paragraph", "none of the paragraphs")
	}
	word, err := a.text("first_word")
	if err != nil {
		return nil, err
	}
	word = pytext.Lower(word)
	return func(t *Text) (bool, error) {
		parts := strings.Split(t.whole, "\n\n")
		n := 0
		for _, p := range parts {
			if pytext.Strip(p) != "" {
				n++
			}
		}
		if nth > float64(n) {
			return false, nil
		}
		at, whole := literaleval.Int(a["nth_paragraph"])
		if !whole {
			return false, wrong("nth_paragraph", a["nth_paragraph"], "an int")
		}
		words := pytext.Words(parts[at-1])
		if len(words) == 0 {
			return false, nil
		}
		return float64(n) == want && opening(words[0]) == word, nil
	}, nil
}

// opening is a word up to its first sign, in lower case, without quotes before
// it.
func opening(word string) string {
	word = strings.TrimLeft(strings.TrimLeft(word, "'"), `"`)
	var b strings.Builder
	for _, r := range word {
		if strings.ContainsRune(`.,?!'"`, r) {
			break
		}
		b.WriteString(pytext.Lower(string(r)))
	}
	return b.String()
}

// composition: three paragraphs, each of so many sentences of so many words.
// An empty part at either end has no sentence, and fails.
func composition(a arguments) (Check, error) {
	many, err := a.equal("n_sent")
	if err != nil {
		return nil, err
	}
	long, err := a.equal("n_words")
	return plain(func(t *Text) bool {
		paragraphs := divided(t.whole)
		for _, p := range paragraphs {
			cut := sentences(p)
			if !many(len(cut)) {
				return false
			}
			for _, s := range cut {
				if !long(len(nltk.Words(s))) {
					return false
				}
			}
		}
		return filled(paragraphs) == 3
	}), err
}
