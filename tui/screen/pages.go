package screen

import "gradus/tui/keys"

// Mover is anything with a selection or a position that moves by rows.
type Mover interface {
	Move(delta int) bool
	Home()
	End()
}

// MoveBy moves m as the key says, with pages of half of height rows, and tells
// whether the key was one that moves.
func MoveBy(m Mover, id keys.ID, height int) bool {
	switch id {
	case keys.Up:
		m.Move(-1)
	case keys.Down:
		m.Move(1)
	case keys.PageUp:
		m.Move(-max(height/2, 1))
	case keys.PageDown:
		m.Move(max(height/2, 1))
	case keys.Home:
		m.Home()
	case keys.End:
		m.End()
	default:
		return false
	}
	return true
}

// Scroll is a position in a text of Rows rows seen through Height rows.
type Scroll struct {
	Top, Rows, Height int
}

// Fit sets the sizes and keeps the position inside.
func (s *Scroll) Fit(rows, height int) {
	s.Rows, s.Height = rows, height
	s.Move(0)
}

// Move scrolls by delta rows and reports whether that changed anything.
func (s *Scroll) Move(delta int) bool {
	old := s.Top
	s.Top = max(min(s.Top+delta, s.Rows-s.Height), 0)
	return s.Top != old
}

// Home goes to the first row.
func (s *Scroll) Home() { s.Top = 0 }

// End goes to the last page.
func (s *Scroll) End() { s.Top = max(s.Rows-s.Height, 0) }

// Reveal scrolls as little as shows row, with a little around it.
func (s *Scroll) Reveal(row int) {
	const around = 2
	if row < s.Top+around {
		s.Top = row - around
	}
	if row > s.Top+s.Height-1-around {
		s.Top = row - s.Height + 1 + around
	}
	s.Move(0)
}
