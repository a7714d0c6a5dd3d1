package custom

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	stdin  io.WriteCloser
	lines  chan []byte // closed when its output ends
	errs   *lastBytes
	ready  reply
}

// call sends one request and waits for its reply.
func (w *worker) call(ctx context.Context, function string, deadline time.Duration, args map[string]any) (reply, error) {
	if err := w.ensure(ctx); err != nil {
		return reply{}, err
	}
	w.id++
	request, err := json.Marshal(map[string]any{"type": "score", "id": w.id, "func": function, "deadline_ms": deadline.Milliseconds(), "kwargs": args})
	if err != nil {
		return reply{}, fmt.Errorf("encode the call: %w", err)
	}
	timer := time.NewTimer(deadline)
	defer timer.Stop()
	// The write may block on a worker that does not read: it must not outlive
	// the deadline either.
	wrote := make(chan error, 1)
	stdin := w.stdin
	go func() {
		_, err := stdin.Write(append(request, '\n'))
		wrote <- err
	}()
	for {
		select {
		case err := <-wrote:
			if err != nil {
				return reply{}, w.dead(fmt.Errorf("it does not read: %w", err))
			}
			wrote = nil
		case line, ok := <-w.lines:
			if !ok {
				return reply{}, w.dead(errors.New("it ended"))
			}
			var r reply
			if err := json.Unmarshal(line, &r); err != nil {
				return reply{}, w.dead(fmt.Errorf("it wrote %q, which is no reply: %w", cut(string(line), 100), err))
			}
			if r.ID != w.id || r.Type != "result" && r.Type != "error" {
				return reply{}, w.dead(fmt.Errorf("it answered call %d with a %q of call %d", w.id, cut(r.Type, 20), r.ID))
			}
			return r, nil
		case <-timer.C:
			w.kill()
			return reply{}, fmt.Errorf("%w: killed after %v", errDeadline, deadline)
		case <-ctx.Done():
			w.kill()
			return reply{}, fmt.Errorf("%w: %w", errDeadline, ctx.Err())
		}
	}
}

// ensure starts the process if it does not run.
func (w *worker) ensure(ctx context.Context) error {
	if w.proc != nil {
		return nil
	}
	if w.starts >= maxStarts {
		return fmt.Errorf("started %d times and given up; last: %w", w.starts, w.last)
	}
	if w.starts > 0 { // back-off: a worker that dies at once must not spin
		select {
		case <-time.After(time.Duration(w.starts) * 50 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", errDeadline, ctx.Err())
		}
	}
	w.starts++
	cmd := exec.Command(w.argv[0], w.argv[1:]...)
	cmd.Dir = w.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	w.errs = &lastBytes{}
	cmd.Stderr = w.errs
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return w.never(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return w.never(err)
	}
	if err := cmd.Start(); err != nil {
		return w.never(err)
	}
	w.proc, w.stdin = cmd, stdin
	lines := make(chan []byte, 1)
	w.lines = lines
	go func() {
		defer close(lines)
		scan := bufio.NewScanner(stdout)
		scan.Buffer(make([]byte, 0, 64<<10), maxLine)
		for scan.Scan() {
			lines <- bytes.Clone(scan.Bytes())
		}
	}()
	select {
	case line, ok := <-lines:
		if !ok {
			return w.dead(errors.New("it ended before it was ready"))
		}
		if err := json.Unmarshal(line, &w.ready); err != nil || w.ready.Type != "ready" {
			return w.dead(fmt.Errorf(`its first line is %q, not {"type":"ready",…}`, cut(string(line), 100)))
		}
		if w.ready.Proto != protocol {
			return w.dead(fmt.Errorf("it speaks protocol %d, this is %d", w.ready.Proto, protocol))
		}
		return nil
	case <-time.After(w.start):
		return w.dead(fmt.Errorf("it was not ready after %v", w.start))
	case <-ctx.Done():
		w.kill()
		return fmt.Errorf("%w: %w", errDeadline, ctx.Err())
	}
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
	if text := w.errs.String(); text != "" {
		err = fmt.Errorf("%w; it said: %s", err, text)
	}
	w.last = err
	return err
}

// kill ends the process and all of its group, and returns how it ended.
func (w *worker) kill() string {
	if w.proc == nil {
		return ""
	}
	w.stdin.Close()
	// The group: a worker may have children.
	_ = syscall.Kill(-w.proc.Process.Pid, syscall.SIGKILL)
	for range w.lines { // its reader must end before Wait closes the pipe
	}
	err := w.proc.Wait()
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
