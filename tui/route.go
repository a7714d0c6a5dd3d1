package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"gradus/tui/screen"
)

// maxPages bounds the screens that are kept for coming back to.
const maxPages = 12

// goTo opens a place on top of what is open.
func (a *App) goTo(g screen.Goto) tea.Cmd {
	if g.RunID != "" {
		a.runID = g.RunID
	}
	switch g.Kind {
	case screen.ToRuns:
		return a.openTab(0)
	case screen.ToLive:
		return a.base(1, a.page("live "+g.RunID, g))
	case screen.ToTraces:
		return a.base(2, a.page("traces "+g.RunID, g))
	case screen.ToCompare:
		a.marked = g.RunIDs
		return a.base(3, a.page("compare "+g.RunID, g))
	}
	return a.push(a.build(g))
}

// openTab opens the screen of a tab, for the run that was last chosen.
func (a *App) openTab(tab int) tea.Cmd {
	if tab == 0 {
		return a.base(0, a.runs)
	}
	if a.top() == screen.Screen(a.runs) || a.runID == "" {
		if id := a.runs.RunID(); id != "" {
			a.runID = id
		}
		a.marked = a.runs.Marked()
	}
	if a.runID == "" {
		return screen.Say(screen.Warn, "no run is chosen yet")
	}
	return a.goTo(screen.Goto{Kind: []screen.Kind{screen.ToRuns, screen.ToLive, screen.ToTraces, screen.ToCompare}[tab], RunID: a.runID, RunIDs: a.marked})
}

// base makes s the screen of a tab: below it is only the list of runs, so that
// esc leads there.
func (a *App) base(tab int, s screen.Screen) tea.Cmd {
	a.tab = tab
	if s == a.top() {
		return nil
	}
	a.top().Hide()
	a.stack = []screen.Screen{a.runs}
	if s != screen.Screen(a.runs) {
		a.stack = append(a.stack, s)
	}
	return s.Show()
}

func (a *App) push(s screen.Screen) tea.Cmd {
	a.top().Hide()
	a.stack = append(a.stack, s)
	return s.Show()
}

// back leaves the layer in view; the list of runs is the last one.
func (a *App) back() tea.Cmd {
	if l, ok := a.top().(interface{ Leave() bool }); ok && l.Leave() {
		return nil // it closed a layer of its own
	}
	if len(a.stack) == 1 {
		return nil
	}
	a.top().Hide()
	a.stack = a.stack[:len(a.stack)-1]
	if len(a.stack) == 1 {
		a.tab = 0
	}
	return a.top().Show()
}

// page gives the screen of a place, as it was left if it was open before.
func (a *App) page(key string, g screen.Goto) screen.Screen {
	s := a.pages[key]
	if s == nil {
		if len(a.pages) >= maxPages {
			for k, p := range a.pages { // any that is not open
				if !slices.Contains(a.stack, p) {
					delete(a.pages, k)
					break
				}
			}
		}
		s = a.build(g)
		a.pages[key] = s
	}
	if o, ok := s.(interface{ Offer(runIDs []string) }); ok {
		o.Offer(g.RunIDs)
	}
	return s
}
