package algo

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

type lossFile struct {
	Lengths    []int     `json:"lengths"`
	Truncated  []bool    `json:"truncated"`
	Advantages []float64 `json:"advantages"`
	Epsilon    float64   `json:"epsilon"`
	EpsHigh    float64   `json:"epsilon_high"`
	MaxLen     int       `json:"max_completion_length"`
	LogP       []float64 `json:"logp"`
	Old        []float64 `json:"old"`
	Ref        []float64 `json:"ref"`
	Entropy    []float64 `json:"entropy"`
	Cases      []struct {
		Loss      LossType `json:"loss_type"`
		Level     Level    `json:"level"`
		Beta      float64  `json:"beta"`
		Delta     float64  `json:"delta"`
		Coef      float64  `json:"entropy_coef"`
		Masked    bool     `json:"mask_truncated"`
		Value     float64  `json:"loss"`
		KL        float64  `json:"kl"`
		Entropy   float64  `json:"entropy"`
		Low       float64  `json:"low"`
		High      float64  `json:"high"`
		RatioMean float64  `json:"ratio_mean"`
		RatioMin  float64  `json:"ratio_min"`
		RatioMax  float64  `json:"ratio_max"`
	} `json:"cases"`
}

func readLossFile(t *testing.T) lossFile {
	t.Helper()
	b, err := os.ReadFile("testdata/loss.json")
	if err != nil {
		t.Fatal(err)
	}
	var f lossFile
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f lossFile) batch() Batch {
	b := Batch{LogP: f.LogP, OldLogP: f.Old, RefLogP: f.Ref, Entropy: f.Entropy}
	from := 0
	for i, n := range f.Lengths {
		b.Rows = append(b.Rows, Row{From: from, To: from + n, Advantage: f.Advantages[i], Truncated: f.Truncated[i]})
		from += n
	}
	return b
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-12*math.Max(1, math.Abs(want)) {
		t.Errorf("%s = %.15g, want %.15g", what, got, want)
	}
}

// The values come from testdata/loss.py, which computes them in another way.
func TestLossMatchesReference(t *testing.T) {
	f := readLossFile(t)
	if len(f.Cases) != 128 {
		t.Fatalf("%d cases, want 128", len(f.Cases))
	}
	for _, c := range f.Cases {
		name := string(c.Loss) + "/" + string(c.Level)
		t.Run(name, func(t *testing.T) {
			b := f.batch()
			opt := Options{Loss: c.Loss, Level: c.Level, Epsilon: f.Epsilon, EpsilonHigh: f.EpsHigh, Delta: c.Delta, Beta: c.Beta,
				EntropyCoef: c.Coef, MaxCompletionLength: f.MaxLen, MaskTruncated: c.Masked}
			res, err := Loss(b, NormOf(b.Rows, 1, opt), opt)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "loss", res.Loss, c.Value)
			m := res.Pieces.Metrics()
			near(t, "kl", m["kl"], c.KL)
			near(t, "entropy", m["entropy"], c.Entropy)
			near(t, "clip_ratio/low_mean", m["clip_ratio/low_mean"], c.Low)
			near(t, "clip_ratio/high_mean", m["clip_ratio/high_mean"], c.High)
			near(t, "clip_ratio/region_mean", m["clip_ratio/region_mean"], c.Low+c.High)
			near(t, "ratio/mean", m["ratio/mean"], c.RatioMean)
			near(t, "ratio/min", m["ratio/min"], c.RatioMin)
			near(t, "ratio/max", m["ratio/max"], c.RatioMax)
		})
	}
}

// randomBatch keeps ratios away from the kinks of the clip and of delta, where
// a central difference means nothing.
func randomBatch(rng *rand.Rand, opt Options) Batch {
	var b Batch
	from := 0
	for range 1 + rng.IntN(5) {
		n := rng.IntN(6)
		row := Row{From: from, To: from + n, Advantage: rng.NormFloat64(), Truncated: rng.IntN(4) == 0}
		shift := rng.NormFloat64() * 0.4
		for range n {
			lp := -rng.ExpFloat64()
			b.LogP = append(b.LogP, lp)
			b.OldLogP = append(b.OldLogP, lp+shift+rng.NormFloat64()*0.3)
			b.RefLogP = append(b.RefLogP, lp+rng.NormFloat64()*0.5)
			b.Entropy = append(b.Entropy, rng.Float64()*3)
		}
		b.Rows = append(b.Rows, row)
		from += n
	}
	for _, r := range b.Rows {
		var mean float64
		for t := r.From; t < r.To; t++ {
			mean += (b.LogP[t] - b.OldLogP[t]) / float64(r.To-r.From)
			if kink(math.Exp(b.LogP[t]-b.OldLogP[t]), opt) {
				return randomBatch(rng, opt)
			}
		}
		if kink(math.Exp(mean), opt) {
			return randomBatch(rng, opt)
		}
	}
	return b
}

func kink(c float64, opt Options) bool {
	for _, at := range []float64{1 - opt.Epsilon, 1 + opt.EpsilonHigh, opt.Delta} {
		if math.Abs(c-at) < 1e-4 {
			return true
		}
	}
	return false
}

func TestGradientIsTheDerivative(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 11))
	const h = 1e-6
	for _, loss := range []LossType{GRPO, BNPO, DrGRPO, DAPO} {
		for _, level := range []Level{Token, Sequence} {
			for _, beta := range []float64{0, 0.04, 1} {
				for _, delta := range []float64{0, 1.1, 1.6} { // 1.1 lies inside the clip range
					opt := Options{Loss: loss, Level: level, Epsilon: 0.2, EpsilonHigh: 0.28, Delta: delta, Beta: beta, EntropyCoef: 0.02, MaxCompletionLength: 7, MaskTruncated: true}
					for range 6 {
						b := randomBatch(rng, opt)
						norm := NormOf(b.Rows, 1, opt)
						norm.Rows += 3 // the rest of the update, in other micro-batches
						norm.Tokens += 10
						norm.Batches++
						value := func() float64 {
							r, err := Loss(b, norm, opt)
							if err != nil {
								t.Fatal(err)
							}
							return r.Loss
						}
						res, err := Loss(b, norm, opt)
						if err != nil {
							t.Fatal(err)
						}
						check := func(v, d []float64, what string) {
							for i := range v {
								was := v[i]
								v[i] = was + h
								up := value()
								v[i] = was - h
								down := value()
								v[i] = was
								want := (up - down) / (2 * h)
								if math.Abs(d[i]-want) > 1e-7*math.Max(1, math.Abs(want)) {
									t.Fatalf("%s %s beta %v delta %v: d/d%s[%d] = %.10g, difference quotient %.10g", loss, level, beta, delta, what, i, d[i], want)
								}
							}
						}
						check(b.LogP, res.DLogP, "logp")
						check(b.Entropy, res.DEntropy, "entropy")
					}
				}
			}
		}
	}
}

// Splitting an update into micro-batches must not change it. BNPO is the one
// that is defined by the split.
func TestMicroBatchesAddUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, loss := range []LossType{GRPO, DrGRPO, DAPO, BNPO} {
		for _, level := range []Level{Token, Sequence} {
			for range 50 {
				opt := Options{Loss: loss, Level: level, Epsilon: 0.2, EpsilonHigh: 0.2, Beta: 0.1, EntropyCoef: 0.01, MaxCompletionLength: 9, MaskTruncated: true}
				b := randomBatch(rng, opt)
				k := rng.IntN(len(b.Rows) + 1)
				norm := NormOf(b.Rows, 2, opt)
				whole := NormOf(b.Rows, 1, opt)
				all, err := Loss(b, whole, opt)
				if err != nil {
					t.Fatal(err)
				}
				first, rest := b, b
				first.Rows, rest.Rows = b.Rows[:k], b.Rows[k:]
				x, err := Loss(first, norm, opt)
				if err != nil {
					t.Fatal(err)
				}
				y, err := Loss(rest, norm, opt)
				if err != nil {
					t.Fatal(err)
				}
				if loss == BNPO {
					// The mean of the two means, by definition.
					a, err1 := Loss(first, NormOf(first.Rows, 1, opt), Options{Loss: DAPO, Level: level, Epsilon: 0.2, EpsilonHigh: 0.2, Beta: 0.1, MaskTruncated: true})
					c, err2 := Loss(rest, NormOf(rest.Rows, 1, opt), Options{Loss: DAPO, Level: level, Epsilon: 0.2, EpsilonHigh: 0.2, Beta: 0.1, MaskTruncated: true})
					if err1 != nil || err2 != nil {
						t.Fatal(err1, err2)
					}
					entropy := 0.0
					if p := x.Pieces.Add(y.Pieces); p.Tokens > 0 {
						entropy = 0.01 * p.Entropy / float64(p.Tokens)
					}
					near(t, "bnpo", x.Loss+y.Loss, (a.Loss+c.Loss)/2-entropy)
					continue
				}
				near(t, "loss", x.Loss+y.Loss, all.Loss)
				for i := range all.DLogP {
					near(t, "gradient", x.DLogP[i]+y.DLogP[i], all.DLogP[i])
				}
				got, want := x.Pieces.Add(y.Pieces).Metrics(), all.Pieces.Metrics()
				if len(got) != len(want) {
					t.Fatalf("metrics %v, want %v", got, want)
				}
				for name := range want {
					near(t, name, got[name], want[name])
				}
			}
		}
	}
}

// At the first update the ratio is exactly 1, nothing is clipped and the
// gradient is that of the plain policy gradient, -A w.
func TestFirstUpdateIsPolicyGradient(t *testing.T) {
	f := readLossFile(t)
	b := f.batch()
	b.OldLogP, b.RefLogP = b.LogP, b.LogP
	for _, level := range []Level{Token, Sequence} {
		opt := Options{Loss: DAPO, Level: level, Epsilon: 0.2, EpsilonHigh: 0.2, Beta: 0.5}
		res, err := Loss(b, NormOf(b.Rows, 1, opt), opt)
		if err != nil {
			t.Fatal(err)
		}
		m := res.Pieces.Metrics()
		for name, want := range map[string]float64{"ratio/mean": 1, "ratio/min": 1, "ratio/max": 1, "kl": 0, "actor/ppo_kl": 0, "clip_ratio/region_mean": 0} {
			if m[name] != want {
				t.Errorf("%s: %s = %v, want exactly %v", level, name, m[name], want)
			}
		}
		if s := res.Pieces.SamplingMetrics(); s["sampling/sampling_logp_difference/max"] != 0 || len(s) != 2 {
			t.Errorf("%s: sampling metrics %v, want two zeros", level, s)
		}
		for _, r := range b.Rows {
			for i := r.From; i < r.To; i++ {
				near(t, "gradient", res.DLogP[i], -r.Advantage/10)
			}
		}
	}
}

func TestExtremeRatiosStayFinite(t *testing.T) {
	b := Batch{Rows: []Row{{0, 2, -1, false}}, LogP: []float64{-1e-9, -900}, OldLogP: []float64{-900, -1e-9}, RefLogP: []float64{-900, -1e-9}}
	for _, level := range []Level{Token, Sequence} {
		opt := Options{Loss: DAPO, Level: level, Epsilon: 0.2, EpsilonHigh: 0.2, Beta: 0.1}
		res, err := Loss(b, NormOf(b.Rows, 1, opt), opt)
		if err != nil {
			t.Fatal(err)
		}
		if !finite(res.Loss) || !finite(res.DLogP[0]) || !finite(res.DLogP[1]) {
			t.Errorf("%s: loss %v, gradient %v", level, res.Loss, res.DLogP)
		}
	}
	// A token beyond the clamp of 20 passes no policy gradient.
	opt := Options{Loss: DAPO, Level: Token, Epsilon: 0.2, EpsilonHigh: 0.2}
	res, err := Loss(b, NormOf(b.Rows, 1, opt), opt)
	if err != nil || res.DLogP[0] != 0 {
		t.Errorf("gradient beyond the clamp is %v (%v), want 0", res.DLogP[0], err)
	}
	near(t, "loss", res.Loss, (math.Exp(20)+0.8)/2) // -min(-e^20, -1.2), -min(-e^-20, -0.8)
}

func TestLossRefusesBadInput(t *testing.T) {
	good := func() (Batch, Options) {
		return Batch{Rows: []Row{{0, 2, 1, false}}, LogP: []float64{-1, -2}, OldLogP: []float64{-1, -2}, RefLogP: []float64{-1, -2}, Entropy: []float64{1, 1}},
			Options{Loss: GRPO, Level: Token, Epsilon: 0.2, EpsilonHigh: 0.2, Beta: 0.1, EntropyCoef: 0.1, MaxCompletionLength: 4}
	}
	for _, c := range []struct {
		name string
		do   func(*Batch, *Options)
		want string
	}{
		{"loss type", func(_ *Batch, o *Options) { o.Loss = "ppo" }, "grpo, bnpo, dr_grpo or dapo"},
		{"level", func(_ *Batch, o *Options) { o.Level = "" }, "token or sequence"},
		{"dr_grpo length", func(_ *Batch, o *Options) { o.Loss, o.MaxCompletionLength = DrGRPO, 0 }, "max_completion_length"},
		{"negative beta", func(_ *Batch, o *Options) { o.Beta = -1 }, "beta is -1"},
		{"nan epsilon", func(_ *Batch, o *Options) { o.Epsilon = math.NaN() }, "epsilon is NaN"},
		{"infinite entropy coefficient", func(_ *Batch, o *Options) { o.EntropyCoef = math.Inf(1) }, "entropy_coef"},
		{"no reference", func(b *Batch, _ *Options) { b.RefLogP = nil }, "0 reference log-probabilities for 2 tokens"},
		{"short old", func(b *Batch, _ *Options) { b.OldLogP = b.OldLogP[:1] }, "1 sampling log-probabilities for 2 tokens"},
		{"no entropy", func(b *Batch, _ *Options) { b.Entropy = nil }, "0 entropies"},
		{"row outside", func(b *Batch, _ *Options) { b.Rows[0].To = 3 }, "covers tokens [0, 3) of 2"},
		{"row reversed", func(b *Batch, _ *Options) { b.Rows[0] = Row{From: 2, To: 1} }, "covers tokens [2, 1)"},
		{"nan advantage", func(b *Batch, _ *Options) { b.Rows[0].Advantage = math.NaN() }, "advantage of row 0 is NaN"},
		{"nan log-probability", func(b *Batch, _ *Options) { b.LogP[1] = math.NaN() }, "token 1 of row 0 is not finite"},
		{"infinite reference", func(b *Batch, _ *Options) { b.RefLogP[0] = math.Inf(-1) }, "token 0 of row 0 is not finite"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, opt := good()
			norm := NormOf(b.Rows, 1, opt)
			c.do(&b, &opt)
			_, err := Loss(b, norm, opt)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
	b, opt := good()
	if _, err := Loss(b, Norm{Rows: 1, Tokens: 1, Batches: 1}, opt); err == nil {
		t.Error("a norm with fewer tokens than the batch was accepted")
	}
	// Masked rows may hold anything.
	opt.MaskTruncated, b.Rows[0].Truncated, b.LogP[0] = true, true, math.NaN()
	res, err := Loss(b, NormOf(b.Rows, 1, opt), opt)
	if err != nil || res.Loss != 0 || res.DLogP[0] != 0 || res.DEntropy[1] != 0 {
		t.Errorf("masked row gave %+v, %v", res, err)
	}
}
