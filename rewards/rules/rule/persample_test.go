package rule

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"gradus/rewards"
)

func longGroup(n, bytes int) (g rewards.Group) {
	for i := range n {
		g.Samples = append(g.Samples, rewards.Sample{Completion: fmt.Sprint(i, " ") + strings.Repeat("x", bytes)})
	}
	return g
}

// TestPerSample: every completion is judged once and answered in its place,
// however long the group is; a panic is one completion's alone.
func TestPerSample(t *testing.T) {
	for _, bytes := range []int{0, 100, 2 * bytesEach} {
		for _, n := range []int{0, 1, 2, 17} {
			var calls atomic.Int64
			r := PerSample(rewards.Spec{Name: "number"}, func(s rewards.Sample) rewards.Result {
				calls.Add(1)
				var i float64
				fmt.Sscan(s.Completion, &i)
				if i == 1 {
					panic("one")
				}
				return rewards.Result{Score: i}
			})
			out, err := r.Score(context.Background(), longGroup(n, bytes))
			if err != nil || len(out) != n || int(calls.Load()) != n {
				t.Fatalf("%d completions of %d bytes: %d results of %d calls, %v", n, bytes, len(out), calls.Load(), err)
			}
			for i, got := range out {
				if i == 1 {
					if got.Status != rewards.Error || !strings.Contains(got.Why, "panic: one") {
						t.Errorf("%d bytes: a panic gives %+v", bytes, got)
					}
				} else if got.Status != rewards.OK || got.Score != float64(i) {
					t.Errorf("%d bytes: place %d has %+v", bytes, i, got)
				}
			}
		}
	}
}

// TestPerSampleInTime: what is not reached when the time is over is a timeout.
func TestPerSampleInTime(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r := PerSample(rewards.Spec{Name: "slow"}, func(rewards.Sample) rewards.Result {
		cancel()
		return rewards.Result{Score: 1}
	})
	out, err := r.Score(ctx, longGroup(100, 2*bytesEach))
	if err != nil {
		t.Fatal(err)
	}
	scored := 0
	for _, got := range out {
		switch got.Status {
		case rewards.OK:
			scored++
		case rewards.Timeout:
		default:
			t.Errorf("%+v", got)
		}
	}
	// Each processor may have been at one when the time was over.
	if scored == 0 || scored == len(out) {
		t.Errorf("%d of %d were judged", scored, len(out))
	}
}
