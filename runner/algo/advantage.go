package algo

import (
	"fmt"
	"math"
)

// zeroStd is the spread below which a group carries no signal: the absolute
// tolerance of torch.isclose, which TRL uses for frac_reward_zero_std.
const zeroStd = 1e-8

// Advantages returns how much better than its group each completion did:
//
//	A_i = (r_i - mean_g) / (std + eps)    ScaleGroup: std over the group of i
//	                                      ScaleBatch: std over all rewards
//	A_i =  r_i - mean_g                   ScaleNone
//
// rewards has one entry a completion, NaN where no reward could be computed;
// group gives each completion's group, any integers. NaN entries take no part
// in any mean or deviation and get advantage 0, as does a group with fewer
// than two scorable entries under ScaleGroup and ScaleNone (nothing to compare
// with). Under Sample the deviation of fewer than two values is 0.
//
// An infinite reward, slices of different length or an unknown option is an
// error.
func Advantages(rewards []float64, group []int, opt AdvantageOptions) ([]float64, RewardStats, error) {
	if len(rewards) != len(group) {
		return nil, RewardStats{}, fmt.Errorf("advantages: %d rewards but %d group numbers", len(rewards), len(group))
	}
	if err := opt.check(); err != nil {
		return nil, RewardStats{}, err
	}
	var stats RewardStats
	order := []int{} // groups in order of appearance, so sums have one order
	of := map[int]*moments{}
	var all moments
	for i, r := range rewards {
		g, ok := of[group[i]]
		if !ok {
			g = &moments{}
			of[group[i]] = g
			order = append(order, group[i])
		}
		switch {
		case math.IsNaN(r):
			stats.Unscorable++
		case math.IsInf(r, 0):
			return nil, RewardStats{}, fmt.Errorf("advantages: reward of completion %d is %v; a reward must be finite, or NaN when it could not be computed", i, r)
		default:
			stats.Scored++
			g.values = append(g.values, r)
			all.values = append(all.values, r)
		}
	}
	std := map[int]float64{}
	batchStd := all.std(opt.Std)
	for _, id := range order {
		std[id] = of[id].std(opt.Std)
		if std[id] <= zeroStd {
			stats.FracZeroStd++
		}
		stats.Std += std[id]
	}
	if n := float64(len(order)); n > 0 {
		stats.FracZeroStd /= n
		stats.Std /= n
	}
	if opt.Scale == ScaleBatch {
		stats.Std = batchStd
	}
	if stats.Scored > 0 {
		stats.Mean = all.mean()
	}

	adv := make([]float64, len(rewards))
	for i, r := range rewards {
		g := of[group[i]]
		if math.IsNaN(r) || len(g.values) < 2 && opt.Scale != ScaleBatch {
			continue
		}
		a := r - g.mean()
		switch opt.Scale {
		case ScaleGroup:
			a = divide(a, std[group[i]]+opt.Eps)
		case ScaleBatch:
			a = divide(a, batchStd+opt.Eps)
		}
		adv[i] = a
	}
	return adv, stats, nil
}

// divide gives 0 for a group without spread when eps is 0 as well.
func divide(a, by float64) float64 {
	if by == 0 {
		return 0
	}
	return a / by
}

func (o AdvantageOptions) check() error {
	switch o.Scale {
	case ScaleGroup, ScaleBatch, ScaleNone:
	default:
		return fmt.Errorf("advantages: scale_rewards is %q; use group, batch or none", string(o.Scale))
	}
	switch o.Std {
	case Sample, Population:
	default:
		return fmt.Errorf("advantages: std is %q; use sample or population", string(o.Std))
	}
	if !(o.Eps >= 0) || math.IsInf(o.Eps, 0) {
		return fmt.Errorf("advantages: advantage_eps is %v; use a number of at least 0, as 1e-4", o.Eps)
	}
	return nil
}

type moments struct{ values []float64 }

func (m *moments) mean() float64 {
	// Equal rewards must give exactly 0 advantage: a plain sum of 0.1s does not.
	if len(m.values) == 0 {
		return 0
	}
	first, same := m.values[0], true
	var sum float64
	for _, v := range m.values {
		same = same && v == first
		sum += v - first
	}
	if same {
		return first
	}
	return first + sum/float64(len(m.values))
}

func (m *moments) std(c Std) float64 {
	n := float64(len(m.values))
	if c == Sample {
		n--
	}
	if n <= 0 {
		return 0
	}
	mean := m.mean()
	var sum float64
	for _, v := range m.values {
		sum += (v - mean) * (v - mean)
	}
	return math.Sqrt(sum / n)
}
