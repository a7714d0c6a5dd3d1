package kernels

import (
	"fmt"
	"math"
)

// finite tells whether every x is a number.
func finite(xs ...float32) bool {
	for _, x := range xs {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			return false
		}
	}
	return true
}

// checkArgs reports an argument that op cannot work with.
func checkArgs(op Op, a *Args) error {
	switch op.(type) {
	case LossRows, LossRowsBwd, Sample:
		if !(a.Temperature > 0) || !finite(a.Temperature) {
			return fmt.Errorf("argument Temperature = %g, want a number above 0", a.Temperature)
		}
	case AdamW:
		if !finite(a.LR, a.GradScale) {
			return fmt.Errorf("arguments LR = %g, GradScale = %g: want finite numbers", a.LR, a.GradScale)
		}
		if !(a.BetaCorr1 > 0 && a.BetaCorr1 <= 1 && a.BetaCorr2 > 0 && a.BetaCorr2 <= 1) {
			return fmt.Errorf("arguments BetaCorr1 = %g, BetaCorr2 = %g: want 1-beta^t with t >= 1, above 0 and at most 1", a.BetaCorr1, a.BetaCorr2)
		}
	}
	if _, ok := op.(Sample); ok {
		if !(a.TopP > 0 && a.TopP <= 1) {
			return fmt.Errorf("argument TopP = %g, want above 0 and at most 1 (1 is off)", a.TopP)
		}
		if a.TopK < 0 {
			return fmt.Errorf("argument TopK = %d, want at least 0 (0 is off)", a.TopK)
		}
	}
	return nil
}
