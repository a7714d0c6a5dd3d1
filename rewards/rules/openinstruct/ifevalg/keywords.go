package ifevalg

import (
	"slices"
	"strings"

	"gradus/rewards/rules/openinstruct/literaleval"
	"gradus/rewards/rules/openinstruct/nltk"
	"gradus/rewards/rules/openinstruct/pyregex"
	"gradus/rewards/rules/pytext"
)

// anyCase are the flags with which keywords are looked for. They are taken as
// regular expressions.
var anyCase = pyregex.Flags{IgnoreCase: true}

func occurrences(t *Text, expression string) (int, error) {
	r, err := pyregex.Compile(expression, anyCase)
	if err != nil {
		return 0, err
	}
	return r.Count(t.regex())
}

// all says whether each expression is found, or with found false none of them;
// those behind the first that is otherwise are not looked at.
func all(t *Text, expressions []string, found bool) (bool, error) {
	for _, e := range expressions {
		r, err := pyregex.Compile(e, anyCase)
		if err != nil {
			return false, err
		}
		if is, err := r.Search(t.regex()); err != nil || is != found {
			return false, err
		}
	}
	return true, nil
}

func keywords() Instructions {
	frequency := instruction{[]string{"keyword", "frequency", "relation"}, func(a arguments) (Check, error) {
		word, err := a.word("keyword")
		if err != nil {
			return nil, err
		}
		want, err := a.count("frequency")
		if err != nil {
			return nil, err
		}
		holds, err := a.relation("relation")
		return func(t *Text) (bool, error) {
			n, err := occurrences(t, word)
			return err == nil && holds(float64(n), want), err
		}, err
	}}
	return Instructions{
		"keywords:existence": {[]string{"keywords"}, func(a arguments) (Check, error) {
			words, err := a.texts("keywords")
			return func(t *Text) (bool, error) { return all(t, words, true) }, err
		}},
		"keywords:forbidden_words": {[]string{"forbidden_words"}, func(a arguments) (Check, error) {
			words, err := a.texts("forbidden_words")
			for i, w := range words {
				words[i] = `\b` + w + `\b`
			}
			return func(t *Text) (bool, error) { return all(t, words, false) }, err
		}},
		"keywords:frequency":                    frequency,
		"keywords:word_count_different_numbers": frequency,
		"keywords:word_once": {[]string{"keyword"}, func(a arguments) (Check, error) {
			word, err := a.word("keyword")
			return func(t *Text) (bool, error) {
				n, err := occurrences(t, word)
				return n == 1, err
			}, err
		}},
		"count:count_increment_word": {[]string{"keyword1", "keyword2"}, func(a arguments) (Check, error) {
			once, err := a.word("keyword1")
			if err != nil {
				return nil, err
			}
			twice, err := a.word("keyword2")
			return func(t *Text) (bool, error) {
				n, err := occurrences(t, once)
				if err != nil {
					return false, err
				}
				m, err := occurrences(t, twice)
				return n == 1 && m == 2, err
			}, err
		}},
		"keywords:exclude_word_harder": {[]string{"keyword", "instruction"}, func(a arguments) (Check, error) {
			word, err := a.word("keyword")
			return plain(func(t *Text) bool { return !strings.Contains(t.whole, " "+word+" ") }), err
		}},
		"keywords:no_adjacent_consecutive": always(noConsecutiveLetters),
		"keywords:palindrome":              always(func(t *Text) bool { return slices.ContainsFunc(t.split(), palindrome) }),
		"keywords:start_end": always(func(t *Text) bool {
			words := t.tokenized()
			return len(words) > 1 && pytext.Lower(words[0]) == pytext.Lower(words[len(words)-1])
		}),
		"keywords:keyword_specific_position": {[]string{"keyword", "n", "m"}, specificPosition},
	}
}

// noConsecutiveLetters: no word begins with the letter behind that with which
// the word before it began. A capital İ has no small letter of one character,
// and fails.
func noConsecutiveLetters(t *Text) bool {
	words := t.split()
	last := rune(0)
	for i, w := range words {
		letter := []rune(pytext.Lower(firstLetter(w)))
		if len(words) > 1 && (len(letter) != 1 || i > 0 && letter[0]-last == 1) {
			return false
		}
		last = letter[0]
	}
	return true
}

func firstLetter(w string) string {
	for _, r := range w {
		return string(r)
	}
	return ""
}

func palindrome(w string) bool {
	runes := []rune(w)
	for i := range len(runes) / 2 {
		if runes[i] != runes[len(runes)-1-i] {
			return false
		}
	}
	return true
}

func specificPosition(a arguments) (Check, error) {
	word, err := a.firstWord("keyword")
	if err != nil {
		return nil, err
	}
	sentence, err := a.place("n")
	if err != nil {
		return nil, err
	}
	at, err := a.place("m")
	return func(t *Text) (bool, error) {
		text, ok, err := sentence(t.cut())
		if !ok || err != nil {
			return false, err
		}
		found, ok, err := at(nltk.Words(text))
		return ok && found == word, err
	}, err
}

// place takes the nth of some texts, counted from 1; ok is false where there
// are fewer.
func (a arguments) place(key string) (func(list []string) (s string, ok bool, err error), error) {
	v, err := a.truthy(key)
	if err != nil {
		return nil, err
	}
	return func(list []string) (string, bool, error) {
		want, ok := literaleval.Float(v)
		if !ok {
			return "", false, wrong(key, v, "a number")
		}
		if float64(len(list)) < want {
			return "", false, nil
		}
		n, whole := literaleval.Int(v)
		if n--; n < 0 {
			n += len(list)
		}
		if !whole || n < 0 || n >= len(list) {
			return "", false, wrong(key, v, "the number of a part that is there")
		}
		return list[n], true, nil
	}, nil
}
