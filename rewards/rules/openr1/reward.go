// Package openr1 holds open-r1's rewards for competitive programming,
// cf_code_reward and ioi_code_reward (github.com/huggingface/open-r1 1416fa0),
// with the scores, the patches of programs and the order of tests as published.
// Programs run in the sandbox of this machine, or on servers of Piston.
package openr1

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"gradus/rewards"
	"gradus/rewards/code/piston"
	"gradus/rewards/rules/rule"
)

// Rules lists the rewards.
func Rules() []rule.Rule {
	const where = `provider_type "sandbox" runs programs here; "piston" on the servers of piston_endpoints, else of the variable PISTON_ENDPOINTS (docs/code-rewards.md)`
	return []rule.Rule{
		{Name: "openr1.cf_code", Aliases: rule.Published("openr1.cf_code"), Fixed: "gradus.code", Make: newCF, Defaults: CFParams{},
			About: "open-r1's cf_code_reward: a program against the tests of a problem of Codeforces, with its checker",
			Notes: []string{"columns of open-r1/codeforces: language, official_tests, generated_checker, time_limit, memory_limit, input_mode, id", where}},
		{Name: "openr1.ioi_code", Aliases: rule.Published("openr1.ioi_code"), Fixed: "gradus.code", Wants: []string{"id"}, Make: newIOI, Defaults: IOIParams{},
			About: "open-r1's ioi_code_reward: a program in C++ against the tests of a subtask of the IOI, with its grader",
			Notes: []string{"columns of open-r1/ioi: id, subtask, score, score_precision, test_names, test_cases (else year), grader_files, time_limit, memory_limit", where}},
	}
}

// atOnce bounds the completions of a group that are under way. What runs at a
// time is bounded by the provider.
const atOnce = 16

// contestReward scores the completions of a group one by one.
type contestReward struct {
	spec     rewards.Spec
	where    Where
	provider provider
	ready    func() error
	one      func(context.Context, *rewards.Sample) rewards.Result
}

// newReward makes what both rewards share.
func newReward(name string, p any, where Where, least, most float64) (*contestReward, error) {
	run, err := where.provider(os.Getenv)
	if err != nil {
		return nil, fmt.Errorf("reward %s: %w", name, err)
	}
	// Time limits make verdicts depend on the machine.
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{least, most}}
	return &contestReward{spec: spec, where: where, provider: run, ready: func() error { return nil }}, nil
}

// Spec describes the function.
func (r *contestReward) Spec() rewards.Spec { return r.spec }

// Ready starts the sandbox and looks for the folder of tests; its error says
// what is missing, and what to do.
func (r *contestReward) Ready() error {
	err := r.ready()
	if engine, ok := r.provider.(rewards.Starter); err == nil && ok {
		err = engine.Ready()
	}
	if err != nil {
		return fmt.Errorf("reward %s: %w", r.spec.Name, err)
	}
	return nil
}

// Patience is how long a group may take.
func (r *contestReward) Patience() time.Duration { return r.where.patience() }

// Parallel is how many groups it scores side by side: here the programs of one
// keep the sandbox busy; servers may be many.
func (r *contestReward) Parallel() int {
	if servers, ok := r.provider.(*piston.Client); ok {
		return min(servers.Places(), atOnce)
	}
	return 1
}

// Close ends what runs the programs.
func (r *contestReward) Close() error { return r.provider.Close() }

// Score judges the group's programs, several at a time.
func (r *contestReward) Score(ctx context.Context, g rewards.Group) ([]rewards.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, r.where.patience())
	defer cancel()
	out := make([]rewards.Result, len(g.Samples))
	rule.Apart(len(out), atOnce, func(i int) {
		defer func() {
			if e := recover(); e != nil {
				out[i] = rewards.Result{Status: rewards.Error, Reason: "reward.error", Why: fmt.Sprintf("%s failed: panic: %v", r.spec.Name, e)}
			}
		}()
		out[i] = r.one(ctx, &g.Samples[i])
	})
	return out, nil
}

// failed is the result where nothing can be said about a program.
func (r *contestReward) failed(err error) rewards.Result {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return rewards.Result{Status: rewards.Timeout, Reason: "code.deadline",
			Why: fmt.Sprintf("%s had no verdict of this program within the group's %v", r.spec.Name, r.where.patience())}
	}
	return rewards.Result{Status: rewards.Error, Reason: "code.sandbox_error", Why: err.Error()}
}

// skipped is the result where the published function returns None.
func skipped(reason, why string) rewards.Result {
	return rewards.Result{Status: rewards.Skipped, Reason: reason, Why: why}
}

// all runs f for 0 to n-1 side by side and returns the first error.
func all(n int, f func(i int) error) error {
	errs := make([]error, n)
	rule.Apart(n, n, func(i int) {
		defer func() {
			if e := recover(); e != nil {
				errs[i] = fmt.Errorf("panic: %v", e)
			}
		}()
		errs[i] = f(i)
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// verdictOf reads the packages' remark on a test that was not passed; it
// stands at the end of standard error.
func verdictOf(stderr string) string {
	end := stderr[max(0, len(stderr)-512):]
	verdict, last := "wrong_answer", -1
	for remark, name := range map[string]string{"Time limit exceeded": "time_limit", "Memory limit exceeded": "memory_limit",
		"Runtime error": "runtime_error", "Output limit exceeded": "output_limit", "Output isn't correct": "wrong_answer"} {
		if at := strings.LastIndex(end, remark); at > last {
			verdict, last = name, at
		}
	}
	return verdict
}

// caseFacts are the first verdicts in full, all of them in numbers.
func caseFacts(verdicts []string) map[string]any {
	const most = 20
	counts := map[string]int{}
	for _, v := range verdicts {
		counts[v]++
	}
	return map[string]any{"cases": append([]string{}, verdicts[:min(most, len(verdicts))]...), "counts": counts}
}
