package countdown

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
)

// TinyZeroParams are the parameters of TinyZero's functions under their
// published names and with their published defaults.
type TinyZeroParams struct {
	FormatScore float64 `json:"format_score"` // 0.1
	Score       float64 `json:"score"`        // 1
}

// newTinyZero is TinyZero's countdown reward with its published quirks.
//
//  1. Everything up to the first "Assistant:" (else "<|im_start|>assistant")
//     of prompt and completion together is dropped; without either: 0.
//  2. Only the last line is read. No <answer>…</answer> in it: 0. So a line
//     end after </answer> loses everything.
//  3. The digit runs of the last answer must be the given numbers; so 3.5 is
//     made of 3 and 5. If not: format_score.
//  4. If its characters are digits, + - * / ( ) . and white space, Python
//     evaluates it: ** and // work. Within 1e-5 of the target: score.
//  5. Anything else, however absurd: format_score.
//
// Python's evaluation is reproduced by our own parser (package pyarith), not run.
// What it cuts counts as not evaluable: format_score. Two texts that Python
// evaluates come out otherwise: those over the budgets, and those that pass
// through a complex number.
//
// gradus.accuracy on the task countdown is the repaired form.
func newTinyZero(params map[string]any) (rewards.Reward, error) {
	p, spec, err := tinyZeroParams("tinyzero.countdown", params)
	if err != nil {
		return nil, err
	}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result { return tinyZero(p, s) }), nil
}

// tinyZeroParams reads the parameters of one of TinyZero's functions.
func tinyZeroParams(name string, params map[string]any) (TinyZeroParams, rewards.Spec, error) {
	p := TinyZeroParams{FormatScore: 0.1, Score: 1}
	if err := rule.Decode(name, params, &p); err != nil {
		return p, rewards.Spec{}, err
	}
	for key, v := range map[string]float64{"format_score": p.FormatScore, "score": p.Score} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return p, rewards.Spec{}, fmt.Errorf("reward %s: %s is %v; give a finite number", name, key, v)
		}
	}
	return p, rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Deterministic: true,
		Range: [2]float64{min(0, p.FormatScore, p.Score), max(0, p.FormatScore, p.Score)}}, nil
}

func tinyZero(p TinyZeroParams, s rewards.Sample) rewards.Result {
	g, err := readGiven(s)
	if err != nil {
		return notCountdown(err)
	}
	equation, at, found := tinyZeroEquation(s)
	if !found {
		return rewards.Result{Reason: "tinyzero.no_answer", Why: "the last line after \"Assistant:\" has no <answer>…</answer>"}
	}
	v := g.judge(equation, arithmetic, exactlyNear)
	r := rewards.Result{Score: p.FormatScore, Claim: equation, Reason: "tinyzero." + v.reason, Why: "an answer tag is there: " + v.why}
	if at.From >= 0 {
		r.Spans = []rewards.Span{at}
	}
	if v.right {
		r.Score = p.Score
	}
	return r
}

// tinyZeroEquation extracts the equation and where it stands in the
// completion; From is -1 when it reaches into the prompt.
func tinyZeroEquation(s rewards.Sample) (string, rewards.Span, bool) {
	full := s.Prompt + s.Completion
	from := 0
	if at := strings.Index(full, "Assistant:"); at >= 0 {
		from = at + len("Assistant:")
	} else if at := strings.Index(full, "<|im_start|>assistant"); at >= 0 {
		from = at + len("<|im_start|>assistant")
	} else {
		return "", rewards.Span{}, false
	}
	from += strings.LastIndexByte(full[from:], '\n') + 1
	start, end, found := pytext.LastAnswer(full[from:])
	if !found {
		return "", rewards.Span{}, false
	}
	start, end = start+from, end+from
	at := rewards.Span{From: start - len(s.Prompt), To: end - len(s.Prompt), Label: "claim"}
	if at.From < 0 {
		at.From = -1
	}
	return full[start:end], at, true
}

// tinyZeroNumbers says whether the digit runs are the given numbers in any
// order. Python's \d also matches other scripts' digits, but then the
// evaluation fails: both ways lead to format_score, so ASCII is enough.
func tinyZeroNumbers(equation string, numbers []int64) bool {
	var got []int64
	for i := 0; i < len(equation); {
		if equation[i] < '0' || equation[i] > '9' {
			i++
			continue
		}
		end := i
		for end < len(equation) && equation[end] >= '0' && equation[end] <= '9' {
			end++
		}
		run := strings.TrimLeft(equation[i:end], "0")
		if len(run) > 18 || len(got) == len(numbers) {
			return false
		}
		var v int64
		for k := 0; k < len(run); k++ {
			v = v*10 + int64(run[k]-'0')
		}
		got = append(got, v)
		i = end
	}
	want := slices.Clone(numbers)
	slices.Sort(want)
	slices.Sort(got)
	return slices.Equal(got, want)
}
