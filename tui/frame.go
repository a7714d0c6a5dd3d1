package tui

import (
	"fmt"
	"strings"

	"gradus/tui/keys"
	"gradus/tui/screen"
	"gradus/tui/text"
)

// Least size of a terminal for full screens; below it there are words.
const (
	minW = 60
	minH = 15
)

// draw draws w by h cells: header, screen, question, footer.
func (a *App) draw(w, h int) string {
	if w < 1 || h < 1 {
		return ""
	}
	if w < minW || h < minH {
		return a.words(w, h)
	}
	parts := []string{a.header(w)}
	bodyH := h - 2
	var ask []string
	if a.ask != nil {
		ask = a.ask.lines(a.env, w, false)
		ask = ask[max(len(ask)-(bodyH-3), 0):] // the answer must be seen
		bodyH -= len(ask)
	}
	if a.help != nil {
		parts = append(parts, a.help.pane(a.env, w, bodyH))
	} else {
		parts = append(parts, a.top().View(w, bodyH))
	}
	parts = append(parts, ask...)
	return strings.Join(append(parts, a.footer(w)), "\n")
}

// header tells the tabs, what is open, and how the run is.
func (a *App) header(w int) string {
	left := []screen.Piece{screen.P(screen.Strong, " gradus ")}
	used := 8
	for i, name := range []string{"Runs", "Live", "Traces", "Compare"} {
		label := fmt.Sprintf(" %d %s ", i+1, name)
		if w < 76 {
			label = fmt.Sprintf(" %d ", i+1)
		}
		role := screen.Dim
		if i == a.tab {
			role = screen.Tab
			label = fmt.Sprintf("[%d %s]", i+1, name)
		}
		left = append(left, screen.P(role, label))
		used += len(label)
	}
	word, role := a.top().Status()
	if word != "" {
		word = "  " + word
	}
	if a.env.ReadOnly {
		word += "  read-only"
	}
	word += " "
	room := w - used - a.env.Method.StringWidth(word) - 1
	title := a.top().Title()
	if n := a.env.Method.StringWidth(title); n < room {
		title = strings.Repeat(" ", room-n) + title
	}
	left = append(left, screen.P(screen.Plain, " "+a.env.Fit(title, max(room, 0))), screen.P(role, word))
	return a.env.Line(w, left...)
}

func noticeRole(l screen.Level) screen.Role {
	switch l {
	case screen.Warn:
		return screen.Caution
	case screen.Fail:
		return screen.Bad
	}
	return screen.Good
}

// footer shows the last notice, or the keys that are wanted most.
func (a *App) footer(w int) string {
	if a.notice != nil {
		mark := ""
		if a.notice.Level == screen.Fail {
			mark = "failed: "
		}
		return a.env.Line(w, screen.P(noticeRole(a.notice.Level), " "+mark+text.Line(a.notice.Text)))
	}
	if a.ask != nil {
		return a.env.Line(w)
	}
	rows := a.hints()
	// The last two are help and quit; they are always there.
	var tail []screen.Piece
	tailW := 1
	for _, b := range rows[max(len(rows)-2, 0):] {
		tail = append(tail, screen.P(screen.Key, "  "+b.Keys[0]), screen.P(screen.Dim, " "+b.Name))
		tailW += 3 + len(b.Keys[0]) + len(b.Name)
	}
	pieces := []screen.Piece{}
	used := 0
	for _, b := range rows[:max(len(rows)-2, 0)] {
		key, name := b.Keys[0]+" ", b.Name
		if strings.HasPrefix(b.Name, b.Keys[0]+" ") { // the name shows a pair of keys
			key = ""
		}
		n := 2 + len(key) + len(name)
		if used+n+tailW > w {
			break
		}
		used += n
		pieces = append(pieces, screen.P(screen.Key, "  "+key), screen.P(screen.Dim, name))
	}
	return a.env.Line(w, append(pieces, tail...)...)
}

// hints are the bindings that the footer shows. P is named after what it does
// to the run that is selected, and P and X are left out where they do nothing.
func (a *App) hints() []keys.Binding {
	rows := a.env.Keys.Footer(a.top().Scope())
	on, ok := a.top().(steered)
	if !ok {
		return rows
	}
	out := rows[:0]
	for _, b := range rows {
		if b.ID == keys.Pause || b.ID == keys.Stop {
			verb, ok := asks(b.ID, on.Steer())
			if !ok {
				continue
			}
			b.Name = string(verb)
		}
		out = append(out, b)
	}
	return out
}

// words is the screen of a terminal too small for panes: what matters most,
// line by line.
func (a *App) words(w, h int) string {
	var lines []string
	add := func(s string) {
		for _, l := range a.env.Wrap(s, w) {
			lines = append(lines, a.env.Fit(l, w))
		}
	}
	switch {
	case a.ask != nil:
		lines = a.ask.lines(a.env, w, true)
		lines = lines[max(len(lines)-h, 0):]
	case a.help != nil:
		lines = a.help.brief(a.env, w)
		a.help.scroll.Fit(len(lines), h)
		lines = lines[a.help.scroll.Top:]
	default:
		if a.notice != nil {
			add(text.Line(a.notice.Text))
		}
		for _, s := range a.top().Words() {
			add(s)
		}
		if len(lines) < h {
			add(fmt.Sprintf("(%dx%d for all of it)", minW, minH))
		}
	}
	return screen.Block(lines[:min(len(lines), h)], w, h)
}
