package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"gradus/runner/client"
	"gradus/runner/recipe"
	"gradus/tui/keys"
	"gradus/tui/screen"
	"gradus/tui/source"
)

// Options say what the workbench works on and where it shows itself.
type Options struct {
	Client   *client.Client // the runs; its Via should be "tui"
	Files    *source.Files  // instead of Client: runs that were handed over as files
	RunID    string         // run to open on; empty opens the list of runs
	ReadOnly bool           // no key changes a run, or writes a note unless Annotate is set
	Annotate bool           // notes can be written on Files

	In      io.Reader           // the keyboard
	Out     io.Writer           // the terminal
	Getenv  func(string) string // NO_COLOR, LC_ALL, LC_CTYPE, LANG
	Environ []string            // TERM and what else describes the terminal, as KEY=VALUE
	Now     func() time.Time

	// EvalRecipe makes the recipe that evaluates ckpt on the held-out suite of
	// base. Without it the workbench cannot generate missing samples.
	EvalRecipe func(c *client.Client, base, ckpt client.Ref) (*recipe.Recipe, error)
	// Decode gives the bytes of tokens of a run's tokenizer; may be nil.
	Decode source.Decoder
}

// Run shows the workbench until the user leaves or ctx ends. Runs do not
// notice. A context that ends is no error.
func Run(ctx context.Context, opt Options) error {
	if (opt.Client == nil) == (opt.Files == nil) || opt.In == nil || opt.Out == nil || opt.Getenv == nil || opt.Now == nil {
		return errors.New("open the workbench: Client or Files, In, Out, Getenv and Now must be set")
	}
	var src *source.Local
	if opt.Files != nil {
		src = source.NewLocal(opt.Files, opt.Files, opt.Decode)
	} else {
		back := source.Client{Client: opt.Client, EvalRecipe: opt.EvalRecipe}
		src = source.NewLocal(back, back, opt.Decode)
	}
	defer src.Close()
	noColour := opt.Getenv("NO_COLOR") != "" // no-color.org: set and not empty
	env := &screen.Env{
		Source: src, Clock: wallClock{opt.Now}, Keys: keys.NewMap(opt.ReadOnly), ReadOnly: opt.ReadOnly,
		Theme: screen.NewTheme(true, !noColour, !speaksUTF8(opt.Getenv)),
	}
	if opt.ReadOnly && opt.Annotate {
		env.Keys = keys.NewAnnotatorMap()
	}
	app := newApp(ctx, env, opt.RunID)
	app.fixed = noColour
	defer app.cancel()
	settings := []tea.ProgramOption{tea.WithContext(ctx), tea.WithInput(opt.In), tea.WithOutput(opt.Out), tea.WithFPS(30)}
	if opt.Environ != nil {
		settings = append(settings, tea.WithEnvironment(opt.Environ))
	}
	if noColour {
		settings = append(settings, tea.WithColorProfile(colorprofile.ASCII))
	}
	_, err := tea.NewProgram(app, settings...).Run()
	if err != nil && ctx.Err() == nil && !errors.Is(err, tea.ErrInterrupted) {
		return fmt.Errorf("the workbench ended: %w; the runs go on", err)
	}
	return nil
}

// speaksUTF8 tells whether the terminal's language is set to UTF-8. Without
// any setting it is taken to be, as terminals are today.
func speaksUTF8(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(getenv(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return true
}

// wallClock is the time outside.
type wallClock struct{ now func() time.Time }

// Now is the time of day.
func (c wallClock) Now() time.Time { return c.now() }

// Sleep waits for d or for ctx's end.
func (c wallClock) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
