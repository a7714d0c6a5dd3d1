// Package compare is the screen that puts two checkpoints side by side: it
// chooses them, generates held-out samples that are missing, and shows the
// difference with its interval and the answers that flipped.
package compare

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"gradus/runner/compare"
	"gradus/tui/keys"
	"gradus/tui/list"
	"gradus/tui/screen"
	"gradus/tui/source"
	"gradus/tui/text"
)

// phase is what the screen is at.
type phase int

const (
	picking phase = iota
	comparing
	generating
	showing
)

// Model is the screen of a comparison.
type Model struct {
	env  *screen.Env
	id   string   // of the run that it was opened for
	runs []string // whose checkpoints are offered

	phase   phase
	seq     int // of what is compared or generated
	reading int // of the list
	loaded  bool
	unread  error // why the list could not be read
	err     error // why nothing could be compared
	marks   *list.List[string, source.Checkpoint]
	a, b    *source.Checkpoint

	since    time.Time // of what is waited for
	progress *progress
	cancel   context.CancelFunc

	result *compare.Result
	shown  kind
	filter *screen.Field
	flips  *list.List[int, int] // indices into result.Pairs
	height int
}

// New makes the screen of a run.
func New(env *screen.Env, runID string) *Model {
	return &Model{env: env, id: runID, runs: []string{runID}, filter: screen.NewField(200), height: 8,
		marks: list.New(source.Checkpoint.Ref, 0),
		flips: list.New(func(i int) int { return i }, 0)}
}

// Offer adds the checkpoints of other runs to those that can be chosen.
func (m *Model) Offer(runIDs []string) {
	for _, id := range runIDs {
		if id != "" && !slices.Contains(m.runs, id) {
			m.runs = append(m.runs, id)
			m.loaded = false
		}
	}
}

type checkpointsMsg struct {
	seq  int
	list []source.Checkpoint
	err  error
}

type resultMsg struct {
	seq    int
	result compare.Result
	err    error
}

// Show reads the checkpoints while one is to be chosen.
func (m *Model) Show() tea.Cmd {
	if m.phase != picking {
		return nil
	}
	return m.read()
}

// Hide has nothing to end: a generation goes on.
func (m *Model) Hide() {}

func (m *Model) read() tea.Cmd {
	m.reading++
	ctx, src, seq, ids := m.env.Ctx, m.env.Source, m.reading, m.runs
	return func() tea.Msg {
		list, err := src.Checkpoints(ctx, ids)
		return checkpointsMsg{seq, list, err}
	}
}

// Update takes what was read.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case checkpointsMsg:
		if msg.seq == m.reading {
			m.listed(msg)
		}
	case resultMsg:
		if msg.seq == m.seq {
			return m.compared(msg)
		}
	case generatedMsg:
		if msg.seq == m.seq {
			return m.generated(msg)
		}
	case tickMsg:
		if msg.seq == m.seq && m.phase == generating {
			return m.tick()
		}
	}
	return nil
}

// listed takes the checkpoints. A side that is no longer among them, because
// the run removed it, is chosen anew.
func (m *Model) listed(msg checkpointsMsg) {
	if m.unread = msg.err; msg.err != nil {
		return
	}
	m.loaded = true
	m.marks.Set(msg.list)
	if m.phase != picking {
		return
	}
	for _, side := range []**source.Checkpoint{&m.a, &m.b} {
		here := func(c source.Checkpoint) bool { return c.Ref() == (*side).Ref() }
		if *side != nil && !slices.ContainsFunc(msg.list, here) {
			*side = nil
		}
	}
	m.propose(msg.list)
}

// propose chooses the first and the last checkpoint that were evaluated, or
// else the first and the last, where the reader has chosen none.
func (m *Model) propose(list []source.Checkpoint) {
	if len(list) == 0 {
		return
	}
	evaluated := slices.DeleteFunc(slices.Clone(list), func(c source.Checkpoint) bool { return len(c.Evals) == 0 })
	if len(evaluated) < 2 {
		evaluated = list
	}
	if m.a == nil {
		m.a = &evaluated[0]
	}
	if m.b == nil {
		m.b = &evaluated[len(evaluated)-1]
	}
}

// Key does what the key table says.
func (m *Model) Key(id keys.ID) tea.Cmd {
	switch m.phase {
	case picking:
		return m.pickKey(id)
	case showing:
		return m.flipKey(id)
	}
	return nil
}

func (m *Model) pickKey(id keys.ID) tea.Cmd {
	if screen.MoveBy(m.marks, id, m.height) {
		return nil
	}
	c, ok := m.marks.Selected()
	switch id {
	case keys.MarkA:
		if ok {
			m.a = &c
		}
	case keys.MarkB:
		if ok {
			m.b = &c
		}
	case keys.Swap:
		m.a, m.b = m.b, m.a
	case keys.Redraw:
		return m.read()
	case keys.Open:
		switch {
		case m.a == nil || m.b == nil:
			return screen.Say(screen.Warn, "choose both: a sets the baseline, b the other")
		case m.a.Ref() == m.b.Ref():
			return screen.Say(screen.Warn, "A and B are the same checkpoint; choose another with a or b")
		}
		return m.compare()
	}
	return nil
}

// compare pairs what is stored.
func (m *Model) compare() tea.Cmd {
	m.phase, m.err, m.since = comparing, nil, m.env.Clock.Now()
	m.seq++
	ctx, src, seq, a, b := m.env.Ctx, m.env.Source, m.seq, *m.a, *m.b
	return func() tea.Msg {
		r, err := src.Compare(ctx, a, b)
		return resultMsg{seq, r, err}
	}
}

func (m *Model) compared(msg resultMsg) tea.Cmd {
	var missing *source.Missing
	switch {
	case errors.As(msg.err, &missing):
		m.phase = picking
		if m.env.ReadOnly {
			return screen.Say(screen.Warn, missing.Why+" This workbench is read-only; generate them elsewhere with: gradus compare A B")
		}
		return m.offer(missing)
	case msg.err != nil:
		m.phase, m.err = picking, msg.err
		return nil
	}
	m.phase, m.result = showing, &msg.result
	m.choose()
	return nil
}

// offer asks whether to generate what is missing.
func (m *Model) offer(missing *source.Missing) tea.Cmd {
	ask := screen.Ask{
		Question: text.Line(missing.Why) + " Generate and store them now?",
		Notes:    []string{"The evaluation runs in a process of its own, as a run of its own; it goes on when you leave."},
		Yes:      func(string) tea.Cmd { return m.generate() },
	}
	return func() tea.Msg { return ask }
}

// progress is what a generation last reported; it comes from other goroutines.
type progress struct {
	mu sync.Mutex
	p  source.Progress
}

func (p *progress) set(v source.Progress) {
	p.mu.Lock()
	p.p = v
	p.mu.Unlock()
}

func (p *progress) get() source.Progress {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.p
}

type generatedMsg struct {
	seq int
	err error
}

type tickMsg struct{ seq int }

func (m *Model) generate() tea.Cmd {
	m.phase, m.since, m.progress = generating, m.env.Clock.Now(), &progress{}
	m.seq++
	ctx, cancel := context.WithCancel(m.env.Ctx)
	m.cancel = cancel
	src, seq, a, b, p := m.env.Source, m.seq, *m.a, *m.b, m.progress
	work := func() tea.Msg { return generatedMsg{seq, src.Generate(ctx, a, b, p.set)} }
	return tea.Batch(work, m.tick())
}

// tick shows progress anew twice a second.
func (m *Model) tick() tea.Cmd {
	ctx, clock, seq := m.env.Ctx, m.env.Clock, m.seq
	return func() tea.Msg {
		if clock.Sleep(ctx, time.Second/2) != nil {
			return nil
		}
		return tickMsg{seq}
	}
}

func (m *Model) generated(msg generatedMsg) tea.Cmd {
	m.cancel()
	if msg.err != nil {
		m.phase, m.err = picking, fmt.Errorf("generate: %w", msg.err)
		return m.read() // the run may have removed one of them
	}
	return tea.Batch(m.compare(), m.read())
}

// problem is what went wrong last, or nil.
func (m *Model) problem() error {
	if m.err != nil {
		return m.err
	}
	return m.unread
}

// Leave goes from the result back to the choice.
func (m *Model) Leave() bool {
	switch m.phase {
	case showing:
		m.phase = picking
		return true
	case generating:
		m.cancel()
		m.phase = picking
		m.seq++
		return true
	}
	return false
}

// Typing tells whether the filter has the focus.
func (m *Model) Typing() bool { return m.filter.Focused() }

// Type edits the filter; the list follows each key.
func (m *Model) Type(msg tea.Msg) tea.Cmd {
	if k, ok := msg.(tea.KeyPressMsg); ok && (k.String() == "enter" || k.String() == "esc") {
		m.filter.Close(k.String() == "enter")
		m.choose()
		return nil
	}
	cmd := m.filter.Type(msg)
	m.choose()
	return cmd
}

// Title names the two sides.
func (m *Model) Title() string {
	if m.phase == picking || m.a == nil || m.b == nil {
		return ""
	}
	return text.Line(m.a.Title()) + " : " + text.Line(m.b.Title())
}

// Scope says which keys work.
func (m *Model) Scope() keys.Scope {
	if m.phase == showing {
		return keys.Flips
	}
	return keys.Pick
}

// Status is empty: no single run is in view.
func (m *Model) Status() (string, screen.Role) { return "", screen.Plain }
