package rules

import (
	"strings"
	"time"

	"gradus/rewards"
	"gradus/rewards/code"
	"gradus/rewards/rules/rule"
)

// PrimeCodeParams are the parameters of verl.prime_code.
type PrimeCodeParams struct {
	Continuous bool `json:"continuous"` // true: the share of the first ten cases; false: all cases or nothing
	SandboxParams
}

// newPrimeCode is verl's prime_code (of PRIME), with its programs in the
// sandbox. verl runs all cases at 5 s each and pays 1 when none fails; else,
// continuous, the share of the first ten at 10 s each, so that the share of
// the first ten is the score in either case. There it forgets the name of the
// function: a row whose cases call one pays 1 or 0 (verl then runs them as
// programs that print, whose share is not looked for here). Where it is not
// continuous, verl's function fails for a program that is wrong; here that is 0.
func newPrimeCode(params map[string]any) (rewards.Reward, error) {
	const name = "verl.prime_code"
	p := PrimeCodeParams{Continuous: true, SandboxParams: defaultSandbox()}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	o := code.DefaultOptions()
	o.Compare, o.FirstFail = code.Prime, !p.Continuous
	r, err := p.newCode(name, o, rewards.Spec{Params: rule.Canonical(p), Range: [2]float64{0, 1}})
	if err != nil {
		return nil, err
	}
	r.prepare = func(t *code.Tests) {
		if !p.Continuous || t.Kind != code.Stdio {
			return
		}
		t.Cases = t.Cases[:min(10, len(t.Cases))]
		if t.TimeLimit == 0 {
			t.TimeLimit = 2 * time.Duration(p.TimeoutMS) * time.Millisecond
		}
	}
	r.extract = func(completion string, t code.Tests) (string, rewards.Span, bool, error) {
		from, to := primeBlock(completion)
		program, span := completion[from:to], rewards.Span{From: from, To: to, Label: "program"}
		if t.Kind == code.Stdio {
			program = code.PrimeProgram(program)
		} else {
			program = code.PrimeFunction(program)
		}
		return program, span, true, nil
	}
	r.score = func(v code.Verdict, kind code.Kind) float64 {
		switch {
		case p.Continuous && kind == code.Stdio:
			return float64(v.Passed) / float64(v.Total)
		case v.Status == code.Accepted:
			return 1
		}
		return 0
	}
	return r, nil
}

// primeBlock is where the program stands: behind the last "```python", up to
// the next fence; the whole completion where there is none.
func primeBlock(completion string) (from, to int) {
	const open = "```python"
	if at := strings.LastIndex(completion, open); at >= 0 {
		from = at + len(open)
	}
	to = len(completion)
	if n := strings.Index(completion[from:], "```"); n >= 0 {
		to = from + n
	}
	return from, to
}
