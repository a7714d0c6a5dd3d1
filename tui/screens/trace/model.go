// Package trace is the screen of one trace: prompt, completion with the spans
// that its rewards name, and the reward breakdown.
package trace

import (
	"errors"
	"fmt"

	tea "charm.land/bubbletea/v2"

	"gradus/store"
	"gradus/tui/keys"
	"gradus/tui/screen"
	"gradus/tui/text"
)

// Model is the screen of one trace.
type Model struct {
	env  *screen.Env
	id   string            // of the run
	list store.SampleQuery // the list that [ and ] walk

	sample int64 // asked for
	seq    int
	err    error
	loaded bool

	header store.RunHeader
	trace  store.SampleDetail
	group  []store.SampleRow
	notes  []store.NoteRow // that stand
	pieces []string        // bytes of the tokens, when known
	docs   [modes]*document
	prompt *document

	mode      mode
	heat      heat
	unfolded  bool // the prompt is shown
	rewards   bool // the rewards have the focus
	maximised bool
	text      screen.Scroll
	parts     screen.Scroll
	find      *screen.Field
	match     int
	writing   writing
}

// New makes the screen of a trace. list is the query of the list that it was
// opened from.
func New(env *screen.Env, runID string, sample int64, list store.SampleQuery) *Model {
	return &Model{env: env, id: runID, sample: sample, list: list, find: screen.NewField(200)}
}

// Sample is the id of the trace that is shown.
func (m *Model) Sample() int64 { return m.sample }

type loadedMsg struct {
	seq    int
	header store.RunHeader
	trace  store.SampleDetail
	group  []store.SampleRow
	pieces []string
	doc    *document
	err    error
}

// Show reads the trace, unless it is there.
func (m *Model) Show() tea.Cmd {
	if m.loaded {
		return nil
	}
	return m.load(m.sample)
}

// Hide has nothing to end.
func (m *Model) Hide() {}

// load reads a trace and cleans its text, away from the interface's loop.
func (m *Model) load(sample int64) tea.Cmd {
	m.seq++
	ctx, src, id, seq := m.env.Ctx, m.env.Source, m.id, m.seq
	return func() tea.Msg {
		msg := loadedMsg{seq: seq}
		if msg.trace, msg.err = src.Trace(ctx, id, sample); msg.err != nil {
			return msg
		}
		if msg.group, msg.err = src.Group(ctx, id, sample); msg.err != nil {
			return msg
		}
		if msg.header, msg.err = src.Header(ctx, id); msg.err != nil {
			return msg
		}
		// Tokens whose bytes are not known are shown by their ids.
		msg.pieces, _ = src.Tokens(ctx, id, msg.trace.TokenIDs)
		msg.doc = textDocument(msg.trace, msg.trace.Notes)
		return msg
	}
}

// neighbour finds the trace after (+1) or before (-1) this one in the list.
func (m *Model) neighbour(by int) tea.Cmd {
	q := m.list
	q.After, q.Limit = m.sample, 1
	if by < 0 {
		q.Newest = !q.Newest
	}
	ctx, src, id := m.env.Ctx, m.env.Source, m.id
	return func() tea.Msg {
		rows, err := src.Traces(ctx, id, q)
		switch {
		case err != nil:
			return screen.Failed("next trace", err)
		case len(rows) == 0:
			return screen.Notice{Level: screen.Warn, Text: "that is the last one on this side of the list"}
		}
		return neighbourMsg{m, rows[0].ID}
	}
}

type neighbourMsg struct {
	of     *Model
	sample int64
}

// Update takes what was read.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case neighbourMsg:
		if msg.of == m {
			return m.load(msg.sample)
		}
	case failedMsg:
		if msg.of == m {
			m.writing.sent = false
			return func() tea.Msg { return screen.Failed("write the "+m.writing.what(), msg.err) }
		}
	case screen.Annotated:
		if msg.RunID == m.id {
			m.took(msg)
		}
	case loadedMsg:
		if msg.seq == m.seq {
			m.take(msg)
		}
	}
	return nil
}

func (m *Model) take(msg loadedMsg) {
	if m.err = msg.err; msg.err != nil {
		return
	}
	m.loaded, m.header, m.trace, m.group, m.pieces = true, msg.header, msg.trace, msg.group, msg.pieces
	m.sample, m.notes = msg.trace.ID, msg.trace.Notes
	m.docs = [modes]*document{asText: msg.doc}
	m.prompt = nil
	m.text, m.parts, m.match = screen.Scroll{}, screen.Scroll{}, 0
	m.search()
}

// doc is the completion in the mode that is chosen, made when first asked for.
func (m *Model) doc() *document {
	d := m.docs[m.mode]
	if d == nil {
		switch m.mode {
		case asTokens:
			d = tokenDocument(m.trace, m.pieces, m.heat)
		case asRaw:
			d = rawDocument(m.trace, m.notes)
		default:
			d = textDocument(m.trace, m.notes)
		}
		m.docs[m.mode] = d
		d.find(m.find.Value())
	}
	return d
}

func (m *Model) promptDoc() *document {
	if m.prompt == nil {
		m.prompt = &document{doc: text.NewDocLimit([]byte(m.trace.Prompt.Text), maxBytes)}
	}
	return m.prompt
}

// Key does what the key table says.
func (m *Model) Key(id keys.ID) tea.Cmd {
	if !m.loaded {
		if id == keys.Redraw {
			return m.load(m.sample)
		}
		return nil
	}
	focus := &m.text
	if m.rewards {
		focus = &m.parts
	}
	if screen.MoveBy(focus, id, focus.Height) {
		return nil
	}
	switch id {
	case keys.NextPane, keys.PrevPane:
		m.rewards = !m.rewards
	case keys.Maximise:
		m.maximised = !m.maximised
	case keys.Mode:
		m.mode = (m.mode + 1) % modes
		m.text.Home()
	case keys.Heat:
		m.heat = 1 - m.heat
		m.docs[asTokens] = nil
	case keys.Fold:
		m.unfolded = !m.unfolded
		m.text.Home()
	case keys.Filter:
		m.find.Open()
	case keys.Next:
		m.jump(1)
	case keys.Prev:
		m.jump(-1)
	case keys.NextSample:
		return m.step(1)
	case keys.PrevSample:
		return m.step(-1)
	case keys.NextTrace:
		return m.neighbour(1)
	case keys.PrevTrace:
		return m.neighbour(-1)
	case keys.Copy:
		return m.copy()
	case keys.Verdict, keys.AddTag, keys.AddNote:
		return m.write(id)
	case keys.Redraw:
		return m.load(m.sample)
	}
	return nil
}

// place is the index of the trace in its group, -1 when it is not there.
func (m *Model) place() int {
	for i, r := range m.group {
		if r.ID == m.trace.ID {
			return i
		}
	}
	return -1
}

// step shows another sample of the same prompt.
func (m *Model) step(by int) tea.Cmd {
	i := m.place() + by
	if i < 0 || i >= len(m.group) {
		return screen.Say(screen.Warn, "this prompt has "+text.Count(len(m.group), "sample")+" in this step")
	}
	return m.load(m.group[i].ID)
}

// copy puts the raw text on the clipboard of the terminal (OSC 52).
func (m *Model) copy() tea.Cmd {
	note := fmt.Sprintf("copied %s of raw text", screen.Bytes(int64(len(m.trace.Text))))
	if s := m.docs[asText].doc.Stats().String(); s != "" {
		note += "; in it: " + s
	}
	return tea.Batch(tea.SetClipboard(m.trace.Text), screen.Say(screen.Info, note))
}

// places are what n and N walk: found text, or else the evidence of rewards.
func (m *Model) places() [][2]int {
	d := m.doc()
	if m.find.Value() != "" {
		return d.found
	}
	if m.mode == asTokens {
		return nil
	}
	var out [][2]int
	for _, k := range d.marks {
		out = append(out, [2]int{k.From, k.To})
	}
	return out
}

// jump scrolls to the next place.
func (m *Model) jump(by int) {
	p := m.places()
	if len(p) == 0 {
		return
	}
	m.match = (m.match + by + len(p)) % len(p)
	if d := m.doc(); d.rows != nil {
		per := 1
		if m.digits() {
			per = 2
		}
		m.text.Reveal(m.above() + per*d.rows.At(p[m.match][0]))
	}
}

// search looks for what the field says, in the mode that is shown.
func (m *Model) search() {
	for _, d := range m.docs {
		if d != nil {
			d.find(m.find.Value())
		}
	}
	m.match = 0
}

// Leave ends a maximised pane.
func (m *Model) Leave() bool {
	was := m.maximised
	m.maximised = false
	return was
}

// Typing tells whether the search field has the focus, or a note is written.
func (m *Model) Typing() bool { return m.find.Focused() || m.writing.kind != "" }

// Type edits the search; the marks follow each key.
func (m *Model) Type(msg tea.Msg) tea.Cmd {
	if m.writing.kind != "" {
		return m.typeNote(msg)
	}
	if k, ok := msg.(tea.KeyPressMsg); ok && (k.String() == "enter" || k.String() == "esc") {
		m.find.Close(k.String() == "enter")
		m.search()
		m.match = -1
		m.jump(1)
		return nil
	}
	cmd := m.find.Type(msg)
	m.search()
	return cmd
}

// Title is where the trace stands.
func (m *Model) Title() string {
	if !m.loaded {
		return ""
	}
	return fmt.Sprintf("%s @%d", text.Line(m.header.Name), m.trace.Step)
}

// Scope says which keys work.
func (m *Model) Scope() keys.Scope { return keys.Trace }

// Status is empty: a trace does not change.
func (m *Model) Status() (string, screen.Role) { return "", screen.Plain }

// problem says why there is nothing to show.
func (m *Model) problem() string {
	if errors.Is(m.err, store.ErrNotFound) {
		return fmt.Sprintf("Trace %d is not in the record of this run.", m.sample)
	}
	return "The trace cannot be read: " + text.Line(m.err.Error())
}
