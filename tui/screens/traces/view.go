package traces

import (
	"fmt"

	"gradus/store"
	"gradus/tui/screen"
	"gradus/tui/text"
)

// previewHeight is the height of the pane with the end of the selected text.
const previewHeight = 9

// View draws the list, and below it the end of the selected text where there
// is room.
func (m *Model) View(w, h int) string {
	table := screen.Rect{W: w, H: h}
	var panes []screen.Pane
	if r, ok := m.list.Selected(); ok && h >= 30 {
		table.H = h - previewHeight
		panes = append(panes, m.preview(r, screen.Rect{Y: table.H, W: w, H: previewHeight}))
	}
	inW, inH := table.Inner()
	p := screen.Pane{Rect: table, Focus: true, Title: m.title(), Note: m.note()}
	lines, head := m.lines(inW, inH)
	p.Lines = append(head, lines...)
	return m.env.Compose(w, h, append(panes, p))
}

func (m *Model) title() []screen.Piece {
	p := []screen.Piece{screen.P(screen.Strong, "traces")}
	if m.filter.Focused() || m.filter.Value() != "" {
		p = append(p, screen.P(screen.Key, "  / "))
		p = append(p, m.filter.Pieces()...)
	}
	return p
}

// note tells order and position.
func (m *Model) note() []screen.Piece {
	if !m.loaded {
		return nil
	}
	order := "oldest first"
	if m.newest {
		order = "newest first"
	}
	return []screen.Piece{screen.P(screen.Dim, order+"  "+m.position())}
}

// position is where in the list the cursor is, and how long the list is. Until
// all matches are counted, a list that goes on shows how many are at hand.
func (m *Model) position() string {
	count := fmt.Sprint(m.list.Len())
	switch {
	case !m.list.HasAfter() && !m.list.HasBefore():
	case m.total >= counted:
		count = fmt.Sprintf("more than %d", counted)
	case m.total > m.list.Len():
		count = fmt.Sprint(m.total)
	default:
		count += " and more"
	}
	at := fmt.Sprintf("%d of ", m.list.Index()+1)
	if m.list.HasBefore() {
		at = ""
	}
	return at + count
}

// lines are the rows of the table, and what stands above them.
func (m *Model) lines(w, h int) (rows, head []string) {
	say := func(role screen.Role, s string) {
		for _, l := range m.env.Wrap(s, max(w-4, 1)) {
			head = append(head, m.env.Line(w, screen.P(role, "  "+l)))
		}
	}
	switch {
	case m.filter.Focused() && m.problem != nil:
		line, caret := m.problem.Marked(func(s string) int { return m.env.Method.StringWidth(text.Line(s)) })
		if m.env.Method.StringWidth(text.Line(line)) < w-4 {
			head = append(head, m.env.Line(w, screen.P(screen.Plain, "  "+text.Line(line))), m.env.Line(w, screen.P(screen.Caution, "  "+caret)))
		}
		say(screen.Caution, text.Line(m.problem.Error()))
	case m.filter.Focused():
		say(screen.Dim, `step:700.. reward<.2 prompt:apples finish:length correct:no tag:hack -verdict:ok (wait OR "double check")   enter applies`)
	}
	switch {
	case m.err != nil:
		say(screen.Bad, "The traces cannot be read: "+text.Line(m.err.Error()))
		say(screen.Dim, "r tries again")
	case !m.loaded:
		say(screen.Plain, "Reading the traces.")
	case m.list.Len() == 0 && m.filter.Value() != "":
		say(screen.Plain, "No trace fits the filter.")
	case m.list.Len() == 0:
		say(screen.Plain, "This run has stored no traces yet. r looks again.")
	default:
		head = append(head, m.env.TraceHead(w))
	}
	m.height = max(h-len(head), 1)
	items, sel := m.list.View(m.height)
	for i, r := range items {
		rows = append(rows, m.env.TraceRow(r, w, i == sel))
	}
	return rows, head
}

func (m *Model) preview(r store.SampleRow, at screen.Rect) screen.Pane {
	p := screen.Pane{Rect: at, Title: []screen.Piece{screen.P(screen.Strong, "how it ends"), screen.P(screen.Dim, "  "+text.Line(r.Ref))}}
	w, h := p.Inner()
	all := m.env.Wrap(text.Clean(r.Text), max(w-2, 1))
	for _, l := range all[max(len(all)-h, 0):] {
		p.Lines = append(p.Lines, m.env.Line(w, screen.P(screen.Plain, " "+l)))
	}
	return p
}

// Words says the same in few words.
func (m *Model) Words() []string {
	switch r, ok := m.list.Selected(); {
	case m.filter.Focused():
		out := []string{"filter: " + text.Line(m.filter.Value())}
		if m.problem != nil {
			out = append(out, text.Line(m.problem.Error()))
		}
		return out
	case m.err != nil:
		return []string{"traces cannot be read: " + text.Line(m.err.Error())}
	case !m.loaded:
		return []string{"reading the traces"}
	case !ok:
		return []string{"no traces"}
	default:
		verdict, _ := screen.Verdict(r.Correct)
		return []string{
			"trace " + m.position(),
			fmt.Sprintf("step %d #%d.%d", r.Step, r.Group, r.Index+1),
			"reward " + screen.Reward(r) + " " + verdict,
			screen.Excerpt(r.Text),
		}
	}
}
