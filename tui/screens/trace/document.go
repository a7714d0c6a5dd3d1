package trace

import (
	"fmt"
	"math"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"gradus/store"
	"gradus/tui/screen"
	"gradus/tui/text"
)

// maxBytes is how much of a text is shown. More would only cost time: nobody
// reads two megabytes in a terminal.
const maxBytes = 2 << 20

// mode is a way to show a completion.
type mode int

const (
	asText mode = iota
	asTokens
	asRaw
	modes
)

func (m mode) String() string { return [...]string{"text", "tokens", "raw bytes"}[m] }

// document is a completion in one mode: clean text with marks, wrapped once
// per width.
type document struct {
	doc   *text.Doc
	marks []text.Mark // class: a screen.Role
	rows  *text.Rows
	flat  text.Marks
	found [][2]int
}

// wrap makes the rows for a width, unless they are there.
func (d *document) wrap(width int, m ansi.Method) {
	if d.rows == nil || d.rows.Width() != max(width, 1) {
		d.rows = text.Wrap(d.doc.Text(), width, m)
	}
}

// find marks the places of query in the text, after the marks that it has.
func (d *document) find(query string) {
	d.found = text.Find(d.doc.Text(), query, 10_000)
	all := append([]text.Mark(nil), d.marks...)
	if len(all) > 2000 && len(d.found) > 0 {
		all = nil // tokens lose their colours while one looks for something
	}
	for _, f := range d.found {
		all = append(all, text.Mark{From: f[0], To: f[1], Class: int(screen.Match)})
	}
	d.flat = text.NewMarks(all)
}

// spanRole is the look of the evidence of the i-th reward.
func spanRole(i int) screen.Role { return screen.Span1 + screen.Role(i%screen.Spans) }

// spans are the bytes that rewards and notes point to, with the look of each.
// A note on another text than this one points nowhere.
func spans(t store.SampleDetail, notes []store.NoteRow) []text.Mark {
	var out []text.Mark
	for i, part := range t.Rewards {
		for _, s := range part.Spans {
			out = append(out, text.Mark{From: s.From, To: s.To, Class: int(spanRole(i))})
		}
	}
	for _, n := range notes {
		if n.Span == nil {
			continue
		}
		if _, ok := n.Span.In(t.Text); ok {
			out = append(out, text.Mark{From: n.Span.From, To: n.Span.To, Class: int(screen.Noted)})
		}
	}
	return out
}

// textDocument shows the completion with the spans that its rewards and notes
// name.
func textDocument(t store.SampleDetail, notes []store.NoteRow) *document {
	d := &document{doc: text.NewDocLimit([]byte(t.Text), maxBytes)}
	for _, s := range spans(t, notes) {
		from, to := d.doc.Span(s.From, s.To)
		d.marks = append(d.marks, text.Mark{From: from, To: to, Class: s.Class})
	}
	d.find("")
	return d
}

// rawDocument shows every byte: printable ASCII as it is, LF as \n and a new
// line, all others as \x1b. Spans are marked as in the text.
func rawDocument(t store.SampleDetail, notes []store.NoteRow) *document {
	raw := t.Text[:min(len(t.Text), maxBytes)]
	var out strings.Builder
	at := make([]int, len(raw)+1) // where each byte went
	for i := 0; i < len(raw); i++ {
		at[i] = out.Len()
		switch b := raw[i]; {
		case b == '\n':
			out.WriteString("\\n\n")
		case b == '\\':
			out.WriteString(`\\`)
		case b < 0x20 || b >= 0x7f:
			fmt.Fprintf(&out, `\x%02x`, b)
		default:
			out.WriteByte(b)
		}
	}
	at[len(raw)] = out.Len()
	d := &document{doc: text.NewDoc([]byte(out.String()))}
	clamp := func(i int) int { return at[max(min(i, len(raw)), 0)] }
	for _, s := range spans(t, notes) {
		d.marks = append(d.marks, text.Mark{From: clamp(s.From), To: clamp(s.To), Class: s.Class})
	}
	d.find("")
	return d
}

// heat is what tokens are coloured by.
type heat int

const (
	byLogProb heat = iota
	byEntropy
)

func (h heat) String() string { return [...]string{"log-probability", "entropy"}[h] }

// tokenDocument shows tokens one after another, coloured by how sure the
// policy was of each. pieces are their bytes; without them their ids are shown.
func tokenDocument(t store.SampleDetail, pieces []string, by heat) *document {
	var joined strings.Builder
	ends := make([]int, 0, len(t.TokenIDs))
	for i, id := range t.TokenIDs {
		if i < len(pieces) {
			joined.WriteString(pieces[i])
		} else {
			fmt.Fprintf(&joined, "%d ", id)
		}
		ends = append(ends, joined.Len())
		if joined.Len() > maxBytes {
			break
		}
	}
	d := &document{doc: text.NewDocLimit([]byte(joined.String()), maxBytes)}
	from := 0
	for i, end := range ends {
		if level := heatOf(t, i, by); level > 0 {
			a, b := d.doc.Span(from, end)
			if n := len(d.marks); n > 0 {
				a = max(a, d.marks[n-1].To) // two tokens in one character
			}
			if a < b {
				d.marks = append(d.marks, text.Mark{From: a, To: b, Class: int(screen.Heat0) + level})
			}
		}
		from = end
	}
	d.find("")
	return d
}

// heatOf sorts a token into five classes: 0 sure, 4 a guess.
func heatOf(t store.SampleDetail, i int, by heat) int {
	var v float64
	var limits [screen.Heats - 1]float64
	switch {
	case by == byEntropy && i < len(t.Entropies):
		v, limits = float64(t.Entropies[i]), [...]float64{0.3, 0.7, 1.2, 2}
	case by == byLogProb && i < len(t.LogProbs):
		// A probability of .9 and above is sure, below .1 a guess.
		v, limits = -float64(t.LogProbs[i]), [...]float64{-math.Log(0.9), -math.Log(0.6), -math.Log(0.3), -math.Log(0.1)}
	default:
		return 0
	}
	level := 0
	for level < len(limits) && v > limits[level] {
		level++
	}
	return level
}

// tokenStats says how sure the policy was of the whole.
func tokenStats(t store.SampleDetail) string {
	mean := func(x []float32) float64 {
		var s float64
		for _, v := range x {
			s += float64(v)
		}
		return s / float64(max(len(x), 1))
	}
	s := text.Count(len(t.TokenIDs), "token")
	if len(t.LogProbs) > 0 {
		s += fmt.Sprintf("  mean log-prob %.3f", mean(t.LogProbs))
	}
	if len(t.Entropies) > 0 {
		s += fmt.Sprintf("  mean entropy %.3f", mean(t.Entropies))
	}
	return s
}
