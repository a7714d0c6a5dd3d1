package algo

import "math"

// Pieces are sums over the tokens (at sequence level: the completions) of a
// micro-batch, kept apart so that those of several can be added before they
// become metrics.
type Pieces struct {
	Tokens     int     // tokens in the loss
	Ratios     int     // importance ratios: tokens, or completions at sequence level
	Low        int     // ratios below 1-epsilon with a negative advantage
	High       int     // ratios above 1+epsilon_high with a positive advantage
	Policy     float64 // share of the loss that is the clipped objective
	KL         float64 // sum over tokens of k3
	HasKL      bool
	Entropy    float64 // sum over tokens
	HasEntropy bool
	Ratio      float64 // sum of ratios
	RatioMin   float64 // smallest ratio
	RatioMax   float64 // largest ratio
	LogDiff    float64 // sum over tokens of old - new log-probability (k1 estimate of KL(old||new))
	LogDiffAbs float64 // sum over tokens of |old - new|
	LogDiffMax float64 // largest |old - new|
}

// Add returns the pieces of both micro-batches together.
func (p Pieces) Add(q Pieces) Pieces {
	r := p
	r.Tokens += q.Tokens
	r.Low += q.Low
	r.High += q.High
	r.Policy += q.Policy
	r.KL += q.KL
	r.HasKL = p.HasKL || q.HasKL
	r.Entropy += q.Entropy
	r.HasEntropy = p.HasEntropy || q.HasEntropy
	r.Ratio += q.Ratio
	switch {
	case p.Ratios == 0:
		r.RatioMin, r.RatioMax = q.RatioMin, q.RatioMax
	case q.Ratios > 0:
		r.RatioMin = math.Min(p.RatioMin, q.RatioMin)
		r.RatioMax = math.Max(p.RatioMax, q.RatioMax)
	}
	r.Ratios += q.Ratios
	r.LogDiff += q.LogDiff
	r.LogDiffAbs += q.LogDiffAbs
	r.LogDiffMax = math.Max(p.LogDiffMax, q.LogDiffMax)
	return r
}

// Metrics names the pieces as TRL does, and as verl does where TRL has no
// name (actor/ppo_kl). ratio/... is of the policy being trained over the one
// that sampled. Pieces that were not measured are left out.
func (p Pieces) Metrics() map[string]float64 {
	m := map[string]float64{"policy_loss": p.Policy}
	if p.Ratios > 0 {
		n := float64(p.Ratios)
		m["clip_ratio/low_mean"] = float64(p.Low) / n
		m["clip_ratio/high_mean"] = float64(p.High) / n
		m["clip_ratio/region_mean"] = float64(p.Low+p.High) / n
		m["ratio/mean"] = p.Ratio / n
		m["ratio/min"] = p.RatioMin
		m["ratio/max"] = p.RatioMax
	}
	if p.Tokens > 0 {
		n := float64(p.Tokens)
		m["actor/ppo_kl"] = p.LogDiff / n
		if p.HasKL {
			m["kl"] = p.KL / n
		}
		if p.HasEntropy {
			m["entropy"] = p.Entropy / n
		}
	}
	return m
}

// SamplingMetrics are TRL's sampling/sampling_logp_difference/{mean,max}: how
// far the log-probabilities a step was sampled with are from those the trainer
// computes. They mean that only for the first update of a step, before the
// weights have moved; anything but 0 there is an error of the engine.
func (p Pieces) SamplingMetrics() map[string]float64 {
	if p.Tokens == 0 {
		return nil
	}
	return map[string]float64{
		"sampling/sampling_logp_difference/mean": p.LogDiffAbs / float64(p.Tokens),
		"sampling/sampling_logp_difference/max":  p.LogDiffMax,
	}
}
