package train

import "gradus/runner/recipe"

// place is where a run stands between two steps. A stage that has made all
// its steps is left at once, so place is a function of Step alone, apart from
// the eval stages, which take no step.
type place struct {
	Step      int // finished steps of the run
	Stage     int // index of the stage that goes on
	StageStep int // finished steps of that stage
}

// steps is the number of steps of a stage.
func steps(st recipe.Stage) int {
	switch {
	case st.SFT != nil:
		return st.SFT.Steps
	case st.GRPO != nil:
		return st.GRPO.Steps
	}
	return 0
}

// next is the place after one more step.
func (p place) next(stages []recipe.Stage) place {
	p.Step++
	p.StageStep++
	if p.StageStep >= steps(stages[p.Stage]) {
		p.Stage, p.StageStep = p.Stage+1, 0
	}
	return p
}

// placeAt is the place after step steps, before any eval stage that follows.
func placeAt(step int, stages []recipe.Stage) place {
	p := place{Step: step}
	for left := step; left > 0 && p.Stage < len(stages); {
		n := steps(stages[p.Stage])
		if n > left {
			p.StageStep = left
			break
		}
		left -= n
		p.Stage++
	}
	return p
}

// justDone is the stage of the last finished step and how many steps of it are
// done; ok is false before the first step.
func (p place) justDone(stages []recipe.Stage) (stage, stageStep int, ok bool) {
	if p.Step == 0 {
		return 0, 0, false
	}
	before := placeAt(p.Step-1, stages)
	for before.Stage < len(stages) && steps(stages[before.Stage]) == 0 {
		before.Stage++
	}
	return before.Stage, before.StageStep + 1, before.Stage < len(stages)
}

// endsStage says whether the last finished step was the last of its stage.
func (p place) endsStage(stages []recipe.Stage) bool {
	stage, n, ok := p.justDone(stages)
	return ok && n == steps(stages[stage])
}

// kind is the name of the stage that goes on, "" when all are done.
func (p place) kind(stages []recipe.Stage) string {
	if p.Stage >= len(stages) {
		return ""
	}
	return string(stages[p.Stage].Kind)
}
