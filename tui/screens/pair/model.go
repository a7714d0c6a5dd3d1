// Package pair is the screen of one prompt as two checkpoints answered it,
// side by side.
package pair

import (
	tea "charm.land/bubbletea/v2"

	"gradus/runner/compare"
	"gradus/store"
	"gradus/tui/keys"
	"gradus/tui/screen"
	"gradus/tui/source"
	"gradus/tui/text"
)

// maxBytes is how much of each text is compared.
const maxBytes = 256 << 10

// diffMode is how differences are marked.
type diffMode int

const (
	byWord diffMode = iota
	byLine
	off
	diffModes
)

func (d diffMode) String() string { return [...]string{"words", "lines", "off"}[d] }

// Model is the screen of a pair.
type Model struct {
	env    *screen.Env
	result *compare.Result
	pairs  []int // indices into result.Pairs
	at     int   // which of pairs
	sides  [2]source.Checkpoint

	seq    int
	err    error
	loaded bool
	traces [2]store.SampleDetail
	stats  [2]text.Stats
	lines  []text.Pair

	mode   diffMode
	scroll screen.Scroll
	cached rowsKey
	rows   []row
}

// New makes the screen of result.Pairs[pairs[at]]; n and N walk pairs.
func New(env *screen.Env, result *compare.Result, pairs []int, at int, sides [2]source.Checkpoint) *Model {
	return &Model{env: env, result: result, pairs: append([]int(nil), pairs...), at: at, sides: sides}
}

type loadedMsg struct {
	seq    int
	traces [2]store.SampleDetail
	stats  [2]text.Stats
	lines  []text.Pair
	err    error
}

// Show reads both traces, unless they are there.
func (m *Model) Show() tea.Cmd {
	if m.loaded {
		return nil
	}
	return m.load()
}

// Hide has nothing to end.
func (m *Model) Hide() {}

func (m *Model) pair() compare.Pair { return m.result.Pairs[m.pairs[m.at]] }

// load reads, cleans and compares the two texts away from the interface's loop.
func (m *Model) load() tea.Cmd {
	m.seq++
	ctx, src, seq, p := m.env.Ctx, m.env.Source, m.seq, m.pair()
	runs := [2]string{m.result.A.RunID, m.result.B.RunID}
	return func() tea.Msg {
		msg := loadedMsg{seq: seq}
		var clean [2]string
		for i, id := range []int64{p.A.SampleID, p.B.SampleID} {
			if msg.traces[i], msg.err = src.Trace(ctx, runs[i], id); msg.err != nil {
				return msg
			}
			d := text.NewDocLimit([]byte(msg.traces[i].Text), maxBytes)
			clean[i], msg.stats[i] = d.Text(), d.Stats()
		}
		msg.lines = text.DiffLines(clean[0], clean[1])
		return msg
	}
}

// Update takes what was read.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	l, ok := msg.(loadedMsg)
	if !ok || l.seq != m.seq {
		return nil
	}
	if m.err = l.err; l.err == nil {
		m.loaded, m.traces, m.stats, m.lines = true, l.traces, l.stats, l.lines
		m.scroll, m.rows = screen.Scroll{}, nil
	}
	return nil
}

// Key does what the key table says.
func (m *Model) Key(id keys.ID) tea.Cmd {
	if screen.MoveBy(&m.scroll, id, m.scroll.Height) {
		return nil
	}
	switch id {
	case keys.Next:
		return m.step(1)
	case keys.Prev:
		return m.step(-1)
	case keys.Diff:
		m.mode = (m.mode + 1) % diffModes
		m.rows = nil
	case keys.Redraw:
		return m.load()
	}
	return nil
}

func (m *Model) step(by int) tea.Cmd {
	i := m.at + by
	if i < 0 || i >= len(m.pairs) {
		return screen.Say(screen.Warn, "the list has "+text.Count(len(m.pairs), "pair"))
	}
	m.at = i
	return m.load()
}

// Typing is never so: the screen has no text field.
func (m *Model) Typing() bool { return false }

// Type does nothing.
func (m *Model) Type(tea.Msg) tea.Cmd { return nil }

// Title is the prompt.
func (m *Model) Title() string { return text.Line(m.pair().Ref) }

// Scope says which keys work.
func (m *Model) Scope() keys.Scope { return keys.Pair }

// Status is empty: nothing here changes.
func (m *Model) Status() (string, screen.Role) { return "", screen.Plain }
