// Package suite fixes what a held-out evaluation asks: which problems, in
// which wording, with which sampling. Two evaluations with the same suite hash
// asked the same questions under the same random numbers, so their answers
// pair by prompt. It knows no model.
package suite

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"gradus/rewards"
	"gradus/rewards/prompt"
	"gradus/rewards/tasks"
	"gradus/runner/recipe"
	"gradus/store"
)

// Suite is a set of held-out problems and how completions are drawn for them.
// Prompts and random numbers follow from Seed alone, never from the run.
type Suite struct {
	Task     string `json:"task"`
	Version  string `json:"version"` // of the task
	Level    int    `json:"level"`
	Template string `json:"template"`
	Prompts  int    `json:"prompts"` // problems asked for
	Samples  int    `json:"samples"` // completions a problem
	Seed     uint64 `json:"seed"`

	Temperature         float64 `json:"temperature"`
	TopP                float64 `json:"top_p"`
	MaxCompletionLength int     `json:"max_completion_length"`
}

// FromRecipe is the suite that the [task] and [eval] tables describe. spec is
// that of the recipe's task.
func FromRecipe(r *recipe.Recipe, spec tasks.Spec) Suite {
	return Suite{
		Task: r.Task.Name, Version: spec.Version, Level: Level(spec, r.Task.Level), Template: r.Task.Template,
		Prompts: r.Eval.Prompts, Samples: r.Eval.Samples, Seed: uint64(r.Eval.Seed),
		Temperature: r.Eval.Temperature, TopP: r.Eval.TopP,
		MaxCompletionLength: MaxCompletion(r),
	}
}

// Level is the level to ask a task for: the one asked for, except that a task
// with a single level, as one whose problems come from a file, has no knob.
func Level(spec tasks.Spec, asked int) int {
	if spec.MinLevel == spec.MaxLevel {
		return spec.MinLevel
	}
	return asked
}

// MaxCompletion is the length limit of evaluations: the recipe's own, else
// the largest of its grpo stages, else 128.
func MaxCompletion(r *recipe.Recipe) int {
	if r.Eval.MaxCompletionLength > 0 {
		return r.Eval.MaxCompletionLength
	}
	longest := 0
	for _, s := range r.Stages {
		if s.GRPO != nil {
			longest = max(longest, s.GRPO.MaxCompletionLength)
		}
	}
	if longest == 0 {
		return 128
	}
	return longest
}

// TaskConfig is how the recipe's task is made for one side of the border
// between training and held-out problems.
func TaskConfig(t recipe.Task, split tasks.Split) tasks.Config {
	return tasks.Config{
		Split: split, Path: t.File, EvalPath: t.EvalFile, Preset: t.Preset,
		Columns: tasks.Columns{Question: t.Question, Answer: t.Answer, ID: t.ID, Solution: t.Solution},
	}
}

// Item is a problem with its rendered prompt.
type Item struct {
	Problem rewards.Problem
	Text    string // exactly what the model sees
	Hash    string // see PromptHash
}

// Build makes the problems of s, each rendered, no two with one hash. A task
// that has fewer distinct problems gives what it has; none at all is an error.
func (s Suite) Build(task tasks.Task) ([]Item, error) {
	size := task.Spec().Size
	tries := 50*s.Prompts + 1000 // a generator repeats itself on small levels
	if size > 0 {
		tries = size
	}
	items := make([]Item, 0, min(s.Prompts, tries))
	seen := make(map[string]bool, cap(items))
	for index := 0; index < tries && len(items) < s.Prompts; index++ {
		p, err := task.Problem(s.Seed, index, s.Level)
		if err != nil {
			return nil, fmt.Errorf("evaluation suite: problem %d of task %s at level %d: %w", index, s.Task, s.Level, err)
		}
		it, err := Render(s.Template, p)
		if err != nil {
			return nil, err
		}
		if !seen[it.Hash] {
			seen[it.Hash] = true
			items = append(items, it)
		}
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("evaluation suite: task %s has no held-out problem at level %d; choose another level or give task.eval_file", s.Task, s.Level)
	}
	return items, nil
}

// Render puts a problem into the template.
func Render(template string, p rewards.Problem) (Item, error) {
	text, err := prompt.Render(template, p.Question)
	if err != nil {
		return Item{}, err
	}
	return Item{Problem: p, Text: text, Hash: PromptHash(p.Task, text, p.Gold)}, nil
}

// PromptHash identifies a prompt over all runs: hex of the first 16 bytes of
// SHA-256 over task, rendered text and gold, each preceded by its length.
func PromptHash(task, text, gold string) string {
	h := sha256.New()
	for _, part := range []string{task, text, gold} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Record is the prompt as the store keeps it; tokens is its length.
func (it Item) Record(tokens int) store.Prompt {
	return store.Prompt{
		Hash: it.Hash, Task: it.Problem.Task, Ref: it.Problem.ID, Text: it.Text,
		Gold: it.Problem.Gold, Tokens: tokens, Data: it.Problem.Data,
	}
}

// Hash identifies prompts and sampling settings together: hex of the first 16
// bytes of a SHA-256. Evaluations with equal hashes are comparable pair by
// pair.
func (s Suite) Hash(items []Item) string {
	h := sha256.New()
	// The struct has only strings and finite numbers: it always encodes.
	b, _ := json.Marshal(s)
	fmt.Fprintf(h, "gradus suite 1\n%s\n", b)
	for _, it := range items {
		fmt.Fprintln(h, it.Hash)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Name is what a reader sees, as "countdown level 3, 512 prompts".
func (s Suite) Name(items []Item) string {
	n := fmt.Sprintf("%s level %d, %d prompts", s.Task, s.Level, len(items))
	if s.Samples > 1 {
		n += fmt.Sprintf(" x %d", s.Samples)
	}
	return n
}
