package stats

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"sort"
)

// Bootstrap resamples prompts with replacement (Efron and Tibshirani 1993,
// chapter 13: percentile interval). The same seed gives the same interval.
type Bootstrap struct {
	Resamples int    // 0 means 10,000
	Seed      uint64 // of the resampling
}

// Mean is the percentile interval of the mean of one value a prompt.
func (b Bootstrap) Mean(values []float64) (Interval, error) {
	if len(values) == 0 {
		return Interval{}, fmt.Errorf("bootstrap: no values")
	}
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return Interval{}, fmt.Errorf("bootstrap: value %d is %v", i, v)
		}
	}
	means := b.means(values)
	return Interval{quantile(means, 0.025), quantile(means, 0.975)}, nil
}

// Difference is how much better A is than B on the same prompts.
type Difference struct {
	Mean     float64  `json:"mean"` // mean of a - b
	Interval Interval `json:"interval"`
	Better   int      `json:"better"` // prompts where a > b
	Worse    int      `json:"worse"`  // prompts where a < b
	Same     int      `json:"same"`
	P        float64  `json:"p"` // exact sign test over the prompts that differ
	Prompts  int      `json:"prompts"`
}

// Paired compares two lists with one value a prompt, paired by position: the
// mean difference with its percentile interval over resampled prompts, and
// the exact sign test (McNemar's exact test when values are 0 or 1).
func (b Bootstrap) Paired(a, other []float64) (Difference, error) {
	if len(a) != len(other) {
		return Difference{}, fmt.Errorf("paired bootstrap: %d values against %d; pair them by prompt first", len(a), len(other))
	}
	if len(a) == 0 {
		return Difference{}, fmt.Errorf("paired bootstrap: no pairs")
	}
	d := Difference{Prompts: len(a)}
	diff := make([]float64, len(a))
	for i := range a {
		diff[i] = a[i] - other[i]
		d.Mean += diff[i]
		switch {
		case a[i] > other[i]:
			d.Better++
		case a[i] < other[i]:
			d.Worse++
		default:
			d.Same++
		}
	}
	d.Mean /= float64(len(a))
	var err error
	if d.Interval, err = b.Mean(diff); err != nil {
		return Difference{}, err
	}
	d.P, err = SignTest(d.Better, d.Worse)
	return d, err
}

// means are the sorted means of the resamples.
func (b Bootstrap) means(values []float64) []float64 {
	n := b.Resamples
	if n <= 0 {
		n = 10_000
	}
	rng := rand.NewPCG(b.Seed, 0x67726164757321) // the stream of this use
	means := make([]float64, n)
	for i := range means {
		var sum float64
		for range values {
			// High word of a product: uniform up to 2^-40 for any list that fits memory.
			j, _ := bits.Mul64(rng.Uint64(), uint64(len(values)))
			sum += values[j]
		}
		means[i] = sum / float64(len(values))
	}
	sort.Float64s(means)
	return means
}

// quantile interpolates linearly between order statistics (type 7 of Hyndman
// and Fan 1996, the default of NumPy and R).
func quantile(sorted []float64, q float64) float64 {
	h := q * float64(len(sorted)-1)
	i := int(h)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (h-float64(i))*(sorted[i+1]-sorted[i])
}
