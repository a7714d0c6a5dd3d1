package train

import (
	"context"
	"errors"
	"fmt"

	"gradus/model"
	"gradus/runner/recipe"
	"gradus/runner/train/alarm"
	"gradus/runner/train/journal"
	"gradus/store"
)

// stage does, or goes on with, one stage.
func (r *run) stage(ctx context.Context, st recipe.Stage) error {
	switch {
	case st.SFT != nil:
		return r.train(ctx, r.newSFT(*st.SFT))
	case st.GRPO != nil:
		return r.train(ctx, r.newGRPO(*st.GRPO))
	}
	if err := r.boundary(ctx); err != nil {
		return err
	}
	if err := r.evaluate(ctx, st.Eval.Label); err != nil {
		return err
	}
	r.at.Stage++
	return nil
}

// trainer is a stage that takes steps.
type trainer interface {
	// begin is called before the first step of the stage in this attempt.
	begin(ctx context.Context) error
	// step makes one step and returns its metrics and the records that belong
	// to it. When it fails it says whether the weights are still those of the
	// step before.
	step(ctx context.Context) (done result, err error)
	// after is called when the step is recorded.
	after(ctx context.Context) error
}

// result is what one step brings.
type result struct {
	values  map[string]float64
	records []journal.Entry
	alerts  []store.Alert
	// changed says that the weights are no longer those of the step before.
	changed bool
}

// train makes the steps of a stage.
func (r *run) train(ctx context.Context, t trainer) error {
	stage := r.at.Stage
	if err := t.begin(ctx); err != nil {
		return err
	}
	for r.at.Stage == stage {
		if err := r.boundary(ctx); err != nil {
			return err
		}
		if err := r.oneStep(ctx, t, stage); err != nil {
			return err
		}
		if err := t.after(ctx); err != nil {
			return err
		}
		if err := r.settle(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) oneStep(ctx context.Context, t trainer, stage int) error {
	begin := r.env.Clock.Now()
	res, err := t.step(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		if errors.Is(err, model.ErrNonFinite) {
			err = fmt.Errorf("step %d: %w", r.at.Step+1, err)
		}
		// What the step has found out is told, and weights that it has not
		// touched are saved, unless they are what is wrong.
		errs := []error{err, r.alert(res.alerts...)}
		if !res.changed && !mayPass(err) && weightsGood(err) {
			errs = append(errs, r.save())
		}
		return errors.Join(errs...)
	}
	end := r.env.Clock.Now()
	seconds := end.Sub(begin).Seconds()
	if n, ok := res.values["num_tokens"]; ok && seconds > 0 {
		res.values["tokens_per_second"] = (n - float64(r.mem.Tokens)) / seconds
		r.mem.Tokens = int64(n)
	}
	res.values["step_time"] = seconds
	res.alerts = append(res.alerts, r.watch.lap(end, r.at.Step+1, res.values)...)

	r.at = r.at.next(r.rec.Stages)
	values, bad := split(res.values)
	m := store.Metrics{Stage: string(r.rec.Stages[stage].Kind), Step: r.at.Step, Values: values, NonFinite: bad}
	entries := append(res.records, journal.Entry{Kind: store.KindMetrics, Body: m})
	for _, a := range res.alerts {
		entries = append(entries, journal.Entry{Kind: store.KindAlert, Body: a})
	}
	if err := r.j.Write(entries...); err != nil {
		return err
	}
	r.j.SetStep(r.at.Step)
	r.hist.LastStep = r.at.Step
	r.last = values
	r.tell(Event{Metrics: &m, Stage: m.Stage})
	for i := range res.alerts {
		r.tell(Event{Alert: &res.alerts[i], Stage: m.Stage})
	}
	return nil
}

// settle does what the end of a step asks for: a periodic evaluation, then a
// checkpoint. What is already done is not done again, so it may be called at
// any boundary.
func (r *run) settle(ctx context.Context) error {
	stage, n, ok := r.at.justDone(r.rec.Stages)
	if !ok {
		return nil
	}
	if g := r.rec.Stages[stage].GRPO; g != nil && r.rec.Eval.Every > 0 && n%r.rec.Eval.Every == 0 && !r.evalFollows() {
		if err := r.periodic(ctx); err != nil {
			return err
		}
	}
	every := r.rec.Checkpoint.SaveSteps
	_, evaluated := r.evalAt(r.at.Step)
	if n == steps(r.rec.Stages[stage]) || every > 0 && n%every == 0 || evaluated || r.mem.Reference == checkpointName(r.at.Step) {
		return r.save()
	}
	return nil
}

// periodic evaluates during a grpo stage and holds the result against the
// reward.
func (r *run) periodic(ctx context.Context) error {
	if err := r.evaluate(ctx, ""); err != nil {
		return err
	}
	e, ok := r.evalAt(r.at.Step)
	if !ok || r.mem.Watch.HeldStep >= e.Step {
		return nil
	}
	// A checkpoint of this step that was written when the evaluation was
	// broken off does not know of it: settle writes it anew.
	r.savedAt = -1
	return r.alert(r.mem.Watch.ObserveHeldOut(alarm.Held{Step: e.Step, Accuracy: e.Accuracy, Low: e.CILow, High: e.CIHigh})...)
}

// evalFollows says whether the next thing to do is an eval stage: a periodic
// evaluation just before it would ask the same again.
func (r *run) evalFollows() bool {
	return r.at.StageStep == 0 && r.at.kind(r.rec.Stages) == string(recipe.KindEval)
}
