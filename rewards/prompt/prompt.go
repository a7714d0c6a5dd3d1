// Package prompt renders a problem's question into the text a policy
// continues.
package prompt

import (
	"fmt"
	"strings"

	"gradus/rewards/text"
)

// r1Zero is the template of DeepSeek-R1-Zero (DeepSeek-R1, table 1). Role
// words and tags are plain text, there is no chat template, and generation
// starts right after "Assistant:": no <think> is prefilled.
const r1Zero = "A conversation between User and Assistant. The user asks a question, and the Assistant solves it. " +
	"The assistant first thinks about the reasoning process in the mind and then provides the user with the answer. " +
	"The reasoning process and answer are enclosed within <think> </think> and <answer> </answer> tags, respectively, " +
	"i.e., <think> reasoning process here </think> <answer> answer here </answer>. User: " + place + ". Assistant:"

// short spends five bytes on a question, for models that read characters
// and know one task.
const short = "Q:" + place + "\nA:"

// place is where a template of the user's own has the question.
const place = "{question}"

// List returns the names of the templates.
func List() []string { return []string{"r1-zero", "short"} }

// Check says what is wrong with a template: a name that is unknown (it names
// the nearest known one), or a text without exactly one {question}.
func Check(template string) error {
	_, _, err := lookup(template)
	return err
}

// Render puts the question into a template: one of List, or a text that has
// {question} in it. The error is that of Check.
func Render(template, question string) (string, error) {
	before, after, err := lookup(template)
	if err != nil {
		return "", err
	}
	return before + question + after, nil
}

// Question returns the question of a text that Render made; ok is false for a
// text that the template does not make.
func Question(template, text string) (question string, ok bool) {
	before, after, err := lookup(template)
	if err != nil {
		return "", false
	}
	rest, ok := strings.CutPrefix(text, before)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, after)
}

// lookup returns what stands before and after the question.
func lookup(template string) (before, after string, err error) {
	switch template {
	case "r1-zero":
		template = r1Zero
	case "short":
		template = short
	}
	switch n := strings.Count(template, place); {
	case n == 1:
		before, after, _ = strings.Cut(template, place)
		return before, after, nil
	case n > 1:
		return "", "", fmt.Errorf("prompt template has %s %d times; write it once, where the question goes", place, n)
	}
	return "", "", fmt.Errorf("prompt template %.80q is unknown; did you mean %q? Known are %s; a text of your own has %s where the question goes", template, text.Nearest(template, List()), strings.Join(List(), ", "), place)
}
