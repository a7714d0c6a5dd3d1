package live

import (
	"fmt"
	"strings"
	"time"

	"gradus/runner/state"
	"gradus/store"
	"gradus/tui/plot"
	"gradus/tui/screen"
	"gradus/tui/text"
)

// View draws the screen.
func (m *Model) View(w, h int) string {
	l := arrange(w, h, m.focus, m.maximised)
	for p := range l.at {
		m.heights[p] = l.at[p].H
	}
	if !m.maximised && l.at[m.focus].Empty() {
		m.focus = mainChart // the terminal shrank
	}
	var ps []screen.Pane
	for p, r := range l.at {
		if !r.Empty() {
			ps = append(ps, m.pane(pane(p), r))
		}
	}
	body := m.env.Compose(w, h-l.lines, ps)
	if l.lines == 0 {
		return body
	}
	return body + "\n" + m.env.Line(w, m.summary()...) + "\n" + m.env.Line(w, m.lastEvent()...)
}

func (m *Model) pane(p pane, r screen.Rect) screen.Pane {
	out := screen.Pane{Rect: r, Focus: p == m.focus}
	w, h := r.Inner()
	switch {
	case p < charts:
		c := m.charts[p]
		large := p == mainChart || m.maximised
		out.Title = c.title(m, large)
		if large {
			out.Note = []screen.Piece{screen.P(screen.MarkLine, markNote(m.marks))}
		}
		out.Lines = c.draw(m, w, h)
		if m.err != nil && p == mainChart {
			out.Lines = m.failure(w)
		}
	case p == tracesPane:
		m.drawTraces(&out, w, h)
	case p == eventsPane:
		m.drawEvents(&out, w, h)
	case p == numbersPane:
		m.drawNumbers(&out, w, h)
	case p == runPane:
		out.Title = []screen.Piece{screen.P(screen.Strong, "run")}
		out.Lines = m.runLines(w)
	}
	return out
}

func (m *Model) failure(w int) []string {
	var out []string
	for _, l := range m.env.Wrap("The run cannot be read: "+text.Line(m.err.Error()), max(w-4, 1)) {
		out = append(out, m.env.Line(w, screen.P(screen.Bad, "  "+l)))
	}
	return append(out, m.env.Line(w, screen.P(screen.Dim, "  trying again every 2 s")))
}

func (m *Model) drawTraces(p *screen.Pane, w, h int) {
	p.Title = []screen.Piece{screen.P(screen.Strong, "newest traces")}
	if m.fresh > 0 {
		p.Title = append(p.Title, screen.Pf(screen.Caution, "  %s new: G to follow", screen.Count(int64(m.fresh))))
	}
	if m.traces.Len() == 0 {
		p.Lines = []string{m.env.Line(w, screen.P(screen.Dim, "  no traces yet"))}
		return
	}
	if p.Focus {
		p.Note = []screen.Piece{screen.P(screen.Dim, "enter open   t all")}
	}
	if h >= 6 {
		p.Lines = append(p.Lines, m.env.TraceHead(w))
		h--
	}
	items, sel := m.traces.View(h)
	for i, r := range items {
		p.Lines = append(p.Lines, m.env.TraceRow(r, w, i == sel && p.Focus))
	}
}

func (m *Model) drawEvents(p *screen.Pane, w, h int) {
	p.Title = []screen.Piece{screen.P(screen.Strong, "events")}
	var all []string
	for _, e := range m.events {
		all = append(all, m.env.Line(w, eventPieces(e)...))
	}
	m.log.Fit(len(all), h)
	if !p.Focus {
		m.log.End()
	}
	p.Lines = all[m.log.Top:]
}

func eventPieces(e store.Event) []screen.Piece {
	role := screen.Plain
	switch e.Level {
	case "warn":
		role = screen.Caution
	case "error":
		role = screen.Bad
	}
	level := ""
	if e.Level != "info" && e.Level != "" {
		level = text.Line(e.Level) + ": "
	}
	return []screen.Piece{
		screen.P(screen.Dim, " "+time.UnixMicro(e.TimeUS).UTC().Format("15:04:05")),
		screen.Pf(screen.Dim, " %6d  ", e.Step),
		screen.P(role, level+text.Line(e.Text)),
	}
}

func (m *Model) drawNumbers(p *screen.Pane, w, h int) {
	p.Title = []screen.Piece{screen.P(screen.Strong, "numbers")}
	p.Note = []screen.Piece{screen.Pf(screen.Dim, "step %d", m.latestStep)}
	var all []string
	for _, name := range m.series.names() {
		v, ok := m.latest[name]
		value := screen.P(screen.Plain, m.env.FitRight(plot.Number(v), 8))
		if !ok {
			value = screen.P(screen.Dim, m.env.FitRight("·", 8))
		}
		all = append(all, m.env.Line(w, screen.P(screen.Dim, " "+m.env.Fit(text.Line(name), max(w-11, 1))+" "), value))
	}
	m.numbers.Fit(len(all), h)
	p.Lines = all[min(m.numbers.Top, len(all)):]
}

// stage tells the stage, the step and the time that is left.
func (m *Model) progress() (stage, step, eta string) {
	at := max(m.step, m.info.State.Step)
	step = fmt.Sprintf("%d/%d", at, m.info.Header.Steps)
	if d, ok := m.rate.perStep(); ok && m.info.State.State == store.StateRunning {
		if left := m.info.Header.Steps - at; left > 0 {
			eta = screen.Span(d * time.Duration(left))
		}
	}
	return text.Line(m.info.State.Stage), step, eta
}

// summary is the line of words under the panes.
func (m *Model) summary() []screen.Piece {
	if !m.read {
		return []screen.Piece{screen.P(screen.Dim, " reading the run")}
	}
	stage, step, eta := m.progress()
	if stage != "" {
		stage += " "
	}
	out := []screen.Piece{screen.P(screen.Dim, " "+stage+"step "), screen.P(screen.Strong, step)}
	if eta != "" {
		out = append(out, screen.P(screen.Dim, "  left "), screen.P(screen.Plain, eta))
	}
	if s := m.series["entropy"]; s != nil && m.heights[chart3] == 0 {
		if _, v, ok := s.Last(); ok {
			out = append(out, screen.P(screen.Dim, "  entropy "), screen.P(screen.Plain, plot.Brief(v)))
		}
	}
	if r := m.info.State.Reason; r != "" && state.Terminal(m.info.State.State) {
		out = append(out, screen.P(screen.Bad, "  "+text.Line(r)))
	}
	if e := m.heldOut(); e != "" {
		out = append(out, screen.P(screen.Dim, "  held-out "), screen.P(screen.Plain, e))
	}
	return out
}

// heldOut is the accuracy of the first and the last evaluation, with the 95 %
// interval of the last.
func (m *Model) heldOut() string {
	n := len(m.evals)
	if n == 0 {
		return ""
	}
	last := m.evals[n-1]
	s := fmt.Sprintf("%.3f [%.3f, %.3f]", last.Accuracy, last.CILow, last.CIHigh)
	if n > 1 {
		s = fmt.Sprintf("%.3f > %s", m.evals[0].Accuracy, s)
	}
	return s
}

func (m *Model) lastEvent() []screen.Piece {
	if m.err != nil {
		return []screen.Piece{screen.P(screen.Bad, " cannot read: "+text.Line(m.err.Error()))}
	}
	if len(m.events) == 0 {
		return nil
	}
	return eventPieces(m.events[len(m.events)-1])
}

// runLines describes the run in the side column.
func (m *Model) runLines(w int) []string {
	var out []string
	row := func(label, value string) {
		if value != "" {
			out = append(out, m.env.Line(w, screen.P(screen.Dim, " "+m.env.Fit(label, 10)), screen.P(screen.Plain, value)))
		}
	}
	h, hb := m.info.Header, m.info.Heartbeat
	stage, step, eta := m.progress()
	if state.Terminal(m.info.State.State) {
		row("reason", text.Line(m.info.State.Reason))
	}
	row("stage", stage)
	row("step", step)
	row("left", eta)
	if d, ok := m.rate.perStep(); ok {
		row("per step", brief(d))
	}
	if n := len(m.evals); n > 0 {
		e, _, _ := strings.Cut(m.heldOut(), " [")
		row("held-out", e)
		row("  95 %", fmt.Sprintf("[%.3f, %.3f] of %d", m.evals[n-1].CILow, m.evals[n-1].CIHigh, m.evals[n-1].N))
	}
	row("task", text.Line(h.Task))
	row("params", screen.Count(h.Params))
	row("device", text.Line(h.Device))
	row("host", text.Line(m.info.Host))
	row("seed", fmt.Sprint(h.Seed))
	row("attempt", fmt.Sprint(m.info.State.Attempt))
	if hb.RSS > 0 {
		row("memory", screen.Bytes(hb.RSS))
		row("cpu time", screen.Span(time.Duration(hb.CPU*float64(time.Second))))
	}
	row("parent", text.Line(h.Parent))
	row("id", text.Line(h.ID))
	row("gradus", text.Line(h.Version))
	return out
}

// Words says the same in few words.
func (m *Model) Words() []string {
	word, _ := m.Status()
	_, step, eta := m.progress()
	out := []string{m.Title(), word, "step " + step}
	for _, n := range []string{"reward", "loss", "kl"} {
		if s := m.series[n]; s != nil && s.Len() > 0 {
			out = append(out, n+" "+plot.Number(s.Smoothed(m.charts[0].smooth)))
		}
	}
	if eta != "" {
		out = append(out, "left "+eta)
	}
	if m.err != nil {
		out = append([]string{"cannot read: " + text.Line(m.err.Error())}, out...)
	}
	return out
}

// brief writes the time of a step.
func brief(d time.Duration) string {
	if d < 100*time.Millisecond {
		return fmt.Sprintf("%.1f ms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}
