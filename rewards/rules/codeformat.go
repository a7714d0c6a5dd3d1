package rules

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/pyvalue"
	"gradus/rewards/rules/rule"
)

// CodeFormatParams are the parameters of openr1.code_format.
type CodeFormatParams struct {
	Language string `json:"language"` // of the fenced block; "python"
}

// newOpenR1CodeFormat is open-r1's code_format_reward: the format reward with
// a fenced block of the language in the answer. The data set's column
// "language" wins over the parameter. As published the language is pasted
// into the expression unquoted, so "c++" asks for any "c…".
func newOpenR1CodeFormat(params map[string]any) (rewards.Reward, error) {
	const name = "openr1.code_format"
	p := CodeFormatParams{Language: "python"}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	preset, err := codeFormatExpression(p.Language)
	if err != nil {
		return nil, fmt.Errorf("reward %s: %w", name, err)
	}
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{0, 1}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		expression, language := preset, p.Language
		if raw, ok := rule.Columns(s)["language"]; ok {
			given, ok := languageText(raw)
			if !ok {
				return rewards.Result{Status: rewards.Invalid, Reason: "format.language", Why: fmt.Sprintf("the column language holds %.40s, not a text", raw)}
			}
			if given != language {
				var err error
				if expression, err = codeFormatExpression(given); err != nil {
					return rewards.Result{Status: rewards.Error, Reason: "format.language", Why: err.Error()}
				}
				language = given
			}
		}
		if m := codeFormatMatch(expression, language, s.Completion); m != nil {
			return rewards.Result{Score: 1, Reason: "format.ok", Why: "think and answer parts, with a block of " + language + " in the answer",
				Spans: []rewards.Span{{From: m[0], To: m[1], Label: "match"}}}
		}
		return rewards.Result{Reason: "format.no_match",
			Why: fmt.Sprintf("the completion is not think and answer parts with tags on their own lines and a ```%s block in the answer", language)}
	}), nil
}

// languageText is a value of the column as Python writes it into the
// expression; ok is false for lists and objects.
func languageText(raw json.RawMessage) (text string, ok bool) {
	v, err := pyvalue.JSON(string(raw))
	if err != nil {
		return "", false
	}
	return pyvalue.Str(v)
}

// codeFormatMatch runs the expression; a language that is plain text is looked
// for by searches, whose first hits leave the most room for the rest.
func codeFormatMatch(expression *regexp.Regexp, language, c string) []int {
	if regexp.QuoteMeta(language) != language {
		return expression.FindStringIndex(c)
	}
	const open, closing = "<think>\n", "\n</answer>"
	if !strings.HasPrefix(c, open) {
		return nil
	}
	at := len(open)
	for _, part := range [...]string{"\n</think>\n<answer>\n", "```" + language, "```"} {
		n := strings.Index(c[at:], part)
		if n < 0 {
			return nil
		}
		at += n + len(part)
	}
	for {
		n := strings.Index(c[at:], closing)
		if n < 0 {
			return nil
		}
		at += n + len(closing)
		if at == len(c) || c[at] == '\n' {
			return []int{0, at}
		}
	}
}

// codeFormatExpression is the published expression. A doubled plus is a
// possessive quantifier in Python, after which the lazy dot makes it equal to
// a single one.
func codeFormatExpression(language string) (*regexp.Regexp, error) {
	e, err := regexp.Compile("(?sm)\\A(?:<think>\n.*?\n</think>\n<answer>\n.*?```" + strings.ReplaceAll(language, "++", "+") + ".*?```.*?\n</answer>$)")
	if err != nil {
		return nil, fmt.Errorf("language %q does not form an expression: %w", language, err)
	}
	return e, nil
}
