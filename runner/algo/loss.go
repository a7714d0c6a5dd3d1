package algo

import (
	"fmt"
	"math"
)

// maxLogRatio bounds log-ratios before they are exponentiated, as verl does
// (core_algos.py): beyond it the ratio is constant and passes no gradient, so
// one broken token cannot make the update infinite.
const maxLogRatio = 20

// NormOf counts what Loss divides by, for all rows of one optimizer update in
// however many micro-batches.
func NormOf(rows []Row, microBatches int, opt Options) Norm {
	n := Norm{Rows: len(rows), Batches: microBatches}
	for _, r := range rows {
		n.Tokens += r.tokens(opt)
	}
	return n
}

// tokens is how many tokens of the row enter the loss.
func (r Row) tokens(opt Options) int {
	if opt.MaskTruncated && r.Truncated {
		return 0
	}
	return r.To - r.From
}

// Loss computes what one micro-batch adds to the loss of its update, and the
// derivatives of that. With r_t = exp(logp_t - old_t), A the row's advantage
// and m_t the mask (Row.Truncated with MaskTruncated masks a whole row):
//
//	c_t  = r_t                                 Token
//	       exp(sum_t m_t log r_t / sum_t m_t)  Sequence, one for the row
//	l_t  = -min( min(c_t, delta) A, clip(c_t, 1-epsilon, 1+epsilon_high) A )
//	       + beta (exp(ref_t - logp_t) - (ref_t - logp_t) - 1)
//	L    = sum_i w_i sum_t m_t l_t  -  entropy_coef sum m_t H_t / tokens
//
// where the weight of row i, over the R rows and T tokens of the whole update
// (norm), is
//
//	grpo     1 / (R sum_t m_t)
//	bnpo     1 / (micro-batches x tokens of this micro-batch)
//	dr_grpo  1 / (R x max_completion_length)
//	dapo     1 / T
//
// Sources: the clipped objective and k3 are DeepSeekMath's GRPO (arXiv
// 2402.03300, eq. 3 and 4); names, reductions and the place of delta (INTELLECT-2,
// arXiv 2505.07291) are those of TRL's GRPOTrainer._compute_loss; DAPO (arXiv
// 2503.14476, eq. 8), Dr. GRPO (arXiv 2503.20783), GSPO (arXiv 2507.18071, eq. 7).
// R1 writes the sequence-level form (arXiv 2501.12948, eq. 1 to 3).
//
// Where the two arguments of min are equal, and at the ends of the clip
// range, the derivative is that of the unclipped one, as in PyTorch.
//
// The token vectors may hold anything outside rows and in masked rows; inside
// they must be finite.
func Loss(b Batch, norm Norm, opt Options) (Result, error) {
	if err := opt.check(); err != nil {
		return Result{}, err
	}
	if err := b.check(norm, opt); err != nil {
		return Result{}, err
	}
	res := Result{DLogP: make([]float64, len(b.LogP))}
	if opt.EntropyCoef != 0 {
		res.DEntropy = make([]float64, len(b.LogP))
	}
	res.Pieces.HasKL = b.RefLogP != nil
	res.Pieces.HasEntropy = b.Entropy != nil

	local := 0
	for _, r := range b.Rows {
		local += r.tokens(opt)
	}
	for _, r := range b.Rows {
		n := r.tokens(opt)
		if n == 0 {
			continue
		}
		w := weight(opt, norm, n, local)
		if opt.Level == Sequence {
			sequencePolicy(&res, b, r, w, opt)
		} else {
			tokenPolicy(&res, b, r, w, opt)
		}
		for t := r.From; t < r.To; t++ {
			penalties(&res, b, t, w, norm, opt)
		}
		res.Pieces.Tokens += n
	}
	return res, nil
}

// weight is the factor of every token loss of a row with n tokens.
func weight(opt Options, norm Norm, n, local int) float64 {
	switch opt.Loss {
	case GRPO:
		return 1 / (float64(norm.Rows) * float64(n))
	case BNPO:
		return 1 / (float64(norm.Batches) * float64(local))
	case DrGRPO:
		return 1 / (float64(norm.Rows) * float64(opt.MaxCompletionLength))
	default: // DAPO; check refused the rest
		return 1 / float64(norm.Tokens)
	}
}

// tokenPolicy adds the clipped objective of a row whose tokens have ratios of
// their own.
func tokenPolicy(res *Result, b Batch, r Row, w float64, opt Options) {
	for t := r.From; t < r.To; t++ {
		c, inside := ratio(b.LogP[t] - b.OldLogP[t])
		loss, dc := clipped(c, r.Advantage, opt)
		res.Loss += w * loss
		res.Pieces.Policy += w * loss
		if inside {
			res.DLogP[t] += w * dc * c // dc/dlogp = c
		}
		res.Pieces.addRatio(c, r.Advantage, opt)
	}
}

// sequencePolicy adds the clipped objective of a row with one ratio. Every
// token carries that same loss, so the row's weight is w times their number,
// and each token moves the ratio by c/n.
func sequencePolicy(res *Result, b Batch, r Row, w float64, opt Options) {
	n := float64(r.To - r.From)
	var sum float64
	for t := r.From; t < r.To; t++ {
		sum += b.LogP[t] - b.OldLogP[t]
	}
	c, inside := ratio(sum / n)
	loss, dc := clipped(c, r.Advantage, opt)
	res.Loss += w * n * loss
	res.Pieces.Policy += w * n * loss
	if inside {
		for t := r.From; t < r.To; t++ {
			res.DLogP[t] += w * dc * c // (w n) dc (c / n)
		}
	}
	res.Pieces.addRatio(c, r.Advantage, opt)
}

// penalties adds the KL and entropy terms of token t, and its statistics.
func penalties(res *Result, b Batch, t int, w float64, norm Norm, opt Options) {
	p := &res.Pieces
	d := b.OldLogP[t] - b.LogP[t]
	p.LogDiff += d
	p.LogDiffAbs += math.Abs(d)
	p.LogDiffMax = math.Max(p.LogDiffMax, math.Abs(d))
	if b.RefLogP != nil {
		k, dk := k3(b.LogP[t] - b.RefLogP[t])
		p.KL += k
		res.Loss += w * opt.Beta * k
		res.DLogP[t] += w * opt.Beta * dk
	}
	if b.Entropy != nil {
		p.Entropy += b.Entropy[t]
		if opt.EntropyCoef != 0 {
			f := opt.EntropyCoef / float64(norm.Tokens)
			res.Loss -= f * b.Entropy[t]
			res.DEntropy[t] = -f
		}
	}
}

// ratio is exp of the clamped log-ratio, and whether it was inside the clamp.
func ratio(logRatio float64) (c float64, inside bool) {
	inside = math.Abs(logRatio) <= maxLogRatio
	return math.Exp(math.Max(-maxLogRatio, math.Min(maxLogRatio, logRatio))), inside
}

// k3 is Schulman's low-variance estimate of KL(policy || reference) from
// x = logp - ref, and its derivative by logp.
func k3(x float64) (k, dk float64) {
	inside := math.Abs(x) <= maxLogRatio
	x = math.Max(-maxLogRatio, math.Min(maxLogRatio, x))
	e := math.Exp(-x)
	if !inside {
		return e + x - 1, 0
	}
	return e + x - 1, 1 - e
}

// clipped is the negated clipped objective at ratio c, and its derivative by c.
func clipped(c, a float64, opt Options) (loss, dc float64) {
	lo, hi := 1-opt.Epsilon, 1+opt.EpsilonHigh
	capped, slope := c, 1.0
	if opt.Delta > 0 && c > opt.Delta {
		capped, slope = opt.Delta, 0
	}
	free := capped * a
	bound := math.Max(lo, math.Min(hi, c)) * a
	if free <= bound {
		return -free, -slope * a
	}
	if c >= lo && c <= hi { // only under a delta inside the clip range
		return -bound, -a
	}
	return -bound, 0
}

func (p *Pieces) addRatio(c, a float64, opt Options) {
	if p.Ratios == 0 {
		p.RatioMin, p.RatioMax = c, c
	}
	p.Ratios++
	p.Ratio += c
	p.RatioMin = math.Min(p.RatioMin, c)
	p.RatioMax = math.Max(p.RatioMax, c)
	if a < 0 && c < 1-opt.Epsilon {
		p.Low++
	}
	if a > 0 && c > 1+opt.EpsilonHigh {
		p.High++
	}
}

func (o Options) check() error {
	switch o.Loss {
	case GRPO, BNPO, DAPO:
	case DrGRPO:
		if o.MaxCompletionLength < 1 {
			return fmt.Errorf("loss: dr_grpo divides by max_completion_length, which is %d; give at least 1", o.MaxCompletionLength)
		}
	default:
		return fmt.Errorf("loss: loss_type is %q; use grpo, bnpo, dr_grpo or dapo", string(o.Loss))
	}
	if o.Level != Token && o.Level != Sequence {
		return fmt.Errorf("loss: importance_sampling_level is %q; use token or sequence", string(o.Level))
	}
	for _, v := range []struct {
		name string
		v    float64
	}{{"epsilon", o.Epsilon}, {"epsilon_high", o.EpsilonHigh}, {"delta", o.Delta}, {"beta", o.Beta}} {
		if !(v.v >= 0) || math.IsInf(v.v, 0) {
			return fmt.Errorf("loss: %s is %v; use a finite number of at least 0", v.name, v.v)
		}
	}
	if math.IsNaN(o.EntropyCoef) || math.IsInf(o.EntropyCoef, 0) {
		return fmt.Errorf("loss: entropy_coef is %v; use a finite number", o.EntropyCoef)
	}
	return nil
}

func (b Batch) check(norm Norm, opt Options) error {
	n := len(b.LogP)
	for _, v := range []struct {
		name string
		v    []float64
		need bool
	}{
		{"sampling log-probabilities", b.OldLogP, true},
		{"reference log-probabilities", b.RefLogP, opt.Beta != 0},
		{"entropies", b.Entropy, opt.EntropyCoef != 0},
	} {
		if v.v == nil && !v.need {
			continue
		}
		if len(v.v) != n {
			return fmt.Errorf("loss: %d %s for %d tokens", len(v.v), v.name, n)
		}
	}
	tokens := 0
	for i, r := range b.Rows {
		if r.From < 0 || r.To < r.From || r.To > n {
			return fmt.Errorf("loss: row %d covers tokens [%d, %d) of %d", i, r.From, r.To, n)
		}
		if math.IsNaN(r.Advantage) || math.IsInf(r.Advantage, 0) {
			return fmt.Errorf("loss: advantage of row %d is %v", i, r.Advantage)
		}
		if r.tokens(opt) == 0 {
			continue
		}
		tokens += r.tokens(opt)
		for t := r.From; t < r.To; t++ {
			if !finite(b.LogP[t]) || !finite(b.OldLogP[t]) || b.RefLogP != nil && !finite(b.RefLogP[t]) || b.Entropy != nil && !finite(b.Entropy[t]) {
				return fmt.Errorf("loss: token %d of row %d is not finite (%s); the weights have diverged: lower learning_rate or max_grad_norm", t-r.From, i, b.show(t))
			}
		}
	}
	if norm.Rows < len(b.Rows) || norm.Tokens < tokens || norm.Batches < 1 {
		return fmt.Errorf("loss: a micro-batch of %d rows and %d tokens does not fit an update of %d rows, %d tokens and %d micro-batches", len(b.Rows), tokens, norm.Rows, norm.Tokens, norm.Batches)
	}
	return nil
}

func (b Batch) show(t int) string {
	s := fmt.Sprintf("log-probability %v, when sampled %v", b.LogP[t], b.OldLogP[t])
	if b.RefLogP != nil {
		s += fmt.Sprintf(", reference %v", b.RefLogP[t])
	}
	if b.Entropy != nil {
		s += fmt.Sprintf(", entropy %v", b.Entropy[t])
	}
	return s
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
