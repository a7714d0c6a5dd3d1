package stats

import (
	"fmt"
	"math"
)

// SignTest is the two-sided exact p-value of seeing a split at least as uneven
// as better : worse when both were equally likely. Ties are left out. For
// right and wrong answers it is McNemar's exact test on the flips. Without
// any difference it is 1.
func SignTest(better, worse int) (float64, error) {
	if better < 0 || worse < 0 {
		return 0, fmt.Errorf("sign test: %d better, %d worse", better, worse)
	}
	n, k := better+worse, min(better, worse)
	if n == 0 {
		return 1, nil
	}
	// Sum of the smaller tail of Binomial(n, 1/2), in logs: 2^-n underflows
	// beyond 1074 pairs.
	var tail float64
	for i := 0; i <= k; i++ {
		tail += math.Exp(logChoose(n, i) - float64(n)*math.Ln2)
	}
	return math.Min(1, 2*tail), nil
}

func logChoose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}
