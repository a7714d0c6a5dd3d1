package rules

import (
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"gradus/rewards"
	"gradus/rewards/rules/rule/ruletest"
)

// Without jieba the reward says, in one line, how to get it; with it the
// scores are those of open-r1's function (jieba 0.42.1). GRADUS_JIEBA names an
// interpreter that has it: to load its dictionary takes a second.
func TestRepetitionZH(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	score := func(t *testing.T, python string, texts ...string) []rewards.Result {
		r := mustNew(t, "openr1.repetition_penalty", map[string]any{"language": "zh", "ngram_size": 2, "max_penalty": -0.5, "python": python})
		defer r.(io.Closer).Close()
		g := rewards.Group{}
		for _, text := range texts {
			g.Samples = append(g.Samples, rewards.Sample{Completion: text})
		}
		out, err := r.Score(context.Background(), g)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	t.Run("without", func(t *testing.T) {
		// An interpreter that sees no packages but its own.
		bare := t.TempDir() + "/python"
		if err := os.WriteFile(bare, []byte("#!/bin/sh\nexec "+python+" -I -S \"$@\"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		got := score(t, bare, "我来到北京")[0]
		if got.Status != rewards.Error || !strings.Contains(got.Why, "-m pip install jieba") || strings.Contains(got.Why, "\n") {
			t.Errorf("%v: %q", got.Status, got.Why)
		}
	})
	t.Run("with", func(t *testing.T) {
		with := os.Getenv("GRADUS_JIEBA")
		if with == "" {
			t.Skip("GRADUS_JIEBA names no Python with jieba (pip install jieba)")
		}
		texts := []string{"", "好", "我来到北京清华大学，我来到北京清华大学", "the cat the cat", "今天天气真好今天天气真好今天天气真好", "永远不会重复的一句话"}
		results := score(t, with, texts...)
		for i, want := range []float64{0, 0, -0.1875, -0.16666666666666669, -0.3125, 0} {
			if got := results[i]; got.Status != rewards.OK || got.Score != want {
				t.Errorf("%q: %+v; want %v", texts[i], got, want)
			}
		}
	})
	ruletest.Refused(t, Catalogue(), "openr1.repetition_penalty", map[string]any{"language": "de"})
}
