// Package tui is the workbench: a Bubble Tea program over the record of runs.
// It owns no run; leaving it changes nothing in them. Screens are packages of
// their own below screens, what they share is in package screen, and what they
// read comes through source.Source.
package tui

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"gradus/tui/keys"
	"gradus/tui/screen"
	"gradus/tui/screens/runs"
)

// App is the root of the workbench: it routes messages to screens, and draws
// the header, the footer, the help and questions around them.
type App struct {
	env    *screen.Env
	cancel context.CancelFunc

	runs   *runs.Model
	pages  map[string]screen.Screen // screens that were opened, by place
	stack  []screen.Screen          // what is open; the last one is in view
	tab    int                      // 0..3
	runID  string                   // of the run that tabs 2 to 4 are about
	first  string                   // run to open on
	notice *screen.Notice
	past   []screen.Notice // notices that were shown, newest last
	ask    *question
	help   *helpPage
	marked []string // runs whose checkpoints join those to compare
	fixed  bool     // colours were decided by the environment
}

// newApp makes the workbench. runID, if not empty, is the run to open on.
// Screens work until ctx ends or the workbench quits.
func newApp(ctx context.Context, env *screen.Env, runID string) *App {
	ctx, cancel := context.WithCancel(ctx)
	env.Ctx = ctx
	return &App{env: env, cancel: cancel, runs: runs.New(env), pages: map[string]screen.Screen{}, first: runID}
}

// Init opens the first screen and asks for the terminal's background.
func (a *App) Init() tea.Cmd {
	a.stack = []screen.Screen{a.runs}
	cmds := []tea.Cmd{tea.RequestBackgroundColor}
	if a.first != "" {
		cmds = append(cmds, a.goTo(screen.Goto{Kind: screen.ToLive, RunID: a.first}))
	} else {
		cmds = append(cmds, a.runs.Show())
	}
	return tea.Batch(cmds...)
}

func (a *App) top() screen.Screen { return a.stack[len(a.stack)-1] }

// Update takes every message.
func (a *App) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		a.env.W, a.env.H = msg.Width, msg.Height
		return a, nil
	case tea.BackgroundColorMsg:
		a.setTheme(msg.IsDark(), a.env.Theme.Colour)
		return a, nil
	case tea.ColorProfileMsg:
		a.setTheme(a.env.Theme.Dark, !a.fixed && msg.Profile > colorprofile.ASCII)
		return a, nil
	case tea.ModeReportMsg:
		// The renderer measures by clusters from here on, so we must too.
		if msg.Mode == ansi.ModeUnicodeCore && msg.Value != ansi.ModeNotRecognized && msg.Value != ansi.ModePermanentlyReset {
			a.env.Method = ansi.GraphemeWidth
		}
	case tea.KeyPressMsg:
		return a, a.key(msg)
	case tea.PasteMsg:
		return a, a.paste(msg)
	case screen.Notice:
		a.say(msg)
		return a, nil
	case screen.Goto:
		return a, a.goTo(msg)
	case screen.Ask:
		a.ask = newQuestion(msg, a.env.Clock.Now())
		return a, nil
	}
	return a, a.broadcast(msg)
}

func (a *App) setTheme(dark, colour bool) {
	t := a.env.Theme
	if t.Dark != dark || t.Colour != colour {
		a.env.Theme = screen.NewTheme(dark, colour, t.ASCII)
	}
}

// broadcast gives a message to every screen that is open or was; each knows
// its own.
func (a *App) broadcast(msg tea.Msg) tea.Cmd {
	cmds := []tea.Cmd{a.runs.Update(msg)}
	seen := map[screen.Screen]bool{a.runs: true}
	give := func(s screen.Screen) {
		if !seen[s] {
			seen[s] = true
			cmds = append(cmds, s.Update(msg))
		}
	}
	for _, s := range a.stack {
		give(s)
	}
	for _, s := range a.pages {
		give(s)
	}
	return tea.Batch(cmds...)
}

// maxPast bounds the notices that the help screen lists.
const maxPast = 20

func (a *App) say(n screen.Notice) {
	a.notice = &n
	a.past = append(a.past, n)
	if len(a.past) > maxPast {
		a.past = a.past[len(a.past)-maxPast:]
	}
}

// key sends a key to what has the focus: a question, the help, a text field,
// or the screen.
func (a *App) key(msg tea.KeyPressMsg) tea.Cmd {
	name := msg.String()
	if name == "ctrl+c" {
		return a.quit()
	}
	a.notice = nil
	if a.ask != nil {
		if a.ask.early(a.env.Clock.Now()) {
			return nil
		}
		done, cmd := a.ask.key(msg)
		if done {
			a.ask = nil
		}
		return cmd
	}
	if a.help != nil {
		if a.help.key(a.env, name) {
			a.help = nil
		}
		return nil
	}
	if a.top().Typing() {
		return a.top().Type(msg)
	}
	id := a.env.Keys.Match(a.top().Scope(), name)
	switch id {
	case "":
		return nil
	case keys.Quit:
		return a.quit()
	case keys.Help:
		a.help = newHelp(a.env, a.top().Scope(), a.past)
		return nil
	case keys.Back:
		return a.back()
	case keys.Tab1, keys.Tab2, keys.Tab3, keys.Tab4:
		return a.openTab(strings.Index("1234", name))
	case keys.Pause, keys.Stop:
		return a.steer(id, name)
	}
	return a.top().Key(id)
}

func (a *App) paste(msg tea.PasteMsg) tea.Cmd {
	if a.ask != nil {
		return a.ask.paste(msg)
	}
	if a.help == nil && a.top().Typing() {
		return a.top().Type(msg)
	}
	return nil
}

func (a *App) quit() tea.Cmd {
	a.cancel()
	return tea.Quit
}

// View draws the whole terminal.
func (a *App) View() tea.View {
	v := tea.NewView(a.draw(a.env.W, a.env.H))
	v.AltScreen = true
	v.WindowTitle = "gradus"
	return v
}
