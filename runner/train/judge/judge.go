// Package judge scores completions with the rewards of a recipe and turns the
// judgement into what the store keeps. Beside the rewards it asks two fixed
// questions of every completion, so that evaluations of different recipes can
// be compared: is the answer right, and is the format kept?
package judge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"gradus/rewards"
	"gradus/rewards/custom"
	"gradus/rewards/rules"
	"gradus/runner/recipe"
	"gradus/store"
)

// The rules behind the two fixed questions.
const (
	accuracyRule = "gradus.accuracy"
	formatRule   = "gradus.format"
)

// Judge scores groups. It is made once for a run and closed with it.
type Judge struct {
	parts   rewards.Composite // the recipe's; may be empty
	verdict rewards.Composite // accuracyRule and formatRule
	timeout time.Duration
	groups  int // that are judged side by side

	mu     sync.Mutex
	guards []guard // of the parts, in order
}

// Timeout is the longest that all rewards of one group may take together,
// beside what rewards of the user's own ask for. What has no answer by then is
// recorded as timed out.
const Timeout = 10 * time.Second

// New makes the judge for a recipe's rewards. Files of the user's own code are
// copied into the folder code, once; from then on the copies are run, so that
// a resumed run judges as it began.
func New(list []recipe.Reward, code string) (*Judge, error) {
	j := &Judge{timeout: Timeout}
	for _, r := range list {
		params, err := keepCode(r, code)
		if err != nil {
			return nil, errors.Join(err, j.Close())
		}
		part, err := Part(r, params)
		if err != nil {
			return nil, errors.Join(err, j.Close())
		}
		f := part.Reward
		rule, err := rules.Find(r.Name)
		if err != nil {
			return nil, errors.Join(err, j.Close(), shut(f))
		}
		// What cannot work on this machine must be known before the first step,
		// but for a function of the user's own whose failures are to be passed over.
		passOver := rule.Custom && (r.OnError == recipe.OnErrorSkip || r.OnError == recipe.OnErrorZero)
		if starts, ok := f.(rewards.Starter); ok && !passOver {
			if err := starts.Ready(); err != nil {
				return nil, errors.Join(err, j.Close(), shut(f))
			}
		}
		if slow, ok := f.(rewards.Patient); ok {
			j.timeout += slow.Patience()
		}
		if several, ok := f.(rewards.Several); ok {
			if n := several.Parallel(); j.groups == 0 || n < j.groups {
				j.groups = n
			}
		}
		j.guards = append(j.guards, guard{name: r.PartName(), onError: r.OnError, custom: rule.Custom})
		j.parts.Parts = append(j.parts.Parts, part)
	}
	if len(j.parts.Parts) > 0 {
		if err := j.parts.Check(); err != nil {
			return nil, errors.Join(err, j.Close())
		}
	}
	for _, name := range []string{accuracyRule, formatRule} {
		f, err := rules.New(name, nil)
		if err != nil {
			return nil, errors.Join(err, j.Close())
		}
		j.verdict.Parts = append(j.verdict.Parts, rewards.Part{Name: name, Weight: 1, Reward: f})
	}
	return j, nil
}

// Part makes one of a recipe's rewards with these parameters, and its gate.
func Part(r recipe.Reward, params map[string]any) (rewards.Part, error) {
	f, err := rules.New(r.Name, params)
	if err != nil {
		return rewards.Part{}, err
	}
	part := rewards.Part{Name: r.PartName(), Weight: r.Weight, Reward: f}
	if r.Gate == "" {
		return part, nil
	}
	gate, err := custom.Compile(r.Gate)
	if err != nil {
		err = fmt.Errorf("gate of %s: %w", r.PartName(), err)
		return rewards.Part{}, errors.Join(err, shut(f))
	}
	part.Gate = gate
	return part, nil
}

// Close ends the processes of rewards that have some.
func (j *Judge) Close() error {
	var err error
	for _, p := range j.parts.Parts {
		err = errors.Join(err, shut(p.Reward))
	}
	return err
}

// shut ends the processes of a reward that has some.
func shut(f rewards.Reward) error {
	if c, ok := f.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Parallel is how many groups may be judged side by side: as many as the
// reward that runs in the fewest processes has, so that no group waits for a
// process while its time runs; one where no reward runs in processes.
func (j *Judge) Parallel() int { return max(1, j.groups) }

// Names are the recipe's rewards, in order.
func (j *Judge) Names() []string {
	names := make([]string, len(j.parts.Parts))
	for i, p := range j.parts.Parts {
		names[i] = p.Name
	}
	return names
}

// Specs describe the recipe's rewards, in order.
func (j *Judge) Specs() []rewards.Spec {
	specs := make([]rewards.Spec, len(j.parts.Parts))
	for i, p := range j.parts.Parts {
		specs[i] = p.Reward.Spec()
	}
	return specs
}

// Judgement is what was said of one completion.
type Judgement struct {
	Total      float64
	Unscorable bool               // no reward gave a number
	Failures   int                // rewards that failed, as opposed to abstained
	Parts      []store.RewardPart // the recipe's rewards, in order
	Scores     []float64          // their scores: NaN where there is none, 0 behind a shut gate
	Correct    *bool              // verdict of the task's checker; nil if it gave none
	FormatOK   bool
	Claim      string // the extracted answer
	Reason     string // code of the accuracy rule, as "accuracy.different"
}

// Score judges a group, one Judgement a sample in order. A reward that fails
// is part of the judgement; it is an error (ErrReward) only when the recipe
// says that it stops the run. Several goroutines may score groups.
func (j *Judge) Score(ctx context.Context, g rewards.Group) ([]Judgement, error) {
	ctx, cancel := context.WithTimeout(ctx, j.timeout)
	defer cancel()
	out := make([]Judgement, len(g.Samples))
	g = rewards.Share(g)
	if len(j.parts.Parts) > 0 {
		scored, err := j.parts.Score(ctx, g)
		if err != nil {
			return nil, err
		}
		if err := j.guard(scored); err != nil {
			return nil, err
		}
		for i, b := range scored {
			out[i].Total, out[i].Unscorable, out[i].Failures = b.Total, b.Unscorable, b.Failures
			for k, p := range b.Parts {
				score := math.NaN()
				switch {
				case p.Gated:
					score, out[i].Unscorable = 0, false
				case j.guards[k].zero(p.Result.Status):
					score, out[i].Unscorable = 0, false
					p.Result.Why += `; its on_error is "zero", so it counts as 0`
				case p.Result.Status == rewards.OK:
					score = p.Result.Score
				}
				out[i].Scores = append(out[i].Scores, score)
				out[i].Parts = append(out[i].Parts, part(p))
			}
		}
	}
	verdicts, err := j.verdict.Score(ctx, g)
	if err != nil {
		return nil, err
	}
	for i, b := range verdicts {
		accuracy, format := b.Parts[0].Result, b.Parts[1].Result
		out[i].Claim, out[i].Reason = accuracy.Claim, accuracy.Reason
		if accuracy.Status == rewards.OK {
			right := accuracy.Score == 1
			out[i].Correct = &right
		}
		out[i].FormatOK = format.Status == rewards.OK && format.Score == 1
		if len(j.parts.Parts) == 0 {
			out[i].Unscorable = true
		}
	}
	return out, nil
}

// guard looks whether a failure ends the run.
func (j *Judge) guard(scored []rewards.Breakdown) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for k := range j.guards {
		if err := j.guards[k].check(scored, k); err != nil {
			return err
		}
	}
	return nil
}

// part is a reward part as the store keeps it.
func part(p rewards.PartResult) store.RewardPart {
	r := store.RewardPart{
		Name: p.Name, Version: p.Version, Status: p.Result.Status.String(),
		Score: p.Result.Score, Weight: p.Weight, Value: p.Value,
		Reason: p.Result.Reason, Why: p.Result.Why, Micros: p.Result.Micros,
	}
	for _, s := range p.Result.Spans {
		r.Spans = append(r.Spans, store.Span{From: s.From, To: s.To, Label: s.Label})
	}
	if len(p.Result.Facts) > 0 {
		facts, err := json.Marshal(p.Result.Facts)
		if err != nil {
			facts, _ = json.Marshal(map[string]string{"unreadable_facts": fmt.Sprint(err)})
		}
		r.Facts = facts
	}
	return r
}
