package ifevalg

import (
	"strings"
	"unicode/utf8"

	"gradus/rewards/rules/openinstruct/literaleval"
	"gradus/rewards/rules/pytext"
)

func letters() Instructions {
	frequency := instruction{[]string{"letter", "let_frequency", "let_relation"}, letterFrequency}
	return Instructions{
		"keywords:letter_frequency": frequency,
		"letters:letter_counting2":  frequency,
		"letters:letter_counting":   {[]string{"N", "relation"}, letterCounting},
		"change_case:capital_word_frequency": {[]string{"capital_frequency", "capital_relation"}, func(a arguments) (Check, error) {
			want, err := a.number("capital_frequency")
			if err != nil {
				return nil, err
			}
			holds, err := a.relation("capital_relation")
			return plain(func(t *Text) bool {
				n := 0
				for _, w := range t.tokenized() {
					if pytext.AllUpper(w) {
						n++
					}
				}
				return holds(float64(n), want)
			}), err
		}},
	}
}

// letterFrequency counts a letter of ASCII, or one whose small letter it is,
// without case.
func letterFrequency(a arguments) (Check, error) {
	v, err := a.truthy("letter")
	if err != nil {
		return nil, err
	}
	letter, ok := v.(string)
	if !ok {
		return nil, wrong("letter", v, "a text")
	}
	if utf8.RuneCountInString(letter) > 1 {
		return nil, drawn("letter", "more than one letter")
	}
	letter = pytext.Lower(letter)
	if utf8.RuneCountInString(letter) > 1 {
		return nil, wrong("letter", v, "a letter whose small letter is one character")
	}
	if letter < "a" || letter > "z" {
		return nil, drawn("letter", "none of A to Z")
	}
	want, err := a.count("let_frequency")
	if err != nil {
		return nil, err
	}
	holds, err := a.relation("let_relation")
	return plain(func(t *Text) bool { return holds(float64(strings.Count(pytext.Lower(t.whole), letter)), want) }), err
}

// letterCounting counts the letters of ASCII. A relation that it does not know
// is never followed.
func letterCounting(a arguments) (Check, error) {
	v, err := a.truthy("N")
	if err != nil {
		return nil, err
	}
	if _, err := a.truthy("relation"); err != nil {
		return nil, err
	}
	holds, err := a.relation("relation")
	if err != nil {
		return plain(func(*Text) bool { return false }), nil
	}
	want, ok := literaleval.Float(v)
	if !ok {
		return nil, wrong("N", v, "a number")
	}
	return plain(func(t *Text) bool {
		n := 0
		for i := range len(t.whole) {
			if c := t.whole[i] | 0x20; c >= 'a' && c <= 'z' {
				n++
			}
		}
		return holds(float64(n), want)
	}), nil
}
