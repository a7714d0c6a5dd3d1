package screen

import (
	"sort"
	"strings"
)

// Rect is a part of the screen in cells.
type Rect struct{ X, Y, W, H int }

// Inner is what a border leaves of a pane.
func (r Rect) Inner() (w, h int) { return max(r.W-2, 0), max(r.H-2, 0) }

// Empty tells whether nothing can be drawn there.
func (r Rect) Empty() bool { return r.W < 1 || r.H < 1 }

// Pane is a bordered part of the screen. Lines are as made by Env.Line with
// the inner width of Rect; missing ones are blank, further ones are dropped.
type Pane struct {
	Rect
	Title []Piece // in the upper border, left
	Note  []Piece // in the upper border, right
	Lines []string
	Focus bool
}

type border struct{ tl, tr, bl, br, h, v string }

func (t *Theme) border(focus bool) border {
	switch {
	case t.ASCII && focus:
		return border{"#", "#", "#", "#", "=", "#"}
	case t.ASCII:
		return border{"+", "+", "+", "+", "-", "|"}
	case focus:
		return border{"┏", "┓", "┗", "┛", "━", "┃"}
	}
	return border{"┌", "┐", "└", "┘", "─", "│"}
}

// Draw draws the pane as H lines of W cells; a pane of less than 3 by 3 cells
// is left blank.
func (e *Env) Draw(p Pane) []string {
	out := make([]string, p.H)
	if p.W < 3 || p.H < 3 {
		for i := range out {
			out[i] = strings.Repeat(" ", p.W)
		}
		return out
	}
	b, role := e.Theme.border(p.Focus), Border
	if p.Focus {
		role = Focus
	}
	w, h := p.Inner()
	out[0] = e.topBorder(p, b, role, w)
	side := e.Theme.Paint(role, b.v)
	blank := strings.Repeat(" ", w)
	for i := range h {
		line := blank
		if i < len(p.Lines) {
			line = p.Lines[i]
		}
		out[i+1] = side + line + side
	}
	out[p.H-1] = e.Theme.Paint(role, b.bl+strings.Repeat(b.h, w)+b.br)
	return out
}

func (e *Env) topBorder(p Pane, b border, role Role, w int) string {
	title, n := e.fitPieces(p.Title, w-4)
	note, k := e.fitPieces(p.Note, w-4-n-3)
	var s strings.Builder
	used := 0
	lead := b.tl
	if n > 0 {
		s.WriteString(e.Theme.Paint(role, lead+b.h+" "))
		s.WriteString(title)
		s.WriteString(" ")
		used = n + 3
		lead = ""
	}
	tail := 0
	if k > 0 {
		tail = k + 3
	}
	s.WriteString(e.Theme.Paint(role, lead+strings.Repeat(b.h, max(w-used-tail, 0))))
	if k > 0 {
		s.WriteString(" " + note + " " + e.Theme.Paint(role, b.h))
	}
	s.WriteString(e.Theme.Paint(role, b.tr))
	return s.String()
}

// fitPieces joins pieces into at most w cells without filling up.
func (e *Env) fitPieces(pieces []Piece, w int) (string, int) {
	n := 0
	for _, p := range pieces {
		n += e.Method.StringWidth(p.Text)
	}
	if w < 1 || n == 0 {
		return "", 0
	}
	n = min(n, w)
	return e.Line(n, pieces...), n
}

// Compose lays panes out on w by h cells; what no pane covers is blank. Panes
// must not overlap.
func (e *Env) Compose(w, h int, panes []Pane) string {
	sort.SliceStable(panes, func(i, j int) bool { return panes[i].X < panes[j].X })
	drawn := make([][]string, len(panes))
	for i, p := range panes {
		drawn[i] = e.Draw(p)
	}
	var out strings.Builder
	for y := range h {
		if y > 0 {
			out.WriteByte('\n')
		}
		x := 0
		for i, p := range panes {
			if y < p.Y || y >= p.Y+p.H || p.X < x || p.X+p.W > w {
				continue
			}
			out.WriteString(strings.Repeat(" ", p.X-x))
			out.WriteString(drawn[i][y-p.Y])
			x = p.X + p.W
		}
		out.WriteString(strings.Repeat(" ", max(w-x, 0)))
	}
	return out.String()
}

// Block joins lines into exactly h lines of w cells; lines must be w cells wide.
func Block(lines []string, w, h int) string {
	var out strings.Builder
	for y := range h {
		if y > 0 {
			out.WriteByte('\n')
		}
		if y < len(lines) {
			out.WriteString(lines[y])
		} else {
			out.WriteString(strings.Repeat(" ", max(w, 0)))
		}
	}
	return out.String()
}
