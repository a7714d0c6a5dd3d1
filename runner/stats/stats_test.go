package stats

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Newcombe, "Two-sided confidence intervals for the single proportion",
// Statistics in Medicine 17 (1998), table I, method 3.
func TestWilsonMatchesNewcombe(t *testing.T) {
	for _, c := range []struct {
		r, n      int
		low, high float64
	}{
		{81, 263, 0.2553, 0.3662},
		{15, 148, 0.0624, 0.1605},
		{0, 20, 0, 0.1611},
		{1, 29, 0.0061, 0.1718},
		{29, 29, 0.8830, 1}, // 1 - the interval of 0 of 29, which the table gives as 0 to 0.1170
		{0, 0, 0, 1},
	} {
		got, err := Wilson(c.r, c.n)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got.Low-c.low) > 5.1e-5 || math.Abs(got.High-c.high) > 5.1e-5 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", c.r, c.n, got.Low, got.High, c.low, c.high)
		}
	}
}

// Sums of binomial coefficients over 2^n in exact rational arithmetic
// (Python's fractions); 10 : 0 style cases are in every table of the sign
// test, 150 : 86 are Agresti's approval ratings for McNemar's test.
func TestSignTest(t *testing.T) {
	for _, c := range []struct {
		better, worse int
		p             float64
	}{
		{9, 1, 0.021484375},
		{1, 9, 0.021484375},
		{5, 0, 0.0625},
		{59, 33, 0.008780930806975222},
		{150, 86, 3.715936139571442e-05},
		{7, 7, 1},
		{0, 0, 1},
		{700, 600, 0.0060157938610449525}, // 2^-1300 is 0 in float64
		{1300, 1000, 4.2874090021153256e-10},
	} {
		got, err := SignTest(c.better, c.worse)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got-c.p) > 1e-10*c.p {
			t.Errorf("%d : %d gives p = %.12g, want %.12g", c.better, c.worse, got, c.p)
		}
	}
}

// Resampled means of n zeros and ones are Binomial(n, p)/n, whose quantiles
// are known: for n = 200, p = 0.5 they are 86 and 114, and for n = 512, p = 0.4
// between 182 and 184, and 226 and 228 (10,000 resamples leave a step of play).
func TestBootstrapMatchesBinomial(t *testing.T) {
	ones := func(n, k int) []float64 {
		v := make([]float64, n)
		for i := range k {
			v[i] = 1
		}
		return v
	}
	for seed := range uint64(2) {
		b := Bootstrap{Seed: seed}
		iv, err := b.Mean(ones(200, 100))
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(iv.Low-0.43) > 1./200+1e-12 || math.Abs(iv.High-0.57) > 1./200+1e-12 {
			t.Errorf("seed %d: 100 of 200 gives %v, want 0.43 to 0.57", seed, iv)
		}
		// 0.4 of 512 is no whole number of ones; 205 is the nearest.
		if iv, err = b.Mean(ones(512, 205)); err != nil {
			t.Fatal(err)
		}
		if math.Abs(iv.Low*512-183) > 1.001 || math.Abs(iv.High*512-227) > 1.001 {
			t.Errorf("seed %d: 205 of 512 gives %v", seed, iv)
		}
	}
}

func TestBootstrapIsSeeded(t *testing.T) {
	v := []float64{0.1, 0.9, 0.4, 0.2, 0.75, 0.33}
	a, err := Bootstrap{Seed: 3}.Mean(v)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := Bootstrap{Seed: 3}.Mean(v)
	c, _ := Bootstrap{Seed: 4}.Mean(v)
	if a != b {
		t.Errorf("the same seed gives %v and %v", a, b)
	}
	if a == c {
		t.Error("another seed gives the very same interval")
	}
	// One resample has one mean, and both quantiles are it.
	if one, _ := (Bootstrap{Resamples: 1}).Mean(v); one.Low != one.High {
		t.Errorf("one resample gives %v", one)
	}
}

// A 95 % interval must hold the truth in about 95 % of experiments. 250
// experiments have a standard error of 1.4 %, and the percentile interval is a
// little too narrow at n = 100.
func TestPairedIntervalCovers(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const runs, n, truth = 250, 100, 0.15
	held := 0
	for i := range runs {
		a, b := make([]float64, n), make([]float64, n)
		for j := range a {
			if rng.Float64() < 0.45 {
				b[j] = 1
			}
			a[j] = b[j]
			if b[j] == 0 && rng.Float64() < 0.20/0.55 {
				a[j] = 1
			} else if b[j] == 1 && rng.Float64() < 0.05/0.45 {
				a[j] = 0
			}
		}
		d, err := Bootstrap{Resamples: 400, Seed: uint64(i)}.Paired(a, b)
		if err != nil {
			t.Fatal(err)
		}
		if d.Interval.Low <= truth && truth <= d.Interval.High {
			held++
		}
	}
	if share := float64(held) / runs; share < 0.905 || share > 0.985 {
		t.Errorf("the interval holds the truth in %.3f of experiments, want about 0.95", share)
	}
}

func TestPaired(t *testing.T) {
	a := []float64{1, 1, 1, 1, 1, 1, 0, 0, 1, 1}
	b := []float64{0, 0, 0, 0, 0, 1, 1, 0, 0, 0}
	d, err := Bootstrap{}.Paired(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if d.Better != 7 || d.Worse != 1 || d.Same != 2 || d.Prompts != 10 || math.Abs(d.Mean-0.6) > 1e-15 {
		t.Errorf("got %+v", d)
	}
	if math.Abs(d.P-18./256) > 1e-12 { // 2 (C(8,0) + C(8,1)) / 2^8
		t.Errorf("p = %v, want 18/256", d.P)
	}
	same, err := Bootstrap{}.Paired(a, a)
	if err != nil || same.Mean != 0 || same.P != 1 || same.Interval != (Interval{}) {
		t.Errorf("a against itself gives %+v, %v", same, err)
	}
}

func TestPassAt1(t *testing.T) {
	one, err := PassAt1([]int{1, 0, 0, 1, 0}, 1, Bootstrap{})
	if err != nil {
		t.Fatal(err)
	}
	w, _ := Wilson(2, 5)
	if one.Mean != 0.4 || one.Interval != w || one.Prompts != 5 || one.Samples != 1 {
		t.Errorf("one sample a prompt gives %+v, want Wilson's %v", one, w)
	}
	// 40 prompts that are all right or all wrong: 8 samples each must not make
	// the interval narrower than 40 independent answers allow.
	right := make([]int, 40)
	for i := range 20 {
		right[i] = 8
	}
	many, err := PassAt1(right, 8, Bootstrap{})
	if err != nil {
		t.Fatal(err)
	}
	// Binomial(40, 1/2): quantiles 14 and 26.
	if math.Abs(many.Interval.Low-14./40) > 0.026 || math.Abs(many.Interval.High-26./40) > 0.026 || many.Mean != 0.5 {
		t.Errorf("clustered samples give %+v", many)
	}
	all, err := PassAt1([]int{4, 4, 4}, 4, Bootstrap{})
	if err != nil {
		t.Fatal(err)
	}
	if w, _ := Wilson(3, 3); all.Mean != 1 || all.Interval != w {
		t.Errorf("all right gives %+v, want an interval with width, as %v", all, w)
	}
	if none, err := PassAt1(nil, 2, Bootstrap{}); err != nil || none.Interval != (Interval{0, 1}) {
		t.Errorf("no prompts give %+v, %v", none, err)
	}
}

func TestIntervalsHoldTheMean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(1, 4).Draw(t, "k")
		right := rapid.SliceOfN(rapid.IntRange(0, k), 1, 30).Draw(t, "right")
		a, err := PassAt1(right, k, Bootstrap{Resamples: 400})
		if err != nil {
			t.Fatal(err)
		}
		iv := a.Interval
		if !(0 <= iv.Low && iv.Low <= a.Mean+1e-12 && a.Mean <= iv.High+1e-12 && iv.High <= 1+1e-12) {
			t.Fatalf("mean %v, interval %v", a.Mean, iv)
		}
	})
}

func TestBadInput(t *testing.T) {
	for name, c := range map[string]struct {
		do   func() error
		want string
	}{
		"wilson":        {func() error { _, err := Wilson(3, 2); return err }, "3 successes of 2"},
		"negative":      {func() error { _, err := Wilson(-1, 2); return err }, "-1 successes"},
		"sign":          {func() error { _, err := SignTest(-1, 2); return err }, "-1 better"},
		"no samples":    {func() error { _, err := PassAt1([]int{1}, 0, Bootstrap{}); return err }, "0 samples"},
		"too many":      {func() error { _, err := PassAt1([]int{3}, 2, Bootstrap{}); return err }, "3 right samples of 2"},
		"no values":     {func() error { _, err := Bootstrap{}.Mean(nil); return err }, "no values"},
		"nan":           {func() error { _, err := Bootstrap{}.Mean([]float64{math.NaN()}); return err }, "value 0 is NaN"},
		"unequal":       {func() error { _, err := Bootstrap{}.Paired([]float64{1}, nil); return err }, "1 values against 0"},
		"no pairs":      {func() error { _, err := Bootstrap{}.Paired(nil, nil); return err }, "no pairs"},
		"nan in a pair": {func() error { _, err := Bootstrap{}.Paired([]float64{math.NaN()}, []float64{1}); return err }, "NaN"},
	} {
		if err := c.do(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}
