package compare

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"gradus/runner/recipe"
	"gradus/store"
)

// side makes an evaluation with one answer a prompt; marks[i] is '1' right,
// '0' wrong, '-' not judged, ' ' not asked.
func side(ckpt, marks string) Side {
	s := Side{RunID: "run-" + ckpt, Parts: map[int64][]store.PartScore{}, Rewards: []recipe.Reward{{Name: "gradus.accuracy", Weight: 1}}}
	s.Eval = store.EvalRow{ID: 1, Eval: store.Eval{Ckpt: ckpt, Suite: "s", SuiteHash: "same", N: len(marks), K: 1}}
	for i, m := range marks {
		if m == ' ' {
			continue
		}
		it := store.EvalItem{PromptHash: fmt.Sprintf("p%02d", i), SampleID: int64(100 + i), Finish: "stop", Tokens: 10 + i}
		if m != '-' {
			right := m == '1'
			it.Correct = &right
			if right {
				it.Reward = 1
			}
		}
		s.Items = append(s.Items, it)
		s.Parts[it.SampleID] = []store.PartScore{{Name: "gradus.accuracy", Status: "ok", Score: it.Reward, Value: it.Reward}}
	}
	return s
}

// The counts are those of the classic 2x2 table; McNemar's exact p is twice
// the binomial tail, by hand: 2*(1+8)/2^8 for 7 against 1.
func TestSides(t *testing.T) {
	tests := []struct {
		name         string
		a, b         string
		mean, p      float64
		gained, lost int
	}{
		{"equal", "1100", "1100", 0, 1, 0, 0},
		{"one gained", "0000", "1000", 0.25, 1, 1, 0},
		{"seven against one", "0000000111", "1111111011", 0.6, 2 * 9 / 256.0, 7, 1},
		{"ten lost", "1111111111", "0000000000", -1, 2 / 1024.0, 0, 10},
		{"an answer that was not judged is not right", "1-", "-1", 0, 1, 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Sides(side("A@1", tt.a), side("B@2", tt.b), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(r.Accuracy.Mean-tt.mean) > 1e-12 || math.Abs(r.Accuracy.P-tt.p) > 1e-12 {
				t.Errorf("difference %v with p %v, want %v with %v", r.Accuracy.Mean, r.Accuracy.P, tt.mean, tt.p)
			}
			if len(r.Gained) != tt.gained || len(r.Lost) != tt.lost || r.Accuracy.Better != tt.gained || r.Accuracy.Worse != tt.lost {
				t.Errorf("gained %d, lost %d, %+v", len(r.Gained), len(r.Lost), r.Accuracy)
			}
			if r.Accuracy.Interval.Low > r.Accuracy.Mean || r.Accuracy.Interval.High < r.Accuracy.Mean {
				t.Errorf("interval %+v around %v", r.Accuracy.Interval, r.Accuracy.Mean)
			}
			if r.Reward == nil || r.Reward.Mean != r.Accuracy.Mean || r.Parts["gradus.accuracy"].Mean != r.Accuracy.Mean {
				t.Errorf("the accuracy reward %+v is not the accuracy", r.Reward)
			}
			// Exchanged sides, opposite result.
			s, err := Sides(side("B@2", tt.b), side("A@1", tt.a), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if s.Accuracy.Mean != -r.Accuracy.Mean || len(s.Gained) != tt.lost || len(s.Lost) != tt.gained {
				t.Errorf("exchanged: %+v", s.Accuracy)
			}
		})
	}
}

func TestDifferentPromptsAreRefused(t *testing.T) {
	a, b := side("A@1", "111 "), side("B@2", " 011")
	_, err := Sides(a, b, Options{})
	if !errors.Is(err, ErrDifferentPrompts) || !strings.Contains(err.Error(), "2 prompts are in both, 1 only in A@1 and 1 only in B@2") {
		t.Errorf("error %v", err)
	}
	r, err := Sides(a, b, Options{Common: true})
	if err != nil || r.Prompts != 2 || r.OnlyA != 1 || r.OnlyB != 1 || r.Accuracy.Mean != -0.5 {
		t.Errorf("common prompts: %+v, %v", r, err)
	}
	if _, err := Sides(side("A@1", "1 "), side("B@2", " 1"), Options{Common: true}); !errors.Is(err, ErrDifferentPrompts) {
		t.Errorf("nothing in common: %v", err)
	}
	b = side("B@2", "1100")
	b.Eval.SuiteHash = "hotter"
	if _, err := Sides(side("A@1", "1100"), b, Options{}); !errors.Is(err, ErrDifferentPrompts) || !strings.Contains(err.Error(), "sampling") {
		t.Errorf("other sampling: %v", err)
	}
	if r, err := Sides(side("A@1", "1100"), b, Options{Common: true}); err != nil || r.SuiteHash != "" {
		t.Errorf("other sampling, asked for: %q, %v", r.SuiteHash, err)
	}
}

func TestOtherRewardsDoNotCompare(t *testing.T) {
	a, b := side("A@1", "10"), side("B@2", "01")
	b.Rewards = []recipe.Reward{{Name: "gradus.accuracy", Weight: 2}}
	r, err := Sides(a, b, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Reward != nil || !strings.Contains(r.RewardNote, "1 gradus.accuracy") || !strings.Contains(r.RewardNote, "2 gradus.accuracy") {
		t.Errorf("reward %+v, note %q", r.Reward, r.RewardNote)
	}
	if _, ok := r.Parts["gradus.accuracy"]; !ok {
		t.Error("scores without weights compare all the same")
	}
}

// Several samples of one prompt are averaged first: the prompt is the unit.
func TestSamplesOfAPrompt(t *testing.T) {
	make := func(ckpt string, marks ...string) Side {
		s := side(ckpt, "")
		s.Eval.K = len(marks[0])
		id := int64(0)
		for p, m := range marks {
			for k := len(m) - 1; k >= 0; k-- { // any order of reading
				right := m[k] == '1'
				s.Items = append(s.Items, store.EvalItem{PromptHash: fmt.Sprint("p", p), SampleID: id, Index: k, Correct: &right})
				id++
			}
		}
		return s
	}
	r, err := Sides(make("A@1", "1100", "0000"), make("B@2", "1110", "0011"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Accuracy.Prompts != 2 || r.Accuracy.Mean != 0.375 || r.Accuracy.Better != 2 || len(r.Gained) != 3 || len(r.Pairs) != 8 {
		t.Errorf("%+v, %d gained, %d pairs", r.Accuracy, len(r.Gained), len(r.Pairs))
	}
}
