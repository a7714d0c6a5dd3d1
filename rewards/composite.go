package rewards

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// Part is one reward function of a Composite and its weight in the sum.
type Part struct {
	Name   string // unique in the composite; the reward's own name when empty
	Weight float64
	Reward Reward
	// Gate decides, once all parts have been asked, whether this one counts
	// for a sample; nil means always. It sees the other parts as
	// Sample.Earlier.
	Gate Gate
}

// Gate is a condition over a sample and its parts' results: 0 shuts the gate.
// absent names a part that it reads and that gave no score.
type Gate interface {
	Value(s Sample) (value float64, absent string, err error)
}

// PartResult is what one part said of one sample.
type PartResult struct {
	Name    string  `json:"name"`
	Reward  string  `json:"reward"`  // name of the reward function
	Version string  `json:"version"` // of the reward function
	Weight  float64 `json:"weight"`
	Value   float64 `json:"value"` // Weight * Result.Score when Result.Status is OK, else 0
	Result  Result  `json:"result"`
	// Gated: the part's gate was shut, so its Value is 0 whatever its score.
	Gated bool `json:"gated,omitempty"`
}

// Counts says whether the part added to the total.
func (p PartResult) Counts() bool { return p.Result.Status == OK }

// Breakdown is the whole judgement of one sample.
type Breakdown struct {
	Parts []PartResult `json:"parts"`
	// Total is the sum of the Values ("sum_then_normalize"). A trainer that
	// normalises each part first ("normalize_then_sum") reads Parts instead.
	Total float64 `json:"total"`
	// Unscorable: no part gave a number. Such a sample takes no part in its
	// group's mean and spread and has advantage 0; its Total, 0, means nothing.
	Unscorable bool `json:"unscorable,omitempty"`
	// Failures counts the parts whose status is Invalid, Error or Timeout.
	Failures int `json:"failures,omitempty"`
}

// Composite is a weighted sum of reward functions.
type Composite struct {
	Parts []Part
	// Now is the clock behind Result.Micros; time.Now when nil.
	Now func() time.Time
}

// Check reports a composite that cannot be used: no parts, a part without a
// reward, a weight that is not finite, two parts of one name, an expression that
// reads a part that is not there (Reader).
func (c Composite) Check() error {
	if len(c.Parts) == 0 {
		return errors.New("rewards: a composite needs at least one part")
	}
	seen := make(map[string]bool, len(c.Parts))
	for i, p := range c.Parts {
		if p.Reward == nil {
			return fmt.Errorf("rewards: part %d (%q) has no reward function", i, p.Name)
		}
		if math.IsNaN(p.Weight) || math.IsInf(p.Weight, 0) {
			return fmt.Errorf("rewards: part %q has weight %v; give a finite number", p.name(), p.Weight)
		}
		if seen[p.name()] {
			return fmt.Errorf("rewards: two parts are named %q; give each its own name", p.name())
		}
		if absent := unread(p.Reward, seen); absent != "" {
			return fmt.Errorf("rewards: %s reads %s, which is not among the rewards before it; put it there", p.name(), absent)
		}
		seen[p.name()] = true
	}
	for _, p := range c.Parts {
		if absent := unread(p.Gate, seen); absent != "" {
			return fmt.Errorf("rewards: the gate of %s reads %s, which is not among the rewards; add it", p.name(), absent)
		}
	}
	return nil
}

// unread is the first part that an expression reads and that is not there.
func unread(expression any, there map[string]bool) string {
	if reads, ok := expression.(Reader); ok {
		for _, name := range reads.Parts() {
			if !there[name] {
				return name
			}
		}
	}
	return ""
}

func (p Part) name() string {
	if p.Name != "" {
		return p.Name
	}
	return p.Reward.Spec().Name
}

// Score judges a group: one Breakdown a sample, in order. A part that fails,
// panics or answers nonsense marks its results and leaves the other parts
// alone. The error is that of Check; a failing part is never an error here.
//
// A part that outlives ctx is given up and its late answer dropped; its
// goroutine ends when the function returns.
func (c Composite) Score(ctx context.Context, g Group) ([]Breakdown, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	now := c.Now
	if now == nil {
		now = time.Now
	}
	out := make([]Breakdown, len(g.Samples))
	for i := range out {
		out[i].Parts = make([]PartResult, len(c.Parts))
	}
	// Each part sees what those before it said.
	g = Share(g)
	for i := range g.Samples {
		g.Samples[i].Earlier = make(map[string]Result, len(c.Parts))
	}
	for k := 0; k < len(c.Parts); k++ {
		if end := c.singles(k); end > k {
			c.scoreSingles(ctx, now, g, k, end, out)
			k = end - 1
			continue
		}
		part := c.Parts[k]
		spec := part.Reward.Spec()
		start := now()
		view := g // a part may reorder its own list
		view.Samples = slices.Clone(g.Samples)
		results, givenUp := scorePart(ctx, part.Reward, spec, view)
		if givenUp {
			// It still runs and keeps what it saw.
			for i := range g.Samples {
				g.Samples[i].Earlier = maps.Clone(g.Samples[i].Earlier)
			}
		}
		elapsed := now().Sub(start).Microseconds()
		for i, r := range results {
			if r.Micros == 0 {
				// The group was one call: each sample bears its share.
				r.Micros = elapsed / int64(len(results))
			}
			c.record(k, spec, r, &out[i], g.Samples[i])
		}
	}
	for i := range out {
		out[i].Unscorable = true
		for k := range out[i].Parts {
			p := &out[i].Parts[k]
			c.Parts[k].pass(g.Samples[i], p)
			switch p.Result.Status {
			case OK:
				out[i].Unscorable = false
				out[i].Total += p.Value
			case Invalid, Error, Timeout:
				out[i].Failures++
			}
		}
	}
	return out, nil
}

// record puts down what part k said of a sample, for the caller and for the
// parts after it.
func (c Composite) record(k int, spec Spec, r Result, b *Breakdown, s Sample) {
	part := c.Parts[k]
	b.Parts[k] = PartResult{Name: part.name(), Reward: spec.Name, Version: spec.Version, Weight: part.Weight, Result: r}
	s.Earlier[part.name()] = r
}

// pass gives a scored part its value, unless its gate is shut.
func (p Part) pass(s Sample, r *PartResult) {
	if r.Result.Status != OK {
		return
	}
	r.Value = p.Weight * r.Result.Score
	if p.Gate == nil {
		return
	}
	value, absent, err := p.Gate.Value(s)
	switch {
	case err != nil:
		r.Result = Result{Status: Error, Reason: "reward.gate_error", Why: fmt.Sprintf("the gate of %s failed: %v", p.name(), err), Facts: r.Result.Facts, Micros: r.Result.Micros}
		r.Value = 0
	case absent != "":
		r.Result.Status, r.Result.Score, r.Result.Reason = Skipped, 0, "reward.gate_unknown"
		r.Result.Why = fmt.Sprintf("%s; but its gate reads %s, which gave no score", r.Result.Why, absent)
		r.Value = 0
	case value == 0:
		r.Gated, r.Value = true, 0
		r.Result.Why += "; its gate is shut, so it pays nothing"
	}
}

// scorePart runs one function and turns whatever happens into results. One
// that does not answer in time is given up: it still runs and reads g.
func scorePart(ctx context.Context, r Reward, spec Spec, g Group) (results []Result, givenUp bool) {
	if err := ctx.Err(); err != nil {
		return all(g, timeoutResult(spec, err)), false
	}
	var err error
	if ctx.Done() == nil {
		results, err = call(ctx, r, g)
	} else {
		type answer struct {
			results []Result
			err     error
		}
		ch := make(chan answer, 1)
		go func() {
			results, err := call(ctx, r, g)
			ch <- answer{results, err}
		}()
		select {
		case a := <-ch:
			results, err = a.results, a.err
		case <-ctx.Done():
			return all(g, timeoutResult(spec, ctx.Err())), true
		}
	}
	switch {
	case err != nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) && ctx.Err() != nil:
		return all(g, timeoutResult(spec, ctx.Err())), false
	case err != nil:
		return all(g, Result{Status: Error, Reason: "reward.error",
			Why: fmt.Sprintf("%s failed: %v", spec.Name, err)}), false
	case len(results) != len(g.Samples):
		return all(g, Result{Status: Invalid, Reason: "reward.wrong_length",
			Why: fmt.Sprintf("%s returned %d results for %d completions", spec.Name, len(results), len(g.Samples))}), false
	}
	checked := make([]Result, len(results))
	for i, res := range results {
		checked[i] = checkRange(spec, res)
	}
	return checked, false
}

// call runs the function and turns a panic into an error.
func call(ctx context.Context, r Reward, g Group) (results []Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			results, err = nil, fmt.Errorf("panic: %v", p)
		}
	}()
	return r.Score(ctx, g)
}

func all(g Group, r Result) []Result {
	out := make([]Result, len(g.Samples))
	for i := range out {
		out[i] = r
	}
	return out
}

func timeoutResult(spec Spec, err error) Result {
	return Result{Status: Timeout, Reason: "reward.timeout",
		Why: fmt.Sprintf("%s did not answer in time: %v", spec.Name, err)}
}

// checkRange refuses numbers that are none, or outside the declared range.
// The refused number is kept as text, since JSON has no NaN.
func checkRange(spec Spec, r Result) Result {
	if r.Status != OK {
		r.Score = 0
		return r
	}
	lo, hi := spec.Range[0], spec.Range[1]
	if r.Score >= lo && r.Score <= hi { // false for NaN
		return r
	}
	facts := make(map[string]any, len(r.Facts)+1)
	for k, v := range r.Facts {
		facts[k] = v
	}
	facts["score"] = fmt.Sprint(r.Score)
	return Result{Status: Invalid, Reason: "reward.out_of_range", Spans: r.Spans, Facts: facts, Claim: r.Claim, Micros: r.Micros,
		Why: fmt.Sprintf("%s returned %v, outside its range [%g, %g]", spec.Name, r.Score, lo, hi)}
}
