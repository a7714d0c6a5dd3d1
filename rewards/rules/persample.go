package rules

import (
	"context"
	"fmt"

	"gradus/rewards"
)

// judge scores one completion without looking at its group.
type judge func(rewards.Sample) rewards.Result

// perSample makes a reward function of a judge. A panic in the judge is an
// error of its own sample only; samples not reached in time are timeouts.
type perSample struct {
	spec  rewards.Spec
	judge judge
}

func (p perSample) Spec() rewards.Spec { return p.spec }

func (p perSample) Score(ctx context.Context, g rewards.Group) ([]rewards.Result, error) {
	out := make([]rewards.Result, len(g.Samples))
	for i, s := range g.Samples {
		if err := ctx.Err(); err != nil {
			out[i] = rewards.Result{Status: rewards.Timeout, Reason: "reward.timeout",
				Why: fmt.Sprintf("%s did not reach this completion in time: %v", p.spec.Name, err)}
			continue
		}
		out[i] = p.one(s)
	}
	return out, nil
}

func (p perSample) one(s rewards.Sample) (r rewards.Result) {
	defer func() {
		if e := recover(); e != nil {
			r = rewards.Result{Status: rewards.Error, Reason: "reward.error", Why: fmt.Sprintf("%s failed: panic: %v", p.spec.Name, e)}
		}
	}()
	return p.judge(s)
}
