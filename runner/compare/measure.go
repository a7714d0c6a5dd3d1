package compare

import (
	"fmt"
	"hash/fnv"
	"sort"
	"strings"

	"gradus/runner/stats"
	"gradus/store"
)

// measure computes the differences. The prompt is the unit: several answers
// to one prompt are averaged first.
func (r *Result) measure(a, b Side) error {
	boot := stats.Bootstrap{Seed: r.seed()}
	diff := func(value func(Pair, bool) (float64, bool)) (stats.Difference, bool, error) {
		x, y := r.perPrompt(value)
		if len(x) == 0 {
			return stats.Difference{}, false, nil
		}
		d, err := boot.Paired(y, x)
		return d, err == nil, err
	}
	side := func(p Pair, ofB bool) store.EvalItem {
		if ofB {
			return p.B
		}
		return p.A
	}
	var err error
	if r.Accuracy, _, err = diff(func(p Pair, ofB bool) (float64, bool) {
		if right(side(p, ofB)) {
			return 1, true
		}
		return 0, true
	}); err != nil {
		return err
	}
	if r.Tokens, _, err = diff(func(p Pair, ofB bool) (float64, bool) { return float64(side(p, ofB).Tokens), true }); err != nil {
		return err
	}
	r.Format = r.B.FormatOK - r.A.FormatOK

	if r.RewardNote = rewardNote(a, b); r.RewardNote == "" {
		d, ok, err := diff(func(p Pair, ofB bool) (float64, bool) { return side(p, ofB).Reward, true })
		if err != nil {
			return err
		}
		if ok {
			r.Reward = &d
		}
	}
	for _, name := range partNames(a, b) {
		d, ok, err := diff(func(p Pair, ofB bool) (float64, bool) {
			parts := a.Parts[p.A.SampleID]
			if ofB {
				parts = b.Parts[p.B.SampleID]
			}
			for _, part := range parts {
				if part.Name == name && part.Status == "ok" {
					return part.Score, true
				}
			}
			return 0, false
		})
		if err != nil {
			return err
		}
		if ok {
			if r.Parts == nil {
				r.Parts = map[string]stats.Difference{}
			}
			r.Parts[name] = d
		}
	}
	return nil
}

// perPrompt averages a value over the samples of each prompt that has it on
// both sides.
func (r *Result) perPrompt(value func(p Pair, ofB bool) (float64, bool)) (a, b []float64) {
	for i := 0; i < len(r.Pairs); {
		var sumA, sumB, n float64
		j := i
		for ; j < len(r.Pairs) && r.Pairs[j].PromptHash == r.Pairs[i].PromptHash; j++ {
			x, okA := value(r.Pairs[j], false)
			y, okB := value(r.Pairs[j], true)
			if okA && okB {
				sumA, sumB, n = sumA+x, sumB+y, n+1
			}
		}
		if n > 0 {
			a, b = append(a, sumA/n), append(b, sumB/n)
		}
		i = j
	}
	return a, b
}

// seed of the bootstrap: the same comparison gives the same interval.
func (r *Result) seed() uint64 {
	h := fnv.New64a()
	fmt.Fprint(h, r.A.Ckpt, "\x00", r.B.Ckpt, "\x00", r.SuiteHash)
	return h.Sum64()
}

// rewardNote says why rewards of the two sides do not compare; "" if they do.
func rewardNote(a, b Side) string {
	x, y := a.rewardSet(), b.rewardSet()
	if x == y {
		return ""
	}
	return fmt.Sprintf("the total rewards do not compare: %s was scored by %s, %s by %s", a.Eval.Ckpt, x, b.Eval.Ckpt, y)
}

// rewardSet names the rewards of a side with weights and parameters.
func (s Side) rewardSet() string {
	if len(s.Rewards) == 0 {
		return "no reward"
	}
	names := make([]string, len(s.Rewards))
	for i, r := range s.Rewards {
		names[i] = fmt.Sprintf("%g %s", r.Weight, r.Name)
		if len(r.Params) > 0 {
			names[i] += fmt.Sprint(r.Params) // maps print in order of their keys
		}
	}
	sort.Strings(names)
	return strings.Join(names, " + ")
}

// partNames are the rewards that both sides have.
func partNames(a, b Side) []string {
	names := func(s Side) map[string]bool {
		m := map[string]bool{}
		for _, parts := range s.Parts {
			for _, p := range parts {
				m[p.Name] = true
			}
		}
		return m
	}
	inB := names(b)
	var both []string
	for n := range names(a) {
		if inB[n] {
			both = append(both, n)
		}
	}
	sort.Strings(both)
	return both
}
