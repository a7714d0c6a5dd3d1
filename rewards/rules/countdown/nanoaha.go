package countdown

import (
	"fmt"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
)

// NanoAhaFormatParams are the parameters of nanoaha.format.
type NanoAhaFormatParams struct {
	// EOSToken is taken off the end of the completion. Completions here come
	// without it.
	EOSToken string `json:"eos_token"`
}

// newNanoAhaFormat is nano-aha-moment's format_reward_func (nano_r1_script.py):
// 1 when "<think>" and the completion are <think>…</think> without a think tag
// inside, a line end, <answer>…</answer> and perhaps a line end, and the answer
// has only digits, operators, parentheses, points and white space; 0.5 when
// the answer has anything else, or nothing; 0 otherwise.
func newNanoAhaFormat(params map[string]any) (rewards.Reward, error) {
	const name = "nanoaha.format"
	var p NanoAhaFormatParams
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	spec := rule.Binary(name)
	spec.Params = rule.Canonical(p)
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		from, to, ok := miniR1Form(strings.TrimSuffix(s.Completion, p.EOSToken))
		r := miniR1Result("nanoaha", from, to, ok)
		if !ok {
			return r
		}
		if r.Claim = pytext.Strip(s.Completion[from:to]); !arithmetic(r.Claim) {
			r.Score, r.Reason = 0.5, "nanoaha.not_arithmetic"
			r.Why += "; the answer is not only digits, operators, parentheses, points and white space"
		}
		return r
	}), nil
}

// miniR1Format is mini-R1's format_reward_func (run_r1_grpo.py): 1 or 0 for
// the form that nanoaha.format looks for, whatever the answer is.
func miniR1Format(s rewards.Sample) rewards.Result {
	from, to, ok := miniR1Form(s.Completion)
	return miniR1Result("minir1", from, to, ok)
}

func miniR1Result(publisher string, from, to int, ok bool) rewards.Result {
	if !ok {
		return rewards.Result{Reason: publisher + ".no_form", Why: "the completion is not a <think> part, which the prompt opens, a line end and an <answer> part"}
	}
	return rewards.Result{Score: 1, Reason: publisher + ".form", Why: "a <think> part, which the prompt opens, a line end and an <answer> part",
		Spans: []rewards.Span{{From: from, To: to, Label: "answer"}}}
}

// miniR1Form is where the answer of a completion of mini-R1's form stands:
//
//	^<think>([^<]*(?:<(?!/?think>)[^<]*)*)<\/think>\n<answer>([\s\S]*?)<\/answer>$
//
// with the first <think> prefilled.
func miniR1Form(completion string) (from, to int, ok bool) {
	const end, closing = "</think>\n<answer>", "</answer>"
	open, shut := strings.Index(completion, "<think>"), strings.Index(completion, "</think>")
	if shut < 0 || open >= 0 && open < shut || !strings.HasPrefix(completion[shut:], end) {
		return 0, 0, false
	}
	from = shut + len(end)
	inside, ok := strings.CutSuffix(strings.TrimSuffix(completion[from:], "\n"), closing)
	return from, from + len(inside), ok
}

// newMiniR1Equation makes the equation_reward_func of mini-R1 and of
// nano-aha-moment, which are the same: 1 when the first <answer>…</answer> on
// one line has the given numbers as its digit runs, only digits, operators,
// parentheses, points and white space, and Python evaluates it to within 1e-5
// of the target. So 3.5 is made of 3 and 5, and ** and // work.
func newMiniR1Equation(publisher string) func(map[string]any) (rewards.Reward, error) {
	return func(params map[string]any) (rewards.Reward, error) {
		name := publisher + ".equation"
		if err := rule.Decode(name, params, &struct{}{}); err != nil {
			return nil, err
		}
		return rule.PerSample(rule.Binary(name), func(s rewards.Sample) rewards.Result {
			g, err := readGiven(s)
			if err != nil {
				return notCountdown(err)
			}
			answers := pytext.LineAnswers(s.Completion)
			if len(answers) == 0 {
				return rewards.Result{Reason: publisher + ".no_answer", Why: "there is no <answer>…</answer> on one line"}
			}
			at := answers[0]
			equation := pytext.Strip(at.In(s.Completion))
			v := g.judge(equation, arithmetic, nearAsFloats)
			r := rewards.Result{Reason: fmt.Sprintf("%s.%s", publisher, v.reason), Why: v.why, Claim: equation,
				Spans: []rewards.Span{rule.Span(at, "claim")}}
			if v.right {
				r.Score = 1
			}
			return r
		}), nil
	}
}
