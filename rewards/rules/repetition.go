package rules

import (
	"fmt"
	"math"

	"gradus/rewards"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
)

// RepetitionParams are the parameters of the repetition penalties under their
// published names (arXiv 2502.03373, appendix C.2).
type RepetitionParams struct {
	NgramSize  int     `json:"ngram_size"`  // at least 1; 3
	MaxPenalty float64 `json:"max_penalty"` // at most 0; -1
}

// WordRepetitionParams are those of openr1.repetition_penalty.
type WordRepetitionParams struct {
	RepetitionParams
	Language string `json:"language"` // "en": words between white space; "zh": those of Python's jieba
	Python   string `json:"python"`   // interpreter for "zh"; "" is python3 of PATH
}

func (p RepetitionParams) check(name string) error {
	switch {
	case math.IsNaN(p.MaxPenalty) || math.IsInf(p.MaxPenalty, -1):
		return fmt.Errorf("reward %s: max_penalty is %v; give a finite number, at most 0", name, p.MaxPenalty)
	case p.MaxPenalty > 0:
		return fmt.Errorf("reward %s: max_penalty %v should not be positive; give 0 or less", name, p.MaxPenalty)
	case p.NgramSize < 1:
		return fmt.Errorf("reward %s: ngram_size is %d; give at least 1", name, p.NgramSize)
	}
	return nil
}

func (p RepetitionParams) spec(name string, canon any) rewards.Spec {
	return rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(canon), Range: [2]float64{p.MaxPenalty, 0}, Deterministic: true}
}

// newWordRepetition is open-r1's repetition_penalty_reward over the words of
// the completion in lower case: (1 − different n-grams / n-grams)·max_penalty;
// 0 for fewer than n words. It sees no repetition in text without spaces, but
// with language "zh", whose words are jieba's.
func newWordRepetition(params map[string]any) (rewards.Reward, error) {
	const name = "openr1.repetition_penalty"
	p := WordRepetitionParams{RepetitionParams: RepetitionParams{NgramSize: 3, MaxPenalty: -1}, Language: "en"}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	if err := p.check(name); err != nil {
		return nil, err
	}
	switch p.Language {
	case "en":
	case "zh":
		return newZHRepetition(p, p.spec(name, p))
	default:
		return nil, fmt.Errorf("reward %s: language is %q; open-r1 knows \"en\" (words between white space) and \"zh\" (jieba's words); trl.repetition_penalty counts token ids of any language", name, p.Language)
	}
	grams := newNgrams(p.NgramSize)
	return rule.PerSample(p.spec(name, p), func(s rewards.Sample) rewards.Result {
		words := pytext.Words(pytext.Lower(s.Completion))
		// Words get numbers by their first appearance.
		known, ids := map[string]int32{}, make([]int32, len(words))
		for i, w := range words {
			id, ok := known[w]
			if !ok {
				id = int32(len(known))
				known[w] = id
			}
			ids[i] = id
		}
		return p.penalty(len(words), "words", grams.different(ids))
	}), nil
}

// newTokenRepetition is TRL's repetition penalty over token ids, the form of
// the paper. A sample without token ids is skipped.
func newTokenRepetition(name string) func(map[string]any) (rewards.Reward, error) {
	return func(params map[string]any) (rewards.Reward, error) {
		p := RepetitionParams{NgramSize: 3, MaxPenalty: -1}
		if err := rule.Decode(name, params, &p); err != nil {
			return nil, err
		}
		if err := p.check(name); err != nil {
			return nil, err
		}
		grams := newNgrams(p.NgramSize)
		return rule.PerSample(p.spec(name, p), func(s rewards.Sample) rewards.Result {
			if r, ok := noTokens(s); ok {
				return r
			}
			return p.penalty(len(s.TokenIDs), "tokens", grams.different(s.TokenIDs))
		}), nil
	}
}

// penalty scores n units with a number of different n-grams.
func (p RepetitionParams) penalty(n int, unit string, different int) rewards.Result {
	total := n - p.NgramSize + 1
	if total < 1 {
		return rewards.Result{Reason: "repetition.short", Why: fmt.Sprintf("%d %s are fewer than an n-gram of %d", n, unit, p.NgramSize)}
	}
	r := rewards.Result{Facts: map[string]any{"ngrams": total, "different": different}}
	if different == total {
		r.Reason, r.Why = "repetition.none", fmt.Sprintf("no n-gram of %d %s stands twice", p.NgramSize, unit)
		return r
	}
	r.Score = (1 - float64(different)/float64(total)) * p.MaxPenalty
	r.Reason, r.Why = "repetition.repeated", fmt.Sprintf("%d of %d n-grams of %d %s are repetitions", total-different, total, p.NgramSize, unit)
	return r
}

// noTokens is the skipped result of a sample whose token ids are not known.
func noTokens(s rewards.Sample) (rewards.Result, bool) {
	if s.TokenIDs != nil || s.Completion == "" {
		return rewards.Result{}, false
	}
	return rewards.Result{Status: rewards.Skipped, Reason: "length.no_tokens", Why: "the sample carries no token ids, so its length in tokens is not known"}, true
}
