// Package runs is the home screen: the table of all runs.
package runs

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"gradus/runner/client"
	"gradus/tui/keys"
	"gradus/tui/list"
	"gradus/tui/screen"
	"gradus/tui/text"
)

// Every is the time between two readings of the list. A reading that takes
// long lowers the rate, so that looking never costs more than a fiftieth.
const Every = 2 * time.Second

// Model is the screen of all runs.
type Model struct {
	env    *screen.Env
	all    []client.Run
	list   *list.List[string, client.Run]
	filter *screen.Field
	sort   int // index into columns; 0 is the order of creation
	marked map[string]bool

	ctx    context.Context // of what keeps the list fresh; nil while hidden
	cancel context.CancelFunc
	seq    int
	loaded bool
	evals  int // evaluations that are not listed
	err    error
	height int // rows that View last had for the table
}

// New makes the screen.
func New(env *screen.Env) *Model {
	return &Model{env: env, list: list.New(func(r client.Run) string { return r.ID }, 0), filter: screen.NewField(200), marked: map[string]bool{}, height: 10}
}

// loadedMsg is a reading of the list.
type loadedMsg struct {
	seq  int
	runs []client.Run
	err  error
	took time.Duration
}

// Show reads the list and keeps reading it.
func (m *Model) Show() tea.Cmd {
	m.Hide()
	m.ctx, m.cancel = context.WithCancel(m.env.Ctx)
	m.seq++
	return m.load(m.ctx, m.seq, 0)
}

// Hide ends the reading.
func (m *Model) Hide() {
	if m.cancel != nil {
		m.cancel()
		m.ctx, m.cancel = nil, nil
	}
}

func (m *Model) load(ctx context.Context, seq int, after time.Duration) tea.Cmd {
	src, clock := m.env.Source, m.env.Clock
	return func() tea.Msg {
		if after > 0 && clock.Sleep(ctx, after) != nil {
			return nil
		}
		began := clock.Now()
		runs, err := src.Runs(ctx)
		if ctx.Err() != nil {
			return nil
		}
		return loadedMsg{seq, runs, err, clock.Now().Sub(began)}
	}
}

// Update takes readings.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	l, ok := msg.(loadedMsg)
	if !ok || l.seq != m.seq {
		return nil
	}
	m.err = l.err
	if l.err == nil {
		m.all, m.loaded = l.runs, true
		m.arrange()
	}
	if m.ctx == nil {
		return nil
	}
	return m.load(m.ctx, m.seq, max(Every, 50*l.took))
}

// arrange filters and sorts what was read.
func (m *Model) arrange() {
	words := strings.Fields(strings.ToLower(m.filter.Value()))
	var rows []client.Run
	m.evals = 0
	for _, r := range m.all {
		switch {
		case r.Purpose == "eval" && !slices.Contains(words, "eval"):
			m.evals++ // they are many, and their results stand with their checkpoints
		case matches(r, words):
			rows = append(rows, r)
		}
	}
	columns()[m.sort].order(rows)
	m.list.Set(rows)
}

// matches tells whether every word occurs in what names or describes r.
func matches(r client.Run, words []string) bool {
	hay := strings.ToLower(strings.Join([]string{r.Name, r.ID, string(r.State), r.Task, r.Stage, r.Purpose, r.Host, r.Device}, " "))
	for _, w := range words {
		if !strings.Contains(hay, w) {
			return false
		}
	}
	return true
}

// Selected is the run under the cursor.
func (m *Model) Selected() (client.Run, bool) { return m.list.Selected() }

// RunID is the id of the selected run, "" without any.
func (m *Model) RunID() string {
	r, _ := m.list.Selected()
	return r.ID
}

// Steer tells what P and X work on.
func (m *Model) Steer() screen.Target {
	r, _ := m.list.Selected()
	return screen.Target{ID: r.ID, Name: r.Name, State: r.State, Live: r.Live, LastUS: r.LastRecordUS}
}

// Marked are the runs whose checkpoints are to be compared.
func (m *Model) Marked() []string {
	var ids []string
	for _, r := range m.all {
		if m.marked[r.ID] {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// Key does what the key table says.
func (m *Model) Key(id keys.ID) tea.Cmd {
	if screen.MoveBy(m.list, id, m.height) {
		return nil
	}
	r, ok := m.list.Selected()
	switch id {
	case keys.Filter:
		m.filter.Open()
	case keys.Redraw:
		return m.Show()
	case keys.SortLeft, keys.SortRight:
		n := len(columns())
		step := 1
		if id == keys.SortLeft {
			step = n - 1
		}
		m.sort = (m.sort + step) % n
		m.arrange()
	case keys.MarkRun:
		if ok {
			m.marked[r.ID] = !m.marked[r.ID]
			m.list.Move(1)
		}
	case keys.Open:
		if ok {
			return screen.Go(screen.Goto{Kind: screen.ToLive, RunID: r.ID})
		}
	case keys.OpenTraces:
		if ok {
			return screen.Go(screen.Goto{Kind: screen.ToTraces, RunID: r.ID})
		}
	case keys.Compare:
		if ok {
			return screen.Go(screen.Goto{Kind: screen.ToCompare, RunID: r.ID, RunIDs: m.Marked()})
		}
	}
	return nil
}

// Typing tells whether the filter has the focus.
func (m *Model) Typing() bool { return m.filter.Focused() }

// Type edits the filter; the list follows each key.
func (m *Model) Type(msg tea.Msg) tea.Cmd {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch k.String() {
		case "enter", "esc":
			m.filter.Close(k.String() == "enter")
			m.arrange()
			return nil
		}
	}
	cmd := m.filter.Type(msg)
	m.arrange()
	return cmd
}

// Title names the screen.
func (m *Model) Title() string { return "" }

// Scope says which keys work.
func (m *Model) Scope() keys.Scope { return keys.Runs }

// Status is empty: the table says how each run is.
func (m *Model) Status() (string, screen.Role) { return "", screen.Plain }

func name(r client.Run) string {
	if r.Name == "" {
		return r.ID
	}
	return text.Line(r.Name)
}
