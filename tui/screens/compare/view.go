package compare

import (
	"fmt"
	"sort"
	"strings"

	"gradus/runner/stats"
	"gradus/store"
	"gradus/tui/screen"
	"gradus/tui/source"
	"gradus/tui/text"
)

// View draws the phase that the screen is in.
func (m *Model) View(w, h int) string {
	switch m.phase {
	case picking:
		return m.pickView(w, h)
	case showing:
		return m.resultView(w, h)
	}
	return m.waitView(w, h)
}

func (m *Model) pickView(w, h int) string {
	p := screen.Pane{Rect: screen.Rect{W: w, H: h}, Focus: true, Title: []screen.Piece{screen.P(screen.Strong, "compare two checkpoints")}}
	inW, inH := p.Inner()
	say := func(role screen.Role, s string) {
		for _, l := range m.env.Wrap(s, max(inW-4, 1)) {
			p.Lines = append(p.Lines, m.env.Line(inW, screen.P(role, "  "+l)))
		}
	}
	switch {
	case m.problem() != nil:
		say(screen.Bad, "That did not work: "+text.Line(m.problem().Error()))
	case !m.loaded:
		say(screen.Plain, "Reading the checkpoints.")
	case m.marks.Len() == 0:
		say(screen.Plain, "No checkpoint was written yet.")
		say(screen.Dim, "Mark runs with m in the list of runs to compare theirs.")
	}
	if m.marks.Len() > 0 {
		p.Note = []screen.Piece{screen.Pf(screen.Dim, "%d of %d", m.marks.Index()+1, m.marks.Len())}
		runW := min(max(inW-2-listFixed-evaluationW, 12), 24)
		p.Lines = append(p.Lines,
			m.env.Line(inW, screen.P(screen.Plain, "  A, the baseline  "), screen.P(screen.Strong, title(m.a))),
			m.env.Line(inW, screen.P(screen.Plain, "  B                "), screen.P(screen.Strong, title(m.b))),
			m.env.Line(inW),
			m.env.Line(inW, screen.P(screen.Dim, "       "+m.env.Fit("run", runW)+m.env.FitRight("step", 8)+"  "+m.env.Fit("stage", 6)+m.env.FitRight("size", 9)+"  held-out accuracy")))
		m.height = max(inH-len(p.Lines), 1)
		items, sel := m.marks.View(m.height)
		for i, c := range items {
			side := "   "
			if m.a != nil && c.Ref() == m.a.Ref() {
				side = "A  "
			}
			if m.b != nil && c.Ref() == m.b.Ref() {
				side = strings.TrimSpace(side) + "B "
				side = m.env.Fit(strings.TrimSpace(side), 3)
			}
			size := ""
			switch {
			case c.Kept:
				size = screen.Bytes(c.Bytes)
			case c.Bytes > 0:
				size = "removed"
			}
			p.Lines = append(p.Lines, m.env.Row(inW, i == sel,
				screen.P(screen.Strong, "  "+side), screen.P(screen.Plain, m.env.Fit(text.Line(c.Run), runW)),
				screen.P(screen.Plain, m.env.FitRight(fmt.Sprint(c.Step), 8)+"  "), screen.P(screen.Dim, m.env.Fit(text.Line(c.Stage), 6)),
				screen.P(screen.Dim, m.env.FitRight(size, 9)+"  "), screen.P(screen.Plain, accuracy(c.Evals))))
		}
	}
	return m.env.Compose(w, h, []screen.Pane{p})
}

// Cells of the list of checkpoints: all columns but the first and the last, and
// the last, as accuracy writes it.
const (
	listFixed   = 5 + 8 + 2 + 6 + 9 + 2
	evaluationW = len("0.375 [0.334, 0.418]  n 9999")
)

func title(c *source.Checkpoint) string {
	if c == nil {
		return "not chosen"
	}
	return text.Line(c.Title())
}

// accuracy is the newest evaluation of a checkpoint.
func accuracy(evals []store.EvalRow) string {
	if len(evals) == 0 {
		return "not evaluated"
	}
	e := evals[len(evals)-1]
	return fmt.Sprintf("%.3f [%.3f, %.3f]  n %d", e.Accuracy, e.CILow, e.CIHigh, e.N)
}

// waitView says what is waited for and since when.
func (m *Model) waitView(w, h int) string {
	p := screen.Pane{Rect: screen.Rect{W: w, H: h}, Focus: true, Title: []screen.Piece{screen.P(screen.Strong, "compare")}}
	inW, _ := p.Inner()
	since := screen.Span(m.env.Clock.Now().Sub(m.since))
	if m.phase == comparing {
		p.Lines = []string{m.env.Line(inW), m.env.Line(inW, screen.Pf(screen.Plain, "  Pairing the stored samples, %s.", since))}
		return m.env.Compose(w, h, []screen.Pane{p})
	}
	g := m.progress.get()
	p.Lines = []string{m.env.Line(inW), m.env.Line(inW, screen.P(screen.Strong, "  Generating held-out samples  "), screen.Pf(screen.Dim, "since %s", since)),
		m.env.Line(inW, screen.P(screen.Plain, "  "+text.Line(g.What)))}
	if g.Total > 0 {
		p.Lines = append(p.Lines, m.env.Line(inW, screen.P(screen.Plain, "  "+m.bar(g.Done, g.Total, min(inW-20, 60))), screen.Pf(screen.Dim, "  %d/%d", g.Done, g.Total)))
	}
	p.Lines = append(p.Lines, m.env.Line(inW), m.env.Line(inW, screen.P(screen.Dim, "  esc leaves; the evaluation goes on in its own process")))
	return m.env.Compose(w, h, []screen.Pane{p})
}

func (m *Model) bar(done, total, w int) string {
	full, empty := "█", "░"
	if m.env.Theme.ASCII {
		full, empty = "#", "."
	}
	n := max(min(w*done/max(total, 1), w), 0)
	return strings.Repeat(full, n) + strings.Repeat(empty, max(w-n, 0))
}

func (m *Model) resultView(w, h int) string {
	sum := m.summaryPane(w)
	listH := h - sum.H
	return m.env.Compose(w, h, []screen.Pane{sum, m.listPane(screen.Rect{Y: sum.H, W: w, H: listH})})
}

// figure is a line of the summary.
type figure struct {
	name   string
	a, b   string
	d      *stats.Difference
	places int
}

func (m *Model) figures() []figure {
	r := m.result
	rate := func(v float64) string { return fmt.Sprintf("%.3f", v) }
	out := []figure{
		{"accuracy", rate(r.A.Accuracy), rate(r.B.Accuracy), &r.Accuracy, 3},
	}
	if r.Reward != nil {
		out = append(out, figure{"reward", rate(r.A.Reward), rate(r.B.Reward), r.Reward, 3})
	}
	names := make([]string, 0, len(r.Parts))
	for n := range r.Parts {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		d := r.Parts[n]
		out = append(out, figure{"  " + text.Line(n), "", "", &d, 3})
	}
	out = append(out,
		figure{"tokens", fmt.Sprintf("%.0f", r.A.MeanTokens), fmt.Sprintf("%.0f", r.B.MeanTokens), &r.Tokens, 1},
		figure{"format ok", rate(r.A.FormatOK), rate(r.B.FormatOK), &stats.Difference{Mean: r.Format, P: -1}, 3},
		figure{"cut at length", rate(r.A.Cut), rate(r.B.Cut), &stats.Difference{Mean: r.B.Cut - r.A.Cut, P: -1}, 3})
	return out
}

// wideSummary is the width from which on the summary counts on how many
// prompts B has more than A, the same, or less.
const wideSummary = 96

// summaryPane is the table of differences.
func (m *Model) summaryPane(w int) screen.Pane {
	r := m.result
	p := screen.Pane{Title: []screen.Piece{screen.P(screen.Strong, "summary"),
		screen.Pf(screen.Dim, "  %s: %d paired, %s each", text.Line(r.Suite), r.Prompts, text.Count(r.Samples, "sample"))}}
	in := w - 2
	head := " " + m.env.Fit("", 20) + m.env.FitRight("A", 8) + m.env.FitRight("B", 8) + m.env.FitRight("B-A", 9) + "   " + m.env.Fit("95% interval", 18) + m.env.FitRight("p", 7)
	if in >= wideSummary {
		head += "   more/same/less"
	}
	p.Lines = []string{m.env.Line(in, screen.P(screen.Dim, head))}
	for _, f := range m.figures() {
		p.Lines = append(p.Lines, m.figureLine(f, in))
	}
	if r.RewardNote != "" {
		p.Lines = append(p.Lines, m.env.Line(in, screen.P(screen.Caution, " "+text.Line(r.RewardNote))))
	}
	if r.Unjudged > 0 {
		p.Lines = append(p.Lines, m.env.Line(in, screen.Pf(screen.Caution, " %s with an answer that the checker could not judge; it counts as wrong", text.Count(r.Unjudged, "pair"))))
	}
	p.Rect = screen.Rect{W: w, H: len(p.Lines) + 2}
	return p
}

func (m *Model) figureLine(f figure, w int) string {
	role := screen.Plain
	ci, pv, split := "", "", ""
	if f.d.P >= 0 {
		ci = fmt.Sprintf("%+.*f to %+.*f", f.places, f.d.Interval.Low, f.places, f.d.Interval.High)
		pv = probability(f.d.P)
		split = fmt.Sprintf("   %d/%d/%d", f.d.Better, f.d.Same, f.d.Worse)
		if f.name == "accuracy" || f.name == "reward" {
			switch {
			case f.d.Interval.Low > 0:
				role = screen.Good
			case f.d.Interval.High < 0:
				role = screen.Bad
			}
		}
	}
	if w < wideSummary {
		split = ""
	}
	return m.env.Line(w,
		screen.P(screen.Plain, " "+m.env.Fit(f.name, 20)+m.env.FitRight(f.a, 8)+m.env.FitRight(f.b, 8)),
		screen.P(role, m.env.FitRight(fmt.Sprintf("%+.*f", f.places, f.d.Mean), 9)),
		screen.P(screen.Plain, "   "+m.env.Fit(ci, 18)+m.env.FitRight(pv, 7)),
		screen.P(screen.Dim, split))
}

func probability(p float64) string {
	if p < 0.001 {
		return "<.001"
	}
	return strings.TrimPrefix(fmt.Sprintf("%.3f", p), "0")
}

// listPane lists the pairs.
func (m *Model) listPane(r screen.Rect) screen.Pane {
	p := screen.Pane{Rect: r, Focus: true, Title: []screen.Piece{screen.P(screen.Strong, m.shown.String()),
		screen.Pf(screen.Dim, "  now right %d  now wrong %d", len(m.result.Gained), len(m.result.Lost))}}
	if m.filter.Focused() || m.filter.Value() != "" {
		p.Title = append(p.Title, screen.P(screen.Key, "  / "))
		p.Title = append(p.Title, m.filter.Pieces()...)
	}
	p.Note = []screen.Piece{screen.Pf(screen.Dim, "%d of %d   f shows others", m.flips.Index()+1, m.flips.Len())}
	w, h := p.Inner()
	if m.flips.Len() == 0 {
		p.Lines = []string{m.env.Line(w, screen.P(screen.Dim, "  none; f shows others"))}
		return p
	}
	half := max((w-2-20)/2, 10)
	p.Lines = []string{m.env.Line(w, screen.P(screen.Dim, "  "+m.env.Fit("prompt", 18)+"  "+m.env.Fit("A", half)+m.env.Fit("B", half)))}
	m.height = max(h-1, 1)
	items, sel := m.flips.View(m.height)
	for i, k := range items {
		pr := m.result.Pairs[k]
		name := text.Line(pr.Ref)
		if m.result.Samples > 1 {
			name = fmt.Sprintf("%s.%d", name, pr.Index+1)
		}
		pieces := []screen.Piece{screen.P(screen.Plain, m.env.Fit(m.env.Ending(name, 18), 18)+"  ")}
		pieces = append(pieces, m.item(pr.A, half)...)
		pieces = append(pieces, m.item(pr.B, half)...)
		p.Lines = append(p.Lines, m.env.Row(w, i == sel, pieces...))
	}
	return p
}

// item is one side of a pair in w cells: verdict, reward, answer.
func (m *Model) item(it store.EvalItem, w int) []screen.Piece {
	verdict, role := screen.Verdict(it.Correct)
	claim := screen.Excerpt(it.Claim)
	if claim == "" {
		claim = "no answer"
		if it.Finish == "length" {
			claim = "cut at length"
		}
	}
	return []screen.Piece{
		screen.P(role, m.env.Fit(verdict, 6)), screen.P(screen.Dim, m.env.FitRight(screen.Score(it.Reward), 5)+" "),
		screen.P(screen.Plain, m.env.Fit(claim, max(w-13, 1))+" "),
	}
}

// Words says the same in few words.
func (m *Model) Words() []string {
	switch m.phase {
	case picking:
		out := []string{"A " + title(m.a), "B " + title(m.b), "enter compares"}
		if err := m.problem(); err != nil {
			out = append([]string{text.Line(err.Error())}, out...)
		}
		return out
	case generating:
		g := m.progress.get()
		return []string{"generating", fmt.Sprintf("%d/%d", g.Done, g.Total), text.Line(g.What)}
	case comparing:
		return []string{"pairing samples"}
	}
	d := m.result.Accuracy
	return []string{
		fmt.Sprintf("accuracy %+.3f", d.Mean),
		fmt.Sprintf("%+.3f to %+.3f", d.Interval.Low, d.Interval.High),
		fmt.Sprintf("now right %d", len(m.result.Gained)),
		fmt.Sprintf("now wrong %d", len(m.result.Lost)),
		fmt.Sprintf("prompts %d", m.result.Prompts),
	}
}
