package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gradus/rewards/detect"
	"gradus/store"
	"gradus/tui/text"
)

// suspect is a stored trace with the signals that were flagged.
type suspect struct {
	ID      int64           `json:"id"`
	Step    int             `json:"step"`
	Group   int             `json:"group"`
	Index   int             `json:"index"`
	Reward  float64         `json:"reward"`
	Correct *bool           `json:"correct,omitempty"`
	Signals []detect.Signal `json:"signals"`
	Text    string          `json:"text"`
}

// suspects prints the traces that a detector of reward hacking flags, in the
// order of the query, at most q.Limit of them, and in the end how many traces
// were looked at and how often each detector spoke.
func (a *app) suspects(ctx context.Context, db *store.DB, q store.SampleQuery, asJSON bool) error {
	limit := q.Limit
	q.Limit = 500
	seen, found := 0, 0
	count := map[string]int{}
	for found < limit {
		rows, err := db.Samples(ctx, q)
		if errors.Is(err, store.ErrSearch) {
			return usage(err)
		}
		if err != nil {
			return err
		}
		for _, row := range rows {
			q.After = row.ID
			d, err := db.Sample(ctx, row.ID)
			if err != nil {
				return err
			}
			seen++
			signals := detect.Suspicions(traceOf(d))
			if len(signals) == 0 {
				continue
			}
			for _, s := range signals {
				count[s.Name]++
			}
			s := suspect{ID: d.ID, Step: d.Step, Group: d.Group, Index: d.Index, Reward: d.Reward, Correct: d.Correct, Signals: signals, Text: d.Text}
			if err := a.printSuspect(s, asJSON); err != nil {
				return err
			}
			if found++; found == limit {
				break
			}
		}
		if len(rows) < q.Limit {
			break
		}
	}
	if asJSON {
		return nil
	}
	var parts []string
	for _, d := range detect.All() {
		if n := count[d.Name]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", d.Name, n))
		}
	}
	a.printf("suspects: %d of %s looked at%s\n", found, text.Count(seen, "trace"), strings.TrimSuffix(": "+strings.Join(parts, ", "), ": "))
	return nil
}

func (a *app) printSuspect(s suspect, asJSON bool) error {
	if asJSON {
		return a.printJSON(s)
	}
	a.printf("%6d step %-4d #%d/%d  reward %.3f  %s\n", s.ID, s.Step, s.Group, s.Index, s.Reward, beginning(text.Line(s.Text), s.ID))
	for _, signal := range s.Signals {
		a.printf("       %-26s %s\n", signal.Name, text.Line(signal.Why))
	}
	return nil
}

// beginning is a text, or as much of a long one as leaves what is said of it in
// sight.
func beginning(line string, id int64) string {
	const most = 600
	if runes := []rune(line); len(runes) > most {
		return fmt.Sprintf("%s… (%d characters more; --id %d prints all)", string(runes[:most]), len(runes)-most, id)
	}
	return line
}

// traceOf is what the detectors see of a stored trace.
func traceOf(d store.SampleDetail) detect.Trace {
	t := detect.Trace{Prompt: d.Prompt.Text, Question: d.Prompt.Text, Completion: d.Text, Gold: d.Prompt.Gold, Claim: d.Claim,
		Reward: d.Reward, Correct: d.Correct, Truncated: d.Finish == "length", Group: fmt.Sprintf("%d/%d/%d", d.Attempt, d.Step, d.Group)}
	for _, p := range d.Rewards {
		t.Parts = append(t.Parts, detect.Part{Name: p.Name, Value: p.Value})
	}
	return t
}
