package rescore

import (
	"fmt"

	"gradus/store"
)

// Change is a trace of which the layer says something else than the run.
type Change struct {
	Sample     int64        `json:"sample"`
	Phase      string       `json:"phase"`
	Step       int          `json:"step"`
	Group      int          `json:"group"`
	Index      int          `json:"index"`
	Reward     BeforeAfter  `json:"reward"`
	Advantage  BeforeAfter  `json:"advantage"`
	Unscorable [2]bool      `json:"unscorable"` // before, after
	Correct    [2]*bool     `json:"correct"`    // before, after; null where the checker gave no verdict
	Claim      [2]string    `json:"claim"`
	Parts      []PartChange `json:"parts"` // the rewards that explain it
	Why        string       `json:"why"`   // a sentence
	Text       string       `json:"text"`
}

// BeforeAfter is a number as the run recorded it and as the layer has it.
type BeforeAfter struct {
	Before float64 `json:"before"`
	After  float64 `json:"after"`
}

// PartChange is one reward in both; the run's or the layer's is null where the
// other alone has it.
type PartChange struct {
	Name   string     `json:"name"`
	Before *PartScore `json:"before"`
	After  *PartScore `json:"after"`
}

// PartScore is what one reward said.
type PartScore struct {
	Version string  `json:"version"`
	Status  string  `json:"status"`
	Score   float64 `json:"score"`
	Why     string  `json:"why"`
}

// compare says whether the layer disagrees with the run on a trace. The
// checker's verdict, and rewards of the same name, are compared one by one.
// The sums are compared where they are of the same rewards with the same
// weights, or have no reward in common: a layer that leaves some rewards out
// does not disagree by that alone.
func (r *rescoring) compare(before *store.SampleDetail, after *store.LayerScore) (Change, bool) {
	c := Change{Sample: before.ID, Phase: before.Phase, Step: before.Step, Group: before.Group, Index: before.Index,
		Reward: BeforeAfter{before.Reward, after.Reward}, Advantage: BeforeAfter{before.Advantage, after.Advantage},
		Unscorable: [2]bool{before.Unscorable, after.Unscorable}, Correct: [2]*bool{before.Correct, after.Correct},
		Claim: [2]string{before.Claim, after.Claim}, Text: before.Text}
	shared, sameWeights := 0, true
	for i := range after.Rewards {
		p := &after.Rewards[i]
		b := partNamed(before.Rewards, p.Name)
		if b == nil {
			c.Parts = append(c.Parts, PartChange{Name: p.Name, After: scoreOf(p)})
			continue
		}
		shared++
		sameWeights = sameWeights && b.Weight == p.Weight
		differs := b.Status != p.Status || b.Score != p.Score
		r.sum.part(i, b, p, differs)
		if differs {
			c.Parts = append(c.Parts, PartChange{Name: p.Name, Before: scoreOf(b), After: scoreOf(p)})
		}
	}
	changed := verdictChange(before.Correct, after.Correct) != ""
	for _, p := range c.Parts {
		changed = changed || p.Before != nil
	}
	all := shared == len(after.Rewards) && shared == len(before.Rewards)
	if all && sameWeights || shared == 0 {
		r.sum.Totals = true
		changed = changed || before.Reward != after.Reward || before.Unscorable != after.Unscorable
	}
	if shared == 0 {
		for i := range before.Rewards {
			c.Parts = append(c.Parts, PartChange{Name: before.Rewards[i].Name, Before: scoreOf(&before.Rewards[i])})
		}
	}
	if !changed {
		return Change{}, false
	}
	c.Why = c.why()
	return c, true
}

// verdictChange says how two verdicts of the checker differ, "" where they do
// not.
func verdictChange(before, after *bool) string {
	say := func(v *bool) string {
		switch {
		case v == nil:
			return "no verdict"
		case *v:
			return "right"
		}
		return "wrong"
	}
	b, a := say(before), say(after)
	if b == a {
		return ""
	}
	return b + " -> " + a
}

func partNamed(list []store.RewardPart, name string) *store.RewardPart {
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}

func scoreOf(p *store.RewardPart) *PartScore {
	return &PartScore{Version: p.Version, Status: p.Status, Score: p.Score, Why: p.Why}
}

// String is the score, or the status where there is none.
func (p *PartScore) String() string {
	switch {
	case p == nil:
		return "absent"
	case p.Status != "ok":
		return p.Status
	}
	return fmt.Sprintf("%.4g", p.Score)
}

// why is the change in a sentence: each reward's, with what it says now.
func (c *Change) why() string {
	s := verdictChange(c.Correct[0], c.Correct[1])
	for _, p := range c.Parts {
		if s != "" {
			s += "; "
		}
		said := p.After
		if said == nil {
			said = p.Before
		}
		s += fmt.Sprintf("%s %s -> %s: %s", p.Name, p.Before, p.After, said.Why)
	}
	if s == "" {
		s = fmt.Sprintf("reward %.4g -> %.4g", c.Reward.Before, c.Reward.After)
	}
	return s
}
