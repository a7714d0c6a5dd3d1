package tuitest

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// Key makes the message of a key by its name.
func Key(name string) tea.KeyPressMsg {
	var k tea.KeyPressMsg
	for {
		switch {
		case strings.HasPrefix(name, "ctrl+"):
			k.Mod |= tea.ModCtrl
			name = name[5:]
			continue
		case strings.HasPrefix(name, "shift+"):
			k.Mod |= tea.ModShift
			name = name[6:]
			continue
		}
		break
	}
	special := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown,
		"left": tea.KeyLeft, "right": tea.KeyRight, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome, "end": tea.KeyEnd,
		"backspace": tea.KeyBackspace, "space": tea.KeySpace}
	if r, ok := special[name]; ok {
		k.Code = r
		if r == tea.KeySpace {
			k.Text = " "
		}
		return k
	}
	r := []rune(name)
	k.Code = r[0]
	if k.Mod == 0 {
		k.Text = name
	}
	return k
}
