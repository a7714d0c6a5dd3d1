// Package attack holds programs that try to break out of the sandbox, and
// programs that try to be paid without solving anything. The tests of the
// sandbox and of the judge are made of them, and so is "gradus reward attack",
// which shows what holds on a user's own machine.
package attack

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"gradus/rewards/code"
	"gradus/rewards/sandbox"
)

// Finding is the outcome of one attack.
type Finding struct {
	Group  string  `json:"group"` // "sandbox" or "judge"
	Name   string  `json:"name"`
	About  string  `json:"about"`
	Held   bool    `json:"held"`
	Status string  `json:"status"` // how the program ended, or the verdict
	Said   string  `json:"said"`   // the first thing it printed, or why the verdict
	Breach string  `json:"breach,omitempty"`
	MS     float64 `json:"ms"`
	CPUMS  float64 `json:"cpu_ms,omitempty"` // of the program, where it was measured
}

// limits are those that a probe runs with: small, so that the table is soon
// made. A probe that only ends by the clock gets less of it.
func (p Probe) limits() sandbox.Limits {
	l := sandbox.DefaultLimits()
	l.Wall, l.CPU, l.Memory, l.Disk, l.Processes = 10*time.Second, 2*time.Second, 256<<20, 16<<20, 24
	if p.Slow {
		l.Wall, l.CPU = time.Second, 500*time.Millisecond
	}
	patience := time.Duration(max(1, p.Patience))
	l.Wall, l.CPU = l.Wall*patience, l.CPU*patience
	return l
}

// bait is what probes reach for on the host, and how it is known that they got
// it.
type bait struct {
	dir, file, secret string
	before            os.FileInfo
	listener          net.Listener
	abstract          net.Listener
	datagrams         []net.PacketConn
	visitors          atomic.Int64
	victim            *exec.Cmd
	alone             int // 1: this user is the only one, and root
	died              chan error
}

// lay makes a secret file, a listener, and a process that could be hurt.
func lay() (*bait, error) {
	raw := make([]byte, 16)
	if _, err := rand.Read(raw); err != nil {
		return nil, err
	}
	b := &bait{secret: hex.EncodeToString(raw), died: make(chan error, 1)}
	var err error
	if b.dir, err = os.MkdirTemp("", "gradus-bait-"); err != nil {
		return nil, err
	}
	fail := func(err error) (*bait, error) { b.clear(); return nil, err }
	b.file = filepath.Join(b.dir, "secret")
	// Readable and writable by anybody: only the sandbox keeps a program away.
	if err = errors.Join(os.Chmod(b.dir, 0o777), os.WriteFile(b.file, []byte(b.secret), 0o600), os.Chmod(b.file, 0o666)); err != nil {
		return fail(err)
	}
	if b.before, err = os.Stat(b.file); err != nil {
		return fail(err)
	}
	if b.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return fail(err)
	}
	if b.abstract, err = net.Listen("unix", "@gradus-"+b.secret); err != nil {
		return fail(err)
	}
	for _, l := range []net.Listener{b.listener, b.abstract} {
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				b.visitors.Add(1)
				c.Close()
			}
		}()
	}
	for _, at := range []string{filepath.Join(b.dir, "socket"), "@gradus-" + b.secret + "-datagrams"} {
		c, err := net.ListenPacket("unixgram", at)
		if err != nil {
			return fail(err)
		}
		b.datagrams = append(b.datagrams, c)
		go func() {
			for buf := make([]byte, 64); ; {
				if _, _, err := c.ReadFrom(buf); err != nil {
					return
				}
				b.visitors.Add(1)
			}
		}()
	}
	if err = os.Chmod(filepath.Join(b.dir, "socket"), 0o777); err != nil {
		return fail(err)
	}
	b.victim = exec.Command("sleep", "600")
	asNobody(b.victim)
	if b.victim.Start() != nil { // a root that is the only user has no nobody, and its programs stay that user
		b.victim, b.alone = exec.Command("sleep", "600"), 1
		if err := b.victim.Start(); err != nil {
			return fail(err)
		}
	}
	go func() { b.died <- b.victim.Wait() }()
	return b, nil
}

func (b *bait) clear() {
	for _, l := range []net.Listener{b.listener, b.abstract} {
		if l != nil {
			l.Close()
		}
	}
	for _, c := range b.datagrams {
		c.Close()
	}
	if b.victim != nil && b.victim.Process != nil {
		_ = b.victim.Process.Kill() // it may have been killed, which was found
	}
	_ = os.RemoveAll(b.dir) // a folder for temporary files
}

// breach says what a program got at, "" when nothing.
func (b *bait) breach(o sandbox.Outcome) string {
	for _, line := range bytes.Split(o.Stdout, []byte("\n")) {
		if bytes.HasPrefix(line, []byte("ESCAPED")) {
			return string(line[:min(len(line), 160)])
		}
	}
	if bytes.Contains(append(slices.Clone(o.Stdout), o.Stderr...), []byte(b.secret)) {
		return "it read the secret"
	}
	if n := b.visitors.Swap(0); n > 0 {
		return fmt.Sprintf("it made %d connections", n)
	}
	select {
	case err := <-b.died:
		return fmt.Sprintf("a process of the host ended: %v", err)
	default:
	}
	if stopped(b.victim.Process.Pid) {
		return "a process of the host was stopped"
	}
	text, err := os.ReadFile(b.file)
	now, statErr := os.Stat(b.file)
	if err != nil || statErr != nil || string(text) != b.secret || now.Mode() != b.before.Mode() || !now.ModTime().Equal(b.before.ModTime()) {
		return "it changed the secret file"
	}
	return ""
}

// Sandbox runs the probes at the judge's level, one after the other, and tells
// each finding.
func Sandbox(ctx context.Context, j *code.Judge, probes []Probe, tell func(Finding)) error {
	r, tool, err := j.Python(ctx)
	if err != nil {
		return err
	}
	b, err := lay()
	if err != nil {
		return fmt.Errorf("prepare the probes: %w", err)
	}
	defer b.clear()
	_, port, err := net.SplitHostPort(b.listener.Addr().String())
	if err != nil {
		return err
	}
	for _, p := range probes {
		if p.only != "" && p.only != runtime.GOARCH {
			continue
		}
		marker := fmt.Sprintf("probe-%s-%d", b.secret[:8], time.Now().UnixNano())
		head := fmt.Sprintf("CANARY = %q\nPORT = %s\nPID = %d\nABSTRACT = %q\nALONE = %d\n", b.file, port, b.victim.Process.Pid, "gradus-"+b.secret, b.alone)
		program := sandbox.Program{
			Argv:  []string{tool.Path, "-I", "-B", sandbox.BoxPath + "/probe.py", marker},
			Files: []sandbox.File{{Name: "probe.py", Data: []byte(head + p.begin() + p.Code)}},
			Stdin: make([]byte, 8<<20), Binds: tool.Binds(), Limits: p.limits(),
		}
		began := time.Now()
		o, err := r.Run(ctx, program)
		if err != nil {
			return fmt.Errorf("probe %q: %w", p.Name, err)
		}
		f := Finding{Group: "sandbox", Name: p.Name, About: p.About, Status: string(o.Status), Said: firstLine(o.Stdout), Breach: b.breach(o), MS: float64(time.Since(began).Microseconds()) / 1000, CPUMS: float64(o.CPU.Microseconds()) / 1000}
		if f.Said == "" {
			f.Said = o.Why
		}
		switch {
		case f.Breach != "":
		case o.Status == sandbox.Failed || p.Ends != nil && !slices.Contains(p.Ends, o.Status):
			f.Breach = fmt.Sprintf("it ended with %s: %s %s", o.Status, o.Why, lastLine(o.Stderr))
		case time.Since(began) > program.Wall+3*time.Second:
			f.Breach = fmt.Sprintf("it was over only after %v", time.Since(began).Round(time.Millisecond))
		default:
			if left := running(marker); left > 0 {
				f.Breach = fmt.Sprintf("%d of its processes are left", left)
			}
		}
		f.Held = f.Breach == ""
		tell(f)
	}
	return nil
}

func firstLine(b []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimSpace(b), []byte("\n"))
	return strings.ToValidUTF8(string(line[:min(len(line), 120)]), "?")
}

func lastLine(b []byte) string {
	s := strings.TrimSpace(string(b))
	s = s[strings.LastIndexByte(s, '\n')+1:]
	return strings.ToValidUTF8(s[:min(len(s), 160)], "?")
}

// Select returns the probes; quick leaves out those that take seconds.
func Select(list []Probe, quick bool) []Probe {
	return slices.DeleteFunc(list, func(p Probe) bool { return quick && p.Slow })
}

// SelectHacks returns the hacks; quick leaves out those that take seconds.
func SelectHacks(list []Hack, quick bool) []Hack {
	return slices.DeleteFunc(list, func(h Hack) bool { return quick && h.Slow })
}
