package rules

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"gradus/rewards"
	"gradus/rewards/code"
	"gradus/rewards/rules/rule"
	"gradus/rewards/sandbox"
)

// CodeParams are the parameters of gradus.code.
type CodeParams struct {
	Mode     string  `json:"mode"`     // "all": 1 when every case passes; "fraction": the share of cases that pass
	Language string  `json:"language"` // where the row names none; "python"
	Compare  string  `json:"compare"`  // of standard output: "tokens", "lines" or "exact"
	Tol      float64 `json:"tolerance"`
	MaxCases int     `json:"max_cases"` // the first ones of a row; 0: all
	SandboxParams
}

// SandboxParams are those of every reward that runs programs of the model.
type SandboxParams struct {
	Sandbox    string `json:"sandbox"`     // "auto": userns or landlock; "bwrap"; "none": no isolation, for machines that are thrown away
	TimeoutMS  int    `json:"timeout_ms"`  // processor time of a case; the clock gets twice as much. A row's time_limit wins
	MemoryMB   int    `json:"memory_mb"`   // of a program; a row's memory_limit wins
	Parallel   int    `json:"parallel"`    // programs at a time; 0: as many as there are processors, at most 4
	DeadlineMS int    `json:"deadline_ms"` // for a group; what has no verdict by then is a timeout
	Python     string `json:"python"`      // interpreter; "" is python3 of PATH
}

func defaultSandbox() SandboxParams {
	return SandboxParams{Sandbox: string(sandbox.Auto), TimeoutMS: 5000, MemoryMB: 512, DeadlineMS: 120_000}
}

// codeReward runs the programs of a group and scores each by its verdict.
type codeReward struct {
	spec    rewards.Spec
	judge   *code.Judge
	params  SandboxParams
	extract func(completion string, t code.Tests) (program string, span rewards.Span, found bool, err error)
	prepare func(*code.Tests) // changes the row's tests; may be nil
	score   func(code.Verdict, code.Kind) float64
}

func (p SandboxParams) newCode(name string, o code.Options, spec rewards.Spec) (*codeReward, error) {
	level, err := sandbox.ParseLevel(p.Sandbox)
	if err != nil {
		return nil, fmt.Errorf("reward %s: %w", name, err)
	}
	if p.Parallel < 0 || p.Parallel > 256 || p.DeadlineMS < 1 {
		return nil, fmt.Errorf("reward %s: parallel is %d and deadline_ms %d; give 0 to 256, and milliseconds", name, p.Parallel, p.DeadlineMS)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("reward %s: find the program that keeps the sandbox: %w", name, err)
	}
	o.Sandbox, o.Keep, o.Python = level, []string{self, sandbox.Command}, p.Python
	o.Timeout, o.Memory = time.Duration(p.TimeoutMS)*time.Millisecond, int64(p.MemoryMB)<<20
	j, err := code.New(o)
	if err != nil {
		return nil, fmt.Errorf("reward %s: %w", name, err)
	}
	if p.Parallel == 0 {
		p.Parallel = code.Parallel()
	}
	// Time limits make verdicts depend on the machine.
	spec.Name, spec.Version, spec.Deterministic = name, "1.0.0", false
	return &codeReward{spec: spec, judge: j, params: p}, nil
}

// newCode is gradus.code: the program is the last fenced block of the
// language after the thinking, its tests come from the row (code.ReadTests).
func newCode(params map[string]any) (rewards.Reward, error) {
	const name = "gradus.code"
	p := CodeParams{Mode: "all", Language: "python", Compare: string(code.Tokens), SandboxParams: defaultSandbox()}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	if p.Mode != "all" && p.Mode != "fraction" {
		return nil, fmt.Errorf("reward %s: mode %q is unknown; use all or fraction", name, p.Mode)
	}
	compare, err := code.ParseCompare(p.Compare)
	if err != nil || compare == code.OpenR1 || compare == code.Prime {
		return nil, fmt.Errorf("reward %s: compare %q is unknown; use tokens, lines or exact", name, p.Compare)
	}
	o := code.DefaultOptions()
	o.Language, o.Compare, o.Tolerance, o.MaxCases, o.FirstFail = p.Language, compare, p.Tol, p.MaxCases, p.Mode == "all"
	r, err := p.newCode(name, o, rewards.Spec{Params: rule.Canonical(p), Range: [2]float64{0, 1}})
	if err != nil {
		return nil, err
	}
	r.extract = func(completion string, t code.Tests) (string, rewards.Span, bool, error) {
		language, err := r.judge.Language(t)
		if err != nil {
			return "", rewards.Span{}, false, err
		}
		b, found := code.Extract(completion, language.Names)
		return completion[b.From:b.To], rewards.Span{From: b.From, To: b.To, Label: "program"}, found, nil
	}
	r.score = func(v code.Verdict, _ code.Kind) float64 {
		if p.Mode == "fraction" {
			return float64(v.Passed) / float64(v.Total)
		}
		if v.Status == code.Accepted {
			return 1
		}
		return 0
	}
	return r, nil
}

// Spec describes the function.
func (r *codeReward) Spec() rewards.Spec { return r.spec }

// Ready starts the sandbox; its error says why none works here, and what to do.
func (r *codeReward) Ready() error {
	if err := r.judge.Ready(); err != nil {
		return fmt.Errorf("reward %s: %w", r.spec.Name, err)
	}
	return nil
}

// Patience is how long a group may take.
func (r *codeReward) Patience() time.Duration {
	return time.Duration(r.params.DeadlineMS) * time.Millisecond
}

// Parallel is how many groups it scores side by side: the programs of one keep
// the processors busy.
func (r *codeReward) Parallel() int { return 1 }

// Close ends the sandbox.
func (r *codeReward) Close() error { return r.judge.Close() }

// Score judges the group's programs, several at a time.
func (r *codeReward) Score(ctx context.Context, g rewards.Group) ([]rewards.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, r.Patience())
	defer cancel()
	out := make([]rewards.Result, len(g.Samples))
	rule.Apart(len(out), r.params.Parallel, func(i int) { out[i] = r.one(ctx, &g.Samples[i]) })
	return out, nil
}

func (r *codeReward) one(ctx context.Context, s *rewards.Sample) rewards.Result {
	late := func() rewards.Result {
		return rewards.Result{Status: rewards.Timeout, Reason: "code.deadline", Why: fmt.Sprintf("%s had no verdict of this program within the group's %v", r.spec.Name, r.Patience())}
	}
	if ctx.Err() != nil {
		return late()
	}
	tests, err := code.ReadTests(s.Columns, s.Problem.Gold)
	if errors.Is(err, code.ErrNoTests) { // a data set may mix problems of code with others
		return rewards.Result{Status: rewards.Skipped, Reason: reason(code.NoTests), Why: err.Error()}
	}
	if err != nil {
		return rewards.Result{Status: rewards.Error, Reason: "code.bad_tests", Why: err.Error()}
	}
	if r.prepare != nil {
		r.prepare(&tests)
	}
	program, span, found, err := r.extract(s.Completion, tests)
	if err != nil {
		return rewards.Result{Status: rewards.Error, Reason: reason(code.NoLanguage), Why: err.Error()}
	}
	if !found {
		why := "the completion has no closed block of code after its thinking"
		if s.Truncated {
			why += "; it was cut at the length limit"
		}
		return rewards.Result{Reason: reason(code.NoCode), Why: why}
	}
	v, err := r.judge.Run(ctx, program, tests)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return late()
	case err != nil:
		return rewards.Result{Status: rewards.Error, Reason: reason(code.SandboxError), Why: err.Error()}
	}
	result := rewards.Result{Reason: reason(v.Status), Why: v.Why, Facts: facts(v, tests.Kind)}
	if span.To > span.From {
		result.Spans = []rewards.Span{span}
	}
	if !v.Status.Judges() {
		result.Status = rewards.Error
		return result
	}
	result.Score = r.score(v, tests.Kind)
	if v.Status == code.Accepted {
		result.Why = fmt.Sprintf("all %d test cases pass", v.Total)
	} else {
		result.Why = fmt.Sprintf("%d of %d test cases pass; %s", v.Passed, v.Total, v.Why)
		if len(v.Cases) < v.Total {
			result.Why += fmt.Sprintf("; %d were not run", v.Total-len(v.Cases))
		}
	}
	return result
}

func reason(s code.Status) string { return "code." + string(s) }

// facts are what a reader may want to know of a verdict: the statuses of the
// first cases in full, all of them in numbers.
func facts(v code.Verdict, kind code.Kind) map[string]any {
	const most = 20
	statuses, counts := []string{}, map[string]int{}
	for i, c := range v.Cases {
		if i < most {
			statuses = append(statuses, string(c.Status))
		}
		counts[string(c.Status)]++
	}
	return map[string]any{"passed": v.Passed, "total": v.Total, "cases": statuses, "counts": counts, "kind": string(kind), "language": v.Language,
		"isolation": string(v.Isolation), "limits": string(v.Hold), "ms": v.Wall.Milliseconds()}
}

// newOpenR1Code is open-r1's code_reward (the share of cases), or its
// binary_code_reward (more than 0.99 of it): the last ```python block wherever
// it stands, run as Python whatever the row says, 5 s for a case; outputs are
// compared up to the end of the shorter one, and one case that takes too long
// loses all.
func newOpenR1Code(name string, binary bool) func(map[string]any) (rewards.Reward, error) {
	return func(params map[string]any) (rewards.Reward, error) {
		p := defaultSandbox()
		if err := rule.Decode(name, params, &p); err != nil {
			return nil, err
		}
		o := code.DefaultOptions()
		o.Compare = code.OpenR1
		r, err := p.newCode(name, o, rewards.Spec{Params: rule.Canonical(p), Range: [2]float64{0, 1}})
		if err != nil {
			return nil, err
		}
		r.extract = func(completion string, _ code.Tests) (string, rewards.Span, bool, error) {
			from, to := code.LastBlock(completion, "python")
			return completion[from:to], rewards.Span{From: from, To: to, Label: "program"}, true, nil // without a block the empty program runs
		}
		r.score = func(v code.Verdict, _ code.Kind) float64 {
			for _, c := range v.Cases {
				if c.Status == code.TimeLimit {
					return 0
				}
			}
			share := float64(v.Passed) / float64(v.Total)
			switch {
			case !binary:
				return share
			case share > 0.99:
				return 1
			}
			return 0
		}
		return r, nil
	}
}
