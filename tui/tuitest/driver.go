// Package tuitest drives a Bubble Tea program as a user does and reads back
// what the terminal shows: keys go in, the bytes that come out run through a
// terminal emulator, and the grid of its cells is the screen. It knows when the
// program is idle, so tests do not sleep.
package tuitest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// patience is how long the driver waits for the program before it gives up: a
// busy machine, or a disk that takes seconds to sync, is no fault of the program.
const patience = 3 * time.Minute

// Options of a driver. Zero values take the defaults in brackets.
type Options struct {
	W, H    int                  // terminal [80x24]
	Profile colorprofile.Profile // [TrueColor]
	Env     []string             // [TERM=xterm-256color]
	Clock   *Clock               // the program's clock [none]
	WcWidth bool                 // measure characters one by one, as terminals without mode 2027 do
}

// Driver holds a running program and its terminal.
type Driver struct {
	t     testing.TB
	prog  *tea.Program
	clock *Clock
	done  chan error

	watched *watched

	mu    sync.Mutex
	cond  *sync.Cond
	busy  int    // commands that have not come back, and messages under way
	view  string // last frame that the program drew
	term  *vt.Emulator
	out   bytes.Buffer // everything the program wrote
	drawn int          // frames
	count *atomic.Int64
}

// Start runs model until the test ends.
func Start(t testing.TB, model tea.Model, opt Options) *Driver {
	t.Helper()
	if opt.W == 0 {
		opt.W, opt.H = 80, 24
	}
	if opt.Profile == colorprofile.Unknown {
		opt.Profile = colorprofile.TrueColor
	}
	if opt.Env == nil {
		opt.Env = []string{"TERM=xterm-256color"}
	}
	d := &Driver{t: t, clock: opt.Clock, done: make(chan error, 1), term: vt.NewEmulator(opt.W, opt.H)}
	d.cond = sync.NewCond(&d.mu)
	if d.clock != nil {
		d.clock.changed = func() {
			d.mu.Lock()
			d.cond.Broadcast()
			d.mu.Unlock()
		}
	}
	go func() { _, _ = io.Copy(io.Discard, d.term) }() // what the terminal would answer
	ctx, cancel := context.WithCancel(context.Background())
	d.watched = &watched{inner: model, d: d}
	d.prog = tea.NewProgram(d.watched,
		tea.WithContext(ctx), tea.WithInput(nil), tea.WithOutput(output{d}), tea.WithWindowSize(opt.W, opt.H),
		tea.WithColorProfile(opt.Profile), tea.WithEnvironment(opt.Env), tea.WithFPS(120), tea.WithoutSignalHandler(), tea.WithoutCatchPanics())
	go func() {
		_, err := d.prog.Run()
		d.done <- err
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case <-d.done:
		case <-time.After(patience):
			t.Error("the program does not end")
		}
		// Ends the goroutine above; Close of the emulator would race with it.
		if c, ok := d.term.InputPipe().(io.Closer); ok {
			c.Close()
		}
	})
	// The program sends itself its size too, but at a time of its own.
	d.prog.Send(tea.WindowSizeMsg{Width: opt.W, Height: opt.H})
	if !opt.WcWidth {
		d.prog.Send(tea.ModeReportMsg{Mode: ansi.ModeUnicodeCore, Value: ansi.ModeReset})
	}
	d.settle()
	return d
}

// output is the terminal's end of the program.
type output struct{ d *Driver }

func (o output) Write(p []byte) (int, error) {
	o.d.mu.Lock()
	defer o.d.mu.Unlock()
	o.d.out.Write(p)
	defer o.d.cond.Broadcast()
	// Without a terminal of its own the program counts on the line discipline
	// to turn LF into CR LF (ONLCR), as a pseudo-terminal does.
	if _, err := o.d.term.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Press sends keys one by one, each after the program is idle: "a", "P",
// "enter", "esc", "tab", "shift+tab", "ctrl+d", "up", "pgdown", "space".
func (d *Driver) Press(names ...string) {
	d.t.Helper()
	for _, n := range names {
		d.Send(Key(n))
	}
}

// Type sends each character of s as a key.
func (d *Driver) Type(s string) {
	d.t.Helper()
	for _, r := range s {
		if r == ' ' {
			d.Press("space")
			continue
		}
		d.Press(string(r))
	}
}

// Send gives the program a message and waits until it is idle.
func (d *Driver) Send(msg tea.Msg) {
	d.t.Helper()
	d.prog.Send(msg)
	d.settle()
}

// Resize changes the size of the terminal.
func (d *Driver) Resize(w, h int) {
	d.t.Helper()
	d.Screen() // the emulator cannot take a frame of the old size
	d.mu.Lock()
	d.term.Resize(w, h)
	d.mu.Unlock()
	d.Send(tea.WindowSizeMsg{Width: w, Height: h})
}

// Advance lets time go by on the program's clock, in order: each sleeper that
// is due wakes and does its work before the next.
func (d *Driver) Advance(by time.Duration) {
	d.t.Helper()
	until := d.clock.Now().Add(by)
	for d.clock.next(until) {
		d.settle()
	}
	d.settle()
}

// settle waits until every message that was sent has been worked off and all
// commands have come back or sleep on the clock.
func (d *Driver) settle() {
	d.t.Helper()
	d.mu.Lock()
	d.busy++
	d.mu.Unlock()
	d.prog.Send(tracked{}) // comes after what was sent before
	d.await(func() string { return fmt.Sprintf("the program is not idle: %d commands are out", d.busy) }, func() bool {
		asleep := 0
		if d.clock != nil {
			asleep = d.clock.asleep()
		}
		return d.busy <= asleep
	})
	// The frame of the last message is drawn after it was counted as done; the
	// program takes another one only then.
	d.mu.Lock()
	d.busy++
	d.mu.Unlock()
	d.prog.Send(tracked{})
}

// await waits, locked, until ok or patience ends.
func (d *Driver) await(what func() string, ok func() bool) {
	d.t.Helper()
	deadline := time.Now().Add(patience)
	stop := time.AfterFunc(patience, func() {
		d.mu.Lock()
		d.cond.Broadcast()
		d.mu.Unlock()
	})
	defer stop.Stop()
	d.mu.Lock()
	defer d.mu.Unlock()
	for !ok() {
		if !time.Now().Before(deadline) {
			d.t.Fatalf("%s (after %v)", what(), patience)
		}
		d.cond.Wait()
	}
}

// Bytes is how much the program has written to the terminal so far, once its
// last frame is there.
func (d *Driver) Bytes() int { return len(d.Output()) }

// Output is everything that the program has written to the terminal, once its
// last frame is there.
func (d *Driver) Output() []byte {
	d.t.Helper()
	d.Screen()
	d.mu.Lock()
	defer d.mu.Unlock()
	return bytes.Clone(d.out.Bytes())
}

// Frames is how many frames the program has made, shown or not.
func (d *Driver) Frames() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.drawn
}

// View is the last frame with its styles.
func (d *Driver) View() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.view
}

// Screen waits until the terminal shows the last frame and returns the text of
// its cells, line by line without trailing blanks. A terminal that ends up
// showing anything else than the program drew fails the test.
func (d *Driver) Screen() string {
	d.t.Helper()
	var got, want string
	seen := [2]int{-1, -1} // bytes and frames that got and want are of
	shows := func() bool {
		if now := [2]int{d.out.Len(), d.drawn}; now != seen {
			seen = now
			got, want = d.cells(), d.frame()
		}
		return bare(got) == bare(want)
	}
	d.await(func() string {
		return fmt.Sprintf("the terminal does not show what the program drew.\nterminal:\n%s\nprogram:\n%s\n", got, want)
	}, shows)
	return got
}

// bare leaves out combining marks: the emulator drops those that follow ASCII.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if r > 0x7f && unicode.Is(unicode.M, r) {
			return -1
		}
		return r
	}, s)
}

// Done waits for the program to end and returns its error.
func (d *Driver) Done() error {
	select {
	case err := <-d.done:
		d.done <- err // for the end of the test
		return err
	case <-time.After(patience):
		d.t.Fatal("the program does not end")
		return nil
	}
}

// cells is the terminal's grid as text.
func (d *Driver) cells() string {
	var out []string
	for y := range d.term.Height() {
		var line strings.Builder
		for x := 0; x < d.term.Width(); {
			c := d.term.CellAt(x, y)
			switch {
			case c == nil || c.Content == "":
				line.WriteByte(' ')
				x++
			default:
				line.WriteString(c.Content)
				x += max(c.Width, 1)
			}
		}
		out = append(out, strings.TrimRight(line.String(), " "))
	}
	return strings.Join(out, "\n")
}

// frame is what the program last drew, as text of the terminal's size.
func (d *Driver) frame() string {
	lines := strings.Split(ansi.Strip(d.view), "\n")
	out := make([]string, d.term.Height())
	for i := range out {
		if i < len(lines) {
			out[i] = strings.TrimRight(ansi.Truncate(lines[i], d.term.Width(), ""), " ")
		}
	}
	return strings.Join(out, "\n")
}

// Leave presses a key that ends the program, and does not wait for it to be
// idle.
func (d *Driver) Leave(key string) { d.prog.Send(Key(key)) }

// Sleep makes a function that sleeps on the program's clock, for a source that
// is to take its time.
func (d *Driver) Sleep(by time.Duration) func(ctx context.Context) error {
	return func(ctx context.Context) error { return d.clock.Sleep(ctx, by) }
}

// Model is the program's model. Only look at it while the program is idle.
func (d *Driver) Model() tea.Model { return d.watched.inner }

// Counting counts in n every message that the program gets from here on, but
// those of the driver.
func (d *Driver) Counting(n *atomic.Int64) {
	d.mu.Lock()
	d.count = n
	d.mu.Unlock()
}
