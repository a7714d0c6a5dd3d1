package pair

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"gradus/tui/screen"
	"gradus/tui/source"
	"gradus/tui/text"
)

// row is a row of both columns: a piece of a line each, or nothing.
type row struct {
	a, b     []screen.Piece
	ga, gb   string // gutters: - and + where the line differs
	hasA, hb bool
}

// rowsKey is what the rows depend on.
type rowsKey struct {
	width  int
	method ansi.Method
	mode   diffMode
	seq    int
}

// layRows wraps both texts for columns of width cells, keeping paired lines
// level with each other.
func (m *Model) layRows(width int) []row {
	key := rowsKey{width, m.env.Method, m.mode, m.seq}
	if m.rows != nil && m.cached == key {
		return m.rows
	}
	m.cached, m.rows = key, nil
	for _, p := range m.lines {
		a := m.column(p.A, p.AMarks, width, screen.Removed, p.Change)
		b := m.column(p.B, p.BMarks, width, screen.Added, p.Change)
		if p.Change == text.OnlyB {
			a = nil
		}
		if p.Change == text.OnlyA {
			b = nil
		}
		for i := range max(len(a), len(b)) {
			r := row{ga: " ", gb: " "}
			if i < len(a) {
				r.a, r.hasA = a[i], true
			}
			if i < len(b) {
				r.b, r.hb = b[i], true
			}
			if m.mode != off && p.Change != text.Same {
				if r.hasA {
					r.ga = "-"
				}
				if r.hb {
					r.gb = "+"
				}
			}
			m.rows = append(m.rows, r)
		}
	}
	return m.rows
}

// column wraps a line; marks are the words of it that the other text does not
// have.
func (m *Model) column(line string, marks [][2]int, width int, role screen.Role, change text.Change) [][]screen.Piece {
	rows := text.Wrap(line, width, m.env.Method)
	var ms []text.Mark
	switch {
	case m.mode == off || change == text.Same:
	case m.mode == byLine || change != text.Changed:
		ms = []text.Mark{{From: 0, To: len(line), Class: int(role)}}
	default:
		for _, k := range marks {
			ms = append(ms, text.Mark{From: k[0], To: k[1], Class: int(role)})
		}
	}
	flat := text.NewMarks(ms)
	out := make([][]screen.Piece, rows.Len())
	for i := range out {
		segs := rows.Segments(i, flat)
		for k, s := range segs {
			if k == len(segs)-1 {
				s.Text = strings.TrimRight(s.Text, " ")
			}
			out[i] = append(out[i], screen.P(screen.Role(s.Class), s.Text))
		}
	}
	return out
}

// View draws both answers.
func (m *Model) View(w, h int) string {
	if m.err != nil || !m.loaded {
		role, s := screen.Dim, "Reading both traces."
		if m.err != nil {
			role, s = screen.Bad, "They cannot be read: "+text.Line(m.err.Error())+". r tries again."
		}
		return screen.Block([]string{m.env.Line(w), m.env.Line(w, screen.P(role, "  "+s))}, w, h)
	}
	head := m.head(w)
	left := w / 2
	inner := min(left, w-left) - 2
	rows := m.layRows(max(inner-2, 1))
	parts := 2 // lines above the text in each pane
	bodyH := h - len(head)
	m.scroll.Fit(len(rows), max(bodyH-2-parts, 1))
	a := m.side(0, screen.Rect{W: left, H: bodyH}, rows)
	b := m.side(1, screen.Rect{X: left, W: w - left, H: bodyH}, rows)
	return strings.Join(head, "\n") + "\n" + m.env.Compose(w, bodyH, []screen.Pane{a, b})
}

// head tells the prompt and who was right.
func (m *Model) head(w int) []string {
	p := m.pair()
	who, role := "both wrong", screen.Bad
	switch ra, rb := source.Right(p.A), source.Right(p.B); {
	case ra && rb:
		who, role = "both right", screen.Good
	case rb:
		who, role = "B right, A wrong", screen.Good
	case ra:
		who, role = "A right, B wrong", screen.Bad
	}
	t := m.traces[0]
	return []string{
		m.env.Line(w, screen.P(role, " "+who), screen.Pf(screen.Dim, "  gold "), screen.P(screen.Strong, screen.Excerpt(t.Prompt.Gold)),
			screen.Pf(screen.Dim, "  %s  pair %d of %d  diff: %s", text.Line(p.Ref), m.at+1, len(m.pairs), m.mode)),
		m.env.Line(w, screen.P(screen.Dim, " prompt  "+screen.Excerpt(screen.Gist(t.Prompt.Text)))),
	}
}

// side is one of the two panes.
func (m *Model) side(i int, r screen.Rect, rows []row) screen.Pane {
	t := m.traces[i]
	verdict, role := screen.Verdict(t.Correct)
	p := screen.Pane{Rect: r, Focus: false, Title: []screen.Piece{screen.P(screen.Strong, "AB"[i:i+1]+"  "+text.Line(m.sides[i].Title()))}}
	if m.scroll.Rows > m.scroll.Height {
		p.Note = []screen.Piece{screen.Pf(screen.Dim, "%d%%", 100*min(m.scroll.Top+m.scroll.Height, m.scroll.Rows)/m.scroll.Rows)}
	}
	w, _ := p.Inner()
	claim := "no answer"
	if t.Claim != "" {
		claim = screen.Excerpt(t.Claim)
	}
	finish := ""
	if t.Finish == "length" {
		finish = "  cut at length"
	}
	var parts []string
	for _, part := range t.Rewards {
		v := screen.Score(part.Value)
		if part.Status != "ok" {
			v = text.Line(part.Status)
		}
		parts = append(parts, screen.Short(part.Name)+" "+v)
	}
	reward := screen.Score(t.Reward)
	if t.Unscorable {
		reward = "none"
	}
	controls := ""
	if s := m.stats[i].String(); s != "" {
		controls = "  " + s
	}
	p.Lines = []string{
		m.env.Line(w, screen.P(role, " "+verdict), screen.P(screen.Dim, "  answer "), screen.P(screen.Strong, claim), screen.P(screen.Caution, finish)),
		m.env.Line(w, screen.P(screen.Plain, " reward "+reward), screen.Pf(screen.Dim, " = %s   %d tok", strings.Join(parts, " + "), t.Tokens), screen.P(screen.Caution, controls)),
	}
	for k := m.scroll.Top; k < min(m.scroll.Top+m.scroll.Height, len(rows)); k++ {
		pieces, gutter, gr := rows[k].a, rows[k].ga, screen.Removed
		if i == 1 {
			pieces, gutter, gr = rows[k].b, rows[k].gb, screen.Added
		}
		p.Lines = append(p.Lines, m.env.Line(w, append([]screen.Piece{screen.P(gr, gutter+" ")}, pieces...)...))
	}
	return p
}

// Words says the same in few words.
func (m *Model) Words() []string {
	if m.err != nil {
		return []string{"cannot be read: " + text.Line(m.err.Error())}
	}
	if !m.loaded {
		return []string{"reading both traces"}
	}
	word := func(i int) string {
		v, _ := screen.Verdict(m.traces[i].Correct)
		return fmt.Sprintf("%s %s %s", "AB"[i:i+1], v, screen.Excerpt(m.traces[i].Claim))
	}
	return []string{word(0), word(1), "gold " + screen.Excerpt(m.traces[0].Prompt.Gold), screen.Excerpt(m.traces[0].Text), screen.Excerpt(m.traces[1].Text)}
}
