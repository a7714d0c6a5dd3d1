package screen

import (
	"image/color"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// Role says what a piece of text is; the theme gives it a look.
type Role int

// Roles. Plain text has the terminal's own look.
const (
	Plain  Role = iota
	Dim         // labels, units, what is not in focus
	Strong      // names, titles
	Select      // the selected row
	Border
	Focus // border of the pane in focus
	Tab   // the open tab
	Key   // a key in the footer
	Good
	Caution
	Bad
	Curve
	Curve2
	Faint // raw values behind a smoothed curve
	MarkLine
	Added
	Removed
	Match // found text
	Span1 // evidence of a reward; Span1+i for the i-th label
	Span2
	Span3
	Span4
	Heat0 // tokens, from sure to unsure
	Heat1
	Heat2
	Heat3
	Heat4
	roles // number of roles
)

// Spans is how many roles there are for evidence.
const Spans = 4

// Heats is how many roles there are for tokens.
const Heats = 5

// Theme gives roles their look. It is made for one terminal; nothing is global.
type Theme struct {
	Dark   bool
	Colour bool // without it, roles are told apart by attributes and by words
	ASCII  bool // no braille, no box characters
	begin  [roles]string
}

// hues are the colours of a palette. Each pair of dark and light was chosen
// for a contrast of 4.5 or more on black and on white, and hues that carry
// meaning differ in lightness too, so that they can be told apart without red
// and green.
type hue struct{ dark, light string }

func hues() map[Role]hue {
	return map[Role]hue{
		Dim:      {"#8a8f98", "#686e76"},
		Border:   {"#5c626b", "#9aa0a8"},
		Focus:    {"#6cb6ff", "#0059b3"},
		Tab:      {"#6cb6ff", "#0059b3"},
		Key:      {"#6cb6ff", "#0059b3"},
		Good:     {"#5fd7a7", "#00695c"},
		Caution:  {"#f2c94c", "#8a5a00"},
		Bad:      {"#ff8f70", "#b3261e"},
		Curve:    {"#6cb6ff", "#0059b3"},
		Curve2:   {"#f2a65a", "#a04a00"},
		Faint:    {"#44546a", "#b3c3d9"},
		MarkLine: {"#a58fd8", "#5e3fb0"},
		Added:    {"#5fd7a7", "#00695c"},
		Removed:  {"#ff8f70", "#b3261e"},
		Match:    {"#f2c94c", "#8a5a00"},
		Span1:    {"#5fd7a7", "#00695c"},
		Span2:    {"#6cb6ff", "#0059b3"},
		Span3:    {"#f2a65a", "#a04a00"},
		Span4:    {"#c9a3ff", "#5e3fb0"},
		Heat1:    {"#d6d3a5", "#5c5a00"},
		Heat2:    {"#f2c94c", "#8a5a00"},
		Heat3:    {"#f2a65a", "#a04a00"},
		Heat4:    {"#ff8f70", "#b3261e"},
	}
}

// NewTheme makes a theme. Without colour it uses bold, underline and reverse
// alone.
func NewTheme(dark, colour, ascii bool) *Theme {
	t := &Theme{Dark: dark, Colour: colour, ASCII: ascii}
	hues := hues()
	for r := range roles {
		s := ansi.NewStyle()
		if h, ok := hues[r]; ok && colour {
			s = s.ForegroundColor(t.pick(h))
		}
		switch r {
		case Strong, Tab, Focus, Heat4:
			s = s.Bold()
		case Select:
			s = s.Reverse(true)
		case Match:
			s = s.Reverse(true)
		case Span1, Span2, Span3, Span4:
			s = s.Underline(true)
		case Bad, Added, Removed:
			if !colour {
				s = s.Bold()
			}
		case Heat2, Heat3:
			if !colour {
				s = s.Underline(true)
			}
		}
		if len(s) > 0 {
			t.begin[r] = s.String()
		}
	}
	return t
}

func (t *Theme) pick(h hue) color.Color {
	if t.Dark {
		return lipgloss.Color(h.dark)
	}
	return lipgloss.Color(h.light)
}

// Paint gives s the look of role. s must be clean and hold no LF.
func (t *Theme) Paint(r Role, s string) string {
	if s == "" || r < 0 || r >= roles || t.begin[r] == "" {
		return s
	}
	return t.begin[r] + s + ansi.ResetStyle
}
