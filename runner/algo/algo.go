// Package algo holds the arithmetic of group-relative policy optimization:
// advantages and policy losses as plain functions over vectors of tokens. It
// knows no model: a loss yields its value and, for every token, its derivative
// by the token's log-probability (and entropy); the model's backward pass
// starts from those numbers. Everything is computed in float64.
package algo

// LossType says how the losses of tokens are averaged over an update; see Loss.
type LossType string

// The loss types, under TRL's names.
const (
	GRPO   LossType = "grpo"    // mean over completions of their token means (DeepSeekMath, arXiv 2402.03300)
	BNPO   LossType = "bnpo"    // mean over the tokens of a micro-batch
	DrGRPO LossType = "dr_grpo" // sum over (completions x max_completion_length) (arXiv 2503.20783)
	DAPO   LossType = "dapo"    // mean over all tokens of the update (arXiv 2503.14476)
)

// Level says what the importance ratio belongs to.
type Level string

// The levels, under TRL's names.
const (
	Token    Level = "token"    // each token has its own ratio
	Sequence Level = "sequence" // one ratio a completion, the geometric mean of its tokens' (GSPO, arXiv 2507.18071)
)

// Scale says what centred rewards are divided by.
type Scale string

// The scales, under TRL's names.
const (
	ScaleGroup Scale = "group" // the standard deviation of the group
	ScaleBatch Scale = "batch" // the standard deviation of all rewards of the step
	ScaleNone  Scale = "none"  // 1 (Dr. GRPO)
)

// Std names the convention of the standard deviation.
type Std string

// The conventions.
const (
	Sample     Std = "sample"     // n-1 in the denominator: torch.std, so TRL and verl
	Population Std = "population" // n: numpy.std, so nano-aha-moment and GRPO-Zero
)

// Aggregation says how several rewards become one advantage.
type Aggregation string

// The aggregations, under TRL's names.
const (
	SumThenNormalize Aggregation = "sum_then_normalize" // GRPO: add, then compare within the group
	NormalizeThenSum Aggregation = "normalize_then_sum" // GDPO (arXiv 2601.05242): compare each within the group, then add
)

// AdvantageOptions are the knobs of Advantages.
type AdvantageOptions struct {
	Scale Scale
	Std   Std
	Eps   float64 // added to the standard deviation
}

// RewardStats describes the rewards of a step under TRL's metric names.
type RewardStats struct {
	Mean        float64 // "reward": mean over scorable rows
	Std         float64 // "reward_std": mean over groups of their standard deviation (batch scale: that of the batch)
	FracZeroStd float64 // "frac_reward_zero_std": share of groups without spread
	Scored      int     // rows that entered
	Unscorable  int     // rows whose reward was NaN
}

// Options are the knobs of Loss. EpsilonHigh must be given (it does not
// default to Epsilon here); Delta 0 means no cap.
type Options struct {
	Loss                LossType
	Level               Level
	Epsilon             float64
	EpsilonHigh         float64
	Delta               float64
	Beta                float64
	EntropyCoef         float64
	MaxCompletionLength int  // denominator of dr_grpo
	MaskTruncated       bool // rows with Truncated set have no tokens in the loss
}

// Row is one completion: tokens [From, To) of the vectors of Batch.
type Row struct {
	From, To  int
	Advantage float64
	Truncated bool
}

// Batch is one micro-batch: rows and their token vectors, all of one length N.
type Batch struct {
	Rows    []Row
	LogP    []float64 // (N) log-probability under the policy being trained
	OldLogP []float64 // (N) under the policy that sampled
	RefLogP []float64 // (N) under the reference; nil when Beta is 0
	Entropy []float64 // (N) of the token's distribution; may be nil when EntropyCoef is 0
}

// Norm holds the denominators of one optimizer update. They depend on rows
// and masks only, so they are known before the first micro-batch runs and
// splitting an update into micro-batches does not change its gradient
// (except for BNPO, which is defined by the split).
type Norm struct {
	Rows    int // completions of the update, masked ones included
	Tokens  int // tokens in the loss
	Batches int // micro-batches
}

// Result is what one micro-batch adds to the update.
type Result struct {
	Loss     float64   // its share; the update's loss is the sum over micro-batches
	DLogP    []float64 // (N) derivative of the update's loss by LogP; 0 outside the mask
	DEntropy []float64 // (N) derivative by Entropy; nil when EntropyCoef is 0
	Pieces   Pieces
}
