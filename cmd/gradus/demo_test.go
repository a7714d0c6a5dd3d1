package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gradus/store"
	"gradus/store/storetest"
)

// The demo command on a recipe cut short: the result file has every field.
func TestDemoResult(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	file := filepath.Join(t.TempDir(), "result.json")
	args := []string{"demo", "--plain", "--json-out", file, "--set", "seed=3"}
	for _, set := range []string{"sft.steps=3", "sft.warmup_steps=1", "grpo.steps=2", "grpo.warmup_steps=1", "eval.prompts=16", "model.hidden_size=32"} {
		args = append(args, "--set", set)
	}
	s.must(args...)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	decode(t, string(b), &fields)
	for _, name := range []string{"accuracy_before", "accuracy_after", "ci_before", "ci_after", "train_seconds", "steps", "traces", "db"} {
		if fields[name] == nil {
			t.Errorf("%s is missing in %s", name, b)
		}
	}
	if fields["steps"] != 5.0 || fields["seed"] != 3.0 || fields["traces"] != float64(2*16+2*16*8) {
		t.Errorf("result %s: want 5 steps, seed 3, %d traces", b, 2*16+2*16*8)
	}
}

// Of a demo that did not get to its end it says what became of it.
func TestDemoThatIsNotDone(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	for i, c := range []struct {
		final store.State
		want  string
	}{
		{store.StateStopped, "the run is stopped"},
		{store.StateFailed, "the run is failed"},
		{store.StateRunning, "the run goes on: gradus watch 01JHM000000000\n"},
	} {
		id := fmt.Sprintf("01JHM%021d", i+1)
		if err := storetest.Write(filepath.Join(s.home, "runs", id), storetest.Spec{Seed: uint64(i + 1), Final: c.final}); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		a := s.app(&out, &errs)
		runs, err := a.open()
		if err == nil {
			err = a.printDemo(context.Background(), runs, id, nil)
		}
		if err != nil || !strings.HasPrefix(out.String(), c.want) || strings.Contains(out.String(), "goes on") != (c.final == store.StateRunning) {
			t.Errorf("%s: %q, %v", c.final, out.String(), err)
		}
	}
}

// Whoever leaves a demo with ^C is told once that it goes on.
func TestDemoThatIsLeft(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	var out, errs bytes.Buffer
	a := s.app(&out, &errs)
	ctx, leave := context.WithCancel(context.Background())
	a.stdout = onWrite{&out, leave}
	code := a.run(ctx, []string{"demo", "--plain", "--set", "model.hidden_size=32", "--set", "eval.prompts=16"})
	if n := strings.Count(errs.String(), "\n"); code != exitDone || n != 1 || !strings.Contains(errs.String(), "the run goes on") {
		t.Errorf("exit %d: %q", code, errs.String())
	}
	s.must("stop", "demo")
	s.must("watch", "demo", "--plain") // its process must not outlive the test
}

// onWrite calls then when something was written.
type onWrite struct {
	io.Writer
	then func()
}

func (w onWrite) Write(p []byte) (int, error) {
	defer w.then()
	return w.Writer.Write(p)
}
