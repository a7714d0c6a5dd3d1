package model

import (
	"context"
	"fmt"
	"math"
	"testing"

	"gradus/kernels"
)

// groups are sequences as GRPO trains on them: neighbours with one prompt,
// among them prompts of one token, prompts that nobody shares, a completion of
// nothing between two others, and equal tokens divided differently.
func groups() []Sequence {
	return []Sequence{
		{[]int32{3, 1, 4, 1, 5, 9}, 4}, {[]int32{3, 1, 4, 1, 2}, 4}, {[]int32{3, 1, 4, 1}, 4}, {[]int32{3, 1, 4, 1, 7, 7, 7}, 4},
		{[]int32{6, 5, 3}, 2},
		{[]int32{8, 2, 2}, 1}, {[]int32{8, 9}, 1},
		{[]int32{2, 7, 1, 8, 2}, 2}, {[]int32{2, 7, 1, 8, 2}, 2},
		{[]int32{2, 7, 1, 8, 2}, 3}, {[]int32{2, 7, 1, 5}, 3}, {[]int32{2, 7, 1, 3}, 3},
	}
}

// A prompt that is computed once for its group gives the completions the very
// log-probs that they have alone, and the gradient up to rounding.
func TestSharedPrompts(t *testing.T) {
	onDevices(t, func(t *testing.T, dev kernels.Device, tolerance float64) {
		for _, kv := range []int{1, 4} {
			cfg := tiny()
			cfg.NumKeyValueHeads = kv
			alone := build(t, dev, cfg, Limits{TrainRows: 20, TrainSeqs: 1})
			scaleWeights(t, alone, 0.7)
			want, wantGrad := trained(t, alone, groups())
			for _, lim := range []Limits{{TrainRows: 100, TrainSeqs: 20}, {TrainRows: 13, TrainSeqs: 20}, {TrainRows: 100, TrainSeqs: 2}, {TrainRows: 7, TrainSeqs: 3}} {
				m := build(t, dev, cfg, lim)
				if err := m.CopyWeights(alone); err != nil {
					t.Fatal(err)
				}
				got, grad := trained(t, m, groups())
				for i := range want {
					for j := range want[i].LogProbs {
						if got[i].LogProbs[j] != want[i].LogProbs[j] || got[i].Entropies[j] != want[i].Entropies[j] {
							t.Fatalf("kv %d, %+v: sequence %d, token %d: log-prob %v, entropy %v; alone %v, %v", kv, lim, i, j,
								got[i].LogProbs[j], got[i].Entropies[j], want[i].LogProbs[j], want[i].Entropies[j])
						}
					}
				}
				for name, w := range wantGrad {
					scale := 0.0
					for _, x := range w {
						scale = max(scale, math.Abs(float64(x)))
					}
					for k, x := range w {
						near(t, fmt.Sprintf("kv %d, %+v: gradient %d of %s", kv, lim, k, name), float64(grad[name][k]), float64(x), scale, 10*tolerance)
					}
				}
			}
		}
	})
}

// trained are the scores of seqs and the gradient of a mixed objective.
func trained(t *testing.T, m *Model, seqs []Sequence) ([]Scores, map[string][]float32) {
	t.Helper()
	if err := m.ZeroGrad(); err != nil {
		t.Fatal(err)
	}
	scores, err := m.Score(context.Background(), seqs, 0.9)
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	err = m.Backward(context.Background(), seqs, 0.9, func(idx []int, s []Scores) (logp, ent [][]float32, err error) {
		calls++
		for k, i := range idx {
			a, b := make([]float32, len(s[k].LogProbs)), make([]float32, len(s[k].LogProbs))
			for j := range a {
				a[j], b[j] = float32(mix(j, 60+i)), float32(mix(j, 70+i))
			}
			logp, ent = append(logp, a), append(ent, b)
		}
		return logp, ent, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := m.lim.MicroBatches(seqs); n != calls {
		t.Errorf("%+v: %d micro-batches counted, there are %d", m.lim, n, calls)
	}
	return scores, values(t, m, m.grads)
}

// The rows that a micro-batch takes, counted by hand.
func TestSharedPromptRows(t *testing.T) {
	onDevices(t, func(t *testing.T, dev kernels.Device, _ float64) {
		m := build(t, dev, tiny(), Limits{TrainRows: 100, TrainSeqs: 20})
		for _, c := range []struct {
			seqs              []Sequence
			rows, seqs_, pick int
		}{
			// 3 + (2+1+3) of the first group, 2, 2 + 1, 1 + (3+3) and 2 + (2+1+1)
			{groups(), 9 + 2 + 3 + 7 + 6, 4 + 1 + 2 + 3 + 4, 2 + 1 + 3 + 1 + 2 + 1 + 3 + 3 + 2 + 1 + 1},
			{groups()[:1], 5, 1, 2},
			{groups()[:3], 3 + 2 + 1, 3, 3},
			{groups()[2:4], 6, 1, 3},
		} {
			_, a, err := m.load(c.seqs, 0)
			if err != nil {
				t.Fatal(err)
			}
			if a.Rows != c.rows || a.Seqs != c.seqs_ || a.Picks != c.pick {
				t.Errorf("%d sequences: %d rows in %d parts, %d picked; want %d, %d, %d", len(c.seqs), a.Rows, a.Seqs, a.Picks, c.rows, c.seqs_, c.pick)
			}
		}
	})
}

// bnpo divides by the number of micro-batches before the first has run, so the
// count must be the one that Backward makes.
func TestMicroBatches(t *testing.T) {
	onDevices(t, func(t *testing.T, dev kernels.Device, _ float64) {
		for _, lim := range []Limits{{TrainRows: 10, TrainSeqs: 4}, {TrainRows: 100, TrainSeqs: 2}, {TrainRows: 9, TrainSeqs: 100}} {
			for _, prompt := range []int{1, 2} {
				m := build(t, dev, tiny(), lim)
				var seqs []Sequence
				if n := lim.MicroBatches(seqs); n != 0 {
					t.Errorf("%+v: %d micro-batches of nothing", lim, n)
				}
				for n := range 23 {
					seqs = append(seqs, Sequence{Tokens: make([]int32, 2+(n*7)%9), Prompt: prompt})
					trained(t, m, seqs)
				}
			}
		}
	})
}
