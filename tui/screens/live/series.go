package live

import (
	"encoding/json"
	"fmt"
	"sort"
	"time"

	"gradus/store"
	"gradus/tui/plot"
	"gradus/tui/text"
)

// seriesSet holds all curves of a run by name.
type seriesSet map[string]*plot.Series

func (s seriesSet) reset() { clear(s) }

func (s seriesSet) add(points map[string][]store.Point) {
	for name, list := range points {
		c := s[name]
		if c == nil {
			c = plot.NewSeries()
			s[name] = c
		}
		for _, p := range list {
			c.Append(float64(p.Step), p.Value)
		}
	}
}

// names are all names in alphabetical order.
func (s seriesSet) names() []string {
	out := make([]string, 0, len(s))
	for n := range s {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

// has tells whether there is a curve of that name with a point.
func (s seriesSet) has(name string) bool { return s[name] != nil && s[name].Len() > 0 }

// rate estimates the time of a step from when the last steps were written.
type rate struct {
	steps []stepTime // rising
}

type stepTime struct {
	step int
	us   int64
}

// rateWindow is how many steps the estimate looks back.
const rateWindow = 20

func (r *rate) reset() { r.steps = nil }

func (r *rate) add(points []store.Point) {
	for _, p := range points[max(len(points)-rateWindow, 0):] {
		if n := len(r.steps); n == 0 || p.Step > r.steps[n-1].step {
			r.steps = append(r.steps, stepTime{p.Step, p.TimeUS})
		}
	}
	if n := len(r.steps) - rateWindow; n > 0 {
		r.steps = append([]stepTime(nil), r.steps[n:]...)
	}
}

// perStep is the median time of a step; ok is false before the second.
func (r *rate) perStep() (time.Duration, bool) {
	var d []int64
	for i := 1; i < len(r.steps); i++ {
		a, b := r.steps[i-1], r.steps[i]
		d = append(d, (b.us-a.us)/int64(b.step-a.step))
	}
	if len(d) == 0 {
		return 0, false
	}
	sort.Slice(d, func(i, j int) bool { return d[i] < d[j] })
	return time.Duration(d[len(d)/2]) * time.Microsecond, true
}

// mark is a place on the x axis that the reader should know of.
type mark struct {
	step  float64
	label string // clean
}

// addMark adds what a curve cannot be read without: where a stage begins, and
// where a resume threw steps away.
func addMark(marks []mark, e store.Event) []mark {
	label := ""
	switch e.Kind {
	case store.KindState:
		var s store.StateChange
		if json.Unmarshal(e.Body, &s) != nil || s.State != store.StateRunning || s.Stage == "" {
			return marks
		}
		label = text.Line(s.Stage)
	case store.KindRewind:
		label = "resumed"
	default:
		return marks
	}
	for i := len(marks) - 1; i >= 0; i-- { // a pause does not begin a stage anew
		if marks[i].label != "resumed" {
			if marks[i].label == label {
				return marks
			}
			break
		}
	}
	return append(marks, mark{float64(e.Step), label})
}

// markNote lists marks for the border of a chart.
func markNote(marks []mark) string {
	s := ""
	for _, m := range marks {
		if m.step > 0 {
			s += fmt.Sprintf("  ┆ %s@%d", m.label, int(m.step))
		}
	}
	return s
}
