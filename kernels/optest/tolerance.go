package optest

import "gradus/kernels"

// The budgets of Check: how far an output may be from ref's, as
// ||out-ref|| / ||ref|| over the whole tensor, both computed from the same f32
// inputs. They are never raised to get green: a device that misses one has a
// fault or needs a better summation.
const (
	// Exact ops move numbers and do no arithmetic.
	budgetExact = 0
	// budgetF32 is about 16 roundings of f32 (6e-8 each): sums of up to 4096
	// products kept in f32 lanes, and exp or log to about one unit in the
	// last place.
	budgetF32 = 1e-6
	// budgetF32Long is for sums of more than 4096 terms.
	budgetF32Long = 1e-5
	longSum       = 4096
	// budgetBF16 is for results that pass through bf16, one rounding of which is
	// off by up to 2e-3. A product of bf16 factors with sums in f32 does not:
	// ref rounds the same factors, so it has the budgets above.
	budgetBF16 = 4e-3
)

// budget returns the tolerance of an output of op.
func budget(op kernels.Op) float64 {
	if exact(op) {
		return budgetExact
	}
	if kernels.ComputeOf(op) == kernels.BF16 {
		switch op.(type) {
		case kernels.LossRowsBwd: // the gradient of the logits
			return budgetBF16
		case kernels.Attn, kernels.AttnBwd, kernels.AttnDecode: // probabilities, and the gradient of the scores
			return budgetBF16
		}
	}
	if reduction(op) > longSum {
		return budgetF32Long
	}
	return budgetF32
}

func exact(op kernels.Op) bool {
	switch op.(type) {
	case kernels.Embed, kernels.Pack, kernels.KVWrite, kernels.GatherRows,
		kernels.ScatterRows, kernels.Advance, kernels.Zero, kernels.Copy:
		return true
	}
	return false
}

// reduction returns the length of the longest sum in op whose partial sums
// are f32, as far as the op itself tells (sums over rows: see Check).
func reduction(op kernels.Op) int {
	switch o := op.(type) {
	case kernels.RMSNorm:
		return o.C
	case kernels.RMSNormBwd:
		return o.C
	case kernels.Linear:
		return o.K
	case kernels.LinearDX:
		return o.O
	case kernels.Attn:
		return o.MaxLen
	case kernels.AttnBwd:
		return o.MaxLen
	case kernels.AttnDecode:
		return o.PCap + o.Cap
	case kernels.LossRows:
		return max(o.C, o.V)
	case kernels.LossRowsBwd:
		return max(o.C, o.V)
	case kernels.Sample:
		return o.V
	}
	return 1
}

// sumsRows tells whether op adds up over the rows of the run.
func sumsRows(op kernels.Op) bool {
	switch op.(type) {
	case kernels.EmbedBwd, kernels.RMSNormBwd, kernels.LinearDW, kernels.LossRowsBwd:
		return true
	}
	return false
}
