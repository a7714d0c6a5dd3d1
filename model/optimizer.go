package model

import "errors"

// OptimizerOptions are AdamW's (Loshchilov and Hutter 2019).
type OptimizerOptions struct {
	LR           float64
	Beta1, Beta2 float64 // 0 <= beta < 1
	Eps          float64 // > 0
	WeightDecay  float64 // of matrices; norm gains are not decayed
	// MaxGradNorm scales the gradient down to this global norm. 0 = off.
	MaxGradNorm float64
}

// Step updates the weights with the accumulated gradients and returns the
// gradients' global norm before clipping. If that is NaN or infinite, Step
// returns an error and leaves weights and moments as they were. The gradients
// stay: call ZeroGrad before the next accumulation.
func (m *Model) Step(o OptimizerOptions) (gradNorm float64, err error) {
	return 0, errors.New("not written yet")
}

// OptimizerSteps is the number of updates made so far.
func (m *Model) OptimizerSteps() int { return m.steps }
