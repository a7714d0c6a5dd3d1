package custom

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// protocol is the version of the JSON lines between gradus and a worker.
const protocol = 1

const (
	maxLine   = 64 << 20 // bytes of one reply
	maxStarts = 4        // of one worker in a run: the first and three restarts
)

// errDeadline marks a call that ran out of time.
var errDeadline = errors.New("no answer in time")

// worker is one process that answers calls as JSON lines. It belongs to one
// goroutine at a time. It is started at its first call, killed when a call
// runs out of time, and started again at the next, at most maxStarts times.
type worker struct {
	argv  []string
	dir   string
	start time.Duration // how long it may take to say that it is ready

	starts int
	last   error // why it died last
	id     uint64
	proc   *exec.Cmd
	mark   string        // variable in the environment of the process and its children
	over   chan struct{} // closed when the process is gone
	wire   *wire
	lines  *bufio.Reader
	line   []byte
	errs   *lastBytes
	ready  reply
	only   map[string]map[string]bool // arguments by function, of those that do not take any
}

// call sends one request, whose id it sets, and waits for its reply.
func (w *worker) call(ctx context.Context, deadline time.Duration, r request) (reply, error) {
	if err := w.ensure(ctx); err != nil {
		return reply{}, err
	}
	w.id++
	r.id, r.deadlineMS, r.same, r.only = w.id, deadline.Milliseconds(), w.ready.Same, w.only[r.function]
	encode := r.appendLine
	if w.ready.Marshal {
		encode = r.appendMarshal
	}
	line, err := encode(w.line[:0])
	if err != nil {
		return reply{}, fmt.Errorf("encode the call: %w", err)
	}
	w.line = line
	defer w.wire.begin(ctx, deadline)()
	// The write may block on a worker that does not read: the deadline is for
	// both.
	if _, err := w.wire.Write(w.line); err != nil {
		return reply{}, w.broken(ctx, deadline, fmt.Errorf("it does not read: %w", err))
	}
	if line, err = w.read(); err != nil {
		return reply{}, w.broken(ctx, deadline, err)
	}
	got, err := readReply(line)
	if err != nil {
		return reply{}, w.dead(fmt.Errorf("it wrote %q, which is no reply: %w", cut(string(line), 100), err))
	}
	if got.ID != w.id || got.Type != "result" && got.Type != "error" {
		return reply{}, w.dead(fmt.Errorf("it answered call %d with a %q of call %d", w.id, cut(got.Type, 20), got.ID))
	}
	return got, nil
}

// read returns the next line, which is valid until the call after.
func (w *worker) read() ([]byte, error) {
	line, err := w.lines.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, ended(err)
	}
	long := bytes.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		if line, err = w.lines.ReadSlice('\n'); len(long)+len(line) > maxLine {
			return nil, fmt.Errorf("its line is longer than %d MiB", maxLine>>20)
		}
		long = append(long, line...)
	}
	return long, ended(err)
}

func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("it ended")
	}
	return err
}

// broken says what a failed read or write means: out of time, or dead.
func (w *worker) broken(ctx context.Context, deadline time.Duration, err error) error {
	switch {
	case !errors.Is(err, os.ErrDeadlineExceeded):
		return w.dead(err)
	case ctx.Err() != nil:
		return w.late(ctx.Err())
	}
	return w.late(fmt.Errorf("killed after %v", deadline))
}

// late kills a process that had no answer in time.
func (w *worker) late(why error) error {
	w.kill()
	w.last = fmt.Errorf("%w: %w", errDeadline, why)
	return w.last
}

// ensure starts the process if it does not run.
func (w *worker) ensure(ctx context.Context) error {
	if w.proc != nil {
		return nil
	}
	if w.starts >= maxStarts {
		// Not %w: the last may have run out of time, but no time was given this call.
		return fmt.Errorf("started %d times and given up; last: %v", w.starts, w.last)
	}
	if w.starts > 0 { // back-off: a worker that dies at once must not spin
		select {
		case <-time.After(time.Duration(w.starts) * 50 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", errDeadline, ctx.Err())
		}
	}
	w.starts++
	if err := w.launch(); err != nil {
		return w.never(err)
	}
	defer w.wire.begin(ctx, w.start)()
	line, err := w.read()
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil:
		return w.late(ctx.Err())
	case errors.Is(err, os.ErrDeadlineExceeded):
		return w.dead(fmt.Errorf("it was not ready after %v", w.start))
	case err != nil:
		return w.dead(fmt.Errorf("%w before it was ready", err))
	}
	w.ready = reply{}
	if err := json.Unmarshal(line, &w.ready); err != nil || w.ready.Type != "ready" {
		return w.dead(fmt.Errorf(`its first line is %q, not {"type":"ready",…}`, cut(string(line), 100)))
	}
	if w.ready.Proto != protocol {
		return w.dead(fmt.Errorf("it speaks protocol %d, this is %d", w.ready.Proto, protocol))
	}
	w.only = map[string]map[string]bool{}
	for _, f := range w.ready.Functions {
		if !f.Named {
			continue
		}
		takes := map[string]bool{}
		for _, name := range f.Params {
			takes[name] = true
		}
		w.only[f.Name] = takes
	}
	return nil
}

// launch starts the process with a pipe to it and one from it.
func (w *worker) launch() error {
	cmd := exec.Command(w.argv[0], w.argv[1:]...)
	cmd.Dir = w.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	w.mark, w.over = "GRADUS_REWARD_PROCESS="+rand.Text(), make(chan struct{})
	cmd.Env = append(os.Environ(), w.mark)
	cmd.WaitDelay = time.Second // a child outside of the group may hold stderr open
	w.errs = &lastBytes{}
	cmd.Stderr = w.errs
	wire, stdin, stdout, err := newWire()
	if err != nil {
		return err
	}
	cmd.Stdin, cmd.Stdout = stdin, stdout
	err = startTied(cmd, w.over)
	stdin.Close()
	stdout.Close()
	if err != nil {
		wire.Close()
		return err
	}
	w.proc, w.wire, w.lines = cmd, wire, bufio.NewReaderSize(wire, 64<<10)
	return nil
}

// never records that the process could not be started.
func (w *worker) never(err error) error {
	w.last = fmt.Errorf("start %s: %w", w.argv[0], err)
	return w.last
}

// dead kills what is left of the process and says why it is gone.
func (w *worker) dead(why error) error {
	state := w.kill()
	err := fmt.Errorf("%s: %w%s", w.argv[0], why, state)
	if text := strings.TrimSpace(w.errs.String()); text != "" {
		err = fmt.Errorf("%w; it said: %s", err, text)
	}
	w.last = err
	return err
}

// kill ends the process and its children, and returns how it ended.
func (w *worker) kill() string {
	if w.proc == nil {
		return ""
	}
	w.wire.Close()
	// The group first, then children that have left it: one with a session of
	// its own, say.
	_ = syscall.Kill(-w.proc.Process.Pid, syscall.SIGKILL)
	killMarked(w.mark)
	err := w.proc.Wait()
	close(w.over)
	w.proc = nil
	if err == nil {
		return " (exit status 0)"
	}
	return fmt.Sprintf(" (%v)", err)
}

// lastBytes keeps the start and the end of what is written to it: a Python
// traceback says the most in its last line, a Go one in its first.
type lastBytes struct {
	mu         sync.Mutex
	head, tail []byte
	lost       bool
}

const (
	headSize = 400
	tailSize = 600
)

func (l *lastBytes) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(p), headSize-len(l.head))
	l.head = append(l.head, p[:n]...)
	l.tail = append(l.tail, p[n:]...)
	if n := len(l.tail); n > tailSize {
		l.tail = append(l.tail[:0], l.tail[n-tailSize:]...)
		l.lost = true
	}
	return len(p), nil
}

func (l *lastBytes) String() string {
	if l == nil {
		return ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	between := ""
	if l.lost {
		between = " … "
	}
	return strings.ToValidUTF8(string(l.head)+between+string(l.tail), "")
}
