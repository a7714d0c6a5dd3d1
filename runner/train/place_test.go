package train

import (
	"testing"

	"pgregory.net/rapid"

	"gradus/runner/recipe"
)

// drawStages makes a recipe's stages, some of them evaluations.
func drawStages(t *rapid.T) []recipe.Stage {
	n := rapid.IntRange(1, 6).Draw(t, "stages")
	var list []recipe.Stage
	for range n {
		steps := rapid.IntRange(1, 4).Draw(t, "steps")
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			list = append(list, recipe.Stage{Kind: recipe.KindSFT, SFT: &recipe.SFT{Optim: recipe.Optim{Steps: steps}}})
		case 1:
			list = append(list, recipe.Stage{Kind: recipe.KindGRPO, GRPO: &recipe.GRPO{Optim: recipe.Optim{Steps: steps}}})
		default:
			list = append(list, recipe.Stage{Kind: recipe.KindEval, Eval: &recipe.EvalStage{}})
		}
	}
	return list
}

// Walking step by step, passing eval stages as the run does, must be where
// placeAt says, so that a checkpoint's step alone tells where to go on.
func TestPlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stages := drawStages(t)
		total := (&recipe.Recipe{Stages: stages}).Steps()
		var p place
		for step := 0; ; step++ {
			if got := placeAt(step, stages); got != p {
				t.Fatalf("step %d: placeAt %+v, walked to %+v", step, got, p)
			}
			for p.Stage < len(stages) && steps(stages[p.Stage]) == 0 {
				p.Stage++ // the evaluation is made
			}
			if p.Stage == len(stages) {
				if step != total {
					t.Fatalf("all stages are done after %d steps of %d", step, total)
				}
				return
			}
			stage, n := p.Stage, p.StageStep+1
			p = p.next(stages)
			gotStage, gotN, ok := p.justDone(stages)
			if !ok || gotStage != stage || gotN != n {
				t.Fatalf("after step %d of stage %d justDone is step %d of stage %d", n, stage, gotN, gotStage)
			}
			if p.endsStage(stages) != (n == steps(stages[stage])) {
				t.Fatalf("endsStage after step %d of %d", n, steps(stages[stage]))
			}
		}
	})
}

func TestCheckpointNames(t *testing.T) {
	for step, name := range map[int]string{0: "step-000000", 42: "step-000042", 1234567: "step-1234567"} {
		if got := checkpointName(step); got != name {
			t.Errorf("step %d is called %s, want %s", step, got, name)
		}
		if got, ok := checkpointStep(name); !ok || got != step {
			t.Errorf("%s is step %d, %v", name, got, ok)
		}
	}
	for _, name := range []string{"step-42", "step-", "step--00001", ".step-000042.partial", "step-000042.old", "last"} {
		if n, ok := checkpointStep(name); ok {
			t.Errorf("%s was taken for step %d", name, n)
		}
	}
}
