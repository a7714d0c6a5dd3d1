package algo

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAdvantages(t *testing.T) {
	nan := math.NaN()
	sqrt := math.Sqrt
	for _, c := range []struct {
		name    string
		rewards []float64
		group   []int
		opt     AdvantageOptions
		want    []float64
		stats   RewardStats
	}{
		{ // mean 0.5, sample variance 4*0.25/3 = 1/3
			"group, sample", []float64{1, 0, 0, 1}, []int{0, 0, 0, 0}, AdvantageOptions{ScaleGroup, Sample, 1e-4},
			[]float64{0.5 / (sqrt(1./3) + 1e-4), -0.5 / (sqrt(1./3) + 1e-4), -0.5 / (sqrt(1./3) + 1e-4), 0.5 / (sqrt(1./3) + 1e-4)},
			RewardStats{Mean: 0.5, Std: sqrt(1. / 3), Scored: 4},
		},
		{ // population variance 1/4
			"group, population", []float64{1, 0, 0, 1}, []int{0, 0, 0, 0}, AdvantageOptions{ScaleGroup, Population, 0},
			[]float64{1, -1, -1, 1}, RewardStats{Mean: 0.5, Std: 0.5, Scored: 4},
		},
		{ // groups (3, 1) and (1, 1): deviations sqrt(2) and 0
			"two groups, one flat", []float64{3, 1, 1, 1}, []int{7, 3, 7, 3}, AdvantageOptions{ScaleGroup, Sample, 1e-4},
			[]float64{1 / (sqrt2 + 1e-4), 0, -1 / (sqrt2 + 1e-4), 0},
			RewardStats{Mean: 1.5, Std: sqrt2 / 2, FracZeroStd: 0.5, Scored: 4},
		},
		{ // all four together: mean 1.5, sample variance (2.25+3*0.25)/3 = 1
			"batch", []float64{3, 1, 1, 1}, []int{7, 3, 7, 3}, AdvantageOptions{ScaleBatch, Sample, 0},
			[]float64{1, 0, -1, 0}, RewardStats{Mean: 1.5, Std: 1, FracZeroStd: 0.5, Scored: 4},
		},
		{
			"none", []float64{3, 1, 1, 1}, []int{7, 3, 7, 3}, AdvantageOptions{ScaleNone, Sample, 1e-4},
			[]float64{1, 0, -1, 0}, RewardStats{Mean: 1.5, Std: sqrt2 / 2, FracZeroStd: 0.5, Scored: 4},
		},
		{ // the unscorable one changes nothing for the rest
			"unscorable", []float64{3, nan, 1}, []int{0, 0, 0}, AdvantageOptions{ScaleNone, Sample, 0},
			[]float64{1, 0, -1}, RewardStats{Mean: 2, Std: sqrt2, Scored: 2, Unscorable: 1},
		},
		{
			"one scorable", []float64{3, nan}, []int{0, 0}, AdvantageOptions{ScaleGroup, Sample, 1e-4},
			[]float64{0, 0}, RewardStats{Mean: 3, FracZeroStd: 1, Scored: 1, Unscorable: 1},
		},
		{
			"none scorable", []float64{nan, nan}, []int{0, 0}, AdvantageOptions{ScaleBatch, Sample, 1e-4},
			[]float64{0, 0}, RewardStats{FracZeroStd: 1, Unscorable: 2},
		},
		{"empty", nil, nil, AdvantageOptions{ScaleGroup, Sample, 1e-4}, []float64{}, RewardStats{}},
		{ // seven times 0.1 sums to 0.7000000000000001
			"equal rewards are exactly 0", []float64{.1, .1, .1, .1, .1, .1, .1}, []int{0, 0, 0, 0, 0, 0, 0}, AdvantageOptions{ScaleGroup, Sample, 0},
			[]float64{0, 0, 0, 0, 0, 0, 0}, RewardStats{Mean: .1, FracZeroStd: 1, Scored: 7},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, stats, err := Advantages(c.rewards, c.group, c.opt)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(c.want) {
				t.Fatalf("%d advantages, want %d", len(got), len(c.want))
			}
			for i := range got {
				near(t, "advantage", got[i], c.want[i])
			}
			near(t, "mean", stats.Mean, c.stats.Mean)
			near(t, "std", stats.Std, c.stats.Std)
			near(t, "frac_reward_zero_std", stats.FracZeroStd, c.stats.FracZeroStd)
			if stats.Scored != c.stats.Scored || stats.Unscorable != c.stats.Unscorable {
				t.Errorf("scored %d, unscorable %d, want %d and %d", stats.Scored, stats.Unscorable, c.stats.Scored, c.stats.Unscorable)
			}
		})
	}
}

const sqrt2 = math.Sqrt2

func TestAdvantageProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		// Multiples of 1/8 below 2^10 keep shifted sums exact.
		eighths := rapid.SliceOfN(rapid.IntRange(-8000, 8000), n, n).Draw(t, "rewards")
		rewards := make([]float64, n)
		for i, e := range eighths {
			rewards[i] = float64(e) / 8
			if rapid.IntRange(0, 9).Draw(t, "unscorable") == 0 {
				rewards[i] = math.NaN()
			}
		}
		group := rapid.SliceOfN(rapid.IntRange(0, 5), n, n).Draw(t, "group")
		opt := AdvantageOptions{
			rapid.SampledFrom([]Scale{ScaleGroup, ScaleBatch, ScaleNone}).Draw(t, "scale"),
			rapid.SampledFrom([]Std{Sample, Population}).Draw(t, "std"),
			rapid.SampledFrom([]float64{0, 1e-6, 1e-4}).Draw(t, "eps"),
		}
		adv, _, err := Advantages(rewards, group, opt)
		if err != nil {
			t.Fatal(err)
		}
		sums := map[int]float64{}
		for i, a := range adv {
			if !finite(a) {
				t.Fatalf("advantage %d is %v", i, a)
			}
			if math.IsNaN(rewards[i]) && a != 0 {
				t.Fatalf("unscorable completion has advantage %v", a)
			}
			sums[group[i]] += a
		}
		for g, s := range sums {
			if math.Abs(s) > 1e-8 {
				t.Fatalf("advantages of group %d sum to %v", g, s)
			}
		}
		// More reward never means less advantage within a group.
		for i := range adv {
			for j := range adv {
				if group[i] == group[j] && rewards[i] > rewards[j] && adv[i] < adv[j] {
					t.Fatalf("reward %v gets %v, reward %v gets %v", rewards[i], adv[i], rewards[j], adv[j])
				}
			}
		}
		shifted := slices.Clone(rewards)
		by := float64(rapid.IntRange(-100, 100).Draw(t, "shift"))
		for i := range shifted {
			shifted[i] += by
		}
		again, _, err := Advantages(shifted, group, opt)
		if err != nil {
			t.Fatal(err)
		}
		for i := range adv {
			if math.Abs(again[i]-adv[i]) > 1e-9*math.Max(1, math.Abs(adv[i])) {
				t.Fatalf("advantage %d is %v, and %v when all rewards are %v higher", i, adv[i], again[i], by)
			}
		}
	})
}

func TestAdvantagesRefuseBadInput(t *testing.T) {
	for _, c := range []struct {
		rewards []float64
		group   []int
		opt     AdvantageOptions
		want    string
	}{
		{[]float64{1, 2}, []int{0}, AdvantageOptions{ScaleGroup, Sample, 1e-4}, "2 rewards but 1 group numbers"},
		{[]float64{1, math.Inf(1)}, []int{0, 0}, AdvantageOptions{ScaleGroup, Sample, 1e-4}, "completion 1 is +Inf"},
		{[]float64{1}, []int{0}, AdvantageOptions{"std", Sample, 1e-4}, "group, batch or none"},
		{[]float64{1}, []int{0}, AdvantageOptions{ScaleGroup, "n-1", 1e-4}, "sample or population"},
		{[]float64{1}, []int{0}, AdvantageOptions{ScaleGroup, Sample, -1}, "advantage_eps is -1"},
		{[]float64{1}, []int{0}, AdvantageOptions{ScaleGroup, Sample, math.NaN()}, "advantage_eps is NaN"},
	} {
		_, _, err := Advantages(c.rewards, c.group, c.opt)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
}
