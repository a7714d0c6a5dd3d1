package train

import (
	"fmt"
	"math"
	"sort"

	"gradus/model"
	"gradus/runner/recipe"
)

// learningRate is the rate of a stage's step number n, counted from 0.
func learningRate(o recipe.Optim, n int) (float64, error) {
	return model.LR(o.LRSchedulerType, o.LearningRate, n, o.WarmupSteps, o.Steps, o.MinLRRate)
}

func optimizer(o recipe.Optim, lr float64) model.OptimizerOptions {
	return model.OptimizerOptions{
		LR: lr, Beta1: o.AdamBeta1, Beta2: o.AdamBeta2, Eps: o.AdamEpsilon,
		WeightDecay: o.WeightDecay, MaxGradNorm: o.MaxGradNorm,
	}
}

func finiteLoss(loss float64) error {
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return fmt.Errorf("the loss is %v, %w, although all log-probs are", loss, model.ErrNonFinite)
	}
	return nil
}

// split separates the values that are not finite, which JSON cannot hold.
func split(values map[string]float64) (finite map[string]float64, bad []string) {
	finite = make(map[string]float64, len(values))
	for name, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			bad = append(bad, name)
			continue
		}
		finite[name] = v
	}
	sort.Strings(bad)
	return finite, bad
}
