package model

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"gradus/kernels"
)

// one samples each completion by itself, through a model with one slot: the
// order without any refill.
func one(t *testing.T, m *Model, reqs []Request, o SampleOptions) [][]Completion {
	t.Helper()
	out := make([][]Completion, len(reqs))
	for i, r := range reqs {
		out[i] = make([]Completion, 0, len(r.Streams))
		for _, s := range r.Streams {
			out[i] = append(out[i], generate(t, m, []Request{{r.Prompt, []uint64{s}}}, o)[0][0])
		}
	}
	return out
}

// equal compares completions to the bit, and says which differs.
func equal(t *testing.T, what string, got, want [][]Completion) {
	t.Helper()
	for i := range want {
		if len(got[i]) != len(want[i]) {
			t.Fatalf("%s: request %d has %d completions, want %d", what, i, len(got[i]), len(want[i]))
		}
		for j := range want[i] {
			a, b := got[i][j], want[i][j]
			if !reflect.DeepEqual(a.Tokens, b.Tokens) || a.Finish != b.Finish || !sameBits(a.LogProbs, b.LogProbs) || !sameBits(a.Entropies, b.Entropies) {
				t.Fatalf("%s: completion %d of request %d:\n%+v, want\n%+v", what, j, i, a, b)
			}
		}
	}
}

// Whatever the number of slots, the sizes of groups and the places where
// completions stop: each completion is the one that is sampled alone, and the
// log-probs are those of training.
func TestRefillChangesNothing(t *testing.T) {
	onDevices(t, func(t *testing.T, dev kernels.Device, tolerance float64) {
		rng := rand.New(rand.NewPCG(11, 7))
		cfg := tiny()
		rounds := 12
		if tolerance == 1e-6 { // the oracle is slow
			rounds = 3
		}
		for round := range rounds {
			var reqs []Request
			total := 0
			for range 1 + rng.IntN(6) {
				r := Request{Prompt: make([]int32, 1+rng.IntN(8))}
				for i := range r.Prompt {
					r.Prompt[i] = int32(rng.IntN(cfg.VocabSize))
				}
				for range rng.IntN(6) {
					r.Streams = append(r.Streams, rng.Uint64())
				}
				total += len(r.Streams)
				reqs = append(reqs, r)
			}
			o := SampleOptions{Temperature: 0.5 + float32(rng.IntN(4))/2, MaxNew: 1 + rng.IntN(12), Seed: rng.Uint64(), TopP: 1}
			for id := range cfg.VocabSize {
				if rng.IntN(4) == 0 {
					o.Stop = append(o.Stop, int32(id))
				}
			}
			lim := Limits{PromptSlots: 1 + rng.IntN(len(reqs)), PromptLen: 8, Slots: 1 + rng.IntN(total+1), NewLen: 12, TrainRows: 20 + rng.IntN(60), TrainSeqs: 1 + rng.IntN(5)}
			what := fmt.Sprintf("round %d, %+v, %d completions", round, lim, total)
			want := one(t, build(t, dev, cfg, Limits{PromptSlots: 1, PromptLen: 8, Slots: 1, NewLen: 12}), reqs, o)
			m := build(t, dev, cfg, lim)
			got := generate(t, m, reqs, o)
			equal(t, what, got, want)
			seqs, flat := sequences(reqs, got)
			scores, err := m.Score(context.Background(), seqs, o.Temperature)
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range flat {
				if !sameBits(c.LogProbs, scores[i].LogProbs) || !sameBits(c.Entropies, scores[i].Entropies) {
					t.Fatalf("%s: completion %d: generation and training differ", what, i)
				}
			}
		}
	})
}

// An evaluation of many prompts goes through a few slots, in the memory of
// those slots, and gives what many slots give.
func TestManyPromptsThroughFewSlots(t *testing.T) {
	dev := open32(t)
	cfg := tiny()
	var reqs []Request
	for i := range 512 {
		r := Request{Streams: []uint64{uint64(i) << 20}}
		for j := range 1 + i%8 {
			r.Prompt = append(r.Prompt, int32((mix(j, i)+0.5)*13))
		}
		reqs = append(reqs, r)
	}
	o := SampleOptions{Temperature: 1, MaxNew: 12, Stop: []int32{0, 5}, Seed: 3}
	few := build(t, dev, cfg, Limits{PromptSlots: 2, PromptLen: 8, Slots: 3, NewLen: 12, Frozen: true})
	many := build(t, dev, cfg, Limits{PromptSlots: 512, PromptLen: 8, Slots: 512, NewLen: 12, Frozen: true})
	most := 0
	out, err := few.Generate(context.Background(), reqs, o, Watch{Progress: func(done, total int) {
		most = max(most, done)
		if total != 512 {
			t.Errorf("%d completions, want 512", total)
		}
	}})
	if err != nil || most != 512 {
		t.Fatalf("%d done, %v", most, err)
	}
	equal(t, "3 slots", out, generate(t, many, reqs, o))
	// 512 times the sequences, the same memory.
	if a := few.Limits().MemoryBytes(cfg); a*20 > many.Limits().MemoryBytes(cfg) {
		t.Errorf("%d bytes for 3 slots, %d for 512", a, many.Limits().MemoryBytes(cfg))
	}
}

// What runs is never more than is left to do, and the slots stay full while
// anything waits: a decoding step for each token of the longest chain only.
func TestRefillKeepsSlotsFull(t *testing.T) {
	dev := open32(t)
	m := build(t, dev, tiny(), Limits{PromptSlots: 8, PromptLen: 8, Slots: 4, NewLen: 12, Frozen: true})
	reqs := someRequests(13)
	o := SampleOptions{Temperature: 1, MaxNew: 12, Stop: []int32{0, 5}, Seed: 3}
	args, err := m.readyToGenerate(reqs, o)
	if err != nil {
		t.Fatal(err)
	}
	g := newGeneration(m, reqs, o, args)
	steps, tokens := 0, 0
	for {
		if err := g.refill(); err != nil {
			t.Fatal(err)
		}
		if len(g.rows) == 0 {
			break
		}
		if want := min(4, g.total-g.done); len(g.rows) != want {
			t.Fatalf("step %d runs %d rows; %d slots, %d completions to do", steps, len(g.rows), 4, g.total-g.done)
		}
		tokens += len(g.rows)
		if err := g.step(); err != nil {
			t.Fatal(err)
		}
		steps++
	}
	sampled := 0
	for _, r := range g.out {
		for _, c := range r {
			sampled += len(c.Tokens)
		}
	}
	// Every row of every step drew a token that was wanted, and only the tail
	// ran with free slots.
	if tokens != sampled || steps > sampled/4+o.MaxNew {
		t.Errorf("%d steps and %d rows for %d tokens", steps, tokens, sampled)
	}
}

// A vocabulary of one has one answer: log-prob and entropy are 0, nothing is
// learned, and nothing breaks.
func TestVocabularyOfOne(t *testing.T) {
	onDevices(t, func(t *testing.T, dev kernels.Device, _ float64) {
		cfg := tiny()
		cfg.VocabSize = 1
		for _, tied := range []bool{true, false} {
			cfg.TieWordEmbeddings = tied
			m := build(t, dev, cfg, tinyLimits())
			for _, o := range []SampleOptions{{Temperature: 1}, {Temperature: 0}, {Temperature: 2, TopP: 0.5, TopK: 3}} {
				o.MaxNew = 4
				for _, c := range generate(t, m, []Request{{[]int32{0, 0}, []uint64{1, 2}}}, o)[0] {
					if !reflect.DeepEqual(c.Tokens, []int32{0, 0, 0, 0}) || c.Finish != FinishLength {
						t.Errorf("%+v", c)
					}
					for i := range c.LogProbs {
						if c.LogProbs[i] != 0 || c.Entropies[i] != 0 {
							t.Errorf("log-prob %v, entropy %v", c.LogProbs[i], c.Entropies[i])
						}
					}
				}
			}
			if err := m.ZeroGrad(); err != nil {
				t.Fatal(err)
			}
			err := m.Backward(context.Background(), []Sequence{{[]int32{0, 0, 0, 0}, 2}}, 1, func(_ []int, s []Scores) (logp, ent [][]float32, err error) {
				return [][]float32{{1, 1}}, [][]float32{{1, 1}}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if norm, err := m.Step(OptimizerOptions{LR: 0.1, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8}); err != nil || norm != 0 {
				t.Errorf("gradient norm %v, %v: there is nothing to learn", norm, err)
			}
		}
	})
}

// Sequences without a scored token take part in nothing, alone or among others.
func TestZeroLengthSequences(t *testing.T) {
	onDevices(t, func(t *testing.T, dev kernels.Device, _ float64) {
		m := build(t, dev, tiny(), tinyLimits())
		empty, full := Sequence{[]int32{1, 2}, 2}, Sequence{[]int32{1, 2, 3}, 1}
		alone, err := m.Score(context.Background(), []Sequence{full}, 1)
		if err != nil {
			t.Fatal(err)
		}
		all, err := m.Score(context.Background(), []Sequence{empty, full, empty}, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(all[0].LogProbs)+len(all[2].LogProbs) != 0 || !sameBits(all[1].LogProbs, alone[0].LogProbs) {
			t.Errorf("%+v, alone %+v", all, alone)
		}
		if out, err := m.Score(context.Background(), []Sequence{empty}, 1); err != nil || len(out[0].LogProbs) != 0 {
			t.Errorf("%+v, %v", out, err)
		}
		if _, err := m.Score(context.Background(), []Sequence{{nil, 0}}, 1); err == nil {
			t.Error("a sequence without a prompt was scored")
		}
	})
}
