package text

import (
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// row is a byte range of the wrapped text.
type row struct{ from, to int32 }

// Rows is a clean text wrapped to a width: an index of byte ranges, made in
// one pass and then read row by row, so a line of a megabyte costs the same as
// a megabyte of lines. It is read-only.
type Rows struct {
	text  string
	width int
	rows  []row
}

// Wrap breaks clean text (see Clean) into rows of at most width cells (at
// least 1), at a space where there is one, else inside the word. The space at
// a break stays at the end of its row and may hang over the edge by one cell.
// m must be the method that the renderer measures with.
func Wrap(clean string, width int, m ansi.Method) *Rows {
	if width < 1 {
		width = 1
	}
	w := &Rows{text: clean, width: width, rows: make([]row, 0, len(clean)/max(width/2, 8)+1)}
	for at := 0; ; {
		end := strings.IndexByte(clean[at:], '\n')
		if end < 0 {
			w.line(at, len(clean), m)
			break
		}
		w.line(at, at+end, m)
		at += end + 1
	}
	return w
}

// line wraps the bytes [from, to), which hold no LF.
func (w *Rows) line(from, to int, m ansi.Method) {
	start, col := from, 0 // of the current row
	gap, gapCol := -1, 0  // just after the last space in the row
	for i := from; i < to; {
		n, cw := 1, 1
		if w.text[i] >= utf8.RuneSelf || (i+1 < to && w.text[i+1] >= utf8.RuneSelf) {
			cluster, width := ansi.FirstGraphemeCluster(w.text[i:to], m)
			n, cw = len(cluster), width
		}
		if n == 1 && w.text[i] == ' ' {
			i++
			col++ // may hang over by one
			gap, gapCol = i, col
			continue
		}
		if col+cw > w.width && i > start {
			at := i
			if gap > start {
				at, col = gap, col-gapCol
			} else {
				col = 0
			}
			w.rows = append(w.rows, row{int32(start), int32(at)})
			start, gap = at, -1
			continue // look at the same cluster again in the new row
		}
		i += n
		col += cw
	}
	w.rows = append(w.rows, row{int32(start), int32(to)})
}

// Len is the number of rows; an empty text has one.
func (w *Rows) Len() int { return len(w.rows) }

// Width is the width that the text was wrapped to.
func (w *Rows) Width() int { return w.width }

// Range gives the byte range of row i in the clean text.
func (w *Rows) Range(i int) (from, to int) { return int(w.rows[i].from), int(w.rows[i].to) }

// Row is the text of row i.
func (w *Rows) Row(i int) string { return w.text[w.rows[i].from:w.rows[i].to] }

// At is the row that holds the byte offset of the clean text.
func (w *Rows) At(offset int) int {
	i := sort.Search(len(w.rows), func(i int) bool { return int(w.rows[i].from) > offset }) - 1
	return max(i, 0)
}

// Mark is a byte range of clean text with a class that the screen gives a
// look to. Where marks overlap, the one that comes later in the list wins.
type Mark struct {
	From, To int
	Class    int
}

// Segment is a piece of a row with one class; 0 is plain text.
type Segment struct {
	Text  string
	Class int
}

// Marks is a set of marks made ready for Segments: sorted and not overlapping.
type Marks struct{ list []Mark }

// NewMarks flattens marks; empty ones are dropped. Marks that come in order
// and do not overlap, such as those of tokens, take linear time.
func NewMarks(marks []Mark) Marks {
	if ordered(marks) {
		return Marks{append([]Mark(nil), marks...)}
	}
	edges := make([]int, 0, 2*len(marks))
	for _, m := range marks {
		if m.From < m.To {
			edges = append(edges, m.From, m.To)
		}
	}
	sort.Ints(edges)
	var out []Mark
	for i := 0; i+1 < len(edges); i++ {
		from, to := edges[i], edges[i+1]
		if from == to {
			continue
		}
		for j := len(marks) - 1; j >= 0; j-- {
			if marks[j].From <= from && to <= marks[j].To {
				if k := len(out) - 1; k >= 0 && out[k].To == from && out[k].Class == marks[j].Class {
					out[k].To = to
				} else {
					out = append(out, Mark{from, to, marks[j].Class})
				}
				break
			}
		}
	}
	return Marks{out}
}

func ordered(marks []Mark) bool {
	at := 0
	for _, m := range marks {
		if m.From < at || m.To <= m.From {
			return false
		}
		at = m.To
	}
	return true
}

// Segments cuts row i at the edges of the marks. An edge inside a grapheme
// cluster moves to the cluster's end, so that no character is torn.
func (w *Rows) Segments(i int, marks Marks) []Segment {
	from, to := w.Range(i)
	var out []Segment
	add := func(at, end, class int) {
		if at < end {
			out = append(out, Segment{w.text[at:end], class})
		}
	}
	at := from
	k := sort.Search(len(marks.list), func(k int) bool { return marks.list[k].To > from })
	for ; k < len(marks.list) && marks.list[k].From < to; k++ {
		m := marks.list[k]
		begin := w.boundary(max(m.From, at), at, to)
		end := w.boundary(min(m.To, to), begin, to)
		add(at, begin, 0)
		add(begin, end, m.Class)
		at = end
	}
	add(at, to, 0)
	return out
}

// boundary moves offset forward to the end of the cluster that it cuts.
// Clusters are counted from known, which must be a boundary.
func (w *Rows) boundary(offset, known, to int) int {
	if offset <= known {
		return known
	}
	if offset >= to {
		return to
	}
	if w.text[offset] < utf8.RuneSelf {
		return offset // ASCII begins a cluster, always
	}
	at := known
	for j := offset - 1; j > known; j-- { // start from the nearest ASCII
		if w.text[j] < utf8.RuneSelf {
			at = j
			break
		}
	}
	for at < offset {
		cluster, _ := ansi.FirstGraphemeCluster(w.text[at:to], ansi.GraphemeWidth)
		at += len(cluster)
	}
	return at
}

// Fit cuts clean one-line text to width cells, with an ellipsis where it cut,
// and fills it up with spaces to exactly width.
func Fit(s string, width int, m ansi.Method) string {
	if width <= 0 {
		return ""
	}
	n := m.StringWidth(s)
	if n > width {
		s = m.Truncate(s, width, "…")
		n = m.StringWidth(s)
	}
	return s + strings.Repeat(" ", max(width-n, 0))
}

// FitRight is Fit with the text at the right edge, for numbers.
func FitRight(s string, width int, m ansi.Method) string {
	if n := m.StringWidth(s); n <= width {
		return strings.Repeat(" ", width-n) + s
	}
	return Fit(s, width, m)
}
