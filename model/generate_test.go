package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gradus/kernels"
	"gradus/kernels/cpu"
	"gradus/kernels/philox"
	"gradus/kernels/ref"
)

// someRequests are 7 prompts of 1 to 8 tokens with 0 to 5 streams each.
func someRequests(vocab int) []Request {
	var reqs []Request
	next := uint64(1 << 33)
	for i, n := range []int{3, 1, 8, 5, 2, 8, 4} {
		r := Request{}
		for j := range n {
			r.Prompt = append(r.Prompt, int32((mix(j, 40+i)+0.5)*float64(vocab)))
		}
		for range []int{4, 5, 0, 1, 3, 2, 4}[i] {
			r.Streams = append(r.Streams, next)
			next += 977
		}
		reqs = append(reqs, r)
	}
	return reqs
}

func generate(t *testing.T, m *Model, reqs []Request, o SampleOptions) [][]Completion {
	t.Helper()
	out, err := m.Generate(context.Background(), reqs, o, Watch{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sequences joins prompts and completions.
func sequences(reqs []Request, out [][]Completion) (seqs []Sequence, flat []Completion) {
	for i, cs := range out {
		for _, c := range cs {
			seqs = append(seqs, Sequence{slices.Concat(reqs[i].Prompt, c.Tokens), len(reqs[i].Prompt)})
			flat = append(flat, c)
		}
	}
	return seqs, flat
}

func sameBits(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

// The ratio of the first update is exactly 1 only if this holds.
func TestRolloutEqualsTraining(t *testing.T) {
	onDevices(t, func(t *testing.T, dev kernels.Device, _ float64) {
		for _, kv := range []int{1, 2, 4} {
			cfg := tiny()
			cfg.NumKeyValueHeads = kv
			cfg.TieWordEmbeddings = kv != 2
			m := build(t, dev, cfg, tinyLimits())
			for _, o := range []SampleOptions{
				{Temperature: 1},
				{Temperature: 0.6, TopP: 0.9},
				{Temperature: 1.3, TopK: 4},
				{Temperature: 0},
			} {
				t.Run(fmt.Sprintf("kv %d temperature %v", kv, o.Temperature), func(t *testing.T) {
					o.MaxNew, o.Stop, o.Seed = 11, []int32{0, 5}, 99
					reqs := someRequests(cfg.VocabSize)
					seqs, flat := sequences(reqs, generate(t, m, reqs, o))
					scores, err := m.Score(context.Background(), seqs, o.Temperature)
					if err != nil {
						t.Fatal(err)
					}
					finished := map[string]int{}
					for i, c := range flat {
						finished[c.Finish]++
						if !sameBits(c.LogProbs, scores[i].LogProbs) {
							t.Errorf("completion %d: log-probs %v in generation, %v in training", i, c.LogProbs, scores[i].LogProbs)
						}
						if !sameBits(c.Entropies, scores[i].Entropies) {
							t.Errorf("completion %d: entropies %v in generation, %v in training", i, c.Entropies, scores[i].Entropies)
						}
						stopped := slices.ContainsFunc(c.Tokens, func(id int32) bool { return id == 0 || id == 5 })
						switch last := c.Tokens[len(c.Tokens)-1]; c.Finish {
						case FinishStop:
							if last != 0 && last != 5 {
								t.Errorf("completion %d stopped with token %d", i, last)
							}
						case FinishLength:
							if len(c.Tokens) != o.MaxNew || stopped {
								t.Errorf("completion %d: %v ended by length", i, c.Tokens)
							}
						default:
							t.Errorf("completion %d: finish %q", i, c.Finish)
						}
					}
					if o.Temperature > 0 && (finished[FinishStop] == 0 || finished[FinishLength] == 0) {
						t.Errorf("finishes %v: the test wants both kinds", finished)
					}
				})
			}
		}
	})
}

func TestCapacitiesDoNotChangeSamples(t *testing.T) {
	onDevices(t, func(t *testing.T, dev kernels.Device, _ float64) {
		cfg := tiny()
		reqs := someRequests(cfg.VocabSize)
		o := SampleOptions{Temperature: 1, MaxNew: 12, Stop: []int32{0, 5}, Seed: 3}
		want := generate(t, build(t, dev, cfg, Limits{PromptSlots: 9, PromptLen: 8, Slots: 32, NewLen: 12}), reqs, o)
		for _, lim := range []Limits{
			{PromptSlots: 1, PromptLen: 8, Slots: 1, NewLen: 12},
			{PromptSlots: 1, PromptLen: 9, Slots: 7, NewLen: 20},
			{PromptSlots: 2, PromptLen: 8, Slots: 3, NewLen: 12, TrainRows: 30, TrainSeqs: 30},
			{PromptSlots: 5, PromptLen: 16, Slots: 4, NewLen: 13, Frozen: true},
		} {
			m := build(t, dev, cfg, lim)
			if got := generate(t, m, reqs, o); !reflect.DeepEqual(got, want) {
				t.Errorf("limits %+v change the samples", lim)
			}
			// The same again: what earlier generations left in the slots
			// must not matter.
			slices.Reverse(reqs)
			got := generate(t, m, reqs, o)
			slices.Reverse(got)
			slices.Reverse(reqs)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("limits %+v: the order of requests changes the samples", lim)
			}
		}
	})
}

// Prompts that fill more rows than one prefill run holds.
func TestPrefillInParts(t *testing.T) {
	onDevices(t, func(t *testing.T, dev kernels.Device, _ float64) {
		cfg := tiny()
		cfg.MaxPositionEmbeddings, cfg.NumHiddenLayers, cfg.VocabSize = 700, 1, 13
		var reqs []Request
		for i := range 3 {
			r := Request{Streams: []uint64{uint64(i)}}
			for j := range 600 - i {
				r.Prompt = append(r.Prompt, int32((mix(j, i)+0.5)*13))
			}
			reqs = append(reqs, r)
		}
		m := build(t, dev, cfg, Limits{PromptSlots: 3, PromptLen: 600, Slots: 3, NewLen: 3, TrainRows: 700, TrainSeqs: 1})
		if rows := m.plan.prefill.rows; rows >= 3*599-3 {
			t.Fatalf("prefill takes %d rows at once: the test wants fewer", rows)
		}
		seqs, flat := sequences(reqs, generate(t, m, reqs, SampleOptions{Temperature: 1, MaxNew: 3}))
		scores, err := m.Score(context.Background(), seqs, 1)
		if err != nil {
			t.Fatal(err)
		}
		for i := range flat {
			if !sameBits(flat[i].LogProbs, scores[i].LogProbs) {
				t.Errorf("prompt %d: %v, training has %v", i, flat[i].LogProbs, scores[i].LogProbs)
			}
		}
	})
}

// Completions longer than any block of keys, behind prompts of any length.
func TestLongCompletions(t *testing.T) {
	onDevices(t, func(t *testing.T, dev kernels.Device, _ float64) {
		cfg := tiny()
		cfg.MaxPositionEmbeddings, cfg.NumHiddenLayers = 400, 1
		var reqs []Request
		for i, n := range []int{1, 37, 100} {
			r := Request{Streams: []uint64{uint64(i), uint64(i + 10)}}
			for j := range n {
				r.Prompt = append(r.Prompt, int32((mix(j, i)+0.5)*13))
			}
			reqs = append(reqs, r)
		}
		m := build(t, dev, cfg, Limits{PromptSlots: 3, PromptLen: 100, Slots: 5, NewLen: 150, TrainRows: 400, TrainSeqs: 2})
		seqs, flat := sequences(reqs, generate(t, m, reqs, SampleOptions{Temperature: 1, MaxNew: 150}))
		scores, err := m.Score(context.Background(), seqs, 1)
		if err != nil {
			t.Fatal(err)
		}
		for i := range flat {
			if len(flat[i].Tokens) != 150 || !sameBits(flat[i].LogProbs, scores[i].LogProbs) || !sameBits(flat[i].Entropies, scores[i].Entropies) {
				t.Errorf("completion %d: generation and training differ", i)
			}
		}
	})
}

// Greedy decoding draws the most likely token, the sampler's frequencies are
// those of the log-probs.
func TestSampleFollowsDistribution(t *testing.T) {
	onDevices(t, func(t *testing.T, dev kernels.Device, _ float64) {
		cfg := tiny()
		m := build(t, dev, cfg, Limits{PromptSlots: 1, PromptLen: 4, Slots: 64, NewLen: 1, TrainRows: 60, TrainSeqs: 15})
		scaleWeights(t, m, 0.5)
		prompt := []int32{3, 1, 4}
		// Probability of each token, by scoring all continuations.
		var seqs []Sequence
		for v := range cfg.VocabSize {
			seqs = append(seqs, Sequence{append(slices.Clone(prompt), int32(v)), 3})
		}
		scores, err := m.Score(context.Background(), seqs, 0.8)
		if err != nil {
			t.Fatal(err)
		}
		best, sum, ent := 0, 0.0, 0.0
		for v, s := range scores {
			lp := float64(s.LogProbs[0])
			sum += math.Exp(lp)
			ent -= math.Exp(lp) * lp
			if lp > float64(scores[best].LogProbs[0]) {
				best = v
			}
		}
		near(t, "sum of probabilities", sum, 1, 1, 1e-5)
		near(t, "entropy", float64(scores[0].Entropies[0]), ent, 1, 1e-5)

		const n = 4000
		r := Request{Prompt: prompt}
		for i := range n {
			r.Streams = append(r.Streams, uint64(i)<<30)
		}
		z := make([]float64, cfg.VocabSize)
		for v, s := range scores {
			z[v] = float64(s.LogProbs[0])
		}
		const seed = 1<<40 + 1
		count, others := make([]float64, cfg.VocabSize), 0
		for i, c := range generate(t, m, []Request{r}, SampleOptions{Temperature: 0.8, MaxNew: 1, Seed: seed})[0] {
			count[c.Tokens[0]]++
			if int(c.Tokens[0]) != ref.Draw(z, 0, 1, float64(philox.Uniform(seed, r.Streams[i], 0))) {
				others++
			}
		}
		// Only a number at the border of two tokens may go to either.
		if others > 2 {
			t.Errorf("%d of %d tokens are not those that (seed, stream, place) draw", others, n)
		}
		for v, s := range scores {
			p := math.Exp(float64(s.LogProbs[0]))
			if sd := math.Sqrt(n * p * (1 - p)); math.Abs(count[v]-n*p) > 5*sd+1 {
				t.Errorf("token %d drawn %v times of %d, probability %v", v, count[v], n, p)
			}
		}
		greedy := generate(t, m, []Request{{prompt, []uint64{5, 6}}}, SampleOptions{MaxNew: 1})[0]
		for _, c := range greedy {
			if c.Tokens[0] != int32(best) {
				t.Errorf("greedy token %d, want %d", c.Tokens[0], best)
			}
		}
	})
}

func TestGenerateReportsProgressAndStops(t *testing.T) {
	onDevices(t, func(t *testing.T, dev kernels.Device, _ float64) {
		m := build(t, dev, tiny(), tinyLimits())
		reqs := someRequests(13)
		var seen []int
		ctx, cancel := context.WithCancel(context.Background())
		out, err := m.Generate(ctx, reqs, SampleOptions{Temperature: 1, MaxNew: 12, Stop: []int32{0}}, Watch{Progress: func(done, total int) {
			if total != 19 {
				t.Errorf("total %d, want 19", total)
			}
			seen = append(seen, done)
			if done > 9 {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) || out != nil {
			t.Errorf("canceled generation returned %v and %v", out, err)
		}
		if !slices.IsSorted(seen) || len(seen) == 0 || seen[len(seen)-1] > 9+m.lim.Slots {
			t.Errorf("progress %v, want it to end soon after 9", seen)
		}
		// A canceled generation leaves nothing behind.
		o := SampleOptions{Temperature: 1, MaxNew: 12, Stop: []int32{0}}
		if got, want := generate(t, m, reqs, o), generate(t, build(t, dev, tiny(), tinyLimits()), reqs, o); !reflect.DeepEqual(got, want) {
			t.Error("a canceled generation changed the next one")
		}
		groups := make([][]Completion, len(reqs))
		got, err := m.Generate(context.Background(), reqs, o, Watch{Group: func(i int, group []Completion) {
			if groups[i] != nil {
				t.Errorf("group %d was told twice", i)
			}
			groups[i] = slices.Clone(group)
		}})
		if err != nil {
			t.Fatal(err)
		}
		for i := range reqs { // a request without streams is told of no group
			if len(got[i]) != len(groups[i]) || len(got[i]) > 0 && !reflect.DeepEqual(got[i], groups[i]) {
				t.Errorf("group %d was told as %v, returned as %v", i, groups[i], got[i])
			}
		}
		if got, err := m.Generate(context.Background(), nil, o, Watch{}); err != nil || len(got) != 0 {
			t.Errorf("no requests: %v, %v", got, err)
		}
	})
}

// What a generation allocates depends on its completions, not on their steps.
func TestNoAllocationPerStep(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	dev, err := cpu.Open(cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	m := build(t, dev, tiny(), Limits{PromptSlots: 1, PromptLen: 4, Slots: 4, NewLen: 40})
	reqs := []Request{{[]int32{1, 2}, []uint64{1, 2, 3, 4}}}
	count := func(n int) float64 {
		return testing.AllocsPerRun(10, func() { generate(t, m, reqs, SampleOptions{Temperature: 1, MaxNew: n}) })
	}
	if few, many := count(2), count(40); many > few {
		t.Errorf("%v allocations for 2 steps, %v for 40", few, many)
	}
}

func TestGenerateRefuses(t *testing.T) {
	dev := devices()[0]
	d, err := dev.open()
	if err != nil {
		t.Fatal(err)
	}
	m := build(t, d, tiny(), Limits{PromptSlots: 1, PromptLen: 40, Slots: 2, NewLen: 12})
	ok := Request{[]int32{1}, []uint64{1}}
	good := SampleOptions{Temperature: 1, MaxNew: 4}
	with := func(f func(*SampleOptions)) SampleOptions { o := good; f(&o); return o }
	for _, c := range []struct {
		name string
		req  Request
		o    SampleOptions
		want string
	}{
		{"empty prompt", Request{nil, []uint64{1}}, good, "prompt of 0 tokens"},
		{"long prompt", Request{make([]int32, 41), []uint64{1}}, good, "prompt of 41 tokens, want 1..40"},
		{"too long for the model", Request{make([]int32, 40), []uint64{1}}, with(func(o *SampleOptions) { o.MaxNew = 9 }), "the model reaches 48"},
		{"token", Request{[]int32{1, 13}, []uint64{1}}, good, "token 1 is 13, want 0..12"},
		{"negative token", Request{[]int32{-1}, []uint64{1}}, good, "token 0 is -1"},
		{"temperature", ok, with(func(o *SampleOptions) { o.Temperature = -1 }), "temperature is -1"},
		{"NaN", ok, with(func(o *SampleOptions) { o.Temperature = float32(math.NaN()) }), "temperature is NaN"},
		{"top-p", ok, with(func(o *SampleOptions) { o.TopP = 1.5 }), "top-p is 1.5"},
		{"top-k", ok, with(func(o *SampleOptions) { o.TopK = -1 }), "top-k is -1"},
		{"no tokens", ok, with(func(o *SampleOptions) { o.MaxNew = 0 }), "completions of 0 tokens, want 1..12"},
		{"too many tokens", ok, with(func(o *SampleOptions) { o.MaxNew = 13 }), "completions of 13 tokens"},
		{"stop", ok, with(func(o *SampleOptions) { o.Stop = []int32{77} }), "stop tokens: token 0 is 77"},
	} {
		if _, err := m.Generate(context.Background(), []Request{c.req}, c.o, Watch{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := m.Score(context.Background(), nil, 1); err == nil || !strings.Contains(err.Error(), "TrainRows") {
		t.Errorf("score without capacity: %v", err)
	}
}
