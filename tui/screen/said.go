package screen

import (
	"slices"
	"strings"

	"gradus/store"
	"gradus/tui/text"
)

// Annotated tells all screens what readers now say of a trace.
type Annotated struct {
	RunID  string
	Sample int64
	Notes  []store.NoteRow
}

// Said is what readers said of a trace, in the few cells that a line of a list
// has for it: verdicts, +tags, and a word for notes.
func Said(notes []store.NoteRow) string {
	var out []string
	add := func(s string) {
		if s = text.Line(s); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for _, n := range notes {
		if n.Kind == store.NoteVerdict {
			add(n.Text)
		}
	}
	for _, n := range notes {
		if n.Kind == store.NoteTag {
			add("+" + n.Text)
		}
	}
	for _, n := range notes {
		if n.Kind == store.NoteText {
			add("note")
		}
	}
	return strings.Join(out, " ")
}
