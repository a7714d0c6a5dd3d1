package plot

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Class tells what a cell shows; the screen gives each a look.
type Class uint8

const (
	Blank  Class = iota
	Frame        // axes and ticks
	Label        // numbers on axes
	Mark         // the vertical line of a mark
	Faint        // raw values behind a moving average
	Curve0       // the first curve; Curve0+i is the i-th
)

// Curve is a series with its class offset.
type Curve struct {
	Series *Series
	Number int // 0, 1, ...: Class is Curve0+Number
}

// Spec is everything a chart needs to be drawn. The axes are the caller's and
// keep their range from one frame to the next; see Fit.
type Spec struct {
	Curves  []Curve
	X, Y    *Axis
	Smooth  int       // index into Smoothings
	Marks   []float64 // x of vertical lines
	ASCII   bool      // no braille and no box characters
	NoFaint bool      // leave raw values out when smoothing (no colours to tell them apart)
	XName   string    // unit of the x axis, written at its end, such as "step"
}

// Fit grows the axes of spec to hold its curves: x up to planned steps when
// planned > 0 (beyond, and without a plan, in jumps of a quarter), y with about
// one tick for each three rows of a chart of height h. Call it when data came,
// not when drawing.
//
// A curve that begins late, as the reward does after a cold start, gets an x
// axis that begins there: else it would have a sliver at the right edge.
func (spec Spec) Fit(planned float64, h int) {
	if planned > 0 && !spec.X.Set() {
		spec.X.Fix(begin(spec.Curves, planned), planned)
	}
	for _, c := range spec.Curves {
		x, _, ok := c.Series.Last()
		if !ok {
			continue
		}
		spec.X.Grow(x)
		lo, hi, _ := c.Series.Range(0)
		if spec.Y.Log {
			if lo, ok = c.Series.positive(); !ok {
				continue
			}
		}
		spec.Y.Cover(lo, hi, max(h/4, 2))
	}
}

// begin is where the x axis of a plan of steps begins: at 0, or one step before
// the first point if more than a tenth of the plan lies before it.
func begin(curves []Curve, planned float64) float64 {
	first := planned
	for _, c := range curves {
		if x, ok := c.Series.First(); ok {
			first = min(first, x)
		}
	}
	if first <= planned/10 || first >= planned {
		return 0
	}
	return math.Floor(first) - 1
}

// Cell is one character of a chart.
type Cell struct {
	Rune  rune
	Class Class
}

// Canvas is a drawn chart, row by row.
type Canvas struct {
	W, H  int
	Cells []Cell
}

func newCanvas(w, h int) Canvas {
	c := Canvas{W: w, H: h, Cells: make([]Cell, w*h)}
	for i := range c.Cells {
		c.Cells[i].Rune = ' '
	}
	return c
}

func (c Canvas) set(x, y int, r rune, class Class) {
	if x >= 0 && y >= 0 && x < c.W && y < c.H {
		c.Cells[y*c.W+x] = Cell{r, class}
	}
}

func (c Canvas) text(x, y int, s string, class Class) {
	for _, r := range s {
		c.set(x, y, r, class)
		x++
	}
}

// Row writes row y, one call of style for each run of equal class. Blank runs
// are not styled.
func (c Canvas) Row(y int, style func(Class, string) string) string {
	var out, run strings.Builder
	class := Blank
	flush := func() {
		if run.Len() == 0 {
			return
		}
		if class == Blank {
			out.WriteString(run.String())
		} else {
			out.WriteString(style(class, run.String()))
		}
		run.Reset()
	}
	for _, cell := range c.Cells[y*c.W : (y+1)*c.W] {
		if cell.Class != class {
			flush()
			class = cell.Class
		}
		run.WriteRune(cell.Rune)
	}
	flush()
	return out.String()
}

// yLabelWidth is the room for numbers left of the y axis.
const yLabelWidth = 6

// Draw draws spec into w by h cells. Too small an area gives as much as fits:
// no numbers under 16 cells, no x axis under 5 rows, nothing under 1.
func Draw(spec Spec, w, h int) Canvas {
	if w < 1 || h < 1 {
		return Canvas{}
	}
	c := newCanvas(w, h)
	left := 0
	if w >= 16 {
		left = yLabelWidth + 1
	}
	bodyH := h
	switch {
	case h >= 7:
		bodyH = h - 2 // axis and its numbers
	case h >= 5:
		bodyH = h - 1
	}
	bodyW := w - left
	drawYAxis(c, spec, left, bodyH)
	if bodyH < h {
		drawXAxis(c, spec, left, bodyW, bodyH)
	}
	if !spec.X.Set() || !spec.Y.Set() {
		return c
	}
	drawMarks(c, spec, left, bodyW, bodyH)
	dx := newDots(0, 0, spec.ASCII).dx
	cols := make([][]column, len(spec.Curves))
	for i, cv := range spec.Curves {
		cols[i] = columns(cv.Series, spec.Smooth, spec.X, bodyW*dx)
		if spec.Smooth > 0 && !spec.NoFaint {
			d := newDots(bodyW, bodyH, spec.ASCII)
			d.band(cols[i], spec.Y)
			c.lay(d, left, Faint)
		}
	}
	for i := len(spec.Curves) - 1; i >= 0; i-- { // the first curve on top
		d := newDots(bodyW, bodyH, spec.ASCII)
		if spec.Smooth > 0 {
			d.curve(cols[i], spec.Y)
		} else {
			d.band(cols[i], spec.Y)
		}
		c.lay(d, left, Curve0+Class(spec.Curves[i].Number))
	}
	return c
}

// lay puts dots over the canvas; cells without a dot stay as they are.
func (c Canvas) lay(d *dots, left int, class Class) {
	for y := range d.h {
		for x := range d.w {
			if r := d.rune(x, y); r != 0 {
				c.set(left+x, y, r, class)
			}
		}
	}
}

func drawYAxis(c Canvas, spec Spec, left, bodyH int) {
	if left == 0 {
		return
	}
	line, tick := '│', '┤'
	if spec.ASCII {
		line, tick = '|', '+'
	}
	for y := range bodyH {
		c.set(left-1, y, line, Frame)
	}
	ticks := spec.Y.Ticks(max(bodyH/3+1, 2))
	if bodyH <= 3 && spec.Y.Set() { // a tick would be off by half a row or more: name the ends
		ticks = []float64{spec.Y.Lo, spec.Y.Hi}
	}
	labels := Labels(ticks)
	if bodyH <= 3 {
		for i, t := range ticks {
			if labels[i] = Number(t); len(labels[i]) > yLabelWidth {
				labels[i] = Brief(t)
			}
		}
	}
	used := -1
	for i, label := range labels {
		f, _ := spec.Y.at(ticks[i])
		row := int(math.Round((1 - f) * float64(bodyH-1)))
		if row == used || f < -1e-9 || f > 1+1e-9 {
			continue
		}
		used = row
		c.text(left-1-utf8.RuneCountInString(label), row, label, Label)
		c.set(left-1, row, tick, Frame)
	}
}

func drawXAxis(c Canvas, spec Spec, left, bodyW, row int) {
	corner, line := '└', '─'
	if spec.ASCII {
		corner, line = '+', '-'
	}
	if left > 0 {
		c.set(left-1, row, corner, Frame)
	}
	for x := range bodyW {
		c.set(left+x, row, line, Frame)
	}
	if row+1 >= c.H || !spec.X.Set() {
		return
	}
	end := strings.TrimSpace(spec.XName + " " + Labels([]float64{spec.X.Hi})[0])
	free := bodyW - len(end) - 1 // where the label of the end begins
	c.text(left+bodyW-len(end), row+1, end, Label)
	ticks := spec.X.Ticks(max(min(bodyW/10, 8), 2))
	next := 0
	if spec.XName == "step" { // there is no half step
		ticks = slices.DeleteFunc(ticks, func(t float64) bool { return t != math.Trunc(t) })
	}
	for i, label := range Labels(ticks) {
		f, _ := spec.X.at(ticks[i])
		x := int(f*float64(bodyW-1)) - len(label)/2
		x = max(x, 0)
		if x < next || x+len(label) >= free {
			continue
		}
		c.text(left+x, row+1, label, Label)
		next = x + len(label) + 2
	}
}

func drawMarks(c Canvas, spec Spec, left, bodyW, bodyH int) {
	r := '┆'
	if spec.ASCII {
		r = '!'
	}
	for _, x := range spec.Marks {
		f, _ := spec.X.at(x)
		if f < 0 || f > 1 {
			continue
		}
		for y := range bodyH {
			c.set(left+int(f*float64(bodyW-1)), y, r, Mark)
		}
	}
}
