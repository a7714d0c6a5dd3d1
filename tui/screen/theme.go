package screen

import (
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
	Noted // text that a reader's note is about
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

// hue is a colour for a dark and one for a light background, as numbers of the
// 256-colour palette above its first 16, which users redefine. The numbers cost
// half the bytes of full colours on a slow line.
type hue struct{ dark, light uint8 }

// hues are the colours of the theme. Each was chosen for a contrast of 4.5 or
// more on black or white (frames and raw curves may be fainter), and those that
// carry meaning differ in lightness or blueness too, so that they can be told
// apart without red and green.
func hues() map[Role]hue {
	return map[Role]hue{
		Dim:      {246, 242},
		Border:   {240, 248},
		Focus:    {75, 25},
		Tab:      {75, 25},
		Key:      {75, 25},
		Good:     {79, 23},
		Caution:  {221, 94},
		Bad:      {209, 124},
		Curve:    {75, 25},
		Curve2:   {215, 130},
		Faint:    {60, 152},
		MarkLine: {140, 61},
		Added:    {79, 23},
		Removed:  {209, 124},
		Match:    {221, 94},
		Noted:    {140, 61},
		Span1:    {79, 23},
		Span2:    {75, 25},
		Span3:    {215, 130},
		Span4:    {183, 54},
		Heat1:    {187, 58},
		Heat2:    {221, 94},
		Heat3:    {215, 130},
		Heat4:    {209, 124},
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
		case Strong, Tab, Heat4:
			s = s.Bold()
		case Select:
			s = s.Reverse(true)
		case Match:
			s = s.Reverse(true)
		case Noted, Span1, Span2, Span3, Span4:
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

func (t *Theme) pick(h hue) ansi.IndexedColor {
	if t.Dark {
		return ansi.IndexedColor(h.dark)
	}
	return ansi.IndexedColor(h.light)
}

// Paint gives s the look of role. s must be clean and hold no LF.
func (t *Theme) Paint(r Role, s string) string {
	if s == "" || r < 0 || r >= roles || t.begin[r] == "" {
		return s
	}
	return t.begin[r] + s + ansi.ResetStyle
}
