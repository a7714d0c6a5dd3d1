package runs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"gradus/runner/client"
	"gradus/tui/plot"
	"gradus/tui/screen"
	"gradus/tui/text"
)

// column is a column of the table, and an order of its rows.
type column struct {
	name  string
	width int  // cells; 0 takes what is left
	right bool // numbers
	from  int  // width of the terminal from which on it is shown
	cell  func(r client.Run, now time.Time) screen.Piece
	less  func(a, b client.Run) int
}

// order sorts rows; equal ones stay newest first.
func (c column) order(rows []client.Run) { slices.SortStableFunc(rows, c.less) }

// columns are all columns in the order of the screen. The first one's order is
// the one that the list comes in.
func columns() []column {
	plain := func(f func(client.Run) string) func(client.Run, time.Time) screen.Piece {
		return func(r client.Run, _ time.Time) screen.Piece { return screen.P(screen.Plain, f(r)) }
	}
	dim := func(f func(client.Run) string) func(client.Run, time.Time) screen.Piece {
		return func(r client.Run, _ time.Time) screen.Piece { return screen.P(screen.Dim, f(r)) }
	}
	return []column{
		{"created", 12, false, 130, dim(func(r client.Run) string { return stamp(r.CreatedUS) }),
			func(a, b client.Run) int { return cmp.Compare(b.ID, a.ID) }},
		{"state", 10, false, 0, status, func(a, b client.Run) int { return cmp.Compare(a.State, b.State) }},
		{"name", 0, false, 0, func(r client.Run, _ time.Time) screen.Piece { return screen.P(screen.Strong, name(r)) },
			func(a, b client.Run) int { return strings.Compare(a.Name, b.Name) }},
		{"task", 14, false, 110, plain(func(r client.Run) string { return text.Line(r.Task) }),
			func(a, b client.Run) int { return strings.Compare(a.Task, b.Task) }},
		{"stage", 6, false, 0, plain(func(r client.Run) string { return text.Line(r.Stage) }),
			func(a, b client.Run) int { return strings.Compare(a.Stage, b.Stage) }},
		{"step", 11, true, 0, plain(func(r client.Run) string { return fmt.Sprintf("%d/%d", r.Step, r.Steps) }),
			func(a, b client.Run) int { return cmp.Compare(b.Step, a.Step) }},
		{"reward", 7, true, 0, plain(func(r client.Run) string { return number(r.Reward) }), byNumber(func(r client.Run) *float64 { return r.Reward })},
		{"kl", 7, true, 0, plain(func(r client.Run) string { return number(r.KL) }), byNumber(func(r client.Run) *float64 { return r.KL })},
		{"params", 7, true, 120, dim(func(r client.Run) string { return screen.Count(r.Params) }),
			func(a, b client.Run) int { return cmp.Compare(b.Params, a.Params) }},
		{"device", 20, false, 150, dim(func(r client.Run) string { return text.Line(r.Device) }),
			func(a, b client.Run) int { return strings.Compare(a.Device, b.Device) }},
		{"host", 10, false, 140, dim(func(r client.Run) string { return text.Line(r.Host) }),
			func(a, b client.Run) int { return strings.Compare(a.Host, b.Host) }},
		{"last", 7, true, 0, func(r client.Run, now time.Time) screen.Piece {
			if r.LastRecordUS == 0 {
				return screen.P(screen.Dim, "")
			}
			return screen.P(screen.Dim, screen.Age(now.Sub(time.UnixMicro(r.LastRecordUS))))
		}, func(a, b client.Run) int { return cmp.Compare(b.LastRecordUS, a.LastRecordUS) }},
	}
}

// byNumber sorts the greatest first, missing ones last.
func byNumber(f func(client.Run) *float64) func(a, b client.Run) int {
	return func(a, b client.Run) int {
		x, y := f(a), f(b)
		switch {
		case x == nil && y == nil:
			return 0
		case x == nil:
			return 1
		case y == nil:
			return -1
		}
		return cmp.Compare(*y, *x)
	}
}

func status(r client.Run, now time.Time) screen.Piece {
	if r.Problem != "" {
		return screen.P(screen.Bad, "unreadable")
	}
	word, role := screen.RunWord(r.State, r.Live, r.LastRecordUS, now)
	// The age has a column of its own.
	word, _, _ = strings.Cut(word, " ")
	if strings.HasPrefix(word, "dead") || word == "not" {
		word = string(r.State)
	}
	return screen.P(role, word)
}

func number(v *float64) string {
	if v == nil {
		return "·"
	}
	return plot.Number(*v)
}

// stamp is a date and time in UTC, to the minute.
func stamp(us int64) string {
	if us == 0 {
		return ""
	}
	return time.UnixMicro(us).UTC().Format("Jan _2 15:04")
}
