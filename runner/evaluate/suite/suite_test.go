package suite

import (
	"strings"
	"testing"

	"gradus/rewards/tasks"
	"gradus/runner/recipe"
)

const text = `
name = "s"
[task]
name = "mod_chain"
level = 1
template = "short"
[[reward]]
name = "gradus.accuracy"
[[stage]]
kind = "grpo"
steps = 1
max_completion_length = 40
[eval]
prompts = 10
`

func build(t *testing.T, sets ...string) (Suite, []Item, string) {
	t.Helper()
	rec, err := recipe.Parse("s.toml", []byte(text), sets...)
	if err != nil {
		t.Fatal(err)
	}
	held, err := tasks.New(rec.Task.Name, TaskConfig(rec.Task, tasks.HeldOut))
	if err != nil {
		t.Fatal(err)
	}
	s := FromRecipe(rec, held.Spec())
	items, err := s.Build(held)
	if err != nil {
		t.Fatal(err)
	}
	return s, items, s.Hash(items)
}

// The suite must not depend on how a run trains, and must depend on everything
// that changes question or answer.
func TestHash(t *testing.T) {
	_, items, want := build(t)
	if len(items) != 10 {
		t.Fatalf("%d items", len(items))
	}
	for _, same := range []string{"seed=99", "name=other", "grpo.steps=7", "grpo.learning_rate=0.5", "model.hidden_size=64", "eval.every=3", "checkpoint.keep=2"} {
		if _, _, got := build(t, same); got != want {
			t.Errorf("%s changes the suite", same)
		}
	}
	for _, other := range []string{"task.level=2", "task.template=r1-zero", "eval.prompts=9", "eval.samples=2", "eval.seed=1", "eval.temperature=0.5", "eval.top_p=0.9", "eval.max_completion_length=41", "task.name=chain_sum"} {
		if _, _, got := build(t, other); got == want {
			t.Errorf("%s does not change the suite", other)
		}
	}
}

func TestItemsAreHeldOutAndDistinct(t *testing.T) {
	s, items, _ := build(t, "eval.prompts=500")
	train, err := tasks.New(s.Task, tasks.Config{Split: tasks.Train})
	if err != nil {
		t.Fatal(err)
	}
	trained := map[string]bool{}
	for i := range 5000 {
		p, err := train.Problem(uint64(i%7), i, s.Level)
		if err != nil {
			t.Fatal(err)
		}
		trained[p.Question] = true
	}
	seen := map[string]bool{}
	for _, it := range items {
		if seen[it.Hash] || seen[it.Problem.Question] {
			t.Errorf("%q is asked twice", it.Problem.Question)
		}
		seen[it.Hash], seen[it.Problem.Question] = true, true
		if trained[it.Problem.Question] {
			t.Errorf("%q is also trained on", it.Problem.Question)
		}
		if !strings.Contains(it.Text, it.Problem.Question) {
			t.Errorf("prompt %q does not hold its question", it.Text)
		}
	}
	// Level 1 has 125 problems; about an eighth are held out, and all of those
	// are found though 500 were asked for.
	if len(items) < 5 || len(items) > 35 {
		t.Errorf("%d distinct held-out problems of 125", len(items))
	}
}

// The hash is part of the stored record: this value must never change.
func TestPromptHash(t *testing.T) {
	// printf '4:task6:prompt4:gold' | sha256sum | cut -c1-32
	const want = "fcc412504e262f39859d43e17642cb63"
	if got := PromptHash("task", "prompt", "gold"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if PromptHash("a", "bc", "d") == PromptHash("ab", "c", "d") {
		t.Error("the parts run together")
	}
}
