// Package stats holds the few statistics that an honest comparison of models
// needs: intervals for an accuracy, a paired difference with its interval, and
// exact tests on the pairs that changed. Prompts are the unit everywhere:
// several samples of one prompt are not independent observations.
package stats

import (
	"fmt"
	"math"
)

// Interval is a two-sided 95 % interval.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// z95 is the 0.975 quantile of the normal distribution.
const z95 = 1.959963984540054

// Wilson is the score interval for a proportion (Wilson 1927; method 3 of
// Newcombe 1998). Unlike the textbook interval it stays within 0..1 and is
// not empty at 0 or n successes. Without observations it is [0, 1].
func Wilson(successes, n int) (Interval, error) {
	if n < 0 || successes < 0 || successes > n {
		return Interval{}, fmt.Errorf("wilson interval: %d successes of %d", successes, n)
	}
	if n == 0 {
		return Interval{0, 1}, nil
	}
	nf := float64(n)
	p := float64(successes) / nf
	z2 := z95 * z95
	centre := (p + z2/(2*nf)) / (1 + z2/nf)
	half := z95 / (1 + z2/nf) * math.Sqrt(p*(1-p)/nf+z2/(4*nf*nf))
	iv := Interval{centre - half, centre + half}
	// Exact at the ends, where rounding would leave 1e-17.
	if successes == 0 {
		iv.Low = 0
	}
	if successes == n {
		iv.High = 1
	}
	return iv, nil
}

// Accuracy is pass@1: the mean over prompts of the share of right samples,
// with its interval.
type Accuracy struct {
	Mean     float64
	Interval Interval
	Prompts  int
	Samples  int // a prompt
}

// PassAt1 estimates pass@1 from the number of right samples of each prompt,
// out of k samples each. With one sample a prompt the interval is Wilson's;
// with more it is a bootstrap over prompts, as samples of one prompt go
// together. When no prompt differs from another the bootstrap has no width,
// so Wilson's interval over prompts is used there as well.
func PassAt1(right []int, k int, b Bootstrap) (Accuracy, error) {
	if k < 1 {
		return Accuracy{}, fmt.Errorf("pass@1: %d samples a prompt; give at least 1", k)
	}
	a := Accuracy{Prompts: len(right), Samples: k}
	shares := make([]float64, len(right))
	sum, same := 0, true
	for i, r := range right {
		if r < 0 || r > k {
			return Accuracy{}, fmt.Errorf("pass@1: prompt %d has %d right samples of %d", i, r, k)
		}
		sum += r
		same = same && r == right[0]
		shares[i] = float64(r) / float64(k)
	}
	if len(right) == 0 {
		a.Interval = Interval{0, 1}
		return a, nil
	}
	a.Mean = float64(sum) / float64(len(right)*k)
	var err error
	switch {
	case k == 1:
		a.Interval, err = Wilson(sum, len(right))
	case same:
		// As if each prompt were one trial: wide, and never of width 0.
		a.Interval, err = wilsonMean(a.Mean, len(right))
	default:
		a.Interval, err = b.Mean(shares)
	}
	return a, err
}

// wilsonMean is Wilson's interval for a mean share over n prompts.
func wilsonMean(p float64, n int) (Interval, error) {
	lo, err := Wilson(int(math.Floor(p*float64(n))), n)
	if err != nil {
		return Interval{}, err
	}
	hi, err := Wilson(int(math.Ceil(p*float64(n))), n)
	return Interval{lo.Low, hi.High}, err
}
