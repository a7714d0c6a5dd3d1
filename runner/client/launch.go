package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"gradus/runner/recipe"
	"gradus/runner/rundir"
	"gradus/runner/state"
	"gradus/store"
	"gradus/store/eventlog"
)

// StartOptions say how long Start waits.
type StartOptions struct {
	// Wait is how long to wait for the first step to begin; default 30 s. A run
	// that takes longer to load goes on and is no error.
	Wait time.Duration
}

// Start makes the run of a recipe and starts its process, which goes on when
// this one ends. It returns when the first step begins. If the run fails
// before that the error says why, in one line; the id is then "" if nothing
// of the run remains, else that of the failed run.
func (c *Client) Start(ctx context.Context, r *recipe.Recipe, opt StartOptions) (string, error) {
	id, err := c.newID()
	if err != nil {
		return "", err
	}
	spec := rundir.Spec{ID: id, Name: r.Name, Purpose: r.Purpose(), Config: r.JSON(), ConfigTOML: r.TOML(),
		Version: c.opt.Version, Host: c.opt.Host, BootID: rundir.BootID(), CreatedUS: c.opt.Now().UnixMicro()}
	if r.Model.From != "" {
		from, err := c.ResolveCheckpoint(ctx, r.Model.From)
		if err != nil {
			return "", fmt.Errorf("model.from: %w", err)
		}
		spec.From = from.Path
		if from.RunID != "" {
			spec.Parent = from.String()
		}
	}
	if spec.Teacher, err = c.teacher(ctx, r.Task.Teacher); err != nil {
		return "", err
	}
	d, err := c.home.Create(spec)
	if err != nil {
		return "", err
	}
	err = c.launch(ctx, d, eventlog.Position{}, 0, opt)
	if pos, posErr := eventlog.LastSegment(d.Path()); errors.Is(err, errNeverBegan) && posErr == nil && pos.Segment == 0 {
		if rmErr := os.RemoveAll(d.Path()); rmErr != nil {
			return id, errors.Join(err, rmErr)
		}
		return "", err
	}
	return id, err
}

// Resume starts a new attempt of a run that was stopped, failed or crashed,
// from its last checkpoint. It waits as Start does.
func (c *Client) Resume(ctx context.Context, runID string, opt StartOptions) error {
	d, err := c.Dir(runID)
	if err != nil {
		return err
	}
	if err := c.here(d); err != nil {
		return err
	}
	alive, err := d.Alive()
	if err != nil {
		return err
	}
	if alive {
		return fmt.Errorf("resume run %s: %w (%s)", runID, rundir.ErrHeld, d.Holder())
	}
	pos, err := eventlog.LastSegment(d.Path())
	if err != nil {
		return fmt.Errorf("resume run %s: %w", runID, err)
	}
	last, err := c.Run(ctx, runID)
	if err != nil {
		return err
	}
	if pos.Segment > 0 { // without a log, the first attempt never got to write
		if _, err := state.Next(last.State, state.Retry); err != nil {
			return fmt.Errorf("resume run %s: it is %s; only a run that was stopped, failed or crashed can be taken up again", runID, last.State)
		}
	}
	return c.launch(ctx, d, pos, last.Attempt, opt)
}

// errNeverBegan says that a process ended without writing a record.
var errNeverBegan = errors.New("the run did not start")

// launch starts the process of a run, which has made the given number of
// attempts, and waits until the new one works on its first step or has ended.
// Its records come after from.
func (c *Client) launch(ctx context.Context, d rundir.Dir, from eventlog.Position, attempts int, opt StartOptions) error {
	if opt.Wait <= 0 {
		opt.Wait = 30 * time.Second
	}
	exe := c.opt.Executable
	if exe == "" {
		var err error
		if exe, err = os.Executable(); err != nil {
			return fmt.Errorf("%w: where is the gradus program? %w", errNeverBegan, err)
		}
	}
	out, err := os.OpenFile(d.StderrPath(), os.O_WRONLY|os.O_CREATE|os.O_APPEND|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return fmt.Errorf("%w: %w", errNeverBegan, err)
	}
	defer out.Close()
	before, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("%w: %w", errNeverBegan, err)
	}
	cmd := exec.Command(exe, append(append([]string{}, c.opt.Args...), d.Path())...)
	cmd.Dir = d.Path()
	spec, err := d.Spec()
	if err != nil {
		return fmt.Errorf("%w: %w", errNeverBegan, err)
	}
	cmd.Env = c.environment(tokensOf(spec.Config))
	cmd.Stdout, cmd.Stderr = out, out
	// A session of its own: no terminal, so no SIGHUP and no ^C, and no
	// descriptor that would keep an ssh connection open.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%w: %w", errNeverBegan, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // also reaps it, should it end while we live

	log := store.ReadLog(d.Path(), from)
	defer log.Close()
	deadline := time.NewTimer(opt.Wait)
	defer deadline.Stop()
	poll := time.NewTicker(c.opt.Poll)
	defer poll.Stop()
	w := launchWatch{pid: cmd.Process.Pid, attempts: attempts}
	for {
		exited, late := false, false
		select {
		case <-ctx.Done():
			return fmt.Errorf("run %s goes on, but was not waited for: %w", d.ID(), ctx.Err())
		case <-deadline.C:
			late = true
		case err = <-ended:
			exited = true
		case <-poll.C:
		}
		if readErr := w.read(log); readErr != nil {
			return fmt.Errorf("run %s: %w", d.ID(), readErr)
		}
		switch {
		case w.failed != "" && !exited && !late:
			// Having said so, the process still closes its files and lets go of
			// the folder; only then can the run be taken up again or removed.
		case w.failed != "":
			return fmt.Errorf("run %s failed: %s", d.ID(), w.failed)
		case w.began, late:
			return nil
		case exited:
			said := lastLine(d.StderrPath(), before)
			if said == "" {
				said = exitText(err)
			}
			if w.mine {
				return fmt.Errorf("run %s ended while it was starting: %s", d.ID(), said)
			}
			return fmt.Errorf("%w: %s", errNeverBegan, said)
		}
	}
}

// launchWatch follows the first records of the attempt that a process makes.
// Another process may have been faster to take the run.
type launchWatch struct {
	pid      int
	attempts int    // made before; one of them may have had the same pid
	mine     bool   // the records being read are of that attempt
	began    bool   // it got to its first step, or past it
	failed   string // why it failed
}

func (w *launchWatch) read(log *store.LogReader) error {
	for {
		rec, _, _, err := log.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if rec.Kind == store.KindAttempt {
			var a store.Attempt
			if err := decode(rec, &a); err != nil {
				return err
			}
			w.mine = a.PID == w.pid && rec.Attempt > w.attempts
		}
		if rec.Kind != store.KindState || !w.mine {
			continue
		}
		var s store.StateChange
		if err := decode(rec, &s); err != nil {
			return err
		}
		switch s.State {
		case store.StateSubmitted, store.StateStarting:
		case store.StateFailed:
			w.failed = printable(s.Reason)
			if w.failed == "" {
				w.failed = "it did not say why; see stderr.log in the run folder"
			}
		default:
			w.began = true
		}
	}
}

// environment is what a run's process gets to see: where things are, how to
// write text and time, and what concerns gradus, the Go runtime and the servers
// of code rewards. Secrets of the user's shell do not end up in a process that
// lives for days, but for those that the recipe names.
func (c *Client) environment(named []string) []string {
	env := []string{"GRADUS_HOME=" + c.home.Root()}
	for _, kv := range c.opt.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		switch {
		case name == "GRADUS_HOME":
		case strings.HasPrefix(name, "GRADUS_"), strings.HasPrefix(name, "LC_"):
			env = append(env, kv)
		default:
			switch name {
			case "HOME", "PATH", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "XDG_STATE_HOME",
				"GOMAXPROCS", "GOMEMLIMIT", "GODEBUG", "GOTRACEBACK", "GORACE", "GOCOVERDIR",
				"LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CF_TESTS_FOLDER", "PISTON_ENDPOINTS", "PISTON_MAX_REQUESTS_PER_ENDPOINT":
				env = append(env, kv)
			default:
				if slices.Contains(named, name) {
					env = append(env, kv)
				}
			}
		}
	}
	return env
}

// tokensOf are the variables that the rewards of a recipe take a token from.
func tokensOf(config json.RawMessage) []string {
	var recipe struct {
		Reward []struct{ Params map[string]any }
	}
	if json.Unmarshal(config, &recipe) != nil {
		return nil // the run says what is wrong with it
	}
	var names []string
	for _, r := range recipe.Reward {
		if name, ok := r.Params["token_env"].(string); ok && name != "" {
			names = append(names, name)
		}
	}
	return names
}

// lastLine is the last line that a process wrote to a file after offset from.
func lastLine(path string, from int64) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	const most = 8 << 10
	from = max(from, info.Size()-most)
	b, err := io.ReadAll(io.NewSectionReader(f, from, most))
	if err != nil {
		return ""
	}
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	return printable(string(lines[len(lines)-1]))
}

// printable makes a line from elsewhere safe to put into an error: whatever
// could move a cursor or hide text becomes a question mark.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	if len(s) > 1000 {
		s = strings.ToValidUTF8(s[:1000], "") + " ..."
	}
	return strings.TrimSpace(s)
}

func exitText(err error) string {
	if err == nil {
		return "its process ended at once and said nothing"
	}
	return fmt.Sprintf("its process ended (%v) and said nothing", err)
}

// checkpointDir is where a checkpoint of a run lies, given its recorded path.
func checkpointDir(d rundir.Dir, rel string) (string, bool) {
	if !filepath.IsLocal(rel) {
		return "", false
	}
	p := filepath.Join(d.Path(), rel)
	info, err := os.Lstat(p)
	return p, err == nil && info.IsDir()
}
