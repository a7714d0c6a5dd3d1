package judge

import (
	"errors"
	"fmt"

	"gradus/rewards"
	"gradus/runner/recipe"
)

// ErrReward says that a reward failed and its recipe wants the run to stop.
var ErrReward = errors.New("a reward failed")

// guard decides what the failures of one part do.
type guard struct {
	name    string
	onError recipe.OnError
	custom  bool // a function of the user's own
	worked  bool // it has given a score, or abstained, at least once
}

// check looks at part k of a judged group. A function of the user's own that
// has never worked stops the run unless the recipe says otherwise: a typo in
// it must not cost a night of training.
func (g *guard) check(scored []rewards.Breakdown, k int) error {
	var failed *rewards.Result
	for i := range scored {
		r := &scored[i].Parts[k].Result
		if !failure(r.Status) {
			g.worked = true
		} else if failed == nil {
			failed = r
		}
	}
	if failed == nil {
		return nil
	}
	switch {
	case g.onError == recipe.OnErrorStop:
		return fmt.Errorf("%w: %s, whose on_error is stop: %s", ErrReward, g.name, failed.Why)
	case g.onError == "" && g.custom && !g.worked:
		return fmt.Errorf("%w: %s has never worked: %s; mend it, or say on_error = \"skip\"", ErrReward, g.name, failed.Why)
	}
	return nil
}

// zero says whether a failure counts as the score 0.
func (g *guard) zero(s rewards.Status) bool { return g.onError == recipe.OnErrorZero && failure(s) }

func failure(s rewards.Status) bool {
	return s == rewards.Invalid || s == rewards.Error || s == rewards.Timeout
}
