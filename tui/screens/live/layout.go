package live

import "gradus/tui/screen"

// pane names a part of the screen.
type pane int

const (
	mainChart pane = iota
	chart1
	chart2
	chart3
	tracesPane
	eventsPane
	numbersPane
	runPane
	panes // number of panes
)

// charts is how many panes are charts; they come first.
const charts = 4

// layout says where each pane stands; an empty rectangle is not shown.
type layout struct {
	at    [panes]screen.Rect
	lines int // rows at the bottom for words, where no pane has them
}

// sideWidth is the width of the column with the run and its numbers.
const sideWidth = 40

// arrange divides w by h cells, w at least 60 and h at least 13. When
// maximised is a pane, it gets everything but the words.
func arrange(w, h int, maximised pane, isMaximised bool) layout {
	var l layout
	x, rw := 0, w
	if w >= 140 && h >= 30 {
		x, rw = sideWidth, w-sideWidth
	} else {
		l.lines = 2
	}
	ah := h - l.lines
	if isMaximised {
		l.at[maximised] = screen.Rect{W: w, H: ah}
		return l
	}
	if x > 0 {
		runH := min(17, ah/2)
		l.at[runPane] = screen.Rect{W: x, H: runH}
		l.at[numbersPane] = screen.Rect{Y: runH, W: x, H: ah - runH}
	}
	top, small, events := heights(ah)
	l.at[mainChart] = screen.Rect{X: x, W: rw, H: top}
	if small > 0 {
		n := 2
		if rw >= 96 {
			n = 3
		}
		for i := range n { // widths differ by one cell at most
			from, to := rw*i/n, rw*(i+1)/n
			l.at[chart1+pane(i)] = screen.Rect{X: x + from, Y: top, W: to - from, H: small}
		}
	}
	l.at[tracesPane] = screen.Rect{X: x, Y: top + small, W: rw, H: ah - top - small - events}
	if events > 0 {
		l.at[eventsPane] = screen.Rect{X: x, Y: ah - events, W: rw, H: events}
	}
	return l
}

// heights divides h rows between the large chart, the small ones and the
// events; the newest traces get the rest.
func heights(h int) (top, small, events int) {
	switch {
	case h >= 40:
		return 16, 11, 7
	case h >= 30:
		return 12, 8, 5
	case h >= 18:
		return h * 9 / 20, 5, 0
	}
	return max(h-5, 5), 0, 0
}
