// Package judge scores completions with the rewards of a recipe and turns the
// judgement into what the store keeps. Beside the rewards it asks two fixed
// questions of every completion, so that evaluations of different recipes can
// be compared: is the answer right, and is the format kept?
package judge

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gradus/rewards"
	"gradus/rewards/rules"
	"gradus/runner/recipe"
	"gradus/store"
)

// The rules behind the two fixed questions.
const (
	accuracyRule = "gradus.accuracy"
	formatRule   = "gradus.format"
)

// Judge scores groups. It is made once for a run.
type Judge struct {
	parts   rewards.Composite // the recipe's; may be empty
	verdict rewards.Composite // accuracyRule and formatRule
	timeout time.Duration
}

// Timeout is the longest that all rewards of one group may take together.
// What has no answer by then is recorded as timed out.
const Timeout = 10 * time.Second

// New makes the judge for a recipe's rewards.
func New(list []recipe.Reward) (*Judge, error) {
	j := &Judge{timeout: Timeout}
	for _, r := range list {
		f, err := rules.New(r.Name, r.Params)
		if err != nil {
			return nil, err
		}
		j.parts.Parts = append(j.parts.Parts, rewards.Part{Name: r.Name, Weight: r.Weight, Reward: f})
	}
	if len(j.parts.Parts) > 0 {
		if err := j.parts.Check(); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{accuracyRule, formatRule} {
		f, err := rules.New(name, nil)
		if err != nil {
			return nil, err
		}
		j.verdict.Parts = append(j.verdict.Parts, rewards.Part{Name: name, Weight: 1, Reward: f})
	}
	return j, nil
}

// Names are the recipe's rewards, in order.
func (j *Judge) Names() []string {
	names := make([]string, len(j.parts.Parts))
	for i, p := range j.parts.Parts {
		names[i] = p.Name
	}
	return names
}

// Judgement is what was said of one completion.
type Judgement struct {
	Total      float64
	Unscorable bool               // no reward gave a number
	Failures   int                // rewards that failed, as opposed to abstained
	Parts      []store.RewardPart // the recipe's rewards, in order
	Correct    *bool              // verdict of the task's checker; nil if it gave none
	FormatOK   bool
	Claim      string // the extracted answer
	Reason     string // code of the accuracy rule, as "accuracy.different"
}

// Score judges a group, one Judgement a sample in order. A reward that fails
// is part of the judgement and never an error.
func (j *Judge) Score(ctx context.Context, g rewards.Group) ([]Judgement, error) {
	ctx, cancel := context.WithTimeout(ctx, j.timeout)
	defer cancel()
	out := make([]Judgement, len(g.Samples))
	if len(j.parts.Parts) > 0 {
		scored, err := j.parts.Score(ctx, g)
		if err != nil {
			return nil, err
		}
		for i, b := range scored {
			out[i].Total, out[i].Unscorable, out[i].Failures = b.Total, b.Unscorable, b.Failures
			for _, p := range b.Parts {
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
