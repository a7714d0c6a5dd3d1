package runs

import (
	"fmt"
	"time"

	"gradus/runner/client"
	"gradus/store"
	"gradus/tui/screen"
	"gradus/tui/text"
)

// detailHeight is the height of the pane that describes the selected run.
const detailHeight = 7

// View draws the table, and below it the selected run where there is room.
func (m *Model) View(w, h int) string {
	table := screen.Rect{W: w, H: h}
	var panes []screen.Pane
	if r, ok := m.list.Selected(); ok && h >= detailHeight+10 {
		table.H = h - detailHeight
		panes = append(panes, screen.Pane{Rect: screen.Rect{Y: table.H, W: w, H: detailHeight}, Title: []screen.Piece{screen.P(screen.Strong, name(r))}, Lines: m.detail(r, w-2)})
	}
	inW, inH := table.Inner()
	m.height = max(inH-1, 1)
	p := screen.Pane{Rect: table, Focus: true, Title: m.title(), Note: m.note(), Lines: m.table(inW, inH)}
	return m.env.Compose(w, h, append(panes, p))
}

func (m *Model) title() []screen.Piece {
	p := []screen.Piece{screen.P(screen.Strong, "runs")}
	if m.filter.Focused() || m.filter.Value() != "" {
		p = append(p, screen.P(screen.Plain, "  /"))
		p = append(p, m.filter.Pieces()...)
	}
	return p
}

// note tells order, position and count.
func (m *Model) note() []screen.Piece {
	if !m.loaded {
		return nil
	}
	s := fmt.Sprintf("by %s  %d of %d", columns()[m.sort].name, m.list.Index()+1, m.list.Len())
	if m.list.Len() < len(m.all) {
		s += fmt.Sprintf("  (%d hidden", len(m.all)-m.list.Len())
		if m.evals > 0 {
			s += ", /eval shows evaluations"
		}
		s += ")"
	}
	return []screen.Piece{screen.P(screen.Dim, s)}
}

func (m *Model) table(w, h int) []string {
	switch {
	case m.err != nil:
		return m.message(w, "The runs cannot be listed: "+text.Line(m.err.Error()), "r tries again")
	case !m.loaded:
		return m.message(w, "Reading the list of runs.")
	case len(m.all) == 0:
		return m.message(w, "No runs yet.", "Start one from a shell, and it appears here:", "", "  gradus demo", "  gradus recipes", "  gradus run RECIPE")
	case m.list.Len() == 0:
		return m.message(w, "No run has all these words.", "/ then enter with an empty filter shows all")
	}
	cols := shown(w)
	var head []screen.Piece
	for i, c := range cols {
		title := c.name
		if c.name == columns()[m.sort].name {
			title += " ↓"
			if m.env.Theme.ASCII {
				title = c.name + " v"
			}
		}
		head = append(head, screen.P(screen.Dim, m.cell(title, c, gap(i))))
	}
	out := []string{m.env.Line(w, append([]screen.Piece{screen.P(screen.Plain, "    ")}, head...)...)}
	now := m.env.Clock.Now()
	items, sel := m.list.View(h - 1)
	for i, r := range items {
		out = append(out, m.row(r, cols, w, i == sel, now))
	}
	return out
}

func (m *Model) row(r client.Run, cols []column, w int, selected bool, now time.Time) string {
	mark := "  "
	if m.marked[r.ID] {
		mark = "* "
	}
	pieces := []screen.Piece{screen.P(screen.Caution, mark)}
	for i, c := range cols {
		p := c.cell(r, now)
		pieces = append(pieces, screen.P(p.Role, m.cell(p.Text, c, gap(i))))
	}
	return m.env.Row(w, selected, pieces...)
}

// cell fits s into a column, with a gap before it.
func (m *Model) cell(s string, c column, gap string) string {
	if c.right {
		return gap + m.env.FitRight(s, c.width)
	}
	return gap + m.env.Fit(s, c.width)
}

func gap(i int) string {
	if i == 0 {
		return ""
	}
	return "  "
}

// shown are the columns that fit w cells; the name takes what is left.
func shown(w int) []column {
	var out []column
	used, flex := 4, -1
	for _, c := range columns() {
		if w+2 < c.from {
			continue
		}
		if c.width == 0 {
			flex = len(out)
		}
		used += c.width + 2
		out = append(out, c)
	}
	// Too narrow even so: the name keeps 12 cells, columns go from the right.
	for used-2+12 > w && len(out) > 3 {
		used -= out[len(out)-1].width + 2
		out = out[:len(out)-1]
	}
	out[flex].width = max(w-(used-2), 1)
	return out
}

func (m *Model) message(w int, lines ...string) []string {
	out := []string{m.env.Line(w)}
	for _, s := range lines {
		for _, l := range m.env.Wrap(s, max(w-4, 1)) {
			out = append(out, m.env.Line(w, screen.P(screen.Plain, "  "+l)))
		}
	}
	return out
}

// detail describes a run in words.
func (m *Model) detail(r client.Run, w int) []string {
	var out []string
	row := func(label, value string) {
		if value != "" {
			out = append(out, m.env.Line(w, screen.P(screen.Dim, " "+m.env.Fit(label, 9)), screen.P(screen.Plain, value)))
		}
	}
	word, role := screen.RunWord(r.State, r.Live, r.LastRecordUS, m.env.Clock.Now())
	out = append(out, m.env.Line(w, screen.P(screen.Dim, " "+m.env.Fit("state", 9)), screen.P(role, word), screen.Pf(screen.Dim, "   attempt %d   %s", r.Attempt, text.Line(r.ID))))
	switch {
	case r.Problem != "":
		row("problem", text.Line(r.Problem))
	case r.Reason != "" && r.State != store.StateRunning:
		row("reason", text.Line(r.Reason))
	}
	task := fmt.Sprintf("%s, %s parameters", text.Line(r.Task), screen.Count(r.Params))
	if r.Device != "" { // unknown to a run that failed before it had one
		task += ", " + text.Line(r.Device)
	}
	if r.Host != "" {
		task += " on " + text.Line(r.Host)
	}
	row("task", task)
	row("begun", stamp(r.CreatedUS)+" UTC")
	row("parent", text.Line(r.Parent))
	row("folder", text.Line(r.Dir))
	return out
}

// Words says the same in few words.
func (m *Model) Words() []string {
	if m.err != nil {
		return []string{"runs cannot be listed: " + text.Line(m.err.Error())}
	}
	if !m.loaded {
		return []string{"reading the runs"}
	}
	r, ok := m.list.Selected()
	if !ok {
		return []string{"no runs"}
	}
	word, _ := screen.RunWord(r.State, r.Live, r.LastRecordUS, m.env.Clock.Now())
	return []string{
		name(r),
		word,
		fmt.Sprintf("step %d/%d", r.Step, r.Steps),
		"reward " + number(r.Reward) + " kl " + number(r.KL),
		fmt.Sprintf("run %d of %d", m.list.Index()+1, m.list.Len()),
	}
}
