// Package traces is the screen of all traces of a run, with a filter.
package traces

import (
	"errors"
	"slices"

	tea "charm.land/bubbletea/v2"

	"gradus/store"
	"gradus/store/query"
	"gradus/tui/keys"
	"gradus/tui/list"
	"gradus/tui/screen"
	"gradus/tui/text"
)

const (
	page   = 100  // rows of one reading
	margin = 40   // rows from an end at which the next page is read
	keep   = 1000 // rows in memory

	counted = 100_000 // traces that are counted at most
)

// Model is the screen of the traces of a run.
type Model struct {
	env *screen.Env
	id  string

	header store.RunHeader
	list   *list.List[int64, store.SampleRow]
	filter *screen.Field
	query  store.SampleQuery // what the list shows, without its page
	newest bool

	seq     int  // of the query; pages of older ones are dropped
	asked   bool // a page is on its way
	loaded  bool
	known   query.Known
	total   int // traces that the query finds, up to counted; -1 while it is not known
	problem *query.Error
	err     error // of the last reading
	height  int
}

// New makes the screen of a run.
func New(env *screen.Env, runID string) *Model {
	return &Model{env: env, id: runID, newest: true, total: -1, filter: screen.NewField(400), height: 10,
		list: list.New(func(r store.SampleRow) int64 { return r.ID }, keep)}
}

// where tells which page a reading is for.
type where int

const (
	first where = iota
	last
	after
	before
)

type pageMsg struct {
	seq    int
	at     where
	rows   []store.SampleRow
	more   bool
	header store.RunHeader
	known  query.Known
	err    error
}

type countMsg struct {
	seq, n int
}

// Show reads the first page; a list that was left is shown as it was.
func (m *Model) Show() tea.Cmd {
	if m.loaded {
		return nil
	}
	return m.read(first)
}

// Hide has nothing to end.
func (m *Model) Hide() {}

// read asks for a page. The page after or before begins beyond the row at that
// end of the list; its id is the key, so that new traces shift nothing.
func (m *Model) read(at where) tea.Cmd {
	q := m.query
	q.Newest, q.Limit = m.newest, page
	items := m.list.Items()
	switch at {
	case first, last:
		m.seq++
		q.Newest = m.newest == (at == first)
	case after:
		q.After = items[len(items)-1].ID
	case before:
		q.After, q.Newest = items[0].ID, !m.newest
	}
	m.asked = true
	ctx, src, id, seq := m.env.Ctx, m.env.Source, m.id, m.seq
	return func() tea.Msg {
		msg := pageMsg{seq: seq, at: at}
		if msg.header, msg.err = src.Header(ctx, id); msg.err == nil {
			msg.known, msg.err = src.Known(ctx, id)
		}
		if msg.err == nil {
			msg.rows, msg.err = src.Traces(ctx, id, q)
		}
		msg.more = len(msg.rows) == q.Limit
		if at == before || at == last {
			slices.Reverse(msg.rows)
		}
		return msg
	}
}

// count asks how many traces the list has, beside reading its pages.
func (m *Model) count() tea.Cmd {
	ctx, src, id, seq, q := m.env.Ctx, m.env.Source, m.id, m.seq, m.query
	return func() tea.Msg {
		n, err := src.Count(ctx, id, q, counted)
		if err != nil {
			return screen.Failed("count the traces", err)
		}
		return countMsg{seq, n}
	}
}

// Update takes pages.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case countMsg:
		if msg.seq == m.seq {
			m.total = msg.n
		}
		return nil
	case screen.Annotated:
		for i, r := range m.list.Items() {
			if msg.RunID == m.id && r.ID == msg.Sample {
				m.list.Items()[i].Notes = msg.Notes
			}
		}
		return nil
	}
	p, ok := msg.(pageMsg)
	if !ok || p.seq != m.seq {
		return nil
	}
	m.asked, m.err = false, p.err
	if p.err != nil {
		return nil
	}
	m.loaded, m.header, m.known = true, p.header, p.known
	switch p.at {
	case first:
		m.list.Reset(p.rows, false, p.more)
		if m.total = -1; p.more {
			return tea.Batch(m.count(), m.more())
		}
	case last:
		m.list.Reset(p.rows, p.more, false)
		m.list.End()
	case after:
		m.list.Append(p.rows, p.more)
	case before:
		m.list.Prepend(p.rows, p.more)
	}
	return m.more()
}

// more reads the next page when the selection is near an end.
func (m *Model) more() tea.Cmd {
	if m.asked || !m.loaded {
		return nil
	}
	switch m.list.Wants(margin) {
	case 1:
		return m.read(after)
	case -1:
		return m.read(before)
	}
	return nil
}

// Key does what the key table says.
func (m *Model) Key(id keys.ID) tea.Cmd {
	switch id {
	case keys.Filter:
		m.filter.Open()
		return nil
	case keys.Redraw:
		return m.read(first)
	case keys.Order:
		m.newest = !m.newest
		return m.read(first)
	case keys.Home:
		if m.list.HasBefore() {
			return m.read(first)
		}
	case keys.End:
		if m.list.HasAfter() {
			return m.read(last)
		}
	case keys.Open:
		if r, ok := m.list.Selected(); ok {
			q := m.query
			q.Newest = m.newest
			return screen.Go(screen.Goto{Kind: screen.ToTrace, RunID: m.id, Sample: r.ID, List: q})
		}
	}
	screen.MoveBy(m.list, id, m.height)
	return m.more()
}

// Seen selects the trace that was read last, when it is in the list.
func (m *Model) Seen(sample int64) { m.list.Select(sample) }

// Typing tells whether the filter has the focus.
func (m *Model) Typing() bool { return m.filter.Focused() }

// Type edits the filter; Enter applies it if it is right, Escape leaves it.
func (m *Model) Type(msg tea.Msg) tea.Cmd {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch k.String() {
		case "esc":
			m.filter.Close(false)
			m.problem = nil
			return nil
		case "enter":
			where := m.parse()
			if m.problem != nil {
				return nil // stay, the field shows why
			}
			m.filter.Close(true)
			m.query.Where = where
			return m.read(first)
		}
	}
	cmd := m.filter.Type(msg)
	m.parse()
	return cmd
}

// parse reads the filter and keeps what is wrong with it.
func (m *Model) parse() query.Node {
	where, err := query.Parse(m.filter.Value(), m.known)
	m.problem = nil
	errors.As(err, &m.problem)
	return where
}

// Title is the name of the run.
func (m *Model) Title() string { return text.Line(m.header.Name) }

// Scope says which keys work.
func (m *Model) Scope() keys.Scope { return keys.Traces }

// Status is empty: the list stands still.
func (m *Model) Status() (string, screen.Role) { return "", screen.Plain }

// Run is the id of the run.
func (m *Model) Run() string { return m.id }

var _ screen.Screen = (*Model)(nil)
