package algo

import (
	"math"
	"testing"
)

// TestAdvantagesOfParts holds values of TRL's own expression (trl f2cd577,
// normalize_then_sum, with the standard deviation of n-1) in float64 for two rewards
// over two groups of three.
func TestAdvantagesOfParts(t *testing.T) {
	nan := math.NaN()
	parts := [][]float64{{1, 0, 0, 1, 1, 0}, {0.1, 0.3, nan, 10, 20, nan}}
	got, err := AdvantagesOfParts(parts, []float64{1, 0.5}, []int{0, 0, 0, 1, 1, 1}, AdvantageOptions{Std: Sample, Eps: 1e-4})
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{0.989902438857523, -0.2766927509406202, -0.7132096879169029, 0.2763902644139118, 1.1500291114198942, -1.4264193758338057}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-12 {
			t.Errorf("completion %d: %v, TRL has %v", i, got[i], want[i])
		}
	}
}

// TestAdvantagesOfPartsUnscorable: a completion that no reward scored has
// advantage 0 and moves no mean.
func TestAdvantagesOfPartsUnscorable(t *testing.T) {
	nan := math.NaN()
	got, err := AdvantagesOfParts([][]float64{{1, 0, nan}}, []float64{1}, []int{0, 0, 0}, AdvantageOptions{Std: Sample})
	if err != nil || got[2] != 0 || math.Abs(got[0]+got[1]) > 1e-12 || math.Abs(got[0]-math.Sqrt(0.5)) > 1e-12 {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range [][][]float64{{}, {{1, 2}}, {{math.Inf(1), 0, 0}}} {
		if _, err := AdvantagesOfParts(bad, make([]float64, 1), []int{0, 0, 0}, AdvantageOptions{Std: Sample}); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}
