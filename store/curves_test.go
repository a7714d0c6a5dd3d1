package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"gradus/store"
)

// curveLog writes a series with gaps, rewinds and steps that are recorded
// twice, and returns the points that count by what the rules say: the last
// value of an attempt's step, and nothing beyond a rewind.
func curveLog(t *testing.T, dir string, seed uint64, steps int) []store.Point {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 7))
	type key struct{ step, attempt int }
	points := map[key]store.Point{}
	attempt, step, us := 1, 0, int64(0)
	var recs []store.Record
	add := func(kind store.Kind, body any) {
		us++
		recs = append(recs, record(t, kind, attempt, us, body))
	}
	for range steps {
		switch k := rng.IntN(400); {
		case k == 0 && step > 0:
			to := rng.IntN(step)
			attempt++
			add(store.KindRewind, store.Rewind{FromAttempt: attempt - 1, ToStep: to})
			for p := range points {
				if p.step > to {
					delete(points, p)
				}
			}
			step = to
		case k < 5:
			step += rng.IntN(300)
		case k < 8 && step > 10: // an old step again
			s := step - rng.IntN(10)
			add(store.KindMetrics, metrics(s, 1))
			points[key{s, attempt}] = store.Point{Step: s, Value: 1, TimeUS: us}
		}
		step++
		v := rng.NormFloat64()
		add(store.KindMetrics, metrics(step, v))
		points[key{step, attempt}] = store.Point{Step: step, Value: v, TimeUS: us}
	}
	log, err := store.OpenLog(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if err := log.Append(recs...); err != nil {
		t.Fatal(err)
	}
	keys := make([]key, 0, len(points))
	for k := range points {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int {
		if a.step != b.step {
			return a.step - b.step
		}
		return a.attempt - b.attempt
	})
	out := make([]store.Point, len(keys))
	for i, k := range keys {
		out[i] = points[k]
	}
	return out
}

// A thinned curve has only points of the whole curve, in order, with the
// extremes of every stretch it was thinned by, and never many more points than
// were asked for.
func TestThinnedCurves(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine, long curves: run without -short")
	}
	ctx := context.Background()
	seeds := uint64(1)
	if faultsInFull() {
		seeds = 4
	}
	for seed := range seeds {
		dir := t.TempDir()
		want := curveLog(t, dir, seed, 6000)
		db := foldOpen(t, dir)
		whole := got[[]store.Point](t)(db.Series(ctx, "reward", -1))
		if !slices.Equal(whole, want) {
			t.Fatalf("seed %d: the whole curve has %d points, want %d", seed, len(whole), len(want))
		}
		for _, c := range []struct{ from, to, limit int }{
			{0, store.MaxStep, 100}, {0, store.MaxStep, 1000}, {100, 2500, 64}, {17, 4000, 300}, {0, store.MaxStep, 1 << 20}, {0, 5, 100}, {1 << 30, store.MaxStep, 50},
		} {
			points, span, err := db.Curve(ctx, "reward", c.from, c.to, c.limit)
			if err != nil {
				t.Fatal(err)
			}
			in := slices.DeleteFunc(slices.Clone(want), func(p store.Point) bool { return p.Step < c.from || p.Step > c.to })
			if err := thinned(points, in, span); err != nil {
				t.Errorf("seed %d, %+v: %v", seed, c, err)
			}
			if span == 1 && len(points) != len(in) {
				t.Errorf("seed %d, %+v: %d points, want %d", seed, c, len(points), len(in))
			}
			if len(points) > c.limit+200 {
				t.Errorf("seed %d, %+v: %d points", seed, c, len(points))
			}
		}
		fold := contentHash(t, store.DBPath(dir))
		if err := store.Rebuild(ctx, dir, store.DBPath(dir)); err != nil {
			t.Fatal(err)
		}
		if contentHash(t, store.DBPath(dir)) != fold {
			t.Error("rollups folded anew differ")
		}
	}
}

// thinned checks that got is of want, in its order, and has the extremes of
// every whole bucket of span steps.
func thinned(got, want []store.Point, span int) error {
	at := 0
	for _, p := range got {
		for at < len(want) && want[at] != p {
			at++
		}
		if at == len(want) {
			return fmt.Errorf("%+v is no point of the curve, or out of order", p)
		}
	}
	have := map[store.Point]bool{}
	for _, p := range got {
		have[p] = true
	}
	for from := 0; from < len(want); {
		b, to := want[from].Step/span, from
		lo, hi := want[from].Value, want[from].Value
		for to < len(want) && want[to].Step/span == b {
			lo, hi = min(lo, want[to].Value), max(hi, want[to].Value)
			to++
		}
		foundLo, foundHi := false, false
		for _, p := range want[from:to] {
			foundLo = foundLo || have[p] && p.Value == lo
			foundHi = foundHi || have[p] && p.Value == hi
		}
		if !foundLo || !foundHi {
			return fmt.Errorf("of steps %d to %d the extremes %v and %v are not both there", b*span, (b+1)*span-1, lo, hi)
		}
		from = to
	}
	return nil
}

// A curve as long as a run can be is read in a few thousand points, and goes
// on from there point by point.
func TestSeriesSinceOfALongRun(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine, a long curve: run without -short")
	}
	ctx := context.Background()
	dir := t.TempDir()
	log, err := store.OpenLog(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	const steps = 20_000
	for from := 1; from <= steps; from += 1000 {
		var recs []store.Record
		for step := from; step < from+1000; step++ {
			recs = append(recs, record(t, store.KindMetrics, 1, int64(step), metrics(step, float64(step%977))))
		}
		if err := log.Append(recs...); err != nil {
			t.Fatal(err)
		}
	}
	db := foldOpen(t, dir)
	d := got[store.SeriesDelta](t)(db.SeriesSince(ctx, 0))
	p := d.Points["reward"]
	if !d.Reset || d.Span["reward"] != 8 || len(p) > 6000 || p[len(p)-1].Step != steps {
		t.Fatalf("reset %v, span %v, %d points up to step %d", d.Reset, d.Span, len(p), p[len(p)-1].Step)
	}
	if err := log.Append(record(t, store.KindMetrics, 1, 1, metrics(steps+1, 5))); err != nil {
		t.Fatal(err)
	}
	db = foldOpen(t, dir)
	d = got[store.SeriesDelta](t)(db.SeriesSince(ctx, d.Cursor))
	if d.Reset || len(d.Points["reward"]) != 1 || len(d.Span) != 0 {
		t.Fatalf("after one step: %+v", d)
	}
	// Who was away for long gets the thinned curve and not thousands of points.
	d = got[store.SeriesDelta](t)(db.SeriesSince(ctx, 5))
	if !d.Reset || len(d.Points["reward"]) > 6000 {
		t.Fatalf("after a long time: reset %v, %d points", d.Reset, len(d.Points["reward"]))
	}
}
