package tui

import (
	"strings"

	"gradus/tui/keys"
	"gradus/tui/screen"
	"gradus/tui/text"
)

// helpPage lists the keys of one screen, made from the table of keys.
type helpPage struct {
	scope  keys.Scope
	rows   []keys.Binding
	past   []screen.Notice
	scroll screen.Scroll
}

func newHelp(env *screen.Env, scope keys.Scope, past []screen.Notice) *helpPage {
	return &helpPage{scope: scope, rows: env.Keys.For(scope), past: append([]screen.Notice(nil), past...)}
}

// key moves the page and tells whether it closes.
func (h *helpPage) key(env *screen.Env, name string) bool {
	screen.MoveBy(&h.scroll, env.Keys.Match(keys.Trace, name), h.scroll.Height)
	switch name {
	case "?", "esc", "q", "enter":
		return true
	}
	return false
}

// lines are all lines of the page.
func (h *helpPage) lines(env *screen.Env, w int) []string {
	var out []string
	wide := 0
	for _, b := range h.rows {
		wide = max(wide, env.Method.StringWidth(b.Show()))
	}
	everywhere := false
	for _, b := range h.rows {
		if !everywhere && b.In[0] == keys.Everywhere {
			everywhere = true
			out = append(out, env.Line(w), env.Line(w, screen.P(screen.Dim, " everywhere")))
		}
		act := ""
		if b.Acts {
			act = "  (changes the run)"
		} else if b.Writes() {
			act = "  (adds to its record)"
		}
		first := []screen.Piece{screen.P(screen.Key, " "+env.Fit(b.Show(), wide)), screen.P(screen.Plain, "  "+b.Help)}
		if act != "" && wide+3+env.Method.StringWidth(b.Help+act) > w { // the warning must not be cut
			out = append(out, env.Line(w, first...))
			first = []screen.Piece{screen.P(screen.Plain, strings.Repeat(" ", wide+1))}
		}
		out = append(out, env.Line(w, append(first, screen.P(screen.Caution, act))...))
	}
	if env.ReadOnly {
		out = append(out, env.Line(w), env.Line(w, screen.P(screen.Dim, " This workbench is read-only: no key changes a run or its record.")))
	}
	if len(h.past) > 0 {
		out = append(out, env.Line(w), env.Line(w, screen.P(screen.Dim, " what was said at the foot of the screen, newest first")))
		for i := len(h.past) - 1; i >= 0; i-- {
			for _, l := range env.Wrap(text.Line(h.past[i].Text), max(w-3, 1)) {
				out = append(out, env.Line(w, screen.P(noticeRole(h.past[i].Level), "  "+l)))
			}
		}
	}
	return out
}

// brief is the page for small terminals: a key and a word a line.
func (h *helpPage) brief(env *screen.Env, w int) []string {
	var out []string
	for _, b := range h.rows {
		out = append(out, env.Line(w, screen.P(screen.Key, b.Keys[0]), screen.P(screen.Plain, " "+b.Name)))
	}
	return out
}

// pane draws the page.
func (h *helpPage) pane(env *screen.Env, w, height int) string {
	p := screen.Pane{Rect: screen.Rect{W: w, H: height}, Focus: true, Title: []screen.Piece{screen.P(screen.Strong, "keys: "+string(h.scope))}}
	inW, inH := p.Inner()
	lines := h.lines(env, inW)
	h.scroll.Fit(len(lines), inH)
	p.Note = []screen.Piece{screen.P(screen.Dim, "? closes")}
	if h.scroll.Rows > inH {
		p.Note = []screen.Piece{screen.P(screen.Dim, "j k scroll   ? closes")}
	}
	p.Lines = lines[min(h.scroll.Top, len(lines)):]
	return env.Compose(w, height, []screen.Pane{p})
}
