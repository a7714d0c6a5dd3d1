package train

import (
	"errors"
	"fmt"
	"strings"

	"gradus/runner/recipe"
	"gradus/runner/stats"
	"gradus/runner/train/feed"
	"gradus/store"
)

// errGate stops a run whose problems are not such that it can learn from them.
var errGate = errors.New("gate")

// gate holds the first rollout of a stage to the difficulty that the recipe
// asks for, before the first update: the policy's answers are there already.
// Completions without a verdict count as not right.
func (g *grpo) gate(ro *rollout) error {
	r, opt := g.r, g.r.rec.Gate
	if opt.Action == recipe.GateOff {
		return nil
	}
	right := make([]int, len(ro.prompts))
	for _, c := range ro.all {
		if c.Correct != nil && *c.Correct {
			right[c.group]++
		}
	}
	d, err := stats.NewDifficulty(right, ro.group, r.shape.Train.Spec().GuessRate(g.src.Level),
		stats.Bootstrap{Seed: feed.Key(uint64(r.rec.Seed), "gate", uint64(r.at.Stage))})
	if err != nil {
		return err
	}
	faults := d.Faults(opt.Bounds())
	a := store.Alert{Step: r.at.Step + 1, Level: "info", Code: "gate.difficulty", Value: d.Pass1, Passed: len(faults) == 0,
		Message: fmt.Sprintf("Difficulty for the policy as it is now: %s.", d)}
	if len(faults) > 0 {
		a.Level = "warn"
		if opt.Action == recipe.GateRefuse {
			a.Level = "error"
		}
		a.Message = strings.TrimSuffix(a.Message, ".") + ": " + strings.Join(faults, "; ") + "."
	}
	if err := r.alert(a); err != nil {
		return err
	}
	if a.Level == "error" {
		return fmt.Errorf("%w: %s; gate.action = \"warn\" trains all the same", errGate, a.Message)
	}
	return nil
}
