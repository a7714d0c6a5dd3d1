package tui

import (
	"gradus/tui/screen"
	"gradus/tui/screens/compare"
	"gradus/tui/screens/live"
	"gradus/tui/screens/pair"
	"gradus/tui/screens/trace"
	"gradus/tui/screens/traces"
)

// build makes the screen of a place.
func (a *App) build(g screen.Goto) screen.Screen {
	switch g.Kind {
	case screen.ToLive:
		return live.New(a.env, g.RunID)
	case screen.ToTraces:
		return traces.New(a.env, g.RunID)
	case screen.ToTrace:
		return trace.New(a.env, g.RunID, g.Sample, g.List)
	case screen.ToCompare:
		return compare.New(a.env, g.RunID)
	case screen.ToPair:
		return pair.New(a.env, g.Result, g.Pairs, g.At, g.Sides)
	}
	return a.runs
}
