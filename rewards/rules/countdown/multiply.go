package countdown

import (
	"fmt"
	"math/big"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
)

// newMultiply is TinyZero's multiply.compute_score, for its data set
// yolo/multiply-3_digit and for "arithmetic":
//
//  1. Everything up to the first "Assistant:" of prompt and completion together
//     is dropped; without it: 0.
//  2. The last <answer>…</answer> that stands on one line must be a whole
//     number as Python's int() reads it (" +1_000 " is 1000); if not: 0.
//  3. The gold answer: score. Another number: format_score.
func newMultiply(params map[string]any) (rewards.Reward, error) {
	const name = "tinyzero.multiply"
	p, spec, err := tinyZeroParams(name, params)
	if err != nil {
		return nil, err
	}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		gold, ok := pytext.Int(s.Problem.Gold)
		if !ok {
			return rewards.Result{Status: rewards.Skipped, Reason: "tinyzero.no_gold", Why: fmt.Sprintf("the gold answer %.60q is no whole number", s.Problem.Gold)}
		}
		full := s.Prompt + s.Completion
		begin := strings.Index(full, "Assistant:")
		if begin < 0 {
			return rewards.Result{Reason: "tinyzero.no_turn", Why: "there is no \"Assistant:\" in the prompt or the completion"}
		}
		begin += len("Assistant:")
		all := pytext.LineAnswers(full[begin:])
		if len(all) == 0 {
			return rewards.Result{Reason: "tinyzero.no_answer", Why: "there is no <answer>…</answer> on one line"}
		}
		from, to := begin+all[len(all)-1].From, begin+all[len(all)-1].To
		r := rewards.Result{Claim: full[from:to], Score: p.FormatScore, Reason: "tinyzero.different"}
		if at := from - len(s.Prompt); at >= 0 {
			r.Spans = []rewards.Span{{From: at, To: to - len(s.Prompt), Label: "claim"}}
		}
		v, ok := pytext.Int(r.Claim)
		switch {
		case !ok:
			r.Score, r.Reason, r.Why = 0, "tinyzero.no_number", "the answer is no whole number"
		case v.Cmp(gold) == 0:
			r.Score, r.Reason, r.Why = p.Score, "tinyzero.equal", "the answer is the gold answer"
		default:
			r.Why = "the answer is another whole number than " + short(gold)
		}
		return r
	}), nil
}

// short is a number for a sentence.
func short(z *big.Int) string {
	if s := z.String(); len(s) <= 40 {
		return s
	}
	return "the gold answer"
}
