package rescore

import (
	"math"

	"gradus/store"
)

// Summary counts what changed. Of traces whose text was removed nothing is
// known.
type Summary struct {
	Traces   int `json:"traces"`
	Groups   int `json:"groups"`
	LeftOut  int `json:"left_out,omitempty"` // of steps some of whose texts were removed
	Failures int `json:"failures,omitempty"` // reward calls that failed, as opposed to abstained

	Changed int `json:"changed"` // traces on which the layer disagrees
	// Totals: the sums are of comparable rewards, so Raised and Lowered mean
	// something.
	Totals       bool    `json:"totals_compared"`
	Raised       int     `json:"raised"`
	Lowered      int     `json:"lowered"`
	NowRight     int     `json:"now_right"` // verdicts of the checker
	NowWrong     int     `json:"now_wrong"`
	NoVerdict    int     `json:"no_verdict"`    // had one or has one now, not both
	Unscorable   int     `json:"unscorable"`    // now, and were not
	Scorable     int     `json:"scorable"`      // now, and were not
	RewardBefore float64 `json:"reward_before"` // mean of scorable traces, 0 where there is none
	RewardAfter  float64 `json:"reward_after"`
	ScoredBefore int     `json:"scored_before"` // scorable traces
	ScoredAfter  int     `json:"scored_after"`

	Parts     []PartSummary    `json:"parts"`
	Advantage AdvantageSummary `json:"advantage"`
}

// PartSummary is one reward of the layer over all traces.
type PartSummary struct {
	Name     string  `json:"name"`
	Compared int     `json:"compared"` // traces where the run has a reward of that name
	Changed  int     `json:"changed"`
	Scored   int     `json:"scored"` // of those compared, ok in both
	Before   float64 `json:"before"` // mean score of these
	After    float64 `json:"after"`
}

// AdvantageSummary compares the advantages of training traces: those that the
// loss used and those that it would have used.
type AdvantageSummary struct {
	Traces      int     `json:"traces"`
	MeanAbs     float64 `json:"mean_abs_before"`
	MeanAbsNew  float64 `json:"mean_abs_after"`
	MeanChange  float64 `json:"mean_abs_change"`
	MaxChange   float64 `json:"max_abs_change"`
	Turned      int     `json:"turned"`      // encouraged before and discouraged now, or the reverse
	Correlation float64 `json:"correlation"` // Pearson; 0 where one side has no spread
	Groups      int     `json:"groups"`
	NoSpread    int     `json:"no_spread_before"` // groups that taught nothing
	NoSpreadNew int     `json:"no_spread_after"`
}

// tally is a Summary in the making.
type tally struct {
	Summary
	before, after         mean
	sx, sy, sxx, syy, sxy float64
}

type mean struct {
	sum float64
	n   int
}

func (m *mean) add(x float64) { m.sum, m.n = m.sum+x, m.n+1 }

func (m mean) value() float64 {
	if m.n == 0 {
		return 0
	}
	return m.sum / float64(m.n)
}

func (t *tally) begin(parts []store.LayerReward) {
	t.Parts = make([]PartSummary, len(parts))
	for i, p := range parts {
		t.Parts[i].Name = p.Name
	}
}

func (t *tally) part(i int, before, after *store.RewardPart, changed bool) {
	p := &t.Parts[i]
	p.Compared++
	if changed {
		p.Changed++
	}
	if before.Status == "ok" && after.Status == "ok" {
		p.Scored++
		p.Before += before.Score
		p.After += after.Score
	}
}

// step takes in the traces of one step.
func (t *tally) step(before []store.SampleDetail, after []store.LayerScore, groups []int) {
	t.Traces += len(after)
	t.Groups += groups[len(groups)-1] + 1
	for i := range after {
		b, a := &before[i], &after[i]
		if a.Changed {
			t.Changed++
		}
		switch {
		case b.Unscorable && !a.Unscorable:
			t.Scorable++
		case !b.Unscorable && a.Unscorable:
			t.Unscorable++
		case !b.Unscorable && a.Reward > b.Reward:
			t.Raised++
		case !b.Unscorable && a.Reward < b.Reward:
			t.Lowered++
		}
		switch {
		case b.Correct == nil && a.Correct == nil:
		case b.Correct == nil || a.Correct == nil:
			t.NoVerdict++
		case *a.Correct && !*b.Correct:
			t.NowRight++
		case *b.Correct && !*a.Correct:
			t.NowWrong++
		}
		if !b.Unscorable {
			t.before.add(b.Reward)
		}
		if !a.Unscorable {
			t.after.add(a.Reward)
		}
	}
	if before[0].Phase == "train" {
		t.advantages(before, after, groups)
	}
}

func (t *tally) advantages(before []store.SampleDetail, after []store.LayerScore, groups []int) {
	v := &t.Advantage
	for i := range after {
		x, y := before[i].Advantage, after[i].Advantage
		v.Traces++
		v.MeanAbs += math.Abs(x)
		v.MeanAbsNew += math.Abs(y)
		v.MeanChange += math.Abs(y - x)
		v.MaxChange = max(v.MaxChange, math.Abs(y-x))
		if x*y < 0 {
			v.Turned++
		}
		t.sx, t.sy, t.sxx, t.syy, t.sxy = t.sx+x, t.sy+y, t.sxx+x*x, t.syy+y*y, t.sxy+x*y
	}
	for from := 0; from < len(groups); {
		to := from
		var was, is spread
		for to < len(groups) && groups[to] == groups[from] {
			was.add(before[to].Reward, before[to].Unscorable)
			is.add(after[to].Reward, after[to].Unscorable)
			to++
		}
		v.Groups++
		if !was.some {
			v.NoSpread++
		}
		if !is.some {
			v.NoSpreadNew++
		}
		from = to
	}
}

// spread says whether the scorable traces of a group differ in their reward.
type spread struct {
	first     float64
	any, some bool
}

func (s *spread) add(reward float64, unscorable bool) {
	switch {
	case unscorable:
	case !s.any:
		s.first, s.any = reward, true
	default:
		s.some = s.some || reward != s.first
	}
}

// done turns sums into means.
func (t *tally) done() Summary {
	s := t.Summary
	s.RewardBefore, s.RewardAfter = t.before.value(), t.after.value()
	s.ScoredBefore, s.ScoredAfter = t.before.n, t.after.n
	for i := range s.Parts {
		if p := &s.Parts[i]; p.Scored > 0 {
			p.Before /= float64(p.Scored)
			p.After /= float64(p.Scored)
		}
	}
	if v := &s.Advantage; v.Traces > 0 {
		n := float64(v.Traces)
		v.MeanAbs, v.MeanAbsNew, v.MeanChange = v.MeanAbs/n, v.MeanAbsNew/n, v.MeanChange/n
		if x, y := t.sxx-t.sx*t.sx/n, t.syy-t.sy*t.sy/n; x > 1e-12*n && y > 1e-12*n {
			v.Correlation = (t.sxy - t.sx*t.sy/n) / math.Sqrt(x*y)
		}
	}
	return s
}
