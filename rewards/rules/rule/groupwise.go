package rule

import (
	"context"
	"fmt"

	"gradus/rewards"
)

// GroupWise makes a reward function of one that must see the whole group. A
// panic in it is an error of the group.
func GroupWise(spec rewards.Spec, judge func([]rewards.Sample) []rewards.Result) rewards.Reward {
	return groupWise{spec, judge}
}

type groupWise struct {
	spec  rewards.Spec
	judge func([]rewards.Sample) []rewards.Result
}

func (g groupWise) Spec() rewards.Spec { return g.spec }

func (g groupWise) Score(ctx context.Context, group rewards.Group) (out []rewards.Result, err error) {
	defer func() {
		if e := recover(); e != nil {
			out, err = nil, fmt.Errorf("panic: %v", e)
		}
	}()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return g.judge(group.Samples), nil
}
