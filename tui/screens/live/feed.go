package live

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"gradus/runner/state"
	"gradus/store"
	"gradus/tui/source"
)

const (
	// every is the least time between two updates of the screen: 10 a second.
	every = 100 * time.Millisecond
	// beat is how often the age of the last record is shown anew.
	beat = time.Second
	// retry is the wait after an error.
	retry = 2 * time.Second
)

// changesMsg is what the feed found. Without news it comes once a beat, so
// that the age can be shown, and not at all once the run has ended.
type changesMsg struct {
	seq int
	c   source.Changes
	err error
}

// follow waits for news of the run, at least pause long, and returns one
// message with everything that came in the meantime.
func (m *Model) follow(ctx context.Context, pause time.Duration) tea.Cmd {
	src, clock, id, cursor, seq := m.env.Source, m.env.Clock, m.id, m.cursor, m.seq
	known := m.info.State.State
	return func() tea.Msg {
		waited := time.Duration(0)
		for {
			if pause > 0 && clock.Sleep(ctx, pause) != nil {
				return nil
			}
			waited += pause
			c, err := src.Changes(ctx, id, cursor)
			if ctx.Err() != nil {
				return nil
			}
			ended := err == nil && state.Terminal(c.Info.State.State)
			switch {
			case err != nil, !c.Same, c.Info.State.State != known:
				return changesMsg{seq, c, err}
			case waited >= beat && !ended:
				return changesMsg{seq, c, err}
			}
			pause = every
			if ended {
				pause = beat
			}
		}
	}
}

// take puts what the feed found into the model.
func (m *Model) take(c source.Changes) {
	m.info = c.Info
	if !c.Same {
		m.news(c)
	}
	// Nobody reads thirty numbers ten times a second: they change once a beat.
	if now := m.env.Clock.Now(); now.Sub(m.numbered) >= beat || c.Same || state.Terminal(c.Info.State.State) {
		m.numbered, m.latest, m.latestStep = now, m.newest, m.step
	}
}

// news takes over what was written.
func (m *Model) news(c source.Changes) {
	m.cursor = c.Cursor
	m.version++
	if c.Series.Reset {
		m.series.reset()
		m.rate.reset()
	}
	m.series.add(c.Series.Points)
	for _, points := range c.Series.Points {
		m.rate.add(points)
	}
	m.events = append(m.events, c.Events...)
	if over := len(m.events) - maxEvents; over > 0 {
		m.events = append([]store.Event(nil), m.events[over:]...)
	}
	for _, e := range c.Events {
		m.marks = addMark(m.marks, e)
	}
	m.newest, m.step, m.evals = c.Latest, c.Step, c.Evals
	m.takeTraces(c)
	m.fit()
}

// takeTraces shows the newest traces, or only counts them while the reader has
// moved away from the top.
func (m *Model) takeTraces(c source.Changes) {
	if c.NewTraces == 0 {
		return
	}
	m.held = c.Traces
	if m.following {
		m.traces.Reset(c.Traces, false, false)
		m.fresh = 0
		return
	}
	m.fresh += c.NewTraces
}
