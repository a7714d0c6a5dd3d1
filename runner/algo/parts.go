package algo

import (
	"fmt"
	"math"
)

// AdvantagesOfParts is normalize_then_sum (GDPO, arXiv 2601.05242, equations
// 4 to 6, as TRL computes it): each reward is compared within its group first,
//
//	z_ik = (r_ik - mean_g(r_k)) / (std_g(r_k) + eps)
//	s_i  = sum_k weight_k * z_ik
//	A_i  = (s_i - mean(s)) / (std(s) + eps)      over the whole step
//
// so a reward with a small spread is not drowned by one with a large one.
// parts has one row a reward and one column a completion, NaN where that
// reward gave no number; such entries add nothing to s. A completion without
// any number takes no part in the last line and has advantage 0. The option
// Scale does not apply.
func AdvantagesOfParts(parts [][]float64, weights []float64, group []int, opt AdvantageOptions) ([]float64, error) {
	if len(parts) == 0 || len(parts) != len(weights) {
		return nil, fmt.Errorf("advantages: %d rewards but %d weights; give one weight a reward, at least one", len(parts), len(weights))
	}
	opt.Scale = ScaleGroup // each reward by its group's deviation, whatever it says
	if err := opt.check(); err != nil {
		return nil, err
	}
	n := len(group)
	sums, scored := make([]float64, n), make([]bool, n)
	for k, row := range parts {
		if len(row) != n {
			return nil, fmt.Errorf("advantages: reward %d has %d values for %d completions", k, len(row), n)
		}
		of := map[int]*moments{}
		for i, r := range row {
			if math.IsInf(r, 0) {
				return nil, fmt.Errorf("advantages: reward %d of completion %d is %v; a reward must be finite, or NaN when it could not be computed", k, i, r)
			}
			if of[group[i]] == nil {
				of[group[i]] = &moments{}
			}
			if !math.IsNaN(r) {
				of[group[i]].values = append(of[group[i]].values, r)
			}
		}
		for i, r := range row {
			if math.IsNaN(r) {
				continue
			}
			scored[i] = true
			m := of[group[i]]
			sums[i] += weights[k] * divide(r-m.mean(), m.std(opt.Std)+opt.Eps)
		}
	}
	var all moments
	for i, ok := range scored {
		if ok {
			all.values = append(all.values, sums[i])
		}
	}
	adv := make([]float64, n)
	mean, std := all.mean(), all.std(opt.Std)
	for i, ok := range scored {
		if ok {
			adv[i] = divide(sums[i]-mean, std+opt.Eps)
		}
	}
	return adv, nil
}
