package plot

import "math"

// dots is a bitmap over a cell grid, dx by dy dots a cell.
type dots struct {
	w, h   int // cells
	dx, dy int
	bits   []uint8 // of each cell
}

func newDots(w, h int, ascii bool) *dots {
	d := &dots{w: w, h: h, dx: 2, dy: 4, bits: make([]uint8, w*h)}
	if ascii {
		d.dx, d.dy = 1, 2
	}
	return d
}

// Dot numbers of a braille cell by column and row (Unicode, block U+2800).
var brailleBits = [2][4]uint8{{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}}

func (d *dots) set(x, y int) {
	if x < 0 || y < 0 || x >= d.w*d.dx || y >= d.h*d.dy {
		return
	}
	bit := uint8(1) << (y % d.dy)
	if d.dx == 2 {
		bit = brailleBits[x%2][y%4]
	}
	d.bits[y/d.dy*d.w+x/d.dx] |= bit
}

func (d *dots) rune(x, y int) rune {
	b := d.bits[y*d.w+x]
	if b == 0 {
		return 0
	}
	if d.dx == 2 {
		return 0x2800 + rune(b)
	}
	return [...]rune{0, '\'', '.', ':'}[b&3]
}

// column fills the dots from y0 to y1, both included.
func (d *dots) column(x, y0, y1 int) {
	for y := max(min(y0, y1), 0); y <= min(max(y0, y1), d.h*d.dy-1); y++ {
		d.set(x, y)
	}
}

// line joins two dots with one dot a column where it is flat and as many as
// it needs where it is steep, none twice.
func (d *dots) line(x0, y0, x1, y1 int) {
	if x1 <= x0 {
		d.column(x0, y0, y1)
		return
	}
	slope := float64(y1-y0) / float64(x1-x0)
	lo, hi := min(y0, y1), max(y0, y1)
	for x := max(x0, 0); x <= min(x1, d.w*d.dx-1); x++ {
		y := float64(y0) + slope*float64(x-x0)
		if math.Abs(slope) <= 1 {
			d.set(x, int(math.Round(y)))
			continue
		}
		half := math.Abs(slope) / 2
		from, to := int(math.Ceil(y-half)), int(math.Ceil(y+half))-1
		d.column(x, max(from, lo), min(to, hi))
		if x == x0 || x == x1 {
			d.set(x, int(math.Round(y)))
		}
	}
}

// column sums up the points that fall on one column of dots.
type column struct {
	min, max    float64
	first, last float64
	ema         float64
	used, gap   bool
}

// columns sorts the buckets of s into the n dot columns of axis x.
func columns(s *Series, smooth int, x *Axis, n int) []column {
	out := make([]column, n)
	gap := false
	perDot := float64(n-1) / (x.Hi - x.Lo)
	for i := range s.buckets {
		b := &s.buckets[i]
		c0, c1 := int(math.Floor((b.x0-x.Lo)*perDot)), int(math.Floor((b.x1-x.Lo)*perDot))
		gap = gap || b.gap
		if c1 < 0 || c0 >= n {
			gap = true
			continue
		}
		for c := max(c0, 0); c <= min(c1, n-1); c++ {
			col := &out[c]
			if !col.used {
				*col = column{min: b.min, max: b.max, first: b.first, used: true, gap: gap}
				gap = false
			}
			col.min, col.max = min(col.min, b.min), max(col.max, b.max)
			col.last, col.ema = b.last, b.ema[smooth]
		}
	}
	return out
}

// row is the dot row of v out of n, clamped to them; ok is false when v has
// no place on the axis (not above 0 on a logarithmic one).
func row(y *Axis, v float64, n int) (int, bool) {
	f, ok := y.at(v)
	if !ok || math.IsNaN(f) {
		return 0, false
	}
	return int(math.Round((1 - min(max(f, 0), 1)) * float64(n-1))), true
}

// band draws, for each column, all values between the least and the greatest,
// and joins each column to the next.
func (d *dots) band(cols []column, y *Axis) {
	n := d.h * d.dy
	px, py, joined := 0, 0, false
	for cx, c := range cols {
		if !c.used {
			continue
		}
		hi, ok := row(y, c.max, n)
		if !ok {
			joined = false
			continue
		}
		lo, ok := row(y, c.min, n)
		if !ok { // the rest of the column is below a logarithmic axis
			lo = n - 1
		}
		first, ok1 := row(y, c.first, n)
		last, ok2 := row(y, c.last, n)
		if joined && !c.gap && ok1 {
			d.line(px, py, cx, first)
		}
		d.column(cx, lo, hi)
		px, py, joined = cx, last, ok2
	}
}

// curve draws the moving average.
func (d *dots) curve(cols []column, y *Axis) {
	px, py, joined := 0, 0, false
	for cx, c := range cols {
		if !c.used {
			continue
		}
		at, ok := row(y, c.ema, d.h*d.dy)
		switch {
		case !ok:
		case joined && !c.gap:
			d.line(px, py, cx, at)
		default:
			d.set(cx, at)
		}
		px, py, joined = cx, at, ok
	}
}
