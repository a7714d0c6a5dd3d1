package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gradus/runner/plan"
)

func TestPlan(t *testing.T) {
	t.Parallel()
	alone(t)
	s := newSession(t)
	out := s.must("plan", "demo")
	for _, want := range []string{"MEMORY", "weights", "optimizer state", "completion KV cache", "at most", "free (", "TIME, measured", "grpo", "a checkpoint is"} {
		if !strings.Contains(out, want) {
			t.Errorf("plan does not say %q:\n%s", want, out)
		}
	}
	var p, short plan.Plan
	decode(t, s.must("plan", "demo", "--ceilings", "--json"), &p)
	if !p.Fits || p.MemoryBytes == 0 || p.FreeBytes == 0 || p.Seconds <= 0 || len(p.Stages) != 4 || !strings.Contains(p.Rates.How, "ceilings") {
		t.Errorf("%+v", p)
	}
	decode(t, s.must("plan", "demo", "--ceilings", "--length", "8", "--set", "grpo.steps=5", "--json"), &short)
	if short.Tokens.Sampled >= p.Tokens.Sampled || short.Stages[2].Steps != 5 || short.Mean != 8 {
		t.Errorf("%+v", short)
	}

	code, out, errs := s.do("plan", "demo", "--set", "model.hidden_size=8192", "--set", "model.num_attention_heads=64", "--set", "model.num_hidden_layers=16")
	if code != exitFailed && code != exitTryAgain || !strings.Contains(errs, "the run needs") || strings.Count(errs, "\n") != 1 || !strings.Contains(out, "TIME, ceilings") {
		t.Errorf("a model too large: exit %d, %q\n%s", code, errs, out)
	}
	for _, args := range [][]string{{"plan"}, {"plan", "nothing-of-the-kind"}, {"plan", "demo", "--length", "-1"}, {"plan", "demo", "--set", "grpo.bta=1"}} {
		if code, _, errs := s.do(args...); code != exitUsage || strings.Count(errs, "\n") != 1 {
			t.Errorf("gradus %v: exit %d, %q", args, code, errs)
		}
	}
}

// What plan refuses, run refuses too, in the same words, and nothing is left.
func TestRunRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	recipe := filepath.Join(t.TempDir(), "tiny.toml")
	if err := os.WriteFile(recipe, []byte(tinyRecipe), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs := s.do("run", recipe, "--set", "model.hidden_size=8192", "--set", "model.num_attention_heads=64", "--set", "model.num_hidden_layers=16")
	if code != exitFailed || !strings.Contains(errs, "the run needs") || !strings.Contains(errs, "weights ") || strings.Count(errs, "\n") != 1 {
		t.Errorf("exit %d: %q", code, errs)
	}
}
