// Package live is the screen of one run as it goes: its curves, newest traces
// and events, and what P and X work on.
package live

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"gradus/store"
	"gradus/tui/keys"
	"gradus/tui/list"
	"gradus/tui/plot"
	"gradus/tui/screen"
	"gradus/tui/source"
	"gradus/tui/text"
)

// maxEvents bounds the events that are kept.
const maxEvents = 500

// Model is the screen of a live run.
type Model struct {
	env *screen.Env
	id  string

	ctx    context.Context // of the feed; nil while hidden
	cancel context.CancelFunc
	seq    int
	err    error

	info    source.Info
	read    bool // something was read
	cursor  source.Cursor
	version int // counts what came, for caches
	series  seriesSet
	rate    rate
	marks   []mark
	events  []store.Event
	evals   []store.EvalRow
	newest  map[string]float64 // of the last step
	step    int

	latest     map[string]float64 // as shown
	latestStep int
	numbered   time.Time // when latest was last changed

	traces    *list.List[int64, store.SampleRow]
	held      []store.SampleRow // the newest, while the list stands still
	following bool
	fresh     int // traces that came while the list stood still

	charts    [charts]*chart
	focus     pane
	maximised bool
	heights   [panes]int
	numbers   screen.Scroll
	log       screen.Scroll // of events, from the newest
}

// New makes the screen of a run.
func New(env *screen.Env, runID string) *Model {
	m := &Model{env: env, id: runID, series: seriesSet{}, following: true,
		traces: list.New(func(r store.SampleRow) int64 { return r.ID }, 0)}
	for i := range m.charts {
		m.charts[i] = newChart()
	}
	return m
}

// Show starts the feed.
func (m *Model) Show() tea.Cmd {
	m.Hide()
	m.ctx, m.cancel = context.WithCancel(m.env.Ctx)
	m.seq++
	return m.follow(m.ctx, 0)
}

// Hide ends the feed; what was read stays.
func (m *Model) Hide() {
	if m.cancel != nil {
		m.cancel()
		m.ctx, m.cancel = nil, nil
	}
}

// Update takes what the feed found.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	c, ok := msg.(changesMsg)
	if !ok || c.seq != m.seq || m.ctx == nil {
		return nil
	}
	m.err = c.err
	if c.err != nil {
		return m.follow(m.ctx, retry)
	}
	m.read = true
	m.take(c.c)
	return m.follow(m.ctx, every)
}

// defaultMetrics are what the charts show, each the first that has points. A
// run in its sft stage has no reward yet.
func defaultMetrics() [charts][]string {
	return [charts][]string{
		{"reward", "accuracy", "loss"},
		{"kl", "grad_norm"},
		{"completions/mean_length", "learning_rate"},
		{"entropy"},
	}
}

// fit chooses metrics and lets the axes grow to the new points.
func (m *Model) fit() {
	for i, c := range m.charts {
		if !c.chosen {
			for _, name := range defaultMetrics()[i] {
				if m.series.has(name) {
					c.show(name)
					break
				}
			}
			if c.metric == "" {
				c.show(defaultMetrics()[i][0])
			}
		}
		if s := m.series[c.metric]; s != nil {
			c.spec(s, nil).Fit(float64(m.info.Header.Steps), max(m.heights[i]-4, 4))
		}
	}
}

// visible tells whether a pane can have the focus.
func (m *Model) visible(p pane) bool {
	if p == runPane {
		return false
	}
	return m.maximised || m.heights[p] > 0
}

// Key does what the key table says.
func (m *Model) Key(id keys.ID) tea.Cmd {
	switch id {
	case keys.NextPane, keys.PrevPane:
		step := pane(1)
		if id == keys.PrevPane {
			step = panes - 1
		}
		for range panes {
			m.focus = (m.focus + step) % panes
			if m.visible(m.focus) {
				break
			}
		}
	case keys.Maximise:
		m.maximised = !m.maximised
	case keys.Redraw:
		m.cursor, m.version = source.Cursor{}, m.version+1
		m.events, m.marks = nil, nil
		return m.Show()
	case keys.OpenTraces:
		return screen.Go(screen.Goto{Kind: screen.ToTraces, RunID: m.id})
	case keys.Compare:
		return screen.Go(screen.Goto{Kind: screen.ToCompare, RunID: m.id})
	default:
		return m.paneKey(id)
	}
	return nil
}

// paneKey does what a key means in the pane in focus.
func (m *Model) paneKey(id keys.ID) tea.Cmd {
	switch {
	case m.focus < charts:
		m.chartKey(m.charts[m.focus], id)
	case m.focus == tracesPane:
		return m.tracesKey(id)
	case m.focus == eventsPane:
		screen.MoveBy(&m.log, id, m.log.Height)
	case m.focus == numbersPane:
		screen.MoveBy(&m.numbers, id, m.numbers.Height)
	}
	return nil
}

func (m *Model) chartKey(c *chart, id keys.ID) {
	switch id {
	case keys.Open:
		m.maximised = !m.maximised
	case keys.Smooth:
		for _, c := range m.charts { // all alike, so that they can be read together
			c.smooth = (c.smooth + 1) % len(plot.Smoothings())
		}
	case keys.Scale:
		c.y = plot.Axis{Log: !c.y.Log}
	case keys.Metric:
		c.next(m.series.names())
	}
	m.version++
	m.fit()
}

func (m *Model) tracesKey(id keys.ID) tea.Cmd {
	switch id {
	case keys.End:
		m.following, m.fresh = true, 0
		m.traces.Reset(m.held, false, false)
	case keys.Open:
		if r, ok := m.traces.Selected(); ok {
			return screen.Go(screen.Goto{Kind: screen.ToTrace, RunID: m.id, Sample: r.ID, List: store.SampleQuery{Newest: true}})
		}
	default:
		if screen.MoveBy(m.traces, id, m.heights[tracesPane]) {
			m.following = false
		}
	}
	return nil
}

// Leave ends a maximised pane; it tells whether there was one.
func (m *Model) Leave() bool {
	was := m.maximised
	m.maximised = false
	return was
}

// Typing is never so: the screen has no text field.
func (m *Model) Typing() bool { return false }

// Type does nothing.
func (m *Model) Type(tea.Msg) tea.Cmd { return nil }

// Title is the name of the run.
func (m *Model) Title() string {
	if m.info.Header.Name != "" {
		return text.Line(m.info.Header.Name)
	}
	return text.Line(m.id)
}

// Scope says which keys work.
func (m *Model) Scope() keys.Scope { return keys.Live }

// Status says how the run is, and how old its last record is.
func (m *Model) Status() (string, screen.Role) {
	if !m.read {
		return "", screen.Plain
	}
	return screen.RunWord(m.info.State.State, m.info.Live, m.info.State.LastRecordUS, m.env.Clock.Now())
}

// Steer tells what P and X work on.
func (m *Model) Steer() screen.Target {
	return screen.Target{ID: m.id, Name: m.info.Header.Name, State: m.info.State.State, Live: m.info.Live, LastUS: m.info.State.LastRecordUS}
}
