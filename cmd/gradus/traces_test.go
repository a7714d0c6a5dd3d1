package main

import (
	"bytes"
	"testing"

	"gradus/store"
)

// TestNoScoreIsNoNumber: what a reward could not score is never shown as 0.
func TestNoScoreIsNoNumber(t *testing.T) {
	var out, errs bytes.Buffer
	a := newSession(t).app(&out, &errs)
	d := store.SampleDetail{Rewards: []store.RewardPart{
		{Name: "acc", Status: "ok", Score: 1, Weight: 0.5, Value: 0.5, Why: "right"},
		{Name: "mine", Status: "timeout", Weight: 2, Why: "no answer in time"},
	}}
	d.ID, d.Unscorable, d.Finish = 7, true, "stop"
	a.printTrace(d)
	const want = `trace 7  step 0  group 0 sample 0  reward none  advantage +0.000  0 tokens, stop

PROMPT  (gold )


COMPLETION


REWARDS
acc                 1.000 x 0.50 =  0.500  ok: right
mine                 none x 2.00           timeout: no answer in time
`
	if out.String() != want {
		t.Errorf("%s\nwant\n%s", out.String(), want)
	}
}
