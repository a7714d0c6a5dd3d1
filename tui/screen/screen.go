// Package screen holds what all screens of the workbench share: the Screen
// interface, the environment they are given instead of globals, the theme, and
// how panes and lines are put together.
package screen

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"gradus/runner/compare"
	"gradus/store"
	"gradus/tui/keys"
	"gradus/tui/source"
)

// Screen is one page of the workbench. Methods are called from one goroutine;
// what blocks goes into the commands that they return.
type Screen interface {
	// Show is called when the screen comes into view, and may start what keeps
	// it up to date.
	Show() tea.Cmd
	// Hide is called when it leaves the view; whatever Show started must end.
	Hide()
	// Update takes every message but keys. A screen gets the messages of other
	// screens too and passes over what is not its own.
	Update(msg tea.Msg) tea.Cmd
	// Key does what the key table says.
	Key(id keys.ID) tea.Cmd
	// Typing tells whether a text field has the focus; Type then gets every key.
	Typing() bool
	Type(msg tea.Msg) tea.Cmd
	// View draws exactly h lines of w cells.
	View(w, h int) string
	// Words says the same for terminals too small for View, most wanted first.
	Words() []string
	// Title names what is shown, as foreign text made clean.
	Title() string
	// Scope says which keys work.
	Scope() keys.Scope
	// Status is the word on the run for the header; empty without a run.
	Status() (word string, role Role)
}

// Clock is the time that the workbench lives by.
type Clock interface {
	Now() time.Time
	// Sleep waits for d, or until ctx ends and then returns its error.
	Sleep(ctx context.Context, d time.Duration) error
}

// Env is given to every screen. The app alone changes it.
type Env struct {
	Ctx      context.Context
	Source   source.Source
	Clock    Clock
	Theme    *Theme
	Keys     keys.Map
	Method   ansi.Method // how the renderer measures cells
	ReadOnly bool
	W, H     int // of the terminal
}

// Level of a notice.
type Level int

// Levels.
const (
	Info Level = iota
	Warn
	Fail
)

// Notice is a line for the footer. Text need not be clean.
type Notice struct {
	Level Level
	Text  string
}

// Say makes a command that shows a notice.
func Say(level Level, text string) tea.Cmd {
	return func() tea.Msg { return Notice{level, text} }
}

// Failed makes the notice of an error; nil for none and for a wait that was
// called off.
func Failed(what string, err error) tea.Msg {
	if err == nil || errors.Is(err, context.Canceled) {
		return nil
	}
	return Notice{Fail, what + ": " + err.Error()}
}

// Kind of a place to go to.
type Kind int

// Kinds of places.
const (
	ToRuns Kind = iota
	ToLive
	ToTraces
	ToTrace
	ToCompare
	ToPair
)

// Goto asks the app to open a place.
type Goto struct {
	Kind   Kind
	RunID  string
	RunIDs []string             // ToCompare: runs whose checkpoints are offered besides
	Sample int64                // ToTrace
	List   store.SampleQuery    // ToTrace: the list that the trace was opened from
	Result *compare.Result      // ToPair
	Pairs  []int                // ToPair: the list that the pair was opened from, as indices into Result.Pairs
	At     int                  // ToPair: which of Pairs
	Sides  [2]source.Checkpoint // ToPair
}

// Go makes a command that opens a place.
func Go(g Goto) tea.Cmd { return func() tea.Msg { return g } }

// Ask asks the app for a yes. The answer y calls Yes; any other key does not,
// and Enter never does.
type Ask struct {
	Question string
	Notes    []string // what will happen, one line each
	Reason   bool     // offer to type a reason
	Key      string   // the key that opened the question, which cannot answer it
	Yes      func(reason string) tea.Cmd
}
