package rule

import (
	"context"
	"fmt"

	"gradus/rewards"
)

// Judge scores one completion without looking at its group. Several goroutines
// may use one judge.
type Judge func(rewards.Sample) rewards.Result

// PerSample makes a reward function of a judge. A panic in the judge is an
// error of its own sample only; samples not reached in time are timeouts.
func PerSample(spec rewards.Spec, judge Judge) rewards.Reward { return perSample{spec, judge} }

// Plain is the maker of a reward function of that name with scores from 0 to 1
// and no parameters.
func Plain(name string, judge Judge) func(map[string]any) (rewards.Reward, error) {
	return Built(name, func() Judge { return judge })
}

// Built is Plain for a judge that takes work to build, as compiling
// expressions: that is done when the function is made, not when the catalogue is listed.
func Built(name string, build func() Judge) func(map[string]any) (rewards.Reward, error) {
	return func(params map[string]any) (rewards.Reward, error) {
		if err := Decode(name, params, &struct{}{}); err != nil {
			return nil, err
		}
		return PerSample(Binary(name), build()), nil
	}
}

// Binary is the spec of a function with scores from 0 to 1 and no parameters.
func Binary(name string) rewards.Spec {
	return rewards.Spec{Name: name, Version: "1.0.0", Range: [2]float64{0, 1}, Deterministic: true}
}

type perSample struct {
	spec  rewards.Spec
	judge Judge
}

func (p perSample) Spec() rewards.Spec { return p.spec }

// Score judges the completions one by one.
func (p perSample) Score(ctx context.Context, g rewards.Group) ([]rewards.Result, error) {
	out := make([]rewards.Result, len(g.Samples))
	for i, s := range g.Samples {
		if err := ctx.Err(); err != nil {
			out[i] = rewards.Result{Status: rewards.Timeout, Reason: "reward.timeout",
				Why: fmt.Sprintf("%s did not reach this completion in time: %v", p.spec.Name, err)}
			continue
		}
		out[i] = rewards.One(p, p.spec, s)
	}
	return out, nil
}

// One judges one completion.
func (p perSample) One(s rewards.Sample) rewards.Result { return p.judge(s) }
