package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gradus/kernels"
	"gradus/kernels/ref"
)

// The gradient along a random direction equals the central difference of the
// loss, in float64 from end to end.
func TestDirectionalDerivative(t *testing.T) {
	for _, c := range []struct {
		kv   int
		tied bool
		temp float32
	}{{1, true, 1}, {2, false, 0.5}, {4, true, 2}, {4, false, 1}} {
		t.Run(fmt.Sprintf("kv %d tied %v", c.kv, c.tied), func(t *testing.T) {
			cfg := tiny()
			cfg.NumKeyValueHeads, cfg.TieWordEmbeddings = c.kv, c.tied
			m := build(t, ref.New(), cfg, Limits{TrainRows: 14, TrainSeqs: 3})
			scaleWeights(t, m, 0.7)
			seqs := []Sequence{
				{[]int32{3, 1, 4, 1, 5, 9, 2}, 2}, {[]int32{6, 5, 3, 5}, 3}, {[]int32{8, 9}, 2}, {[]int32{7, 9, 3, 2}, 1}, {[]int32{12, 0, 11, 10, 8}, 1},
			}
			coef := func(i, j int) (float64, float64) {
				return float64(float32(mix(j, 60+i))), float64(float32(mix(j, 70+i)))
			}
			loss := func() (total float64) {
				for lo := 0; lo < len(seqs); {
					hi, a, err := m.load(seqs, lo)
					if err != nil {
						t.Fatal(err)
					}
					a.Temperature = c.temp
					if err := m.ready(); err != nil {
						t.Fatal(err)
					}
					if err := m.exec.forward.Run(a); err != nil {
						t.Fatal(err)
					}
					l, f := m.plan.train.loss, ref.Data(m.scratch)
					k := int64(0)
					for i := lo; i < hi; i++ {
						for j := range len(seqs[i].Tokens) - seqs[i].Prompt {
							p, e := coef(i, j)
							total += p*f[l.logp.off+k] + e*f[l.ent.off+k]
							k++
						}
					}
					lo = hi
				}
				return total
			}
			err := m.Backward(context.Background(), seqs, c.temp, func(idx []int, s []Scores) (logp, ent [][]float32, err error) {
				for k, i := range idx {
					var a, b []float32
					for j := range s[k].LogProbs {
						p, e := coef(i, j)
						a, b = append(a, float32(p)), append(b, float32(e))
					}
					logp, ent = append(logp, a), append(ent, b)
				}
				return logp, ent, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			// Every tensor on its own, so that none can hide behind others.
			weights, grads := ref.Data(m.weights), ref.Data(m.grads)
			for k, d := range m.layout.onDisk() {
				const eps = 1e-4
				w := weights[d.off : d.off+d.len]
				was := slices.Clone(w)
				want := 0.0
				move := func(s float64) float64 {
					for i := range w {
						w[i] = was[i] + s*eps*mix(i, 80+k)
					}
					m.stale = true
					return loss()
				}
				got := (8*(move(1)-move(-1)) - (move(2) - move(-2))) / (12 * eps)
				copy(w, was)
				norm := 0.0
				for i := range w {
					want += grads[d.off+int64(i)] * mix(i, 80+k)
					norm += math.Abs(grads[d.off+int64(i)] * mix(i, 80+k))
				}
				if norm == 0 {
					t.Errorf("%s has no gradient", d.name)
				}
				near(t, d.name, got, want, norm, 1e-9)
			}
		})
	}
}

// cycle is a batch that a model can learn by heart.
func cycle() (seqs []Sequence) {
	for i := range 4 {
		s := Sequence{Prompt: 1}
		for j := range 8 {
			s.Tokens = append(s.Tokens, int32((5*i+j*j)%13))
		}
		seqs = append(seqs, s)
	}
	return seqs
}

// fit runs updates of maximum likelihood and returns the mean log-prob before
// each.
func fit(t *testing.T, m *Model, seqs []Sequence, steps int) (curve []float64) {
	t.Helper()
	for range steps {
		if err := m.ZeroGrad(); err != nil {
			t.Fatal(err)
		}
		sum, n := 0.0, 0
		err := m.Backward(context.Background(), seqs, 1, func(idx []int, s []Scores) (logp, ent [][]float32, err error) {
			for k := range idx {
				c := make([]float32, len(s[k].LogProbs))
				for j := range c {
					c[j] = -1.0 / 28
					sum += float64(s[k].LogProbs[j])
					n++
				}
				logp = append(logp, c)
			}
			return logp, nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		curve = append(curve, sum/float64(n))
		if _, err := m.Step(adam()); err != nil {
			t.Fatal(err)
		}
	}
	return curve
}

func adam() OptimizerOptions {
	return OptimizerOptions{LR: 0.01, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.01, MaxGradNorm: 1}
}

func TestOverfitOneBatch(t *testing.T) {
	onDevices(t, func(t *testing.T, dev kernels.Device, tol float64) {
		cfg := tiny()
		m, err := New(dev, cfg, tinyLimits())
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if err := m.Init(1); err != nil {
			t.Fatal(err)
		}
		seqs := cycle()
		curve := fit(t, m, seqs, 120)
		near(t, "first log-prob, nearly uniform over 13 tokens,", curve[0], -math.Log(13), 1, 0.05)
		if last := curve[len(curve)-1]; last < -0.02 {
			t.Errorf("mean log-prob after 120 updates %v, want above -0.02: %v", last, curve)
		}
		// And what it has learnt it can say.
		var reqs []Request
		for _, s := range seqs {
			reqs = append(reqs, Request{s.Tokens[:1], []uint64{1}})
		}
		for i, c := range generate(t, m, reqs, SampleOptions{MaxNew: 7}) {
			if !slices.Equal(c[0].Tokens, seqs[i].Tokens[1:]) {
				t.Errorf("greedy continuation %v, want %v", c[0].Tokens, seqs[i].Tokens[1:])
			}
		}
	})
}

// Rollout and training agree also after updates, and a frozen copy agrees
// with what it was copied from.
func TestCopyWeights(t *testing.T) {
	onDevices(t, func(t *testing.T, dev kernels.Device, _ float64) {
		m := build(t, dev, tiny(), tinyLimits())
		seqs := cycle()
		fit(t, m, seqs, 3)
		lim := tinyLimits()
		lim.Frozen = true
		frozen := build(t, dev, tiny(), lim)
		if _, err := frozen.Score(context.Background(), seqs, 1); err != nil { // packs its first weights
			t.Fatal(err)
		}
		if err := frozen.CopyWeights(m); err != nil {
			t.Fatal(err)
		}
		a, err := m.Score(context.Background(), seqs, 1)
		if err != nil {
			t.Fatal(err)
		}
		b, err := frozen.Score(context.Background(), seqs, 1)
		if err != nil {
			t.Fatal(err)
		}
		for i := range a {
			if !sameBits(a[i].LogProbs, b[i].LogProbs) {
				t.Errorf("sequence %d: %v, the copy has %v", i, a[i].LogProbs, b[i].LogProbs)
			}
		}
		for name, err := range map[string]error{
			"ZeroGrad": frozen.ZeroGrad(),
			"Step":     second(frozen.Step(adam())),
			"Backward": frozen.Backward(context.Background(), seqs, 1, nil),
		} {
			if !errors.Is(err, errFrozen) {
				t.Errorf("%s of a frozen model: %v", name, err)
			}
		}
		// To another device the weights pass as float32.
		other, err := New(ref.New(), tiny(), lim)
		if err != nil {
			t.Fatal(err)
		}
		if err := other.CopyWeights(m); err != nil {
			t.Fatal(err)
		}
		for name, w := range values(t, other, other.weights) {
			if !sameBits(w, values(t, m, m.weights)[name]) {
				t.Errorf("%s differs on the other device", name)
			}
		}
		cfg := tiny()
		cfg.HiddenSize = 16
		if err := build(t, dev, cfg, lim).CopyWeights(m); err == nil || !strings.Contains(err.Error(), "shapes differ") {
			t.Errorf("copy of another shape: %v", err)
		}
	})
}

func second(_ float64, err error) error { return err }

func TestStepRefusesBadGradients(t *testing.T) {
	onDevices(t, func(t *testing.T, dev kernels.Device, _ float64) {
		m := build(t, dev, tiny(), tinyLimits())
		fit(t, m, cycle(), 1)
		before, moments := values(t, m, m.weights), values(t, m, m.moment1)
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			if err := dev.WriteF32(m.grads, 40, []float32{float32(bad)}); err != nil {
				t.Fatal(err)
			}
			if _, err := m.Step(adam()); err == nil || !strings.Contains(err.Error(), "gradient norm") {
				t.Errorf("gradient %v: error %v", bad, err)
			}
		}
		for name, w := range values(t, m, m.weights) {
			if !sameBits(w, before[name]) {
				t.Errorf("%s has changed", name)
			}
		}
		for name, w := range values(t, m, m.moment1) {
			if !sameBits(w, moments[name]) {
				t.Errorf("moment of %s has changed", name)
			}
		}
		if m.OptimizerSteps() != 1 {
			t.Errorf("%d updates counted, want 1", m.OptimizerSteps())
		}
		if err := m.ZeroGrad(); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			set  func(*OptimizerOptions)
			want string
		}{
			{func(o *OptimizerOptions) { o.LR = -1 }, "learning rate"},
			{func(o *OptimizerOptions) { o.LR = math.NaN() }, "learning rate"},
			{func(o *OptimizerOptions) { o.Beta1 = 1 }, "beta1"},
			{func(o *OptimizerOptions) { o.Beta2 = -0.1 }, "beta2"},
			{func(o *OptimizerOptions) { o.Eps = 0 }, "eps"},
			{func(o *OptimizerOptions) { o.WeightDecay = math.Inf(1) }, "weight decay"},
			{func(o *OptimizerOptions) { o.MaxGradNorm = -1 }, "gradient norm"},
		} {
			o := adam()
			c.set(&o)
			if _, err := m.Step(o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("options %+v: error %v, want %q", o, err, c.want)
			}
		}
	})
}

// Weight decay shrinks matrices and leaves norm gains alone.
func TestWeightDecaySparesGains(t *testing.T) {
	onDevices(t, func(t *testing.T, dev kernels.Device, tol float64) {
		m := build(t, dev, tiny(), tinyLimits())
		before := values(t, m, m.weights)
		o := adam()
		o.LR, o.WeightDecay = 0.5, 0.25
		if _, err := m.Step(o); err != nil { // of a gradient that is 0
			t.Fatal(err)
		}
		for name, w := range values(t, m, m.weights) {
			keep := 1 - 0.5*0.25
			if strings.Contains(name, "norm") {
				keep = 1
			}
			for i := range w {
				near(t, name, float64(w[i]), keep*float64(before[name][i]), 0, tol)
			}
		}
	})
}

func TestBackwardRefuses(t *testing.T) {
	m := build(t, ref.New(), tiny(), Limits{TrainRows: 50, TrainSeqs: 2})
	one := []Sequence{{[]int32{1, 2, 3}, 1}}
	give := func(logp, ent [][]float32) func([]int, []Scores) ([][]float32, [][]float32, error) {
		return func([]int, []Scores) ([][]float32, [][]float32, error) { return logp, ent, nil }
	}
	nan := float32(math.NaN())
	ok := give([][]float32{{1, 1}}, nil)
	for _, c := range []struct {
		name string
		seqs []Sequence
		temp float32
		coef func([]int, []Scores) ([][]float32, [][]float32, error)
		want string
	}{
		{"no prompt", []Sequence{{[]int32{1}, 0}}, 1, ok, "sequence 0: prompt of 0 tokens"},
		{"prompt too long", []Sequence{{[]int32{1}, 2}}, 1, ok, "prompt of 2 tokens, want 1..1"},
		{"rows", []Sequence{{make([]int32, 52), 1}}, 1, ok, "more than Limits.TrainRows+1 = 51"},
		{"positions", []Sequence{{make([]int32, 50), 1}}, 1, ok, "the model reaches 48"},
		{"token", []Sequence{one[0], {[]int32{1, 99}, 1}}, 1, ok, "sequence 1: token 1 is 99"},
		{"temperature", one, -2, ok, "temperature is -2"},
		{"too few rows", one, 1, give(nil, nil), "coefficients for 0"},
		{"too few tokens", one, 1, give([][]float32{{1}}, nil), "1 coefficients for 2 scored tokens"},
		{"entropies", one, 1, give([][]float32{{1, 1}}, [][]float32{{1}}), "scored tokens"},
		{"NaN", one, 1, give([][]float32{{1, nan}}, nil), "scored token 1 are NaN and 0"},
		{"infinite", one, 1, give([][]float32{{1, 1}}, [][]float32{{0, float32(math.Inf(1))}}), "scored token 1 are 1 and +Inf"},
	} {
		if err := m.Backward(context.Background(), c.seqs, c.temp, c.coef); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
	mine := errors.New("mine")
	if err := m.Backward(context.Background(), one, 1, func([]int, []Scores) ([][]float32, [][]float32, error) { return nil, nil, mine }); !errors.Is(err, mine) {
		t.Errorf("the callback's error came back as %v", err)
	}
	err := m.Backward(context.Background(), one, 1, func([]int, []Scores) ([][]float32, [][]float32, error) {
		_, err := m.Score(context.Background(), one, 1)
		return nil, nil, err
	})
	if err == nil || !strings.Contains(err.Error(), "inside Backward's callback") {
		t.Errorf("a call from the callback: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := m.Score(ctx, one, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled score: %v", err)
	}
	if err := m.Backward(ctx, one, 1, ok); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled backward: %v", err)
	}
}

// Sequences that score nothing take part without rows, in any place.
func TestSequencesWithoutScoredTokens(t *testing.T) {
	onDevices(t, func(t *testing.T, dev kernels.Device, _ float64) {
		m := build(t, dev, tiny(), Limits{TrainRows: 12, TrainSeqs: 2})
		empty := Sequence{make([]int32, 48), 48}
		var seqs []Sequence
		want := map[int][]float32{}
		for i, s := range cycle() {
			seqs = append(seqs, empty, s, empty)
			alone, err := m.Score(context.Background(), []Sequence{s}, 1)
			if err != nil {
				t.Fatal(err)
			}
			want[3*i+1] = alone[0].LogProbs
		}
		scores, err := m.Score(context.Background(), seqs, 1)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range scores {
			if !sameBits(s.LogProbs, want[i]) {
				t.Errorf("sequence %d: %v, alone %v", i, s.LogProbs, want[i])
			}
		}
		var order []int
		if err := m.Backward(context.Background(), seqs, 1, func(idx []int, s []Scores) (logp, ent [][]float32, err error) {
			for k := range idx {
				logp = append(logp, make([]float32, len(s[k].LogProbs)))
			}
			order = append(order, idx...)
			return logp, nil, nil
		}); err != nil {
			t.Fatal(err)
		}
		for i := range seqs {
			if len(order) != len(seqs) || order[i] != i {
				t.Fatalf("the callback saw sequences %v", order)
			}
		}
		if norm, err := m.Step(adam()); err != nil || norm != 0 {
			t.Errorf("gradient norm %v, %v after coefficients of 0", norm, err)
		}
	})
}

func TestInit(t *testing.T) {
	cfg := Config{VocabSize: 300, HiddenSize: 64, IntermediateSize: 96, NumHiddenLayers: 2, NumAttentionHeads: 4,
		MaxPositionEmbeddings: 16, BOSTokenID: -1, PadTokenID: -1}.WithDefaults()
	lim := Limits{TrainRows: 4, TrainSeqs: 1}
	m, err := New(ref.New(), cfg, lim)
	if err != nil {
		t.Fatal(err)
	}
	init := func(seed uint64) map[string][]float32 {
		if err := m.Init(seed); err != nil {
			t.Fatal(err)
		}
		return values(t, m, m.weights)
	}
	one, two, again := init(1), init(2), init(1)
	for name, w := range one {
		if !sameBits(w, again[name]) {
			t.Errorf("%s: the same seed gives other weights", name)
		}
		if strings.Contains(name, "norm") {
			if slices.ContainsFunc(w, func(x float32) bool { return x != 1 }) {
				t.Errorf("%s is not 1", name)
			}
			continue
		}
		if sameBits(w, two[name]) {
			t.Errorf("%s: seeds 1 and 2 give the same weights", name)
		}
		std := 0.02
		if strings.Contains(name, "o_proj") || strings.Contains(name, "down_proj") {
			std = 0.01 // 0.02 / sqrt(2*2)
		}
		var sum, sq, beyond float64
		for _, x := range w {
			sum += float64(x)
			sq += float64(x) * float64(x)
			if math.Abs(float64(x)) > 1.959964*std {
				beyond++
			}
		}
		n := float64(len(w))
		near(t, name+" mean", sum/n, 0, std, 5/math.Sqrt(n))
		near(t, name+" standard deviation", math.Sqrt(sq/n), std, 0, 5/math.Sqrt(2*n))
		near(t, name+" share beyond 1.96 sigma", beyond/n, 0.05, 1, 5*math.Sqrt(0.05*0.95/n))
	}
	// The numbers do not depend on where a block of them begins.
	whole, tail := make([]float32, 20), make([]float32, 12)
	normals(whole, 1, 5, 6, 0)
	normals(tail, 1, 5, 6, 8)
	if !sameBits(whole[8:], tail) {
		t.Errorf("elements 8.. are %v alone and %v in a block", tail, whole[8:])
	}
}
