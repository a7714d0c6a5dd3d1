package ifevalg

import (
	"errors"
	"strings"

	"gradus/rewards/rules/openinstruct/literaleval"
	"gradus/rewards/rules/openinstruct/pyregex"
	"gradus/rewards/rules/pytext"
)

// plainly is s.strip().lower().
func plainly(s string) string { return pytext.Lower(pytext.Strip(s)) }

const sixStars = "******"

func copies() Instructions {
	repeated := func(follows func(t *Text, prompt string) bool) instruction {
		return instruction{[]string{"prompt_to_repeat"}, func(a arguments) (Check, error) {
			prompt, err := a.prompt()
			return plain(func(t *Text) bool { return follows(t, plainly(prompt)) }), err
		}}
	}
	same := repeated(func(t *Text, prompt string) bool { return plainly(t.whole) == prompt })
	return Instructions{
		"combination:repeat_prompt": repeated(func(t *Text, prompt string) bool { return strings.HasPrefix(plainly(t.whole), prompt) }),
		"combination:two_responses": always(twoResponses),
		"copy:copy":                 same,
		"copy:copying_simple":       same,
		"copy:copying_multiple": {[]string{"prompt_to_repeat", "N"}, func(a arguments) (Check, error) {
			prompt, err := a.prompt()
			if err != nil {
				return nil, err
			}
			times, err := a.equal("N")
			return plain(func(t *Text) bool {
				parts := strings.Split(t.whole, sixStars)
				if !times(len(parts)) {
					return false
				}
				for _, p := range parts {
					if plainly(p) != plainly(prompt) {
						return false
					}
				}
				return true
			}), err
		}},
		"copy:repeat_phrase": {[]string{"phrase", "small_n"}, repeatPhrase},
		"new:copy_span_idx":  {[]string{"prompt_to_repeat", "n_start", "n_end"}, copySpan},
	}
}

func twoResponses(t *Text) bool {
	parts := strings.Split(t.whole, sixStars)
	var answers []string
	for i, p := range parts {
		p = pytext.Strip(p)
		switch {
		case p != "":
			answers = append(answers, p)
		case i != 0 && i != len(parts)-1:
			return false
		}
	}
	return len(answers) == 2 && answers[0] != answers[1]
}

// repeatPhrase: from the phrase's first word to its last, within a line, so
// many times, each with exactly one word changed. The first and last word are
// taken as regular expressions, of whose groups only one is looked at.
func repeatPhrase(a arguments) (Check, error) {
	phrase, err := a.word("phrase")
	if err != nil {
		return nil, err
	}
	times, err := a.equal("small_n")
	if err != nil {
		return nil, err
	}
	words := pytext.Words(phrase)
	if len(words) == 0 {
		return nil, errors.New("phrase holds no word")
	}
	return func(t *Text) (bool, error) {
		r, err := pyregex.Compile(words[0]+" .*? "+words[len(words)-1], pyregex.Flags{})
		if err != nil {
			return false, err
		}
		found, err := r.All(t.regex())
		if err != nil || !times(len(found)) {
			return false, err
		}
		if r.Groups() > 1 {
			return false, errors.New("phrase has several groups of a regular expression, whose texts open-instruct cannot split")
		}
		changed := 0
		for _, m := range found {
			differences := 0
			have := pytext.Words(t.regex().Slice(m[r.Groups()]))
			if len(have) != len(words) {
				return false, nil
			}
			for i, w := range have {
				if w != words[i] {
					differences++
				}
			}
			switch differences {
			case 0:
			case 1:
				changed++
			default:
				return false, nil
			}
		}
		return times(changed), nil
	}, nil
}

// copySpan: the prompt's characters from one place to another.
func copySpan(a arguments) (Check, error) {
	prompt, err := a.prompt()
	if err != nil {
		return nil, err
	}
	runes := []rune(prompt)
	var at [2]int
	for i, key := range [...]string{"n_start", "n_end"} {
		v, err := a.truthy(key)
		if err != nil {
			return nil, err
		}
		n, ok := literaleval.Int(v)
		if !ok {
			return nil, wrong(key, v, "an int")
		}
		if n < 0 {
			n += len(runes)
		}
		at[i] = max(0, min(len(runes), n))
	}
	want := plainly(string(runes[at[0]:max(at[0], at[1])]))
	return plain(func(t *Text) bool { return plainly(t.whole) == want }), nil
}
