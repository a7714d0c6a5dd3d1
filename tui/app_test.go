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
var now = time.Date(2026, 1, 15, 12, 1, 30, 0, time.UTC)

type setup struct {
	w, h     int
	runID    string
	readOnly bool
	noColour bool
	ascii    bool
	wcwidth  bool
}

func start(t testing.TB, src source.Source, s setup) *tuitest.Driver {
	t.Helper()
	clock := tuitest.NewClock(now)
	env := &screen.Env{Source: src, Clock: clock, Theme: screen.NewTheme(true, !s.noColour, s.ascii), Keys: keys.NewMap(s.readOnly), ReadOnly: s.readOnly}
	app := newApp(context.Background(), env, s.runID)
	app.fixed = s.noColour
	return tuitest.Start(t, app, tuitest.Options{W: s.w, H: s.h, Clock: clock, WcWidth: s.wcwidth})
}

func TestShow(t *testing.T) {
	w := sourcetest.New(t)
	id := w.Add(storetest.Spec{Seed: 7, Steps: 60, Name: "countdown-grpo-7", Final: store.StateRunning}, 50, client.Alive)
	w.Add(storetest.Spec{Seed: 6, Steps: 40, Final: store.StateFailed}, -1, client.Gone)
	w.Add(storetest.Spec{Seed: 5, Steps: 40}, -1, client.Gone)
	for _, size := range [][2]int{{80, 24}, {160, 45}} {
		d := start(t, w.Source(), setup{w: size[0], h: size[1]})
		t.Log("\n" + d.Screen())
		d.Press("j", "j", "enter")
		t.Log("\n" + d.Screen())
		d.Press("1", "?")
		t.Log("\n" + d.Screen())
	}
	_ = id
}

func TestShowAll(t *testing.T) {
	w := sourcetest.New(t)
	w.Add(storetest.Spec{Seed: 7, Steps: 60, Name: "countdown-grpo-7", Hostile: true}, -1, client.Gone)
	for _, size := range [][2]int{{80, 24}, {160, 45}} {
		d := start(t, w.Source(), setup{w: size[0], h: size[1]})
		show := func(keys ...string) {
			d.Press(keys...)
			t.Log("\n" + d.Screen())
		}
		show("t")
		show("/")
		d.Type("step:30..58 correct:no")
		show("enter")
		show("enter")
		show("m")
		show("m")
		show("4")
		show("enter")
		show("enter")
	}
}
