package rescore

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"gradus/runner/recipe"
	"gradus/runner/rundir"
	"gradus/runner/train/judge"
)

// Own are the rewards of the run itself, with the code of the user's own as
// the run kept it.
func Own(dir rundir.Dir, of *recipe.Recipe) []recipe.Reward {
	out := make([]recipe.Reward, len(of.Rewards))
	for i, r := range of.Rewards {
		out[i] = judge.Kept(r, dir.Code())
	}
	return out
}

// Named picks the rewards that a list names, NAME or NAME=WEIGHT. One that the
// run has, by its name or label, comes with the run's settings.
func Named(list []string, own []recipe.Reward) ([]recipe.Reward, error) {
	out := make([]recipe.Reward, 0, len(list))
	for _, item := range list {
		name, weight, given := strings.Cut(item, "=")
		r := recipe.Reward{Name: name, Weight: 1}
		for _, o := range own {
			if o.PartName() == name {
				r = o
			}
		}
		if given {
			w, err := strconv.ParseFloat(weight, 64)
			if err != nil || math.IsNaN(w) || math.IsInf(w, 0) {
				return nil, fmt.Errorf("--reward %s: %q is no weight; write NAME or NAME=WEIGHT, as gradus.format=0.2", item, weight)
			}
			r.Weight = w
		}
		out = append(out, r)
	}
	return out, nil
}
