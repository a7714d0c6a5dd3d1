package screen

import (
	"fmt"
	"math"
	"strings"
	"time"

	"gradus/tui/text"
)

// Piece is clean text with a role.
type Piece struct {
	Role Role
	Text string
}

// P makes a piece.
func P(r Role, s string) Piece { return Piece{r, s} }

// Pf makes a piece from a format; foreign values must be clean already.
func Pf(r Role, format string, args ...any) Piece { return Piece{r, fmt.Sprintf(format, args...)} }

// Line joins pieces into exactly w cells: what is too long is cut with an
// ellipsis, what is short is filled up.
func (e *Env) Line(w int, pieces ...Piece) string {
	var out strings.Builder
	left := w
	for i, p := range pieces {
		n := e.Method.StringWidth(p.Text)
		if n > left || (n == left && moreText(pieces[i+1:])) {
			out.WriteString(e.Theme.Paint(p.Role, text.Fit(cutMark(p.Text, n, left), left, e.Method)))
			return out.String()
		}
		out.WriteString(e.Theme.Paint(p.Role, p.Text))
		left -= n
	}
	out.WriteString(strings.Repeat(" ", max(left, 0)))
	return out.String()
}

// cutMark makes a text that just fits too long by one, so that an ellipsis
// shows that more was to come.
func cutMark(s string, n, left int) string {
	if n == left {
		return s + " "
	}
	return s
}

func moreText(pieces []Piece) bool {
	for _, p := range pieces {
		if strings.TrimSpace(p.Text) != "" {
			return true
		}
	}
	return false
}

// Row is a line of a list. The selected one begins with > and is painted as a
// whole, so that it shows without colours too.
func (e *Env) Row(w int, selected bool, pieces ...Piece) string {
	if !selected {
		return e.Line(w, append([]Piece{P(Plain, "  ")}, pieces...)...)
	}
	var s strings.Builder
	s.WriteString("> ")
	for _, p := range pieces {
		s.WriteString(p.Text)
	}
	return e.Theme.Paint(Select, text.Fit(s.String(), w, e.Method))
}

// Fit is text.Fit with the terminal's way to measure.
func (e *Env) Fit(s string, w int) string { return text.Fit(s, w, e.Method) }

// FitRight is text.FitRight with the terminal's way to measure.
func (e *Env) FitRight(s string, w int) string { return text.FitRight(s, w, e.Method) }

// Wrap breaks a clean sentence into lines of at most w cells.
func (e *Env) Wrap(s string, w int) []string {
	rows := text.Wrap(s, w, e.Method)
	out := make([]string, rows.Len())
	for i := range out {
		out[i] = strings.TrimRight(rows.Row(i), " ")
	}
	return out
}

// Age writes how long ago something was: 0.4 s, 42 s, 12 min, 3 h, 5 d.
func Age(d time.Duration) string {
	switch s := d.Seconds(); {
	case s < 0:
		return "0.0 s"
	case s < 9.95:
		return fmt.Sprintf("%.1f s", s)
	case s < 99.5:
		return fmt.Sprintf("%.0f s", s)
	case s < 99.5*60:
		return fmt.Sprintf("%.0f min", s/60)
	case s < 47.5*3600:
		return fmt.Sprintf("%.0f h", s/3600)
	default:
		return fmt.Sprintf("%.0f d", s/86400)
	}
}

// Span writes a length of time: 45s, 12m30, 3h12, 2d04.
func Span(d time.Duration) string {
	s := int64(d.Round(time.Second).Seconds())
	switch {
	case s < 0:
		return "0s"
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02d", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh%02d", s/3600, s%3600/60)
	}
	return fmt.Sprintf("%dd%02d", s/86400, s%86400/3600)
}

// Count writes a number for a reader: 812, 12.4k, 1.05M.
func Count(n int64) string {
	switch a := math.Abs(float64(n)); {
	case a < 10_000:
		return fmt.Sprint(n)
	case a < 999_950:
		return fmt.Sprintf("%.1fk", float64(n)/1e3)
	case a < 999_500_000:
		return fmt.Sprintf("%.2fM", float64(n)/1e6)
	default:
		return fmt.Sprintf("%.2fG", float64(n)/1e9)
	}
}

// Bytes writes a size: 512 B, 12.6 MB.
func Bytes(n int64) string {
	switch a := float64(n); {
	case a < 1000:
		return fmt.Sprintf("%d B", n)
	case a < 1e6:
		return fmt.Sprintf("%.1f kB", a/1e3)
	case a < 1e9:
		return fmt.Sprintf("%.1f MB", a/1e6)
	default:
		return fmt.Sprintf("%.2f GB", a/1e9)
	}
}
