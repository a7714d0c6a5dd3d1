package client

import (
	"fmt"
	"sort"
	"strings"

	"gradus/store"
)

// bestStep is the step of the checkpoint with the highest held-out accuracy,
// the earlier of equals, or -1. An evaluation counts for the checkpoint of
// its step, and only the suite with most evaluations is looked at: accuracies
// on different prompts do not compare.
func bestStep(evals []store.EvalRow, onDisk map[int]store.CheckpointRow) int {
	count := map[string]int{}
	for _, e := range evals {
		if _, ok := onDisk[e.Step]; ok {
			count[e.SuiteHash]++
		}
	}
	suite := ""
	for _, e := range evals {
		if count[e.SuiteHash] > count[suite] {
			suite = e.SuiteHash
		}
	}
	best, accuracy := -1, 0.0
	for _, e := range evals {
		if _, ok := onDisk[e.Step]; !ok || e.SuiteHash != suite {
			continue
		}
		if best < 0 || e.Accuracy > accuracy || e.Accuracy == accuracy && e.Step < best {
			best, accuracy = e.Step, e.Accuracy
		}
	}
	return best
}

// stepList names steps for an error, the last ones if there are many.
func stepList(onDisk map[int]store.CheckpointRow) string {
	var steps []int
	for s := range onDisk {
		steps = append(steps, s)
	}
	sort.Ints(steps)
	more := ""
	if n := len(steps); n > 12 {
		more, steps = fmt.Sprintf("(%d earlier) ", n-12), steps[n-12:]
	}
	parts := make([]string, len(steps))
	for i, s := range steps {
		parts[i] = fmt.Sprint(s)
	}
	return more + strings.Join(parts, ", ")
}
