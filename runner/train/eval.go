package train

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"gradus/model"
	"gradus/runner/evaluate/suite"
	"gradus/runner/recipe"
	"gradus/runner/stats"
	"gradus/runner/train/feed"
	"gradus/runner/train/journal"
	"gradus/runner/train/judge"
	"gradus/store"
)

// exam is the held-out suite of a run, encoded.
type exam struct {
	suite suite.Suite
	name  string
	hash  string
	all   []feed.Prompt
	fits  []int // those that the model can hold with a completion
}

// newExam builds the suite that the recipe describes.
func (r *run) newExam() (*exam, error) {
	e := &exam{suite: suite.FromRecipe(r.rec, r.shape.Held.Spec())}
	items, err := e.suite.Build(r.shape.Held)
	if err != nil {
		return nil, err
	}
	e.name, e.hash = e.suite.Name(items), e.suite.Hash(items)
	for i, it := range items {
		p, err := r.enc.Encode(it.Problem)
		if err != nil {
			return nil, err
		}
		e.all = append(e.all, p)
		if len(p.Tokens) <= r.shape.Limits.PromptLen && len(p.Tokens)+e.suite.MaxCompletionLength <= r.shape.Config.MaxPositionEmbeddings {
			e.fits = append(e.fits, i)
		}
	}
	return e, nil
}

// ckptName says which weights are evaluated, as RUN@STEP: those of this run,
// or of the checkpoint that an evaluation run was made for.
func (r *run) ckptName() string {
	switch {
	case r.rec.Steps() > 0:
		return fmt.Sprintf("%s@%d", r.spec.ID, r.at.Step)
	case r.spec.Parent != "":
		return r.spec.Parent
	case r.spec.From != "":
		return r.spec.From
	}
	return fmt.Sprintf("%s@0", r.spec.ID)
}

// evaluate answers and marks the held-out suite, unless an attempt before has
// done so at this step.
func (r *run) evaluate(ctx context.Context, label string) error {
	if r.tests == nil {
		e, err := r.newExam()
		if err != nil {
			return err
		}
		r.tests = e
	}
	e := r.tests
	if r.hist.Evaluated(r.at.Step, label, e.hash) {
		return nil // by an attempt before this one
	}
	begin := r.env.Clock.Now()
	ro, err := r.take(ctx, e)
	if err != nil {
		if errors.Is(err, model.ErrNonFinite) {
			err = fmt.Errorf("evaluation after step %d: %w", r.at.Step, err)
		}
		return err
	}
	res, err := e.mark(ro)
	if err != nil {
		return err
	}
	res.Ckpt, res.Step, res.Label = r.ckptName(), r.at.Step, label
	res.WallSeconds = r.env.Clock.Now().Sub(begin).Seconds()
	entries, err := e.records(ro, res, string(recipe.KindEval), keepTokens(r.rec.Store.TokenData, r.at.Step, len(e.all)))
	if err != nil {
		return err
	}
	found := store.Alert{Step: r.at.Step, Level: "info", Code: "eval.summary", Message: e.explain(ro), Value: res.Accuracy, Passed: true}
	entries = append(entries, journal.Entry{Kind: store.KindEval, Body: res}, journal.Entry{Kind: store.KindAlert, Body: found})
	if err := r.j.WriteSync(entries...); err != nil {
		return err
	}
	r.hist.Evals = append(r.hist.Evals, res)
	r.tell(Event{Eval: &res})
	r.tell(Event{Alert: &found})
	return nil
}

// take answers the suite. It is broken off when a stop is asked for: the
// answers can be had again.
func (r *run) take(ctx context.Context, e *exam) (*rollout, error) {
	evalCtx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	told := r.progress("evaluation")
	looked := r.env.Clock.Now()
	look := func(done, total int) {
		if now := r.env.Clock.Now(); now.Sub(looked) >= time.Second/2 {
			looked = now
			if r.stopAsked() {
				cancel(errBrokenOff)
			}
		}
		if told != nil {
			told(done, total)
		}
	}
	prompts := make([]feed.Prompt, len(e.fits))
	for i, at := range e.fits {
		prompts[i] = e.all[at]
	}
	o := model.SampleOptions{
		Temperature: float32(e.suite.Temperature), TopP: float32(e.suite.TopP), MaxNew: e.suite.MaxCompletionLength,
		Stop: r.shape.Config.EOSTokenIDs, Seed: e.suite.Seed,
	}
	ro, err := r.sample(evalCtx, look, prompts, e.suite.Samples, o, r.at.Step, func(prompt, index int) uint64 {
		return feed.EvalStream(e.fits[prompt], index)
	})
	if err != nil {
		if cause := context.Cause(evalCtx); errors.Is(cause, errBrokenOff) && ctx.Err() == nil {
			return nil, cause
		}
		return nil, err
	}
	return e.withUnfit(ro), nil
}

// withUnfit puts the answers in the order of the suite, with an empty one for
// each prompt that the model cannot hold: it is not answered, so not right,
// and the record says so.
func (e *exam) withUnfit(ro *rollout) *rollout {
	if len(e.fits) == len(e.all) {
		return ro
	}
	out := &rollout{prompts: e.all, group: ro.group, version: ro.version, limit: ro.limit, sampling: ro.sampling, judging: ro.judging}
	answered := map[int]int{} // place in the suite -> first answer
	for i, at := range e.fits {
		answered[at] = i * ro.group
	}
	for at := range e.all {
		if first, ok := answered[at]; ok {
			for _, c := range ro.all[first : first+ro.group] {
				c.group = at
				out.all = append(out.all, c)
			}
			continue
		}
		for k := range ro.group {
			wrong := false
			out.all = append(out.all, completion{
				Completion: model.Completion{Finish: model.FinishLength}, group: at, index: k, stream: feed.EvalStream(at, k),
				Judgement: judge.Judgement{Unscorable: true, Correct: &wrong, Reason: unfit},
			})
		}
	}
	return out
}

// unfit is the reason why a prompt was not answered.
const unfit = "eval.prompt_too_long"

// mark computes accuracy and format of the answers.
func (e *exam) mark(ro *rollout) (store.Eval, error) {
	right := make([]int, len(e.all))
	format := 0
	for _, c := range ro.all {
		if c.Correct != nil && *c.Correct {
			right[c.group]++
		}
		if c.FormatOK {
			format++
		}
	}
	acc, err := stats.PassAt1(right, e.suite.Samples, stats.Bootstrap{Seed: e.suite.Seed})
	if err != nil {
		return store.Eval{}, err
	}
	_, tokens := ro.tokens()
	return store.Eval{
		Suite: e.name, SuiteHash: e.hash, Seed: e.suite.Seed, N: len(e.all), K: e.suite.Samples,
		Accuracy: acc.Mean, CILow: acc.Interval.Low, CIHigh: acc.Interval.High,
		FormatOK: float64(format) / float64(len(ro.all)), Tokens: int64(tokens),
	}, nil
}

// recordRows bounds the samples of one record.
const recordRows = 1024

// records are the answers in records of a moderate size.
func (e *exam) records(ro *rollout, res store.Eval, stage string, keep func(int) bool) ([]journal.Entry, error) {
	prompts, rows := ro.records(keep)
	var entries []journal.Entry
	for lo := 0; lo < len(rows); lo += recordRows {
		part := store.Samples{Stage: stage, Step: res.Step, Phase: "eval", Ckpt: res.Ckpt}
		place := map[int]int{}
		for _, row := range rows[lo:min(lo+recordRows, len(rows))] {
			at, seen := place[row.Prompt]
			if !seen {
				at = len(part.Prompts)
				place[row.Prompt] = at
				part.Prompts = append(part.Prompts, prompts[row.Prompt])
			}
			row.Prompt = at
			part.Rows = append(part.Rows, row)
		}
		entries = append(entries, journal.Entry{Kind: store.KindSamples, Body: part})
	}
	return entries, nil
}

// explain is one sentence: how many are right, and what became of the others.
func (e *exam) explain(ro *rollout) string {
	right, unjudged := 0, 0
	why := map[string]int{}
	for _, c := range ro.all {
		switch {
		case c.Correct == nil:
			unjudged++
			why[c.Reason]++
		case *c.Correct:
			right++
		case c.Reason == unfit:
			why["had a prompt longer than the model can hold"]++
		case c.Finish == model.FinishLength && c.Claim == "":
			why[fmt.Sprintf("were cut at %d tokens before an answer", ro.limit)]++
		default:
			why[inWords(c.Reason)]++
		}
	}
	s := fmt.Sprintf("%d of %d right", right, len(ro.all))
	if e.suite.Samples > 1 {
		s += fmt.Sprintf(" (%d prompts, %d answers each)", len(e.all), e.suite.Samples)
	}
	reasons := make([]string, 0, len(why))
	for w := range why {
		reasons = append(reasons, w)
	}
	sort.Slice(reasons, func(i, j int) bool {
		if why[reasons[i]] != why[reasons[j]] {
			return why[reasons[i]] > why[reasons[j]]
		}
		return reasons[i] < reasons[j]
	})
	for i, w := range reasons {
		sep := ", "
		if i == 0 {
			sep = ": "
		}
		s += fmt.Sprintf("%s%d %s", sep, why[w], w)
	}
	if len(e.all) < e.suite.Prompts {
		s += fmt.Sprintf("; the task has only %d of the %d held-out prompts that were asked for", len(e.all), e.suite.Prompts)
	}
	if unknown := e.unknown(); unknown > 0 {
		s += fmt.Sprintf("; %d of %d prompts hold bytes that the model's tokenizer does not know", unknown, len(e.all))
	}
	return s + "."
}

// inWords says what a verdict means for an answer; a code that has no words
// here speaks for itself.
func inWords(reason string) string {
	code := strings.TrimPrefix(reason, "accuracy.")
	switch code {
	case "different":
		return "gave a wrong answer"
	case "no_answer":
		return "gave no answer"
	case "ambiguous":
		return "gave several answers"
	case "unparsed", "pred_unparsed":
		return "gave an answer that cannot be read"
	case "wrong_numbers":
		return "used the wrong numbers"
	case "division_by_zero":
		return "divided by zero"
	case "gold_unparsed", "problem_unreadable":
		return "have a problem that cannot be judged"
	case "":
		return "were not judged"
	}
	return strings.ReplaceAll(code, "_", " ")
}

func (e *exam) unknown() int {
	n := 0
	for _, p := range e.all {
		if p.Unknown {
			n++
		}
	}
	return n
}
