package countdown

import (
	"fmt"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/pyarith"
	"gradus/rewards/rules/rule"
)

// GRPOZeroParams are the parameters of GRPO-Zero's functions.
type GRPOZeroParams struct {
	// EndToken is taken off the end of the response before its format is
	// looked at. Completions here come without it.
	EndToken string `json:"end_token"`
}

// GRPOZeroFormatParams are the parameters of grpozero.format.
type GRPOZeroFormatParams struct {
	GRPOZeroParams
	// Prefix is put before the response. GRPO-Zero's sum puts "<think>" there,
	// which its prompt ends with.
	Prefix string `json:"prefix"`
}

// newGRPOZero is GRPO-Zero's reward_function (countdown_task.py):
//
//   - the answer: 1 when the first <answer>…</answer> has only digits,
//   - - * / ( ) and spaces, its digit runs are the given numbers, and Python
//     evaluates it to within 1e-5 of the target. White space but blanks and a
//     line end after it is refused, so is a decimal point; ** and // work;
//   - the format, of "<think>" and the response: 1 when it is
//     <think>…</think>, a line end, <answer>…</answer> and nothing else, where
//     … may be anything, tags too; otherwise 0.1 for a <think>…</think>
//     somewhere and 0.5 for an <answer>…</answer>.
//
// The score is a tenth of the format and the answer: 0 to 1.1. The parts stand
// in the facts. A run of more than 4,300 digits makes the published function
// raise an exception, which is an error here.
func newGRPOZero(params map[string]any) (rewards.Reward, error) {
	const name = "grpozero.countdown"
	var p GRPOZeroParams
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Deterministic: true, Range: [2]float64{0, 1.1}}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		r := grpoZeroAnswer(s)
		if r.Status != rewards.OK {
			return r
		}
		f, why := grpoZeroFormat("<think>"+s.Completion, p.EndToken)
		r.Facts = map[string]any{"format": f, "answer": r.Score}
		r.Score += float64(f * 0.1)
		r.Why += "; " + why
		return r
	}), nil
}

// newGRPOZeroFormat is GRPO-Zero's format_reward_function.
func newGRPOZeroFormat(params map[string]any) (rewards.Reward, error) {
	const name = "grpozero.format"
	var p GRPOZeroFormatParams
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	spec := rule.Binary(name)
	spec.Params = rule.Canonical(p)
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		score, why := grpoZeroFormat(p.Prefix+s.Completion, p.EndToken)
		return rewards.Result{Score: score, Reason: fmt.Sprintf("grpozero.format_%g", score), Why: why}
	}), nil
}

// grpoZeroFormat judges the format of a response.
func grpoZeroFormat(response, endToken string) (score float64, why string) {
	response = strings.TrimSuffix(response, endToken)
	if grpoZeroForm(response) {
		return 1, "the response is a <think> part, a line end and an <answer> part"
	}
	within := func(open, end string) bool {
		_, rest, found := strings.Cut(response, open)
		return found && strings.Contains(rest, end)
	}
	think, answer := within("<think>", "</think>"), within("<answer>", "</answer>")
	if think {
		score += 0.1
	}
	if answer {
		score += 0.5
	}
	return score, fmt.Sprintf("the response is not of the form; <think>…</think> stands in it: %v, <answer>…</answer>: %v", think, answer)
}

// grpoZeroForm is ^<think>.*?<\/think>\n<answer>.*?<\/answer>$ with re.DOTALL.
func grpoZeroForm(response string) bool {
	rest, begins := strings.CutPrefix(response, "<think>")
	rest, ends := strings.CutSuffix(strings.TrimSuffix(rest, "\n"), "</answer>")
	return begins && ends && strings.Contains(rest, "</think>\n<answer>")
}

// grpoZeroAnswer is GRPO-Zero's answer_reward_function.
func grpoZeroAnswer(s rewards.Sample) rewards.Result {
	g, err := readGiven(s)
	if err != nil {
		return notCountdown(err)
	}
	from, to, found := firstAnswer(s.Completion)
	if !found || from == to {
		return rewards.Result{Reason: "grpozero.no_answer", Why: "there is no <answer>…</answer> with something in it"}
	}
	equation := s.Completion[from:to]
	r := rewards.Result{Claim: equation, Spans: []rewards.Span{{From: from, To: to, Label: "claim"}}}
	equation = strings.TrimSuffix(equation, "\n") // $ matches before it
	if equation == "" || strings.ContainsFunc(equation, func(c rune) bool { return !strings.ContainsRune("0123456789+-*/() ", c) }) {
		r.Reason, r.Why = "grpozero.not_allowed", "the answer has other characters than digits, + - * / ( ) and blanks"
		return r
	}
	if longDigits(equation) {
		return rewards.Result{Status: rewards.Error, Reason: "grpozero.digits", Why: fmt.Sprintf("a run of more than %d digits makes the published function fail", pyarith.MaxDigits)}
	}
	v := g.judge(equation, func(string) bool { return true }, nearAsFloats)
	r.Reason, r.Why = "grpozero."+v.reason, v.why
	if v.right {
		r.Score = 1
	}
	return r
}

// firstAnswer is where re.search(r"<answer>(.*?)</answer>", s, re.DOTALL)
// finds its group.
func firstAnswer(s string) (from, to int, found bool) {
	const opening, closing = "<answer>", "</answer>"
	from = strings.Index(s, opening)
	if from < 0 {
		return 0, 0, false
	}
	from += len(opening)
	length := strings.Index(s[from:], closing)
	return from, from + length, length >= 0
}

// longDigits says whether a run of digits is too long for Python's int().
func longDigits(s string) bool {
	run := 0
	for i := 0; i < len(s); i++ {
		run++
		if s[i] < '0' || s[i] > '9' {
			run = 0
		}
		if run > pyarith.MaxDigits {
			return true
		}
	}
	return false
}
