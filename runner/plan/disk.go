package plan

import "gradus/runner/recipe"

// What a record takes on disk, log and database together, in bytes: fitted to
// runs of the countdown task with two rewards, 19 and 41 tokens a completion,
// with and without token data (docs/plan.md).
const (
	emptyBytes      = 420_000 // a database without a step
	stepBytes       = 2500    // metrics
	completionBytes = 850     // a sample without its tokens: rewards, reasons, rows of the database
	textBytes       = 6       // a token as text, with its share of the search index
	tokenDataBytes  = 23      // id, log-prob and entropy of a token
)

// recordBytes is what one step adds to log and database. g is nil for an
// evaluation.
func recordBytes(w work, rec *recipe.Recipe, keep string, g *recipe.GRPO) int64 {
	if w.completions == 0 {
		return stepBytes
	}
	perToken := float64(textBytes)
	switch keep {
	case "all":
		perToken += tokenDataBytes
	case "sampled": // one group of a step
		groups := rec.Eval.Prompts
		if g != nil {
			groups = g.PromptsPerStep
		}
		perToken += tokenDataBytes / float64(max(groups, 1))
	}
	return stepBytes + int64(w.completions)*completionBytes + int64(perToken*float64(w.tokens.Sampled+w.tokens.Prompt))
}

// checkpointBytes is a checkpoint: weights and two moments in f32, and a few
// small files.
func checkpointBytes(params int64) int64 { return 12*params + 16<<10 }

// checkpoints is how many of a stage stay on disk: those of save_steps,
// evaluations and the end, or with checkpoint.keep the newest, the end and the
// best.
func checkpoints(rec *recipe.Recipe, steps, evals int) int {
	n := 1
	if every := rec.Checkpoint.SaveSteps; every > 0 {
		n = (steps + every - 1) / every
	}
	if rec.Eval.Every > 0 && evals > 0 && (rec.Checkpoint.SaveSteps == 0 || rec.Eval.Every%rec.Checkpoint.SaveSteps != 0) {
		n += evals
	}
	if keep := rec.Checkpoint.Keep; keep > 0 {
		n = min(n, keep+2)
	}
	return n
}
