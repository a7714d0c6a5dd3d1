package rescore

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gradus/rewards"
	"gradus/rewards/prompt"
	"gradus/runner/algo"
	"gradus/runner/recipe"
	"gradus/runner/train/judge"
	"gradus/store"
)

// batchKey tells the traces of one step, or of one evaluation, from others.
type batchKey struct {
	attempt     int
	stage       string
	phase, ckpt string
	step        int
}

func keyOf(d *store.SampleDetail) batchKey {
	return batchKey{d.Attempt, d.Stage, d.Phase, d.Ckpt, d.Step}
}

// all reads the chosen traces in the order of the log and scores them step by
// step.
func (r *rescoring) all(ctx context.Context, db *store.DB) error {
	q := store.SampleQuery{Phase: r.opt.Query.Phase, MinStep: r.opt.Query.MinStep, MaxStep: r.opt.Query.MaxStep, Limit: pageTraces}
	var batch []store.SampleDetail
	told := 0
	for {
		page, err := db.Judged(ctx, q)
		if err != nil {
			return err
		}
		for _, d := range page {
			q.After = d.ID
			if len(batch) > 0 && keyOf(&batch[0]) != keyOf(&d) {
				if err := r.batch(ctx, batch); err != nil {
					return err
				}
				batch = batch[:0]
			}
			batch = append(batch, d)
		}
		if done := r.sum.Traces + r.sum.LeftOut; r.opt.Progress != nil && done-told >= progressGap {
			told = done
			r.opt.Progress(done)
		}
		if len(page) < q.Limit {
			break
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return r.batch(ctx, batch)
}

// batch scores the traces of one step.
func (r *rescoring) batch(ctx context.Context, batch []store.SampleDetail) error {
	for i := range batch {
		if batch[i].Removed {
			r.sum.LeftOut += len(batch)
			return nil
		}
	}
	judged, groups, err := r.score(ctx, batch)
	if err != nil {
		return err
	}
	advantages, err := r.advantages(&batch[0], judged, groups)
	if err != nil {
		return fmt.Errorf("step %d: %w", batch[0].Step, err)
	}
	rows := make([]store.LayerScore, len(batch))
	for i := range batch {
		v := &judged[i]
		rows[i] = store.LayerScore{Sample: batch[i].ID, Reward: v.Total, Advantage: advantages[i], Unscorable: v.Unscorable,
			Correct: v.Correct, Claim: v.Claim, Rewards: v.Parts}
		r.sum.Failures += v.Failures
		change, changed := r.compare(&batch[i], &rows[i])
		rows[i].Changed = changed
		if changed && (r.opt.Changes == 0 || len(r.res.Changes) < r.opt.Changes) {
			r.res.Changes = append(r.res.Changes, change)
		}
	}
	r.sum.step(batch, rows, groups)
	return r.scores(ctx, rows)
}

// score judges the traces of one step, group by group, and numbers the groups.
func (r *rescoring) score(ctx context.Context, batch []store.SampleDetail) (judged []judge.Judgement, groups []int, err error) {
	var ends []int
	for from := 0; from < len(batch); from = ends[len(ends)-1] {
		ends = append(ends, groupEnd(batch, from))
	}
	q := r.judge.Queue(ctx, len(ends), func() {})
	from := 0
	for n, to := range ends {
		q.Add(n, r.group(batch[from:to]))
		for range batch[from:to] {
			groups = append(groups, n)
		}
		from = to
	}
	all, err := q.Wait()
	if err != nil {
		if ctx.Err() == nil {
			err = fmt.Errorf("step %d: %w", batch[0].Step, err)
		}
		return nil, nil, err
	}
	return slices.Concat(all...), groups, nil
}

// groupEnd is where the group that begins at from ends: a prompt's
// completions stand together and are numbered.
func groupEnd(batch []store.SampleDetail, from int) int {
	to := from + 1
	for to < len(batch) && batch[to].Group == batch[from].Group && batch[to].PromptHash == batch[from].PromptHash && batch[to].Index > batch[to-1].Index {
		to++
	}
	return to
}

// group is the traces of one prompt as the run's rewards saw them.
func (r *rescoring) group(traces []store.SampleDetail) rewards.Group {
	first := &traces[0]
	p := first.Prompt
	problem := rewards.Problem{Task: p.Task, ID: p.Ref, Gold: p.Gold, Data: p.Data}
	// A prompt of another template, as after a change of the recipe by hand,
	// stands for its question as a whole.
	problem.Question = p.Text
	if q, ok := prompt.Question(r.opt.Config.Task.Template, p.Text); ok {
		problem.Question = q
	}
	g := rewards.Group{ID: p.Hash}
	for i := range traces {
		d := &traces[i]
		g.Samples = append(g.Samples, rewards.Sample{
			Prompt: p.Text, Completion: d.Text, TokenIDs: d.TokenIDs, Truncated: d.Finish == "length", Problem: problem, Step: d.Step,
		})
	}
	return g
}

// advantages are what the loss would have used: over the same groups, by the
// settings of the stage that the step belongs to. Evaluations have none.
func (r *rescoring) advantages(at *store.SampleDetail, judged []judge.Judgement, groups []int) ([]float64, error) {
	g := stageOf(r.opt.Config, at.Step)
	if at.Phase != "train" || g == nil {
		return make([]float64, len(judged)), nil
	}
	if g.MultiObjectiveAggregation == algo.NormalizeThenSum {
		scores, weights := make([][]float64, len(r.parts)), make([]float64, len(r.parts))
		for k := range r.parts {
			weights[k] = r.parts[k].Weight
			for i := range judged {
				scores[k] = append(scores[k], judged[i].Scores[k])
			}
		}
		return algo.AdvantagesOfParts(scores, weights, groups, g.AdvantageOptions())
	}
	totals := make([]float64, len(judged))
	for i := range judged {
		totals[i] = judged[i].Total
		if judged[i].Unscorable {
			totals[i] = math.NaN()
		}
	}
	advantages, _, err := algo.Advantages(totals, groups, g.AdvantageOptions())
	return advantages, err
}

// stageOf is the grpo stage that a step belongs to, nil for another stage.
func stageOf(r *recipe.Recipe, step int) *recipe.GRPO {
	end := 0
	for _, s := range r.Stages {
		switch {
		case s.SFT != nil:
			end += s.SFT.Steps
		case s.GRPO != nil:
			end += s.GRPO.Steps
		}
		if step <= end && step > 0 {
			return s.GRPO
		}
	}
	return nil
}
