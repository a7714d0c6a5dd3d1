package rules

import (
	"fmt"
	"math"
	"unicode/utf8"

	"gradus/rewards"
	"gradus/rewards/rules/rule"
)

// CosineParams are the parameters of the cosine-scaled rewards under their
// published names (arXiv 2502.03373, appendix C.1).
type CosineParams struct {
	MinValueWrong   float64 `json:"min_value_wrong"`   // of the shortest wrong completion; -1
	MaxValueWrong   float64 `json:"max_value_wrong"`   // of the longest wrong completion; -0.5
	MinValueCorrect float64 `json:"min_value_correct"` // of the longest correct completion; 0.5
	MaxValueCorrect float64 `json:"max_value_correct"` // of the shortest correct completion; 1
	MaxLen          int     `json:"max_len"`           // where the schedule ends
}

// cosineForm is what the published forms differ in.
type cosineForm struct {
	name     string
	maxLen   int                                   // default; 0 = the parameter must be given
	judge    func(s rewards.Sample) rewards.Result // 0 or 1, or a status
	unit     string
	length   func(s rewards.Sample) int
	tokens   bool     // the length is counted in tokens, which the sample may lack
	clamp    bool     // stay at the end of the schedule beyond max_len
	negative bool     // max_len may be below 0, as the published functions take it: they divide by it
	unparsed *float64 // what a gold answer that cannot be read is paid; nil = skip
}

// openR1Cosine counts characters and does not clamp: a completion of twice
// max_len is paid as an empty one. A gold answer that Math-Verify's LaTeX
// rules cannot read is paid 1.
func openR1Cosine() cosineForm {
	one := 1.0
	return cosineForm{name: "openr1.cosine", maxLen: 1000, negative: true, judge: openR1LatexAccuracy, unit: "characters",
		length: func(s rewards.Sample) int { return utf8.RuneCountInString(s.Completion) }, unparsed: &one}
}

// trlCosine counts tokens, clamps, and skips golds that cannot be read.
func trlCosine() cosineForm {
	return cosineForm{name: "trl.cosine", judge: trlAccuracy, unit: "tokens", tokens: true, clamp: true, negative: true,
		length: func(s rewards.Sample) int { return len(s.TokenIDs) }}
}

// gradusCosine is trl.cosine with the task's own checker in place of
// Math-Verify's rules.
func gradusCosine() cosineForm {
	f := trlCosine()
	f.name, f.judge, f.negative = "gradus.cosine", accuracy, false
	return f
}

// make builds r = lo + (hi − lo)(1 + cos(π·length/max_len))/2, with lo and hi
// swapped for wrong completions, so that a short wrong one loses most.
func (f cosineForm) make(params map[string]any) (rewards.Reward, error) {
	p := CosineParams{MinValueWrong: -1, MaxValueWrong: -0.5, MinValueCorrect: 0.5, MaxValueCorrect: 1, MaxLen: f.maxLen}
	if err := rule.Decode(f.name, params, &p); err != nil {
		return nil, err
	}
	if p.MaxLen == 0 || p.MaxLen < 0 && !f.negative {
		return nil, fmt.Errorf("reward %s: max_len is %d; give the length in %s where the schedule ends, at least 1", f.name, p.MaxLen, f.unit)
	}
	bounds := []float64{p.MinValueWrong, p.MaxValueWrong, p.MinValueCorrect, p.MaxValueCorrect}
	if f.unparsed != nil {
		bounds = append(bounds, *f.unparsed)
	}
	lo, hi := bounds[0], bounds[0]
	for _, b := range bounds {
		if math.IsNaN(b) || math.IsInf(b, 0) {
			return nil, fmt.Errorf("reward %s: a bound is %v; give finite numbers", f.name, b)
		}
		lo, hi = min(lo, b), max(hi, b)
	}
	spec := rewards.Spec{Name: f.name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{lo, hi}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result { return f.score(p, s) }), nil
}

func (f cosineForm) score(p CosineParams, s rewards.Sample) rewards.Result {
	if f.tokens {
		if r, ok := noTokens(s); ok {
			return r
		}
	}
	v := f.judge(s)
	if v.Status == rewards.Skipped && f.unparsed != nil {
		v.Status, v.Score = rewards.OK, *f.unparsed
		v.Why = fmt.Sprintf("%s; the published function pays %v then", v.Why, *f.unparsed)
		return v
	}
	if v.Status != rewards.OK {
		return v
	}
	length := f.length(s)
	progress := float64(length) / float64(p.MaxLen)
	if f.clamp {
		progress = min(progress, 1)
	}
	lo, hi, word := p.MinValueCorrect, p.MaxValueCorrect, "correct"
	if v.Score == 0 {
		lo, hi, word = p.MaxValueWrong, p.MinValueWrong, "wrong"
	}
	v.Facts = map[string]any{"length": length, "correct": v.Score != 0, "accuracy": v.Reason}
	v.Score = min(max(lo+0.5*(hi-lo)*(1+math.Cos(progress*math.Pi)), min(lo, hi)), max(lo, hi))
	v.Reason = "cosine." + word
	v.Why = fmt.Sprintf("%s and %d %s of %d long: %s", word, length, f.unit, p.MaxLen, v.Why)
	return v
}
