package openinstruct

import (
	"errors"
	"math"
	"strings"
	"unicode/utf8"

	"gradus/rewards/rules/openinstruct/langdetect"
	"gradus/rewards/rules/pytext"
)

// instruction is a function of if_functions.py: the arguments it takes, all of
// which it needs, and whether a text follows it.
type instruction struct {
	takes []string
	holds func(text string, a arguments) (bool, error)
}

// always makes an instruction without arguments.
func always(holds func(text string) bool) instruction {
	return instruction{holds: func(text string, _ arguments) (bool, error) { return holds(text), nil }}
}

// with makes an instruction of one text.
func with(key string, holds func(text, argument string) (bool, error)) instruction {
	return instruction{[]string{key}, func(text string, a arguments) (bool, error) {
		argument, err := a.text(key)
		if err != nil {
			return false, err
		}
		return holds(text, argument)
	}}
}

// among makes an instruction of a list of texts.
func among(key string, holds func(text string, list []string) bool) instruction {
	return instruction{[]string{key}, func(text string, a arguments) (bool, error) {
		list, err := a.texts(key)
		if err != nil {
			return false, err
		}
		return holds(text, list), nil
	}}
}

// counted makes an instruction of a number N, exact or the least, of a count
// and of another text that the count may need.
func counted(count func(text, other string) (int, error), exact bool, other ...string) instruction {
	return instruction{append([]string{"N"}, other...), func(text string, a arguments) (bool, error) {
		var argument string
		var err error
		for _, key := range other {
			if argument, err = a.text(key); err != nil {
				return false, err
			}
		}
		have, err := count(text, argument)
		if err != nil {
			return false, err
		}
		want, err := a.number("N")
		switch {
		case exact: // nothing but a number equals one
			return err == nil && float64(have) == want, nil
		case err != nil:
			return false, err
		}
		return float64(have) >= want, nil
	}}
}

// quantified makes an instruction of "at least", "around" or "at most" N;
// anything else is never followed.
func quantified(count func(text string) int, tolerance func(want float64) float64) instruction {
	return instruction{[]string{"N", "quantifier"}, func(text string, a arguments) (bool, error) {
		want, err := a.number("N")
		if err != nil {
			return false, err
		}
		have := float64(count(text))
		switch a["quantifier"] {
		case "at least":
			return have >= want, nil
		case "at most":
			return have <= want, nil
		case "around":
			return math.Abs(have-want) <= tolerance(want), nil
		}
		return false, nil
	}}
}

const (
	exactly = true
	atLeast = false
)

// tenth is max(round(N * 0.1), 1).
func tenth(n float64) float64 { return max(math.RoundToEven(n*0.1), 1) }

func counts(f func(string) int) func(string, string) (int, error) {
	return func(text, _ string) (int, error) { return f(text), nil }
}

func instructions() map[string]instruction {
	return map[string]instruction{
		"verify_keywords":          among("keyword_list", func(text string, list []string) bool { return containing(text, list) == len(list) }),
		"validate_forbidden_words": among("forbidden_words", func(text string, list []string) bool { return containing(text, list) == 0 }),
		"validate_choice": among("options", func(text string, list []string) bool {
			for _, option := range list {
				if strings.Contains(text, option) {
					return true
				}
			}
			return false
		}),
		"verify_keyword_frequency": counted(keywordCount, exactly, "word"),
		"verify_letter_frequency": counted(func(text, letter string) (int, error) {
			if utf8.RuneCountInString(letter) != 1 {
				return 0, errors.New("letter must be a single character")
			}
			return strings.Count(text, letter), nil
		}, exactly, "letter"),
		"validate_response_language": {[]string{"language"}, func(text string, a arguments) (bool, error) {
			language, known, err := langdetect.Detect(text)
			if err == nil && !known {
				err = errors.New("langdetect finds no letters that it knows")
			}
			return a["language"] == language, err
		}},
		"verify_paragraph_count":           counted(counts(dividedParagraphs), exactly),
		"validate_word_constraint":         quantified(func(text string) int { return len(pytext.Words(text)) }, tenth),
		"verify_sentence_constraint":       quantified(sentences, func(float64) float64 { return 1 }),
		"validate_frequency_capital_words": quantified(capitalWords, tenth),
		"validate_paragraphs":              {[]string{"N", "first_word", "i"}, firstWord},
		"verify_postscript": with("postscript_marker", func(text, marker string) (bool, error) {
			at := strings.Index(text, marker)
			return at >= 0 && utf8.RuneCountInString(pytext.Strip(text[at:])) > utf8.RuneCountInString(marker), nil
		}),
		"validate_placeholders":         counted(counts(func(text string) int { return pytext.Enclosed(text, "[", "]") }), atLeast),
		"validate_title":                always(func(text string) bool { return pytext.Enclosed(text, "<<", ">>") > 0 }),
		"validate_highlighted_sections": counted(counts(func(text string) int { return pytext.Enclosed(text, "*", "*") }), atLeast),
		"verify_bullet_points":          counted(counts(bullets), exactly),
		"validate_sections": counted(func(text, splitter string) (int, error) {
			if splitter == "" {
				return 0, errors.New("section_splitter is empty")
			}
			n := strings.Count(text, splitter) + 1
			if strings.HasPrefix(text, splitter) || text == "" {
				n--
			}
			return n, nil
		}, exactly, "section_splitter"),
		"validate_json_format":   always(func(text string) bool { _, ok := loads(text); return ok }),
		"validate_repeat_prompt": with("original_prompt", func(text, prompt string) (bool, error) { return strings.HasPrefix(text, prompt), nil }),
		"validate_end":           with("end_phrase", func(text, phrase string) (bool, error) { return strings.HasSuffix(text, phrase), nil }),
		"validate_two_responses": always(func(text string) bool {
			first, second, _ := strings.Cut(text, "******")
			return strings.Count(text, "******") == 1 && pytext.Strip(first) != pytext.Strip(second)
		}),
		"validate_uppercase": always(pytext.IsUpper),
		"validate_lowercase": always(func(text string) bool { return text == pytext.Lower(text) }),
		"validate_quotation": always(func(text string) bool { return strings.HasPrefix(text, `"`) && strings.HasSuffix(text, `"`) }),
		"validate_no_commas": always(func(text string) bool { return !strings.Contains(text, ",") }),
	}
}

// containing counts the words of a list that stand in a text, without case.
func containing(text string, list []string) int {
	text, n := pytext.Lower(text), 0
	for _, word := range list {
		if strings.Contains(text, pytext.Lower(word)) {
			n++
		}
	}
	return n
}

func keywordCount(text, word string) (int, error) {
	word, n := pytext.Lower(word), 0
	for _, w := range pytext.WordRuns(pytext.Lower(text)) {
		if w == word {
			n++
		}
	}
	return n, nil
}

func capitalWords(text string) int {
	n := 0
	for _, w := range pytext.WordRuns(text) {
		if strings.Trim(w, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
			n++
		}
	}
	return n
}

// dividedParagraphs counts what stands between "* * *"; -1 where one is empty.
func dividedParagraphs(text string) int {
	lines := pytext.Lines(text)
	for i, line := range lines {
		lines[i] = pytext.Strip(line)
	}
	parts := strings.Split(pytext.Strip(strings.Join(lines, "\n")), "* * *")
	for _, p := range parts {
		if pytext.Strip(p) == "" {
			return math.MinInt32
		}
	}
	return len(parts)
}

// sentences counts as re.split with that expression does: at white space
// behind . ? or !, but for a "Mr." or "e.g." before it.
func sentences(text string) int {
	n, before := 1, [4]rune{-1, -1, -1, -1} // the four characters before
	for _, r := range text {
		a, b, c, d := before[0], before[1], before[2], before[3]
		if pytext.Space(r) && (d == '.' || d == '?' || d == '!') &&
			!(a >= 0 && pytext.Word(a) && b == '.' && pytext.Word(c)) &&
			!(b >= 'A' && b <= 'Z' && c >= 'a' && c <= 'z' && d == '.') {
			n++
		}
		before = [4]rune{b, c, d, r}
	}
	return n
}

func firstWord(text string, a arguments) (bool, error) {
	parts := strings.Split(text, "\n\n")
	if want, err := a.number("N"); err != nil || float64(len(parts)) != want {
		return false, nil
	}
	i, err := a.index("i")
	if err != nil {
		return false, err
	}
	first, err := a.text("first_word")
	if err != nil {
		return false, err
	}
	if i--; i < 0 {
		i += len(parts)
	}
	if i < 0 || i >= len(parts) {
		return false, errors.New("there is no such paragraph")
	}
	return strings.HasPrefix(pytext.Strip(parts[i]), first), nil
}

func bullets(text string) int {
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		if line = pytext.Strip(line); strings.HasPrefix(line, "*") || strings.HasPrefix(line, "-") {
			n++
		}
	}
	return n
}
