package tuitest

import (
	"reflect"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// tracked carries a message of the program's own, counted in Driver.busy.
type tracked struct{ msg tea.Msg }

// watched is the program's model with all its commands counted.
type watched struct {
	inner tea.Model
	d     *Driver
}

func (w *watched) Init() tea.Cmd { return w.watch(w.inner.Init()) }

func (w *watched) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m, own := msg.(tracked)
	if own {
		msg = m.msg
	}
	var cmd tea.Cmd
	if msg != nil {
		w.d.mu.Lock()
		if w.d.count != nil {
			w.d.count.Add(1)
		}
		w.d.mu.Unlock()
		w.inner, cmd = w.inner.Update(msg)
	}
	cmd = w.watch(cmd)
	if own {
		w.d.settled()
	}
	return w, cmd
}

func (w *watched) View() tea.View {
	v := w.inner.View()
	w.d.mu.Lock()
	w.d.view = v.Content
	w.d.drawn++
	w.d.cond.Broadcast()
	w.d.mu.Unlock()
	return v
}

func (d *Driver) settled() {
	d.mu.Lock()
	d.busy--
	d.cond.Broadcast()
	d.mu.Unlock()
}

// watch counts cmd until its message has been worked off.
func (w *watched) watch(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	w.d.mu.Lock()
	w.d.busy++
	w.d.mu.Unlock()
	return func() tea.Msg {
		msg := cmd()
		switch m := msg.(type) {
		case nil:
		case tea.BatchMsg:
			out := make(tea.BatchMsg, 0, len(m))
			for _, c := range m {
				out = append(out, w.watch(c))
			}
			defer w.d.settled()
			return out
		default:
			if !strings.HasPrefix(reflect.TypeOf(msg).PkgPath(), "charm.land/bubbletea") {
				return tracked{msg}
			}
		}
		w.d.settled() // nothing comes, or the framework keeps it
		return msg
	}
}
