package trace

import (
	"fmt"
	"strings"

	"gradus/tui/screen"
	"gradus/tui/text"
)

// View draws the screen.
func (m *Model) View(w, h int) string {
	if m.err != nil || !m.loaded {
		return m.empty(w, h)
	}
	head := m.head(w)
	h -= len(head)
	at := arrange(w, h, 2*max(len(m.trace.Rewards), 1)+len(m.noteLines(w)), m.maximised, m.rewards)
	var panes []screen.Pane
	if !at.text.Empty() {
		panes = append(panes, m.textPane(at.text))
	}
	if !at.rewards.Empty() {
		panes = append(panes, m.rewardPane(at.rewards))
	}
	return strings.Join(head, "\n") + "\n" + m.env.Compose(w, h, panes)
}

// layout says where the two panes stand.
type layout struct{ text, rewards screen.Rect }

// arrange puts the rewards beside the text where there is room for both, else
// below it, with the rows that they need as far as the text keeps half.
func arrange(w, h, rows int, maximised, rewards bool) (l layout) {
	switch {
	case maximised && rewards:
		l.rewards = screen.Rect{W: w, H: h}
	case maximised:
		l.text = screen.Rect{W: w, H: h}
	case w >= 130:
		side := 52
		l.text = screen.Rect{W: w - side, H: h}
		l.rewards = screen.Rect{X: w - side, W: side, H: h}
	default:
		rh := min(rows+2, max(h/2, 4))
		l.text = screen.Rect{W: w, H: h - rh}
		l.rewards = screen.Rect{Y: h - rh, W: w, H: rh}
	}
	return l
}

func (m *Model) empty(w, h int) string {
	lines := []string{m.env.Line(w)}
	role, s := screen.Dim, "Reading the trace."
	if m.err != nil {
		role, s = screen.Bad, m.problem()+" r tries again."
	}
	for _, l := range m.env.Wrap(s, max(w-4, 1)) {
		lines = append(lines, m.env.Line(w, screen.P(role, "  "+l)))
	}
	return screen.Block(lines, w, h)
}

// head tells which trace it is and what became of it.
func (m *Model) head(w int) []string {
	t := m.trace
	verdict, role := screen.Verdict(t.Correct)
	place := fmt.Sprintf("%d/%d", m.place()+1, len(m.group))
	first := []screen.Piece{
		screen.Pf(screen.Dim, " %d ", t.ID), screen.Pf(screen.Plain, " step %d  prompt #%d  sample %s", t.Step, t.Group, place),
		screen.Pf(screen.Dim, "  %s %s  policy %d  %d tok  ", text.Line(t.Phase), text.Line(t.Stage), t.PolicyVersion, t.Tokens),
	}
	finish := screen.P(screen.Dim, "stop")
	if t.Finish == "length" {
		finish = screen.P(screen.Caution, "cut at length")
	}
	first = append(first, finish)
	if t.Superseded {
		first = append(first, screen.P(screen.Caution, "  thrown away by a resume"))
	}
	if t.Attempt > 1 {
		first = append(first, screen.Pf(screen.Dim, "  attempt %d", t.Attempt))
	}
	first = append(first, screen.P(screen.Dim, "  "+text.Line(t.Ref)))
	claim := "none"
	if t.Claim != "" {
		claim = screen.Excerpt(t.Claim)
	}
	second := []screen.Piece{
		screen.P(role, " "+verdict), screen.P(screen.Dim, "  answer "), screen.P(screen.Strong, claim),
		screen.P(screen.Dim, "  gold "), screen.P(screen.Plain, screen.Excerpt(t.Prompt.Gold)),
		screen.P(screen.Dim, "  reward "), screen.P(screen.Strong, m.total()),
		screen.Pf(screen.Dim, "  adv %+.2f", t.Advantage),
	}
	if s := m.said(); s != "" {
		second = append(second, screen.P(screen.Dim, "  readers "), screen.P(screen.Noted, s))
	}
	out := []string{m.env.Line(w, first...), m.env.Line(w, second...)}
	if line := m.writingLine(w); line != nil {
		out = append(out, m.env.Line(w, line...))
	}
	return out
}

func (m *Model) total() string {
	if m.trace.Unscorable {
		return "none (not scorable)"
	}
	return fmt.Sprintf("%.2f", m.trace.Reward)
}

// rewardPane shows how the reward came about.
func (m *Model) rewardPane(r screen.Rect) screen.Pane {
	p := screen.Pane{Rect: r, Focus: m.rewards, Title: []screen.Piece{screen.P(screen.Strong, "rewards"), screen.P(screen.Dim, "  "+m.sum())}}
	w, h := p.Inner()
	var all []string
	for i, part := range m.trace.Rewards {
		said := []screen.Piece{
			screen.Pf(screen.Dim, "  %s x %s = ", screen.Score(part.Score), screen.Score(part.Weight)),
			screen.P(screen.Strong, screen.Score(part.Value)+"  "),
		}
		if part.Status != "ok" {
			said = []screen.Piece{screen.Pf(screen.Dim, "  no score x %s  ", screen.Score(part.Weight)), screen.P(screen.Bad, text.Line(part.Status)+"  ")}
		}
		inline, own := m.spans(i), ""
		if r.X > 0 { // beside the text: narrow, and tall enough for a line of their own
			inline, own = "", inline
		}
		line := append([]screen.Piece{screen.P(spanRole(i), " "+text.Line(part.Name))}, said...)
		all = append(all, m.env.Line(w, append(line, screen.P(screen.Dim, text.Line(part.Reason)+inline))...))
		for _, l := range m.env.Wrap(text.Line(part.Why), max(w-4, 1)) {
			all = append(all, m.env.Line(w, screen.P(screen.Plain, "   "+l)))
		}
		if own != "" {
			all = append(all, m.env.Line(w, screen.P(screen.Dim, "   at"+own)))
		}
		if facts := string(part.Facts); facts != "" && facts != "null" && r.H >= 12 {
			all = append(all, m.env.Line(w, screen.P(screen.Dim, "   "+text.Line(facts))))
		}
	}
	if len(all) == 0 {
		all = append(all, m.env.Line(w, screen.P(screen.Dim, " no reward was computed")))
	}
	all = append(all, m.noteLines(w)...)
	if r.X > 0 && len(all) < h {
		// Beside the text the pane is as tall as it must be: rows of the text
		// scroll at less cost where nothing stands beside them.
		p.H, h = len(all)+2, len(all)
	}
	m.parts.Fit(len(all), h)
	if m.parts.Rows > h {
		p.Note = []screen.Piece{screen.Pf(screen.Dim, "%d of %d lines", min(m.parts.Top+h, len(all)), len(all))}
	}
	p.Lines = all[m.parts.Top:]
	return p
}

// sum is the reward as a sum of its parts.
func (m *Model) sum() string {
	var s []string
	for _, p := range m.trace.Rewards {
		v := screen.Score(p.Value)
		if p.Status != "ok" {
			v = text.Line(p.Status)
		}
		s = append(s, screen.Short(p.Name)+" "+v)
	}
	return m.total() + " = " + strings.Join(s, " + ")
}

// spans lists where the evidence of a reward stands, for terminals that do not
// show it by colour.
func (m *Model) spans(part int) string {
	var s strings.Builder
	for _, sp := range m.trace.Rewards[part].Spans {
		fmt.Fprintf(&s, "  %s %d-%d", text.Line(sp.Label), sp.From, sp.To)
	}
	return s.String()
}

// Words says the same in few words.
func (m *Model) Words() []string {
	if m.err != nil {
		return []string{m.problem()}
	}
	if !m.loaded {
		return []string{"reading the trace"}
	}
	verdict, _ := screen.Verdict(m.trace.Correct)
	if line := m.writingLine(m.env.W); line != nil {
		var s strings.Builder
		for _, p := range line {
			s.WriteString(p.Text)
		}
		return []string{strings.TrimSpace(s.String())}
	}
	return []string{
		fmt.Sprintf("step %d #%d.%d", m.trace.Step, m.trace.Group, m.trace.Index+1),
		m.sum(),
		verdict + " " + screen.Excerpt(m.trace.Claim),
		screen.Excerpt(m.trace.Text),
	}
}
