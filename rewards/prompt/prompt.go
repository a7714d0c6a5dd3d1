// Package prompt renders a problem's question into the text a policy
// continues.
package prompt

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
)

// r1Zero is the template of DeepSeek-R1-Zero (DeepSeek-R1, table 1). Role
// words and tags are plain text, there is no chat template, and generation
// starts right after "Assistant:": no <think> is prefilled.
const r1Zero = "A conversation between User and Assistant. The user asks a question, and the Assistant solves it. " +
	"The assistant first thinks about the reasoning process in the mind and then provides the user with the answer. " +
	"The reasoning process and answer are enclosed within <think> </think> and <answer> </answer> tags, respectively, " +
	"i.e., <think> reasoning process here </think> <answer> answer here </answer>. User: %s. Assistant:"

// short spends five bytes on a question, for models that read characters
// and know one task.
const short = "Q:%s\nA:"

// List returns the names of the templates.
func List() []string { return []string{"r1-zero", "short"} }

// Render puts the question into a template. An unknown template is an error
// that names the nearest known one.
func Render(template, question string) (string, error) {
	t, err := lookup(template)
	if err != nil {
		return "", err
	}
	before, after, _ := strings.Cut(t, "%s")
	return before + question + after, nil
}

// Question returns the question of a text that Render made; ok is false for a
// text that the template does not make.
func Question(template, text string) (question string, ok bool) {
	t, err := lookup(template)
	if err != nil {
		return "", false
	}
	before, after, _ := strings.Cut(t, "%s")
	rest, ok := strings.CutPrefix(text, before)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, after)
}

func lookup(name string) (string, error) {
	switch name {
	case "r1-zero":
		return r1Zero, nil
	case "short":
		return short, nil
	}
	best, distance := "", 1<<30
	for _, known := range List() {
		if d := levenshtein.ComputeDistance(strings.ToLower(name), known); d < distance {
			best, distance = known, d
		}
	}
	return "", fmt.Errorf("prompt template %q is unknown; did you mean %q? Known are %s", name, best, strings.Join(List(), ", "))
}
