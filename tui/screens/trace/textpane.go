package trace

import (
	"fmt"
	"strings"

	"gradus/tui/screen"
	"gradus/tui/text"
)

// textPane shows the prompt and the completion. Only the rows in view are
// made into lines.
func (m *Model) textPane(r screen.Rect) screen.Pane {
	p := screen.Pane{Rect: r, Focus: !m.rewards, Title: m.textTitle()}
	w, h := p.Inner()
	d := m.doc()
	d.wrap(w-1, m.env.Method)
	m.promptDoc().wrap(w-1, m.env.Method)
	foot := m.foot(w)
	per := 1 // lines of a row
	if m.digits() {
		per = 2
	}
	above := m.above()
	m.text.Fit(above+per*d.rows.Len()+len(foot), h)
	for i := m.text.Top; i < m.text.Rows && len(p.Lines) < h; i++ {
		switch k := i - above; {
		case k < 0:
			p.Lines = append(p.Lines, m.promptLine(i, w))
		case k < per*d.rows.Len():
			p.Lines = append(p.Lines, m.textLine(d, k/per, k%per == 1, w))
		default:
			p.Lines = append(p.Lines, foot[k-per*d.rows.Len()])
		}
	}
	if m.text.Rows > h {
		p.Note = []screen.Piece{screen.Pf(screen.Dim, "%d%%", 100*min(m.text.Top+h, m.text.Rows)/m.text.Rows)}
	}
	return p
}

func (m *Model) textTitle() []screen.Piece {
	out := []screen.Piece{screen.P(screen.Strong, m.mode.String())}
	if m.mode == asTokens {
		out = append(out, screen.P(screen.Dim, " by "+m.heat.String()))
	}
	if m.find.Focused() || m.find.Value() != "" {
		out = append(out, screen.P(screen.Key, "  / "))
		out = append(out, m.find.Pieces()...)
		n := len(m.doc().found)
		at := 0
		if n > 0 {
			at = max(m.match, 0) + 1
		}
		out = append(out, screen.Pf(screen.Dim, "  %d/%d", at, n))
	}
	if s := m.docs[asText].doc.Stats().String(); s != "" {
		out = append(out, screen.P(screen.Caution, "  "+s+" in this trace"))
	}
	return out
}

// digits tells whether heat is written as digits under the text, for terminals
// without colours.
func (m *Model) digits() bool { return m.mode == asTokens && !m.env.Theme.Colour }

// above is the number of lines before the completion.
func (m *Model) above() int {
	if m.unfolded {
		if d := m.promptDoc(); d.rows != nil {
			return 1 + d.rows.Len()
		}
	}
	return 1
}

// promptLine is a line of the prompt: its head, or one of its rows.
func (m *Model) promptLine(i, w int) string {
	d := m.promptDoc()
	if i > 0 {
		return m.env.Line(w, screen.P(screen.Dim, "│"+d.rows.Row(i-1)))
	}
	n := strings.Count(strings.TrimRight(d.doc.Text(), "\n"), "\n") + 1
	if m.unfolded {
		return m.env.Line(w, screen.Pf(screen.Key, "PROMPT"), screen.Pf(screen.Dim, "  %s   o folds it", text.Count(m.trace.Prompt.Tokens, "token")))
	}
	tail := "  [" + text.Count(n, "line") + ": o]"
	room := max(w-8-len(tail), 0)
	return m.env.Line(w, screen.P(screen.Key, "PROMPT  "), screen.P(screen.Dim, m.env.Fit(screen.Gist(d.doc.Text()), room)+tail))
}

// textLine is a row of the completion with its marks, or the row of digits
// that stands for them.
func (m *Model) textLine(d *document, row int, digits bool, w int) string {
	pieces := []screen.Piece{screen.P(screen.Plain, " ")}
	if digits {
		s := " "
		for _, seg := range d.rows.Segments(row, d.flat) {
			s += digitRow(seg, m.env.Method.StringWidth(seg.Text))
		}
		return m.env.Line(w, screen.P(screen.Dim, s[:min(len(s), w)]))
	}
	for _, s := range d.rows.Segments(row, d.flat) {
		pieces = append(pieces, screen.P(screen.Role(s.Class), s.Text))
	}
	return m.env.Line(w, trim(pieces, w, m.env)...)
}

func digitRow(s text.Segment, width int) string {
	level := s.Class - int(screen.Heat0)
	if s.Class == 0 || level <= 0 || level >= screen.Heats {
		return strings.Repeat(" ", width)
	}
	return strings.Repeat(fmt.Sprint(level), width)
}

// trim takes blanks that hang over the edge from the last piece, so that they
// do not look like cut text.
func trim(pieces []screen.Piece, w int, env *screen.Env) []screen.Piece {
	n := 0
	for _, p := range pieces {
		n += env.Method.StringWidth(p.Text)
	}
	for i := len(pieces) - 1; i >= 0 && n > w; i-- {
		cut := strings.TrimRight(pieces[i].Text, " ")
		n -= len(pieces[i].Text) - len(cut)
		pieces[i].Text = cut
		if cut != "" {
			break
		}
	}
	return pieces
}

// foot is what is said after the completion.
func (m *Model) foot(w int) []string {
	var out []string
	say := func(role screen.Role, s string) {
		for _, l := range m.env.Wrap(s, max(w-2, 1)) {
			out = append(out, m.env.Line(w, screen.P(role, " "+l)))
		}
	}
	if m.mode == asTokens {
		say(screen.Dim, tokenStats(m.trace)+"   e colours by "+(1-m.heat).String())
		if len(m.pieces) == 0 && len(m.trace.TokenIDs) > 0 {
			say(screen.Dim, "The run's tokenizer is not at hand, so tokens are shown by their ids.")
		}
		if len(m.trace.TokenIDs) == 0 {
			say(screen.Dim, "No tokens were stored for this trace.")
		}
	}
	if m.trace.Finish == "length" {
		say(screen.Caution, "!! cut at the length limit after "+text.Count(m.trace.Tokens, "token"))
	}
	if n := m.doc().doc.Cut(); n > 0 {
		say(screen.Caution, fmt.Sprintf("%s more are stored and not shown; gradus traces prints them", screen.Bytes(int64(n))))
	}
	return out
}
