//go:build amd64 || arm64

package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// job is one request under way.
type job struct {
	once  sync.Once
	ended chan struct{} // who asked has lost interest
}

func newJob() *job  { return &job{ended: make(chan struct{})} }
func (j *job) end() { j.once.Do(func() { close(j.ended) }) }

// partnerGrace is how long the second program of a pair has to end by itself
// when the first has ended.
const partnerGrace = 2 * time.Second

// child is one program of a job.
type child struct {
	program Program
	level   Level
	cgroup  *group // nil where there is none
	plan    *plan
	box     string // folder of the host, for levels without a root of their own
	pid     int    // of the stub
	began   time.Time
	ours    []*os.File // the keeper's ends: stdin, stdout, stderr, report
	theirs  []int

	heardAt atomic.Int64 // when stdout last had bytes, or the program began, in ns of Unix time; 0 before

	mu      sync.Mutex
	cause   Status // why the keeper ended it; "" when it did not
	why     string
	gone    bool // the stub is reaped: pid may be another's
	group   int  // process group of the program, where the stub told it
	cpu     time.Duration
	rss     int64
	started time.Duration
}

// run runs the programs of a request. Program 0 decides when it ends.
func (s *keeperServer) run(j *job, q request) (outcomes []Outcome, err error) {
	children := make([]*child, len(q.Programs))
	links, err := linksOf(len(q.Programs))
	closeLinks := sync.OnceFunc(func() {
		for _, l := range links {
			unix.Close(l[0])
			unix.Close(l[1])
		}
	})
	defer closeLinks()
	if err != nil {
		return nil, err
	}
	for i, p := range q.Programs {
		c := &child{program: p, level: q.Level}
		children[i] = c
		defer c.release()
		var link []int
		if i == 0 {
			for l := 0; l < len(links); l += 2 {
				link = append(link, links[l][0], links[l+1][1])
			}
		} else {
			link = []int{links[2*i-1][0], links[2*i-2][1]}
		}
		if err := s.start(c, link); err != nil {
			for _, other := range children[:i] {
				other.stop(Failed, "its partner could not be started")
				other.finish()
			}
			return nil, err
		}
	}
	closeLinks() // the programs hold them now
	over := make(chan struct{})
	go func() {
		select {
		case <-j.ended:
			for _, c := range children {
				c.stop(Failed, "ended on request")
			}
		case <-over:
		}
	}()
	outcomes = make([]Outcome, len(children))
	var wg sync.WaitGroup
	first, others := make(chan struct{}), make(chan struct{})
	var partners sync.WaitGroup
	for i, c := range children {
		wg.Add(1)
		if i > 0 {
			partners.Add(1)
		}
		go func() {
			defer wg.Done()
			outcomes[i] = c.finish()
			if i == 0 {
				close(first)
			} else {
				partners.Done()
			}
		}()
	}
	if len(children) > 1 {
		go func() { partners.Wait(); close(others) }()
		<-first
		select { // they see the end of their input, or have ended already and are about to say how
		case <-others:
		case <-time.After(partnerGrace):
			for _, c := range children[1:] {
				c.stop(OK, "it ended with its partner")
			}
		}
	}
	wg.Wait()
	close(over)
	return outcomes, nil
}

// linksOf makes the pipes of a first program and its partners: two for each
// partner, what it writes and what it reads. Any user may open them anew, as
// programs do that take the names of pipes.
func linksOf(programs int) (links [][2]int, err error) {
	for range 2 * (programs - 1) {
		var l [2]int
		if err := syscall.Pipe2(l[:], unix.O_CLOEXEC); err != nil {
			return links, fmt.Errorf("sandbox: make a pipe: %w", err)
		}
		links = append(links, l)
		if err := unix.Fchmod(l[0], 0o666); err != nil {
			return links, fmt.Errorf("sandbox: open a pipe to all: %w", err)
		}
	}
	return links, nil
}

// start makes the box and forks the stub.
func (s *keeperServer) start(c *child, link []int) error {
	if c.level != UserNS {
		if err := c.makeBox(s.can); err != nil {
			return err
		}
	}
	if s.cgroups != nil {
		beside := 1 // the stub
		if c.level == Bwrap {
			beside = 3 // and bubblewrap's own
		}
		var err error
		if c.cgroup, err = s.cgroups.add(&c.program, beside); err != nil {
			return fmt.Errorf("sandbox: %w", err)
		}
	}
	pipe := func(write bool) (int, error) { // write: the keeper writes
		var p [2]int
		if err := syscall.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
			return -1, fmt.Errorf("sandbox: make a pipe: %w", err)
		}
		mine, its := p[0], p[1]
		if write {
			mine, its = p[1], p[0]
		}
		if err := unix.SetNonblock(mine, true); err != nil {
			return -1, err
		}
		c.ours, c.theirs = append(c.ours, os.NewFile(uintptr(mine), "pipe")), append(c.theirs, its)
		return its, nil
	}
	var fds [fdLast + 1]int
	for i := range fds {
		fds[i] = -1
	}
	var err error
	for _, f := range []struct {
		at    int
		write bool
	}{{0, true}, {1, false}, {2, false}, {fdReport, false}, {fdSync, true}} {
		if fds[f.at], err = pipe(f.write); err != nil {
			return err
		}
	}
	copy(fds[fdLink:fdReport], link)
	if err := s.write(c, &fds); err != nil {
		return err
	}
	s.onForkThread(func() {
		c.began = time.Now()
		c.pid, err = c.plan.fork()
	})
	for _, fd := range c.theirs {
		unix.Close(fd)
	}
	c.theirs = nil
	if err != nil {
		return fmt.Errorf("clone with %s: %w", c.level, err)
	}
	if c.cgroup != nil && c.plan.into == nil {
		err = c.cgroup.enter(c.pid)
		if err != nil {
			err = fmt.Errorf("enter a control group: %w", err)
		}
	}
	if err == nil && c.level == UserNS {
		err = c.mapUsers(s.can.root)
	}
	if err == nil {
		_, err = c.ours[4].Write([]byte{1})
	}
	if err != nil {
		c.abandon()
		return err
	}
	return nil
}

// abandon ends a stub that still waits for the keeper.
func (c *child) abandon() {
	c.stop(Failed, "")
	c.killStub()
	c.reap()
}

// mapUsers gives the user namespace its users: the keeper's own user, or, for
// root, nobody (and root itself for the set-up, which no program can become
// again).
func (c *child) mapUsers(root bool) error {
	at := fmt.Sprintf("/proc/%d/", c.pid)
	uid, gid := fmt.Sprintf("%d %d 1\n", boxID, os.Geteuid()), fmt.Sprintf("%d %d 1\n", boxID, os.Getegid())
	if root {
		uid = fmt.Sprintf("0 0 1\n%d %d 1\n", boxID, nobody)
		gid = uid
	} else if err := os.WriteFile(at+"setgroups", []byte("deny"), 0); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("map users: refuse groups: %w", errno(err))
	}
	for file, m := range map[string]string{"uid_map": uid, "gid_map": gid} {
		if err := os.WriteFile(at+file, []byte(m), 0); err != nil {
			return fmt.Errorf("map users: %w", errno(err))
		}
	}
	return nil
}

// stop kills everything of the child, once; the first cause counts.
func (c *child) stop(cause Status, why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause == "" {
		c.cause, c.why = cause, why
	}
	c.killLocked()
}

func (c *child) killLocked() {
	if c.gone {
		return
	}
	if c.plan.grouped {
		if c.group > 1 {
			_ = unix.Kill(-c.group, unix.SIGKILL) // the stub then reaps and reports
		}
		return
	}
	_ = unix.Kill(c.pid, unix.SIGKILL) // process 1 takes its namespace with it
}

func (c *child) reap() (status unix.WaitStatus, usage unix.Rusage) {
	for {
		_, err := unix.Wait4(c.pid, &status, unix.WALL, &usage)
		if err != unix.EINTR {
			break
		}
	}
	c.mu.Lock()
	c.gone = true
	c.mu.Unlock()
	return status, usage
}

// release gives back what a child holds.
func (c *child) release() {
	for _, f := range c.ours {
		f.Close()
	}
	for _, fd := range c.theirs {
		unix.Close(fd)
	}
	if c.cgroup != nil {
		c.cgroup.remove()
	}
	if c.box != "" {
		_ = os.RemoveAll(c.box) // a leftover in the folder for temporary files does no harm
	}
}

// finish feeds and watches the program until it is gone, and judges how it
// ended.
func (c *child) finish() Outcome {
	var streams sync.WaitGroup
	go func() {
		_, _ = c.ours[0].Write(c.program.Stdin) // a program need not read
		c.ours[0].Close()
	}()
	out, errs := &capture{heard: func() { c.heardAt.Store(time.Now().UnixNano()) }}, &capture{}
	for i, to := range []*capture{out, errs} {
		streams.Add(1)
		go func() {
			defer streams.Done()
			to.read(c.ours[1+i], c.program.Output, func() {
				c.stop(Output, fmt.Sprintf("it wrote more than %d bytes", c.program.Output))
			})
		}()
	}
	over := make(chan struct{})
	var watch sync.WaitGroup
	watch.Add(1)
	go func() { defer watch.Done(); c.watch(over) }()
	reports := c.listen()
	status, usage := c.reap()
	close(over)
	watch.Wait()
	if c.cgroup != nil {
		c.cgroup.killAll()
	}
	// All processes are gone, so the streams end; where a process has got
	// away from its group they do not.
	late := time.AfterFunc(time.Second, func() {
		for _, f := range c.ours[:3] {
			_ = f.SetReadDeadline(time.Now()) // ends the reader
		}
	})
	streams.Wait()
	late.Stop()
	o := c.judge(reports, status, usage)
	o.Stdout, o.Stderr = out.buf, errs.buf
	if o.Status == Exit || o.Status == Signal {
		if why := outOfMemory(o.Stderr); why != "" {
			o.Status, o.Why = Memory, why
		}
	}
	return o
}

// listen reads the reports until the pipe ends.
func (c *child) listen() []report {
	var list []report
	buf := make([]byte, reportBytes)
	for len(list) < 4 {
		if _, err := io.ReadFull(c.ours[3], buf); err != nil {
			break
		}
		r := *(*report)(unsafe.Pointer(&buf[0]))
		if r.kind == reportStarted {
			c.mu.Lock()
			c.started = time.Since(c.began)
			c.heardAt.CompareAndSwap(0, time.Now().UnixNano())
			if c.plan.grouped {
				c.group = int(r.a)
				if c.cause != "" {
					c.killLocked()
				}
			}
			c.mu.Unlock()
		}
		list = append(list, r)
	}
	return list
}

// judge says how the program ended.
func (c *child) judge(reports []report, stub unix.WaitStatus, usage unix.Rusage) Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := Outcome{Status: c.cause, Why: c.why, Wall: time.Since(c.began), CPU: c.cpu, MaxRSS: c.rss, Isolation: c.level, Hold: HoldWatch, Setup: c.started}
	if c.cgroup != nil {
		o.Hold, o.CPU = HoldCgroup, max(o.CPU, c.cgroup.cpu())
	}
	last := func(kind int64) *report {
		i := slices.IndexFunc(reports, func(r report) bool { return r.kind == kind })
		if i < 0 {
			return nil
		}
		return &reports[i]
	}
	if r := last(reportEnded); r != nil {
		o.CPU = max(o.CPU, time.Duration(r.usage.Utime.Nano()+r.usage.Stime.Nano()))
		o.MaxRSS = max(o.MaxRSS, r.usage.Maxrss<<10)
	} else {
		o.CPU = max(o.CPU, time.Duration(usage.Utime.Nano()+usage.Stime.Nano()))
	}
	if r := last(reportProgram); r != nil {
		name := "start"
		if int(r.a) < len(c.plan.program.names) {
			name = c.plan.program.names[r.a]
		}
		if name == stepExec {
			o.Status, o.Why = Refused, fmt.Sprintf("start %s: %v", c.program.Argv[0], syscall.Errno(r.b))
		} else {
			o.Status, o.Why = Failed, fmt.Sprintf("%s: %v", name, syscall.Errno(r.b))
		}
		return o
	}
	if o.Status != "" {
		return o
	}
	if c.cgroup != nil && c.cgroup.starved() {
		o.Status, o.Why = Memory, tooMuch(c.program.Memory)
		return o
	}
	ended := last(reportEnded)
	if ended == nil {
		o.Status, o.Why = Failed, fmt.Sprintf("the box ended before the program (wait status %#x)", uint32(stub))
		if r := last(reportSetup); r != nil {
			name := "fork the program"
			if r.a >= 0 && int(r.a) < len(c.plan.setup.names) {
				name = c.plan.setup.names[r.a]
			}
			o.Why = fmt.Sprintf("%s: %v", name, syscall.Errno(r.b))
		}
		return o
	}
	status := unix.WaitStatus(ended.a)
	if c.level == Bwrap && status.Exited() && status.ExitStatus() > 128 {
		status = unix.WaitStatus(status.ExitStatus() - 128) // bubblewrap passes a signal on as a shell does
	}
	switch {
	case status.Exited() && status.ExitStatus() == 0:
		o.Status = OK
	case status.Exited():
		o.Status, o.Exit, o.Why = Exit, status.ExitStatus(), fmt.Sprintf("it ended with exit code %d", status.ExitStatus())
	case status.Signaled():
		o.Status, o.Signal, o.Why = Signal, int(status.Signal()), fmt.Sprintf("it was ended by signal %d (%v)", int(status.Signal()), status.Signal())
		if status.Signal() == unix.SIGXCPU || status.Signal() == unix.SIGKILL && o.CPU >= c.program.CPU {
			o.Status, o.Why = CPU, fmt.Sprintf("it used more than %v of processor time", c.program.CPU)
		}
		if status.Signal() == unix.SIGXFSZ {
			o.Status, o.Why = Disk, fmt.Sprintf("it wrote a file of more than %d bytes", c.program.Disk)
		}
	default:
		o.Status, o.Why = Failed, fmt.Sprintf("wait status %#x", uint32(status))
	}
	return o
}

// capture keeps the first bytes of a stream.
type capture struct {
	buf   []byte
	heard func() // called when bytes came
}

// read keeps up to limit bytes and then calls over, once, reading on.
func (c *capture) read(f *os.File, limit int64, over func()) {
	chunk := make([]byte, 32<<10)
	told := false
	take := func(n int) {
		if n > 0 && c.heard != nil {
			c.heard()
		}
		keep := min(int64(n), limit-int64(len(c.buf)))
		c.buf = append(c.buf, chunk[:keep]...)
		if int64(n) > keep && !told {
			told = true
			over()
		}
	}
	for {
		n, err := f.Read(chunk)
		take(n)
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			for n := 1; n > 0 && !told; { // what has been written is read, however late it is
				n = readNow(f, chunk)
				take(max(n, 0))
			}
			return
		default:
			return
		}
	}
}

// readNow reads what a pipe holds, without waiting and whatever the deadline.
func readNow(f *os.File, to []byte) int {
	n := 0
	conn, err := f.SyscallConn()
	if err == nil {
		err = conn.Control(func(fd uintptr) { n, _ = unix.Read(int(fd), to) }) // nothing there, or gone: done
	}
	if err != nil {
		return 0
	}
	return n
}
