package live

import (
	"fmt"
	"slices"

	"gradus/tui/plot"
	"gradus/tui/screen"
	"gradus/tui/text"
)

// chart is one curve with its axes, which keep their range between frames.
type chart struct {
	metric string
	chosen bool // by the reader; else the screen may change it
	smooth int  // index into plot.Smoothings
	x, y   plot.Axis

	cached cacheKey
	lines  []string
}

// cacheKey is everything that a drawn chart depends on.
type cacheKey struct {
	version, w, h, smooth int
	metric                string
	log                   bool
	theme                 *screen.Theme
}

func newChart() *chart { return &chart{smooth: 2} }

// show changes the metric; the axes begin anew.
func (c *chart) show(metric string) {
	if c.metric != metric {
		c.metric, c.x, c.y = metric, plot.Axis{}, plot.Axis{Log: c.y.Log}
	}
}

// next shows the metric after this one.
func (c *chart) next(names []string) {
	if len(names) > 0 {
		c.show(names[(slices.Index(names, c.metric)+1)%len(names)])
		c.chosen = true
	}
}

func (c *chart) spec(s *plot.Series, marks []mark) plot.Spec {
	out := plot.Spec{Curves: []plot.Curve{{Series: s}}, X: &c.x, Y: &c.y, Smooth: c.smooth, XName: "step"}
	for _, m := range marks {
		if m.step > 0 {
			out.Marks = append(out.Marks, m.step)
		}
	}
	return out
}

// draw draws the inside of the pane, from a cache while nothing changed.
func (c *chart) draw(m *Model, w, h int) []string {
	key := cacheKey{m.version, w, h, c.smooth, c.metric, c.y.Log, m.env.Theme}
	if c.cached == key && c.lines != nil {
		return c.lines
	}
	s := m.series[c.metric]
	if s == nil || s.Len() == 0 {
		return m.emptyChart(c, w, h)
	}
	spec := c.spec(s, m.marks)
	spec.ASCII = m.env.Theme.ASCII
	spec.NoFaint = !m.env.Theme.Colour
	canvas := plot.Draw(spec, w, h)
	theme := m.env.Theme
	c.lines = make([]string, canvas.H)
	for y := range c.lines {
		c.lines[y] = canvas.Row(y, func(class plot.Class, s string) string { return theme.Paint(chartRole(class), s) })
	}
	c.cached = key
	return c.lines
}

func chartRole(c plot.Class) screen.Role {
	switch c {
	case plot.Frame:
		return screen.Border
	case plot.Label:
		return screen.Dim
	case plot.Mark:
		return screen.MarkLine
	case plot.Faint:
		return screen.Faint
	case plot.Curve0:
		return screen.Curve
	}
	return screen.Curve2
}

// emptyChart says what is waited for.
func (m *Model) emptyChart(c *chart, w, h int) []string {
	lines := make([]string, 0, h)
	for range max((h-1)/2, 0) {
		lines = append(lines, m.env.Line(w))
	}
	why := "no " + text.Line(c.metric) + " yet"
	if c.metric == "" || !m.read {
		why = "nothing recorded yet"
	}
	return append(lines, m.env.Line(w, screen.P(screen.Dim, "  "+why)))
}

// window is how many steps back the change in a chart's title looks.
const window = 50

// title is the metric with its newest value; the large chart also tells how it
// moved.
func (c *chart) title(m *Model, large bool) []screen.Piece {
	out := []screen.Piece{screen.P(screen.Strong, label(c.metric))}
	s := m.series[c.metric]
	if s == nil || s.Len() == 0 {
		return out
	}
	x, last, _ := s.Last()
	value := last
	if c.smooth > 0 {
		value = s.Smoothed(c.smooth)
	}
	if large && c.smooth > 0 {
		out = append(out, screen.Pf(screen.Dim, "  ema %s", screen.Score(plot.Smoothings()[c.smooth])[1:]))
	}
	if !large {
		return append(out, screen.P(screen.Plain, "  "+plot.Brief(value)))
	}
	// Value and change stand side by side: what changes at each step costs
	// least on the line when it is in one place.
	out = append(out, screen.P(screen.Plain, "  "+plot.Number(value)))
	if old, ok := s.SmoothedAt(x-window, c.smooth); ok {
		out = append(out, screen.P(screen.Plain, " "+signed(value-old)), screen.Pf(screen.Dim, " in %d steps", window))
	}
	return append(out, c.remarks(s)...)
}

func signed(v float64) string {
	if v < 0 {
		return plot.Brief(v)
	}
	return "+" + plot.Brief(v)
}

// remarks are what else is to be known of a large chart.
func (c *chart) remarks(s *plot.Series) (out []screen.Piece) {
	if c.y.Log {
		out = append(out, screen.P(screen.Dim, "  log"))
	}
	if s.Bad() > 0 {
		out = append(out, screen.P(screen.Bad, fmt.Sprintf("  %d not finite", s.Bad())))
	}
	return out
}

// label is a metric's name for a title.
func label(metric string) string {
	switch metric {
	case "completions/mean_length":
		return "length, tokens"
	}
	return text.Line(metric)
}
