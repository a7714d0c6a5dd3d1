package train

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gradus/store"
)

// A rollout outside of the bounds warns, or ends the run before its first
// update; a policy that knows nothing is too hard for the default bounds.
func TestGate(t *testing.T) {
	for _, tt := range []struct {
		sets  []string
		level string
		err   bool
	}{
		{nil, "warn", false},
		{[]string{"gate.action=off"}, "", false},
		{[]string{"gate.min_pass1=0", "gate.min_headroom=0"}, "info", false},
		{[]string{"gate.action=refuse"}, "error", true},
	} {
		dir := newRun(t, micro, append([]string{"grpo.steps=1", "grpo.warmup_steps=0", "grpo.prompts_per_step=24"}, tt.sets...)...)
		var found []store.Alert
		env := testEnv(t, dir)
		env.Progress = func(e Event) {
			if e.Alert != nil && e.Alert.Code == "gate.difficulty" {
				found = append(found, *e.Alert)
			}
		}
		if err := Run(context.Background(), env); tt.err != errors.Is(err, errGate) || !tt.err && err != nil {
			t.Errorf("%v: %v", tt.sets, err)
		}
		if tt.level == "" && len(found) != 0 || tt.level != "" && (len(found) != 1 || found[0].Level != tt.level || !strings.Contains(found[0].Message, "pass@1 ")) {
			t.Errorf("%v: %+v", tt.sets, found)
		}
	}
}

// A data set is looked over once, before the first step.
func TestDataGate(t *testing.T) {
	lines := ""
	for _, l := range []string{`{"question":"1+1","answer":"2"}`, `{"question":"1+2","answer":"3"}`, `{"question":"1+1 ","answer":"3"}`, `{"question":"1+3","answer":"4"}`} {
		lines += l + "\n"
	}
	path := filepath.Join(t.TempDir(), "rows.jsonl")
	if err := os.WriteFile(path, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ action, level string }{{"off", ""}, {"warn", "warn"}, {"refuse", "error"}} {
		sets := []string{"task.name=jsonl", "task.question=question", "task.answer=answer", "task.file=" + path, "", "sft.steps=1", "sft.style.careful=0", "sft.style.terse=1",
			"tokenizer.kind=bytes", "grpo.steps=1", "grpo.warmup_steps=0", "eval.every=0", "gate.action=off", "gate.data=" + tt.action}
		other := filepath.Join(t.TempDir(), "test.jsonl")
		if err := os.WriteFile(other, []byte(`{"question":"9+1","answer":"10"}`), 0o600); err != nil {
			t.Fatal(err)
		}
		sets[4] = "task.eval_file=" + other
		var found []store.Alert
		env := testEnv(t, newRun(t, micro, sets...))
		env.Progress = func(e Event) {
			if e.Alert != nil && e.Alert.Code == "gate.data" {
				found = append(found, *e.Alert)
			}
		}
		if err := Run(context.Background(), env); (tt.action == "refuse") != errors.Is(err, errGate) || tt.action != "refuse" && err != nil {
			t.Errorf("%s: %v", tt.action, err)
		}
		if tt.level == "" && len(found) != 0 || tt.level != "" && (len(found) != 1 || found[0].Level != tt.level || !strings.Contains(found[0].Message, "1 contradictions")) {
			t.Errorf("%s: %+v", tt.action, found)
		}
	}
}
