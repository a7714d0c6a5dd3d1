package ifevalg

import (
	"errors"
	"strings"

	"gradus/rewards/rules/openinstruct/literaleval"
	"gradus/rewards/rules/openinstruct/pyregex"
	"gradus/rewards/rules/pytext"
)

func formats() Instructions {
	return Instructions{
		"detectable_content:number_placeholders":        counted("num_placeholders", false, func(t *Text) int { return pytext.Enclosed(t.whole, "[", "]") }),
		"detectable_content:postscript":                 {[]string{"postscript_marker"}, postscript},
		"detectable_format:number_bullet_lists":         counted("num_bullets", true, func(t *Text) int { return bullets(t.whole, '*') + bullets(t.whole, '-') }),
		"detectable_format:number_highlighted_sections": counted("num_highlights", false, func(t *Text) int { return highlights(t.whole, "*") + highlights(t.whole, "**") }),
		"detectable_format:multiple_sections":           {[]string{"section_spliter", "num_sections"}, sections},
		"detectable_format:json_format":                 {build: func(arguments) (Check, error) { return isJSON, nil }},
		"detectable_format:title":                       always(title),
		"detectable_format:sentence_hyphens":            always(hyphens),
		"detectable_format:square_brackets": always(func(t *Text) bool {
			for _, w := range t.split() {
				if !strings.HasPrefix(w, "[") || !strings.HasSuffix(w, "]") {
					return false
				}
			}
			return true
		}),
		"detectable_format:bigram_wrapping": always(func(t *Text) bool {
			words := t.split()
			for i := 0; i+1 < len(words); i += 2 {
				if !strings.HasPrefix(words[i], "<<") || !strings.HasSuffix(words[i+1], ">>") {
					return false
				}
			}
			return true
		}),
		"detectable_format:constrained_response": always(func(t *Text) bool {
			for _, answer := range [...]string{"My answer is yes.", "My answer is no.", "My answer is maybe."} {
				if strings.Contains(t.whole, answer) {
					return true
				}
			}
			return false
		}),
		"punctuation:no_comma":                without(","),
		"punctuation:punctuation_dot":         without("."),
		"punctuation:punctuation_exclamation": without("!"),
		"startend:quotation": always(func(t *Text) bool {
			s := pytext.Strip(t.whole)
			return len(s) > 1 && strings.HasPrefix(s, `"`) && strings.HasSuffix(s, `"`)
		}),
		"startend:end_checker": stated("end_phrase", arguments.text, func(t *Text, end string) bool {
			return strings.HasSuffix(pytext.Lower(strings.Trim(pytext.Strip(t.whole), `"`)), pytext.Lower(pytext.Strip(end)))
		}),
	}
}

func without(sign string) instruction {
	return always(func(t *Text) bool { return !strings.Contains(t.whole, sign) })
}

// postscript: the marker stands anywhere; but for P.S. and P.P.S it is taken
// as a regular expression.
func postscript(a arguments) (Check, error) {
	marker, err := a.text("postscript_marker")
	if err != nil {
		return nil, err
	}
	expression := `\s*` + pytext.Lower(pytext.Strip(marker)) + `.*$`
	switch pytext.Strip(marker) {
	case "P.P.S":
		expression = `p\.\s?p\.\s?s`
	case "P.S.":
		expression = `p\.\s?s\.`
	}
	return func(t *Text) (bool, error) {
		r, err := pyregex.Compile(expression, pyregex.Flags{MultiLine: true})
		if err != nil {
			return false, err
		}
		return r.Search(pyregex.NewText(pytext.Lower(t.whole)))
	}, nil
}

// sections: the splitter, taken as a regular expression, with a number behind
// it. Its groups are counted too.
func sections(a arguments) (Check, error) {
	splitter, err := a.text("section_spliter")
	if err != nil {
		return nil, err
	}
	want, err := a.count("num_sections")
	return func(t *Text) (bool, error) {
		r, err := pyregex.Compile(`\s?`+pytext.Strip(splitter)+`\s?\d+\s?`, pyregex.Flags{})
		if err != nil {
			return false, err
		}
		n, err := r.Count(t.regex())
		return float64(n*(1+r.Groups())) >= want, err
	}, err
}

// bullets counts the matches of ^\s*\*[^\*].*$ or, for a dash, ^\s*-.*$ in
// lines. Empty lines belong to the bullet behind them; a star at the end of a
// line takes the next line too.
func bullets(s string, sign rune) int {
	n, at := 0, 0
	for {
		for at > 0 && at < len(s) && s[at-1] != '\n' { // to the beginning of a line
			at++
		}
		if at >= len(s) {
			return n
		}
		rest := strings.TrimLeftFunc(s[at:], pytext.Space)
		item := len(s) - len(rest)
		if rest == "" {
			return n
		}
		inside := strings.TrimPrefix(rest, string(sign))
		if len(inside) == len(rest) || sign == '*' && (inside == "" || inside[0] == '*') {
			at = item + 1 // every line's beginning up to there leads to the same
			continue
		}
		n++
		end := len(s) - len(inside)
		if sign == '*' {
			end++ // any character, a line's end too
		}
		if line := strings.IndexByte(s[min(end, len(s)):], '\n'); line < 0 {
			return n
		} else {
			at = end + line
		}
		if s[at-1] != '\n' {
			at++
		}
	}
}

// highlights counts the matches of \*[^\n\*]*\* that hold more than blanks, or
// the same with two stars.
func highlights(s, stars string) int {
	n := 0
	for {
		from := strings.Index(s, stars)
		if from < 0 {
			return n
		}
		inside := s[from+len(stars):]
		end := strings.IndexAny(inside, "\n*")
		if end < 0 {
			return n
		}
		if !strings.HasPrefix(inside[end:], stars) {
			s = s[from+1:]
			continue
		}
		if pytext.Strip(inside[:end]) != "" {
			n++
		}
		s = inside[end+len(stars):]
	}
}

// isJSON is json.loads of what stands in a block of code, or of the text.
func isJSON(t *Text) (bool, error) {
	s := pytext.Strip(t.whole)
	for _, mark := range [...]string{"```json", "```Json", "```JSON", "```"} {
		s = strings.TrimPrefix(s, mark)
	}
	_, ok, deep := literaleval.JSON(pytext.Strip(strings.TrimSuffix(s, "```")))
	if deep {
		return false, errors.New("the JSON is nested so deeply that Python raises RecursionError")
	}
	return ok, nil
}

// title: <<[^\n]+>> with more than angular brackets and blanks in it.
func title(t *Text) bool {
	for line := range strings.SplitSeq(t.whole, "\n") {
		from, to := strings.Index(line, "<<"), strings.LastIndex(line, ">>")
		if from >= 0 && to > from+len("<<") && pytext.Strip(strings.TrimRight(strings.TrimLeft(line[from:to], "<"), ">")) != "" {
			return true
		}
	}
	return false
}

// hyphens: what stands between hyphens is the sentences, one for one, as far
// as both go.
func hyphens(t *Text) bool {
	gold := sentences(strings.ReplaceAll(t.whole, "-", " "))
	for i, s := range strings.Split(t.whole, "-") {
		if i == len(gold) {
			break
		}
		if s != gold[i] || pytext.Strip(s) != s {
			return false
		}
	}
	return true
}
