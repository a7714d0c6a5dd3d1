package compare

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"gradus/runner/compare"
	"gradus/tui/keys"
	"gradus/tui/screen"
	"gradus/tui/source"
)

// kind is which pairs are listed.
type kind int

const (
	flips kind = iota
	gained
	lost
	all
	kinds
)

func (k kind) String() string {
	return [...]string{"flips", "A wrong, B right", "A right, B wrong", "all pairs"}[k]
}

func (k kind) takes(p compare.Pair) bool {
	switch k {
	case gained:
		return p.Gained()
	case lost:
		return p.Lost()
	case all:
		return true
	}
	return p.Gained() || p.Lost()
}

// choose lists the pairs of the chosen kind that the filter takes.
func (m *Model) choose() {
	if m.result == nil {
		return
	}
	words := strings.Fields(strings.ToLower(m.filter.Value()))
	var rows []int
	for i, p := range m.result.Pairs {
		if m.shown.takes(p) && matches(p, words) {
			rows = append(rows, i)
		}
	}
	m.flips.Set(rows)
}

func matches(p compare.Pair, words []string) bool {
	hay := strings.ToLower(strings.Join([]string{p.Ref, p.Task, p.PromptHash, p.A.Claim, p.B.Claim, p.A.Finish, p.B.Finish}, " "))
	for _, w := range words {
		if !strings.Contains(hay, w) {
			return false
		}
	}
	return true
}

func (m *Model) flipKey(id keys.ID) tea.Cmd {
	if screen.MoveBy(m.flips, id, m.height) {
		return nil
	}
	switch id {
	case keys.Filter:
		m.filter.Open()
	case keys.Show:
		m.shown = (m.shown + 1) % kinds
		m.choose()
	case keys.Swap:
		m.a, m.b = m.b, m.a
		return m.compare()
	case keys.Redraw:
		return m.compare()
	case keys.Open:
		if m.flips.Len() > 0 {
			return screen.Go(screen.Goto{Kind: screen.ToPair, Result: m.result, Pairs: m.flips.Items(), At: m.flips.Index(), Sides: [2]source.Checkpoint{*m.a, *m.b}})
		}
	}
	return nil
}
