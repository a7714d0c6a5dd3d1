package rewards

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync/atomic"
	"time"
)

// singles returns the end of the parts from k on that look at one completion
// alone.
func (c Composite) singles(k int) int {
	for ; k < len(c.Parts); k++ {
		if _, ok := c.Parts[k].Reward.(Single); !ok {
			break
		}
	}
	return k
}

// scoreSingles has the parts from k to end judge one completion after another,
// so that its text is at hand for all of them; long ones on several processors.
// What is not judged when ctx ends is given up, as in Score.
func (c Composite) scoreSingles(ctx context.Context, now func() time.Time, g Group, k, end int, out []Breakdown) {
	type judged struct {
		sample, part int
		result       Result
	}
	specs := make([]Spec, end)
	for n := k; n < end; n++ {
		specs[n] = c.Parts[n].Reward.Spec()
	}
	total := len(g.Samples) * (end - k)
	done := make(chan judged, total)   // for all, as nobody waits for what is given up
	samples := slices.Clone(g.Samples) // what is given up keeps its own
	for i := range samples {
		samples[i].Earlier = maps.Clone(samples[i].Earlier)
	}
	var next atomic.Int64
	work := func() {
		for i := int(next.Add(1)) - 1; i < len(samples); i = int(next.Add(1)) - 1 {
			s := samples[i]
			for n := k; n < end; n++ {
				if ctx.Err() != nil {
					return
				}
				start := now()
				r := checkRange(specs[n], One(c.Parts[n].Reward.(Single), specs[n], s))
				if r.Micros == 0 {
					r.Micros = now().Sub(start).Microseconds()
				}
				s.Earlier[c.Parts[n].name()] = r
				done <- judged{i, n, r}
			}
		}
	}
	helpers := max(1, min(runtime.GOMAXPROCS(0), len(samples), size(samples)/bytesEach))
	if ctx.Done() == nil {
		helpers-- // nothing is ever given up: this goroutine works too
	}
	for range helpers {
		go work()
	}
	if ctx.Done() == nil {
		work()
	}
	seen := make([]bool, len(samples)*end)
	put := func(j judged) {
		seen[j.sample*end+j.part] = true
		c.record(j.part, specs[j.part], j.result, &out[j.sample], g.Samples[j.sample])
	}
	for got := 0; got < total; got++ {
		select {
		case j := <-done:
			put(j)
			continue
		case <-ctx.Done():
		}
		for len(done) > 0 { // what was said before
			put(<-done)
		}
		for i := range samples {
			for n := k; n < end; n++ {
				if !seen[i*end+n] {
					put(judged{i, n, timeoutResult(specs[n], ctx.Err())})
				}
			}
		}
		return
	}
}

// One judges one completion and turns a panic into an error of it.
func One(r Single, spec Spec, s Sample) (out Result) {
	defer func() {
		if p := recover(); p != nil {
			out = Result{Status: Error, Reason: "reward.error", Why: fmt.Sprintf("%s failed: panic: %v", spec.Name, p)}
		}
	}()
	return r.One(s)
}

// bytesEach is how much text makes a processor's help worth its start, which
// takes some microseconds.
const bytesEach = 16 << 10

// size is the number of bytes of the completions.
func size(samples []Sample) (n int) {
	for i := range samples {
		n += len(samples[i].Completion)
	}
	return n
}
