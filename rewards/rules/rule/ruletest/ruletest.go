// Package ruletest makes reward functions of a catalogue and scores texts with
// them, for tests.
package ruletest

import (
	"context"
	"testing"

	"gradus/rewards"
	"gradus/rewards/rules/rule"
)

// New makes the reward function of a name.
func New(t testing.TB, catalogue []rule.Rule, name string, params map[string]any) rewards.Reward {
	t.Helper()
	r, err := rule.New(catalogue, name, params)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Refused fails unless making the reward function of that name fails.
func Refused(t testing.TB, catalogue []rule.Rule, name string, params map[string]any) {
	t.Helper()
	if _, err := rule.New(catalogue, name, params); err == nil {
		t.Errorf("%s took %v", name, params)
	}
}

// Score scores one sample, and fails unless the result has a reason and its
// spans lie in the completion.
func Score(t testing.TB, r rewards.Reward, s rewards.Sample) rewards.Result {
	t.Helper()
	out, err := r.Score(context.Background(), rewards.Group{Samples: []rewards.Sample{s}})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != 1 {
		t.Fatalf("%d results for one sample", len(out))
	}
	for _, sp := range out[0].Spans {
		if sp.From < 0 || sp.To < sp.From || sp.To > len(s.Completion) || sp.Label == "" {
			t.Errorf("span %+v does not lie in a completion of %d bytes", sp, len(s.Completion))
		}
	}
	if out[0].Reason == "" || out[0].Why == "" {
		t.Errorf("result without a reason: %+v", out[0])
	}
	return out[0]
}

// Pays fails unless the completion is paid that score for the gold answer.
func Pays(t testing.TB, r rewards.Reward, completion, gold string, want float64) {
	t.Helper()
	got := Score(t, r, rewards.Sample{Completion: completion, Problem: rewards.Problem{Gold: gold}})
	if got.Status != rewards.OK || got.Score != want {
		t.Errorf("%s of %.60q for %.60q: %v, %v (%s); want %v", r.Spec().Name, completion, gold, got.Status, got.Score, got.Why, want)
	}
}
