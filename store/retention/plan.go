package retention

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"gradus/store"
)

// Checkpoint is a checkpoint on disk.
type Checkpoint struct {
	store.CheckpointRow
	Bytes int64 `json:"bytes"` // of its files, as they are now
}

// Verdict says what becomes of a checkpoint, and why.
type Verdict struct {
	Step  int    `json:"step"`
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
	Keep  bool   `json:"keep"`
	Why   string `json:"why"`
}

// Judge says of each checkpoint on disk whether it stays. inUse tells of those
// that something else needs, and what.
func (c *Checkpoints) Judge(list []Checkpoint, inUse map[int]string) []Verdict {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Checkpoint) int { return cmp.Compare(a.Step, b.Step) })
	best := c.best(list)
	out := make([]Verdict, len(list))
	for i, k := range list {
		v := Verdict{Step: k.Step, Path: k.Path, Bytes: k.Bytes, Keep: true}
		switch {
		case inUse[k.Step] != "":
			v.Why = inUse[k.Step]
		case i >= len(list)-c.KeepLast:
			v.Why = fmt.Sprintf("one of the newest %d", c.KeepLast)
		case list[i+1].Stage != k.Stage:
			v.Why = "the last of stage " + k.Stage
		case slices.Contains(best, k.Step):
			v.Why = fmt.Sprintf("one of the best %d by %s", c.KeepBest, c.Metric)
		case c.KeepEvery > 0 && k.Step%c.KeepEvery == 0:
			v.Why = fmt.Sprintf("every %d steps", c.KeepEvery)
		default:
			v.Keep, v.Why = false, "no rule keeps it"
		}
		out[i] = v
	}
	return out
}

// best are the steps of the best checkpoints; the earlier of equals.
func (c *Checkpoints) best(list []Checkpoint) []int {
	var found []Checkpoint
	for _, k := range list {
		if _, ok := k.Metrics[c.Metric]; ok {
			found = append(found, k)
		}
	}
	slices.SortStableFunc(found, func(a, b Checkpoint) int {
		d := cmp.Compare(b.Metrics[c.Metric], a.Metrics[c.Metric])
		if c.Lower {
			d = -d
		}
		return d
	})
	var steps []int
	for _, k := range found[:min(len(found), c.KeepBest)] {
		steps = append(steps, k.Step)
	}
	return steps
}

// Texts are the rules for texts as the store takes them.
func (t *Traces) Texts(now time.Time) store.OldTexts {
	return store.OldTexts{Before: now.Add(-time.Duration(t.OlderThan)), KeepLastSteps: t.KeepLastSteps, KeepEvery: t.KeepEvery, KeepBest: t.KeepBest, KeepWorst: t.KeepWorst}
}
