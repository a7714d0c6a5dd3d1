package tui

import (
	"gradus/tui/screen"
	"gradus/tui/screens/live"
)

// build makes the screen of a place.
func (a *App) build(g screen.Goto) screen.Screen {
	switch g.Kind {
	case screen.ToLive:
		return live.New(a.env, g.RunID)
	}
	return a.runs
}
