package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gradus/runner/client"
	"gradus/store"
	"gradus/store/storetest"
	"gradus/tui/source"
	"gradus/tui/source/sourcetest"
)

func head(screen string) string { return strings.SplitN(screen, "\n", 2)[0] }

func TestAgeOfTheLastRecord(t *testing.T) {
	t.Parallel()
	w := sourcetest.From(t, &made)
	id := w.Add(storetest.Spec{Seed: 1, Name: "r", Steps: 60, Final: store.StateRunning}, 40, client.Alive)
	d := start(t, w.Source(), setup{runID: id})
	has := func(want string) {
		t.Helper()
		if got := head(d.Screen()); !strings.HasSuffix(got, want) {
			t.Errorf("header %q, want %q at its end", got, want)
		}
	}
	d.Advance(time.Second)
	first := head(d.Screen())
	if !strings.Contains(first, "silent") {
		t.Fatalf("header %q: the run was written 16 s before the clock's time", first)
	}
	d.Advance(30 * time.Second)
	if head(d.Screen()) == first {
		t.Error("the age stands still")
	}
	w.Kill(id)
	d.Advance(2 * time.Second)
	has("dead: crashed")
	var updates atomic.Int64
	d.Counting(&updates)
	d.Advance(time.Minute)
	if n := updates.Load(); n > 0 {
		t.Errorf("%d messages in a minute of a run that has ended", n)
	}
}

// A live run costs one message a second while nothing is written.
func TestIdleScreenRests(t *testing.T) {
	t.Parallel()
	w := world(t)
	d := start(t, w.Source(), setup{w: 160, h: 45, runID: liveRun})
	bytes := d.Bytes()
	var updates atomic.Int64
	d.Counting(&updates)
	d.Advance(60 * time.Second)
	if n := updates.Load(); n > 61 {
		t.Errorf("%d messages in a minute without news", n)
	}
	if n := d.Bytes() - bytes; n > 60*60 {
		t.Errorf("%d bytes in a minute without news", n)
	}
}

// busySource has news whenever it is asked.
type busySource struct {
	source.Source
	calls atomic.Int64
}

func (b *busySource) Changes(ctx context.Context, id string, since source.Cursor) (source.Changes, error) {
	n := b.calls.Add(1)
	c, err := b.Source.Changes(ctx, id, source.Cursor{Series: since.Series, Event: since.Event, Sample: since.Sample})
	c.Same = false
	c.Cursor.Version = n
	return c, err
}

func TestAtMostTenUpdatesASecond(t *testing.T) {
	t.Parallel()
	src := &busySource{Source: world(t).Source()}
	d := start(t, src, setup{runID: liveRun})
	before := src.calls.Load()
	d.Advance(5 * time.Second)
	if n := src.calls.Load() - before; n < 45 || n > 50 {
		t.Errorf("%d readings in 5 s, want 10 a second", n)
	}
}

func TestLiveRunGrows(t *testing.T) {
	t.Parallel()
	w := sourcetest.From(t, &made)
	id := w.Add(storetest.Spec{Seed: 3, Name: "grows", Steps: 40}, 3, client.Alive)
	d := start(t, w.Source(), setup{w: 160, h: 45, runID: id})
	if !strings.Contains(d.Screen(), "no reward yet") {
		t.Errorf("before the first step:\n%s", d.Screen())
	}
	for w.Grow(id, 6) > 0 {
		d.Advance(time.Second)
		d.Screen()
	}
	w.Kill(id)
	d.Advance(3 * time.Second)
	s := d.Screen()
	for _, want := range []string{"done", "step      40/40", "held-out  0.", "95 %", "The run finished in stage grpo at step 40."} {
		if !strings.Contains(s, want) {
			t.Errorf("no %q at the end:\n%s", want, s)
		}
	}
	other := start(t, w.Source(), setup{w: 160, h: 45, runID: id})
	if a, b := chartOf(s), chartOf(other.Screen()); a != b {
		t.Errorf("a run that was watched looks different from one that is opened:\n%s\n%s", a, b)
	}
}

// chartOf cuts the large chart out of a screen of 160x45. The axis is left
// out: it may have grown in other jumps.
func chartOf(s string) string {
	var out []string
	for _, l := range strings.Split(s, "\n")[2:15] {
		r := []rune(l)
		out = append(out, string(r[49:]))
	}
	return strings.Join(out, "\n")
}

func TestRewindDropsWhatNoLongerCounts(t *testing.T) {
	t.Parallel()
	w := sourcetest.From(t, &made)
	spec := storetest.Spec{Seed: 4, Name: "rewound", Steps: 40, RewindAt: 20, Final: store.StateRunning}
	id := w.Add(spec, 33, client.Alive) // beyond step 20, before the rewind
	d := start(t, w.Source(), setup{w: 160, h: 45, runID: id})
	if !strings.Contains(d.Screen(), "step      25/40") {
		t.Fatalf("not at step 25:\n%s", d.Screen())
	}
	w.Grow(id, 3)
	d.Advance(time.Second)
	s := d.Screen()
	if !strings.Contains(s, "resumed@20") || strings.Contains(s, "step      25/40") {
		t.Errorf("the rewind is not seen:\n%s", s)
	}
}

func TestNewestTracesStopFollowing(t *testing.T) {
	t.Parallel()
	w := world(t)
	d := start(t, w.Source(), setup{runID: liveRun})
	for !strings.Contains(d.Screen(), "━ newest traces") {
		d.Press("tab")
	}
	d.Press("j")
	row := selectedRow(d.Screen())
	w.Grow(liveRun, 1)
	d.Advance(time.Second)
	s := d.Screen()
	if selectedRow(s) != row || !strings.Contains(s, "8 new: G to follow") {
		t.Errorf("the list moved under the reader, or does not say what came:\n%s", s)
	}
	d.Press("G")
	if s := d.Screen(); strings.Contains(s, "to follow") || selectedRow(s) == row {
		t.Errorf("not following again:\n%s", s)
	}
}

func selectedRow(s string) string {
	for _, l := range strings.Split(s, "\n") {
		if strings.HasPrefix(l, "┃>") {
			return l
		}
	}
	return ""
}

// brokenSource fails until it is told otherwise.
type brokenSource struct {
	source.Source
	ok atomic.Bool
}

func (b *brokenSource) err() error {
	if b.ok.Load() {
		return nil
	}
	return errors.New("disk I/O error\x1b[2J")
}

func (b *brokenSource) Runs(ctx context.Context) ([]client.Run, error) {
	r, err := b.Source.Runs(ctx)
	return r, errors.Join(b.err(), err)
}

func (b *brokenSource) Changes(ctx context.Context, id string, c source.Cursor) (source.Changes, error) {
	if err := b.err(); err != nil {
		return source.Changes{}, err
	}
	return b.Source.Changes(ctx, id, c)
}

func (b *brokenSource) Traces(ctx context.Context, id string, q store.SampleQuery) ([]store.SampleRow, error) {
	if err := b.err(); err != nil {
		return nil, err
	}
	return b.Source.Traces(ctx, id, q)
}

func TestReadErrorsAreShownAndTriedAgain(t *testing.T) {
	t.Parallel()
	src := &brokenSource{Source: world(t).Source()}
	for _, tt := range []struct{ keys, want string }{
		{"1", "The runs cannot be listed: disk I/O error␛[2J"},
		{"2", "The run cannot be read: disk I/O error␛[2J"},
		{"3", "The traces cannot be read: disk I/O error␛[2J"},
	} {
		src.ok.Store(false)
		d := start(t, src, setup{runID: liveRun})
		d.Press(tt.keys)
		if !strings.Contains(d.Screen(), tt.want) {
			t.Errorf("no %q in\n%s", tt.want, d.Screen())
		}
		src.ok.Store(true)
		d.Press("r")
		d.Advance(3 * time.Second)
		if strings.Contains(d.Screen(), "disk I/O") {
			t.Errorf("the error stays:\n%s", d.Screen())
		}
	}
}

func TestNothingThere(t *testing.T) {
	t.Parallel()
	w := sourcetest.From(t, &made)
	d := start(t, w.Source(), setup{})
	if !strings.Contains(d.Screen(), "No runs yet.") || !strings.Contains(d.Screen(), "gradus demo") {
		t.Errorf("an empty home:\n%s", d.Screen())
	}
	d.Press("2")
	if got := foot(d); !strings.Contains(got, "no run is chosen") {
		t.Errorf("foot %q", got)
	}
	d.Press("j", "k", "G", "g", "enter", "t", "c", "m", "P", "X", "3", "4", "esc", "?", "?")
	d.Screen()
}

// The screen holds at every size, whatever is open, and comes back.
func TestResizeAtAnyTime(t *testing.T) {
	t.Parallel()
	w := world(t)
	d := start(t, w.Source(), setup{w: 80, h: 24})
	sizes := [][2]int{{160, 45}, {61, 16}, {59, 14}, {20, 5}, {3, 2}, {1, 1}, {200, 60}, {139, 30}, {140, 31}, {95, 20}, {60, 15}, {80, 24}}
	for i, tour := range tours() {
		if underRace && i%4 != 2 {
			continue
		}
		d.Press("esc", "esc", "esc", "1", "g")
		tour.lead(d)
		want := d.Screen()
		for _, s := range sizes {
			d.Resize(s[0], s[1])
			d.Screen()
			wellFormed(t, d, s[0], s[1])
		}
		got := d.Screen()
		if a, b := rowsOnly(got), rowsOnly(want); a != b && !strings.HasPrefix(tour.name, "live") && tour.name != "stop" {
			t.Errorf("%s: not the same after resizing:\n%s\nwas\n%s", tour.name, got, want)
		}
		if t.Failed() {
			t.Fatal(tour.name)
		}
	}
}

// rowsOnly leaves out what may scroll when a pane was small.
func rowsOnly(s string) string { return fmt.Sprint(len(strings.Split(s, "\n")), head(s)) }
