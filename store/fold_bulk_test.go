package store_test

import (
	"context"
	"fmt"
	"testing"

	"gradus/store"
)

// Records of any length are stored whole, in order, each value in its own row:
// rows that fill a statement, and the rest.
func TestRowsOfAnyNumber(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var want []string
	for step, n := range []int{1, 15, 16, 17, 33} {
		s := store.Samples{Step: step + 1, Prompts: []store.Prompt{{Hash: fmt.Sprint("h", step), Text: "p"}}}
		for i := range n {
			row := store.Sample{Text: "t", Index: i, Reward: float64(i) / 4}
			line := fmt.Sprint(step+1, " ", i, " ", row.Reward, " ")
			if i%3 > 0 { // the others have no claim and no verdict
				right := i%3 == 1
				row.Claim, row.Correct = fmt.Sprint("c", i), &right
				line += fmt.Sprint(row.Claim, " ", map[bool]int{true: 1}[right])
			}
			for k := range i % 4 {
				p := store.RewardPart{Name: fmt.Sprint("r", k), Version: "1", Status: "ok", Reason: fmt.Sprint("why.", i%5), Score: float64(i)}
				if k == 1 {
					p.Facts = []byte(fmt.Sprintf(`{"i":%d}`, i))
				}
				row.Rewards = append(row.Rewards, p)
				line += fmt.Sprintf(" %s %s %v %s", p.Name, p.Reason, p.Score, p.Facts)
			}
			want = append(want, line)
			s.Rows = append(s.Rows, row)
		}
		appendRecords(t, dir, record(t, store.KindSamples, 1, int64(step), s))
	}
	db := foldOpen(t, dir)
	list := got[[]store.SampleRow](t)(db.Samples(context.Background(), store.SampleQuery{Limit: 1000}))
	if len(list) != len(want) {
		t.Fatalf("%d rows, want %d", len(list), len(want))
	}
	for i, r := range list {
		d := got[store.SampleDetail](t)(db.Sample(context.Background(), r.ID))
		line := fmt.Sprint(d.Step, " ", d.Index, " ", d.Reward, " ")
		if d.Correct != nil {
			line += fmt.Sprint(d.Claim, " ", map[bool]int{true: 1}[*d.Correct])
		}
		for _, p := range d.Rewards {
			line += fmt.Sprintf(" %s %s %v %s", p.Name, p.Reason, p.Score, p.Facts)
		}
		if line != want[i] {
			t.Errorf("row %d is %q, want %q", i+1, line, want[i])
		}
	}
}
