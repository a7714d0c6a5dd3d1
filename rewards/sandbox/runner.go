package sandbox

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Command is the hidden command of gradus that serves as keeper (Serve).
const Command = "_sandbox"

// startWithin bounds the keeper's start.
const startWithin = 30 * time.Second

// Options say how to start a Runner.
type Options struct {
	Level Level    // Auto, or one by name
	Keep  []string // command line of the keeper: the program whose hidden command calls Serve
}

// Runner runs programs through a keeper process. It may be used by several
// goroutines at once.
type Runner struct {
	keep   []string
	level  Level
	levels []Report
	hold   Hold
	why    string

	mu     sync.Mutex
	keeper *keeper // nil after Close
	next   uint64
	starts int
}

// maxStarts bounds how often a keeper that died is started again.
const maxStarts = 5

// Start starts the keeper and chooses the level. Where none works, or the one
// asked for does not, the error wraps ErrUnisolated and says why and what to do.
func Start(o Options) (*Runner, error) {
	if len(o.Keep) == 0 {
		return nil, errors.New("sandbox: no command to start the keeper with")
	}
	if os.Getenv(keeperMark) != "" {
		// A program that does not know Command (a test binary, say) would start
		// itself again and again.
		return nil, fmt.Errorf("sandbox: this process was started as a keeper and must call Serve, not Start: %s has to know %q", filepath.Base(o.Keep[0]), Command)
	}
	k, err := startKeeper(o.Keep)
	if err != nil {
		return nil, err
	}
	level, err := choose(o.Level, k.levels)
	if err != nil {
		k.close()
		return nil, err
	}
	return &Runner{keep: o.Keep, level: level, levels: k.levels, hold: k.hold, why: k.why, keeper: k, starts: 1}, nil
}

// Level is the level that programs run at.
func (r *Runner) Level() Level { return r.level }

// Reports says which levels work here, and why not the others.
func (r *Runner) Reports() []Report { return r.levels }

// Hold says what keeps a program's processes together within limits here, and
// the control group that they are put below, or why there is none.
func (r *Runner) Hold() (Hold, string) { return r.hold, r.why }

// choose picks the level asked for, or the strongest.
func choose(want Level, levels []Report) (Level, error) {
	var not []string
	for _, l := range levels {
		switch {
		case l.OK && (l.Level == want || want == Auto && (l.Level == UserNS || l.Level == Landlock)):
			return l.Level, nil
		case l.Level == want:
			return "", fmt.Errorf("sandbox %q: %w: %s", want, ErrUnisolated, l.Why)
		case !l.OK:
			not = append(not, fmt.Sprintf("%s: %s", l.Level, l.Why))
		}
	}
	if want != Auto {
		return "", fmt.Errorf("sandbox %q: %w: this system does not know it", want, ErrUnisolated)
	}
	return "", fmt.Errorf("%w (%s); where you trust the programs, or the machine around them is a throw-away one, say sandbox = \"none\"", ErrUnisolated, strings.Join(not, "; "))
}

// Run runs a program and waits for it. An error means that nothing can be
// said about the program; when ctx ends first it is ctx's error.
func (r *Runner) Run(ctx context.Context, p Program) (Outcome, error) {
	out, err := r.run(ctx, []Program{p})
	if err != nil {
		return Outcome{}, err
	}
	return out[0], nil
}

// RunPair runs two programs that talk to each other: what one writes to its
// descriptor 4 the other reads from its descriptor 3. The pair ends with the
// first program.
func (r *Runner) RunPair(ctx context.Context, first, second Program) ([2]Outcome, error) {
	out, err := r.run(ctx, []Program{first, second})
	if err != nil {
		return [2]Outcome{}, err
	}
	return [2]Outcome(out), nil
}

// MaxPartners is how many programs the first one of RunAround can talk to.
const MaxPartners = 3

// RunAround runs a program and its partners: partner i (from 0) reads from its
// descriptor 3 what the first program writes to 4+2i, which reads from 3+2i
// what the partner writes to its 4. All end with the first program. The
// descriptors can also be opened as /dev/fd/3 and so on.
func (r *Runner) RunAround(ctx context.Context, first Program, partners ...Program) ([]Outcome, error) {
	if len(partners) > MaxPartners {
		return nil, fmt.Errorf("sandbox: %d partners of a program; at most %d are possible", len(partners), MaxPartners)
	}
	return r.run(ctx, append([]Program{first}, partners...))
}

func (r *Runner) run(ctx context.Context, programs []Program) ([]Outcome, error) {
	for _, p := range programs {
		if err := check(p); err != nil {
			return nil, err
		}
	}
	for {
		k, err := r.alive()
		if err != nil {
			return nil, err
		}
		r.mu.Lock()
		r.next++
		id := r.next
		r.mu.Unlock()
		out, err := k.run(ctx, request{ID: id, Level: r.level, Programs: programs})
		if errors.Is(err, errKeeperGone) && ctx.Err() == nil {
			continue // alive counts the starts
		}
		return out, err
	}
}

func check(p Program) error {
	if len(p.Argv) == 0 || !filepath.IsAbs(p.Argv[0]) && !strings.HasPrefix(p.Argv[0], BoxPath+"/") {
		return errors.New("sandbox: a program needs an absolute path, or one in its box, as its first argument")
	}
	for _, f := range p.Files {
		if f.Name == "" || f.Name == "." || f.Name == ".." || strings.ContainsAny(f.Name, "/\x00") {
			return fmt.Errorf("sandbox: %q is no name for a file of the box", f.Name)
		}
	}
	for _, s := range append(append([]string{}, p.Argv...), p.Env...) {
		if strings.ContainsRune(s, 0) {
			return errors.New("sandbox: an argument or a variable holds a NUL byte")
		}
	}
	for _, b := range p.Binds {
		if !filepath.IsAbs(b) {
			return fmt.Errorf("sandbox: %q is no absolute path to show", b)
		}
	}
	return p.Limits.check()
}

// alive returns the keeper, started again when it has died.
func (r *Runner) alive() (*keeper, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.keeper == nil:
		return nil, errors.New("sandbox: the runner is closed")
	case !r.keeper.gone():
		return r.keeper, nil
	case r.starts >= maxStarts:
		return nil, fmt.Errorf("sandbox: the keeper process has died %d times; the last time it said: %s", r.starts, r.keeper.lastWords())
	}
	k, err := startKeeper(r.keep)
	if err != nil {
		return nil, err
	}
	r.keeper.close()
	r.keeper = k
	r.starts++
	return k, nil
}

// Close ends the keeper and all programs that still run.
func (r *Runner) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keeper == nil {
		return nil
	}
	r.keeper.close()
	r.keeper = nil
	return nil
}

var errKeeperGone = errors.New("sandbox: the keeper process died")

// keeper is the client's side of a keeper process.
type keeper struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	levels []Report
	hold   Hold
	why    string
	stderr *tail
	done   chan struct{} // closed when it is gone

	send    sync.Mutex
	enc     *gob.Encoder
	mu      sync.Mutex
	waiting map[uint64]chan reply
	dead    bool
}

func startKeeper(argv []string) (*keeper, error) {
	k := &keeper{cmd: exec.Command(argv[0], argv[1:]...), stderr: &tail{}, waiting: map[uint64]chan reply{}, done: make(chan struct{})}
	k.cmd.Stderr = k.stderr
	k.cmd.Env = keeperEnv(os.Environ())
	separate(k.cmd)
	in, err := k.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	out, err := k.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if err := k.cmd.Start(); err != nil {
		return nil, fmt.Errorf("sandbox: start the keeper process: %w", err)
	}
	k.in, k.enc = in, gob.NewEncoder(in)
	hello := make(chan reply, 1)
	k.waiting[0] = hello
	go k.receive(out)
	select {
	case r, ok := <-hello:
		if !ok {
			return nil, fmt.Errorf("sandbox: the keeper process %s ended at once: %s", filepath.Base(argv[0]), k.lastWords())
		}
		k.levels, k.hold, k.why = r.Levels, r.Hold, r.HoldWhy
		return k, nil
	case <-time.After(startWithin):
		k.close()
		return nil, fmt.Errorf("sandbox: the keeper process did not answer within %v", startWithin)
	}
}

// keeperMark is set in a keeper's environment.
const keeperMark = "GRADUS_SANDBOX_KEEPER"

// keeperEnv leaves the keeper what it needs to find programs and a folder for
// boxes. Programs inherit none of it.
func keeperEnv(env []string) []string {
	out := []string{keeperMark + "=1"}
	for _, v := range env {
		name, _, _ := strings.Cut(v, "=")
		switch name {
		case "PATH", "TMPDIR", "GOCOVERDIR", "GRADUS_SANDBOX_WITHOUT":
			out = append(out, v)
		}
	}
	return out
}

func (k *keeper) receive(out io.Reader) {
	dec := gob.NewDecoder(out)
	for {
		var r reply
		if err := dec.Decode(&r); err != nil {
			break
		}
		k.mu.Lock()
		ch := k.waiting[r.ID]
		delete(k.waiting, r.ID)
		k.mu.Unlock()
		if ch != nil {
			ch <- r
		}
	}
	_ = k.cmd.Wait() // what it said on stderr is told where it matters
	k.mu.Lock()
	k.dead = true
	for id, ch := range k.waiting {
		close(ch)
		delete(k.waiting, id)
	}
	k.mu.Unlock()
	close(k.done)
}

func (k *keeper) gone() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.dead
}

func (k *keeper) run(ctx context.Context, q request) ([]Outcome, error) {
	ch := make(chan reply, 1)
	k.mu.Lock()
	if k.dead {
		k.mu.Unlock()
		return nil, errKeeperGone
	}
	k.waiting[q.ID] = ch
	k.mu.Unlock()
	if err := k.write(q); err != nil {
		return nil, errKeeperGone
	}
	var r reply
	ok := true
	select {
	case r, ok = <-ch:
	case <-ctx.Done():
		if err := k.write(request{ID: q.ID, End: true}); err == nil {
			<-ch // its processes are gone, or the keeper with them
		}
		return nil, ctx.Err()
	}
	switch {
	case !ok:
		return nil, errKeeperGone
	case r.Err != "":
		return nil, errors.New(r.Err)
	}
	return r.Outcomes, nil
}

func (k *keeper) write(q request) error {
	k.send.Lock()
	defer k.send.Unlock()
	return k.enc.Encode(q)
}

// close ends the keeper: at the end of its input it ends its programs.
func (k *keeper) close() {
	_ = k.in.Close() // it is gone or it sees the end
	select {
	case <-k.done:
	case <-time.After(5 * time.Second):
		_ = k.cmd.Process.Kill() // it may be gone by now
		<-k.done
	}
}

func (k *keeper) lastWords() string {
	if s := strings.TrimSpace(k.stderr.String()); s != "" {
		return s
	}
	return "nothing"
}

// tail keeps the last bytes of a stream.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - 2048; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.ToValidUTF8(t.buf, []byte("?")))
}
