package screen

import (
	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"gradus/tui/text"
)

// Field is a text field of one line. Editing is bubbles' textinput; drawing is
// our own, so that what is pasted is shown clean and the cursor costs nothing
// while it stands still.
type Field struct {
	in     textinput.Model
	before string // value when it was opened, for a way back
}

// NewField makes a field that takes at most limit characters.
func NewField(limit int) *Field {
	in := textinput.New()
	in.SetVirtualCursor(false)
	in.CharLimit = limit
	in.KeyMap.Paste = key.NewBinding() // a terminal pastes; this would read the clipboard of the machine we run on
	return &Field{in: in}
}

// Open gives the field the focus.
func (f *Field) Open() {
	f.before = f.in.Value()
	f.in.Focus()
	f.in.CursorEnd()
}

// Close takes the focus away; keep false brings back the value from before.
func (f *Field) Close(keep bool) {
	if !keep {
		f.in.SetValue(f.before)
	}
	f.in.Blur()
}

// Focused tells whether the field takes keys.
func (f *Field) Focused() bool { return f.in.Focused() }

// Value is what was typed, raw.
func (f *Field) Value() string { return f.in.Value() }

// Set replaces the value.
func (f *Field) Set(s string) { f.in.SetValue(s) }

// Type takes a key or a paste.
func (f *Field) Type(msg tea.Msg) tea.Cmd {
	var cmd tea.Cmd
	f.in, cmd = f.in.Update(msg)
	return cmd
}

// Pieces shows the field; the cursor is a reversed cell.
func (f *Field) Pieces() []Piece {
	r := []rune(f.in.Value())
	if !f.in.Focused() {
		return []Piece{P(Plain, text.Line(string(r)))}
	}
	at := min(f.in.Position(), len(r))
	under, rest := " ", ""
	if at < len(r) {
		under, rest = text.Line(string(r[at])), text.Line(string(r[at+1:]))
	}
	return []Piece{P(Plain, text.Line(string(r[:at]))), P(Select, under), P(Plain, rest)}
}
