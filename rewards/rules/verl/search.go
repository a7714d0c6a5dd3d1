package verl

import (
	"encoding/json"
	"fmt"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
	"gradus/rewards/rules/squad"
)

// SearchParams are the parameters of verl.search_r1.
type SearchParams struct {
	FormatScore float64 `json:"format_score"` // of a wrong answer between the tags
	Score       float64 `json:"score"`        // of a right one
	Substring   bool    `json:"substring"`    // a right answer anywhere in the claim counts (compute_score_subem)
}

// newSearch is verl's search_r1_like_qa_em, the exact match of Search-R1
// (arXiv 2503.09516) with SQuAD's normalisation: the last <answer> must be one
// of the gold answers. More than ten opening or closing tags pay a quarter.
func newSearch(params map[string]any) (rewards.Reward, error) {
	const name = "verl.search_r1"
	p := SearchParams{Score: 1}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	lo, hi := min(0, p.FormatScore, p.Score), max(0, p.FormatScore, p.Score)
	if !(lo > -1e9 && hi < 1e9 && lo < hi) {
		return nil, fmt.Errorf("reward %s: score is %v and format_score %v; give finite numbers, one of them not 0", name, p.Score, p.FormatScore)
	}
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{lo, hi}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		from, to, found := pytext.LastAnswer(s.Completion)
		if !found {
			return rewards.Result{Reason: "search.no_answer", Why: "nothing stands between <answer> and </answer>"}
		}
		claim := s.Completion[from:to]
		pred := squad.Normal(claim)
		for _, gold := range goldAnswers(s) {
			g := squad.Normal(gold)
			if g != pred && !(p.Substring && strings.Contains(pred, g)) {
				continue
			}
			r := rewards.Result{Score: p.Score, Reason: "search.same", Claim: claim, Why: fmt.Sprintf("claimed %q, the gold answer's words", claim)}
			if !p.Substring && (strings.Count(s.Completion, "<answer>") > 10 || strings.Count(s.Completion, "</answer>") > 10) {
				r.Score, r.Reason = p.Score/4, "search.flooded"
				r.Why += "; a quarter, for more than ten answer tags"
			}
			return r
		}
		return rewards.Result{Score: p.FormatScore, Reason: "search.other", Claim: claim, Why: fmt.Sprintf("claimed %q, which is no gold answer", claim)}
	}), nil
}

// goldAnswers are the texts of which any will do: the row's ground truth as
// verl keeps it, {"target": […]}, a list, or one text.
func goldAnswers(s rewards.Sample) []string {
	gold := s.Problem.Gold
	var truth struct{ Target json.RawMessage }
	if json.Unmarshal([]byte(gold), &truth) == nil && truth.Target != nil {
		gold = string(truth.Target)
		var one string
		if json.Unmarshal(truth.Target, &one) == nil {
			return []string{one}
		}
	}
	var many []string
	if strings.HasPrefix(gold, "[") && json.Unmarshal([]byte(gold), &many) == nil {
		return many
	}
	return []string{gold}
}
