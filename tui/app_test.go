package tui

import (
	"context"
	"testing"
	"time"

	"gradus/runner/client"
	"gradus/store"
	"gradus/store/storetest"
	"gradus/tui/keys"
	"gradus/tui/screen"
	"gradus/tui/source"
	"gradus/tui/source/sourcetest"
	"gradus/tui/tuitest"
)

// now is what the clock of every test shows at its start: a little after the
// synthetic runs were written.
var now = time.Date(2026, 1, 15, 12, 0, 56, 0, time.UTC)

// setup is the terminal and the workbench of a test.
type setup struct {
	w, h     int
	runID    string
	readOnly bool
	annotate bool
	noColour bool
	ascii    bool
	wcwidth  bool
}

func start(t testing.TB, src source.Source, s setup) *tuitest.Driver {
	t.Helper()
	clock := tuitest.NewClock(now)
	env := &screen.Env{Source: src, Clock: clock, Theme: screen.NewTheme(true, !s.noColour, s.ascii), Keys: keys.NewMap(s.readOnly), ReadOnly: s.readOnly}
	if s.annotate {
		env.Keys = keys.NewAnnotatorMap()
	}
	app := newApp(context.Background(), env, s.runID)
	app.fixed = s.noColour
	return tuitest.Start(t, app, tuitest.Options{W: s.w, H: s.h, Clock: clock, WcWidth: s.wcwidth})
}

// The runs of most tests.
const (
	liveRun = "01JHM000000000000000000007"
	deadRun = "01JHM000000000000000000006"
	doneRun = "01JHM000000000000000000005"
)

// made is what the worlds of these tests have in common.
var made sourcetest.Made

// world has a live run of which 46 groups of records are written, a failed one
// and one that is done.
func world(t testing.TB) *sourcetest.World {
	w := sourcetest.From(t, &made)
	w.Add(storetest.Spec{Seed: 7, Steps: 60, Name: "countdown-grpo-7", Final: store.StateRunning}, 46, client.Alive)
	w.Add(storetest.Spec{Seed: 6, Final: store.StateFailed}, -1, client.Gone)
	w.Add(storetest.Spec{Seed: 5, Hostile: true}, -1, client.Gone)
	return w
}
