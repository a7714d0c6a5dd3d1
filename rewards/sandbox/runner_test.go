package sandbox

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// start starts a runner at a level, or skips and says why.
func start(t *testing.T, level Level) *Runner {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r, err := Start(Options{Level: level, Keep: []string{self, Command}})
	if err != nil {
		t.Skipf("no sandbox %s here: %v", level, err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// shell is a program of /bin/sh.
func shell(script string) Program {
	l := DefaultLimits()
	l.Wall = time.Minute // machines that test are busy
	return Program{Argv: []string{"/bin/sh", "-c", script}, Limits: l}
}

// idle is how long a program may be silent in a test: longer where the machine
// is known to be slow (bench/emulate).
var idle = func() time.Duration {
	if os.Getenv("GRADUS_SANDBOX_SLOWER") != "" {
		return 12 * time.Second
	}
	return time.Second
}()

// TestOutcomes: how a program ends is told as it is, at every level.
func TestOutcomes(t *testing.T) {
	for _, level := range []Level{UserNS, Landlock, Bwrap, None} {
		t.Run(string(level), func(t *testing.T) {
			t.Parallel()
			r := start(t, level)
			for _, c := range []struct {
				name, script string
				change       func(*Program)
				want         Status
				code         int // exit code or signal
				stdout       string
			}{
				{"hello", "echo hello", nil, OK, 0, "hello\n"},
				{"exit code", "echo a; exit 3", nil, Exit, 3, "a\n"},
				{"stdin", "cat", func(p *Program) { p.Stdin = []byte("in") }, OK, 0, "in"},
				{"files", "cat " + BoxPath + "/f; pwd >/dev/null; echo x >g && cat g", func(p *Program) { p.Files = []File{{Name: "f", Data: []byte("data\n")}} }, OK, 0, "data\nx\n"},
				{"a file that runs", BoxPath + "/run", func(p *Program) { p.Files = []File{{Name: "run", Data: []byte("#!/bin/sh\necho ran\n"), Exec: true}} }, OK, 0, "ran\n"},
				{"empty environment", "echo $HOME $SECRET", func(p *Program) { p.Argv[2] = "test \"$SECRET\" = '' && echo none" }, OK, 0, "none\n"},
				{"given variable", "echo $GIVEN", func(p *Program) { p.Env = []string{"GIVEN=1"} }, OK, 0, "1\n"},
				{"output", "echo 123456789", func(p *Program) { p.Output = 4 }, Output, 0, "1234"},
				{"wall clock", "sleep 30", func(p *Program) { p.Wall = 300 * time.Millisecond }, Timeout, 0, ""},
				{"silence", "echo a; sleep 30", func(p *Program) { p.Idle = idle }, Timeout, 0, "a\n"},
			} {
				p := shell(c.script)
				if c.change != nil {
					c.change(&p)
				}
				o, err := r.Run(context.Background(), p)
				if err != nil {
					t.Fatal(err)
				}
				if level == Bwrap && c.want == Output {
					continue // bubblewrap passes the cut on as an exit code
				}
				if o.Status != c.want || o.Exit+o.Signal != c.code || string(o.Stdout) != c.stdout || o.Isolation != level || (o.Why == "") != (c.want == OK) {
					t.Errorf("%s: %s %d %d %q %q (%s); want %s %d %q", c.name, o.Status, o.Exit, o.Signal, o.Stdout, o.Stderr, o.Why, c.want, c.code, c.stdout)
				}
			}
			if level == UserNS || level == Landlock {
				p := shell("")
				p.Argv = []string{"/no/such/program"}
				if o, err := r.Run(context.Background(), p); err != nil || o.Status != Refused || !strings.Contains(o.Why, "/no/such/program") {
					t.Errorf("a program that is not there: %+v, %v", o, err)
				}
			}
			// A crash is told as such where the program may signal itself.
			if o, err := r.Run(context.Background(), shell("kill -11 $$")); level == UserNS && (err != nil || o.Status != Signal || o.Signal != 11) {
				t.Errorf("a crash: %+v, %v", o, err)
			}
		})
	}
}

// TestPair: two programs talk, and the pair ends with the first.
func TestPair(t *testing.T) {
	t.Parallel()
	r := start(t, Auto)
	out, err := r.RunPair(context.Background(), shell("echo question >&4; read -r a <&3; echo got $a"), shell("read -r q <&3; echo answer to $q >&4; sleep 600"))
	if err != nil || out[0].Status != OK || string(out[0].Stdout) != "got answer to question\n" || out[1].Wall > 50*time.Second {
		t.Errorf("%+v, %v", out, err)
	}
	// One that dies shows the other the end of its input.
	out, err = r.RunPair(context.Background(), shell("read -r a <&3 || echo gone"), shell("exit 7"))
	if err != nil || string(out[0].Stdout) != "gone\n" || out[1].Exit != 7 {
		t.Errorf("%+v, %v", out, err)
	}
}

// TestAround: one program talks to three, over descriptors that it opens by
// name; too many partners are refused.
func TestAround(t *testing.T) {
	t.Parallel()
	r := start(t, Auto)
	partner := func(n string) Program { return shell("read -r q <&3; echo " + n + " heard $q >&4; sleep 600") }
	hub := shell("for i in 4 6 8; do echo $i >/dev/fd/$i; done; for i in 3 5 7; do read -r a </dev/fd/$i; echo $a; done")
	out, err := r.RunAround(context.Background(), hub, partner("one"), partner("two"), partner("three"))
	if err != nil || len(out) != 4 || string(out[0].Stdout) != "one heard 4\ntwo heard 6\nthree heard 8\n" {
		t.Errorf("%+v, %v", out, err)
	}
	if _, err := r.RunAround(context.Background(), hub, hub, hub, hub, hub); err == nil || !strings.Contains(err.Error(), "4 partners") {
		t.Errorf("four partners: %v", err)
	}
}

// TestDeepStack: the stack has no limit of its own, where the machine allows that.
func TestDeepStack(t *testing.T) {
	t.Parallel()
	r := start(t, Auto)
	p := shell(`[ "$(ulimit -H -s)" != unlimited ] || ulimit -s`)
	p.DeepStack = true
	o, err := r.Run(context.Background(), p)
	if said := strings.TrimSpace(string(o.Stdout)); err != nil || said != "unlimited" && said != "" {
		t.Errorf("stack of %q KiB: %+v, %v", said, o, err)
	}
}

// TestCancelAndRestart: a context's end ends the program; a keeper that was
// killed is started again; a closed runner says so.
func TestCancelAndRestart(t *testing.T) {
	t.Parallel()
	r := start(t, Auto)
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := r.Run(ctx, shell("sleep 300")); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 50*time.Second {
		t.Errorf("a cancelled program ended with %v after %v", err, time.Since(began))
	}
	for range 2 {
		if err := r.keeper.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-r.keeper.done
		if o, err := r.Run(context.Background(), shell("echo again")); err != nil || string(o.Stdout) != "again\n" {
			t.Errorf("after the keeper's death: %+v, %v", o, err)
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := r.Run(context.Background(), shell("")); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("after Close: %v", err)
	}
}

// TestManyAtOnce: programs that run side by side keep their own input and
// output.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	r := start(t, Auto)
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			p := shell("cat; echo end")
			p.Stdin = bytes.Repeat([]byte{'a' + byte(i)}, 100_000)
			o, err := r.Run(context.Background(), p)
			if want := string(p.Stdin) + "end\n"; err != nil || o.Status != OK || string(o.Stdout) != want {
				t.Errorf("program %d: %s %s %d bytes, %v", i, o.Status, o.Why, len(o.Stdout), err)
			}
		}()
	}
	wg.Wait()
}

// TestRefusesWithoutIsolation: where no level works the runner does not start,
// and says why and what to do; the next level is taken where one is missing.
func TestRefusesWithoutIsolation(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	with := func(without string, level Level) (*Runner, error) {
		t.Setenv("GRADUS_SANDBOX_WITHOUT", without)
		return Start(Options{Level: level, Keep: []string{self, Command}})
	}
	if _, err := with("userns,landlock", Auto); !errors.Is(err, ErrUnisolated) || !strings.Contains(err.Error(), `sandbox = "none"`) || !strings.Contains(err.Error(), "userns:") {
		t.Errorf("without any level: %v", err)
	}
	if _, err := with("userns", UserNS); !errors.Is(err, ErrUnisolated) {
		t.Errorf("a level that is asked for and missing: %v", err)
	}
	r, err := with("userns", Auto)
	if err != nil {
		t.Skipf("no Landlock here: %v", err)
	}
	defer r.Close()
	if r.Level() != Landlock {
		t.Errorf("without user namespaces the level is %s", r.Level())
	}
	if r, err := with("userns,landlock", None); err != nil || r.Level() != None {
		t.Errorf("none, asked for by name: %v", err)
	} else {
		r.Close()
	}
}

// TestBadPrograms: what cannot be run is refused with its reason, before
// anything starts.
func TestBadPrograms(t *testing.T) {
	good := shell("true")
	for want, change := range map[string]func(*Program){
		"absolute path":  func(p *Program) { p.Argv = []string{"sh"} },
		"needs":          func(p *Program) { p.Argv = nil },
		"no name":        func(p *Program) { p.Files = []File{{Name: "../x"}} },
		"NUL":            func(p *Program) { p.Argv = []string{"/bin/sh", "a\x00b"} },
		"processor time": func(p *Program) { p.CPU = 0 },
		"of memory":      func(p *Program) { p.Memory = 5 },
		"processes":      func(p *Program) { p.Processes = 0 },
		"to show":        func(p *Program) { p.Binds = []string{"usr"} },
	} {
		p := good
		change(&p)
		if err := check(p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if err := check(good); err != nil {
		t.Error(err)
	}
	if _, err := ParseLevel("docker"); err == nil || !strings.Contains(err.Error(), "userns, landlock, bwrap, none") {
		t.Errorf("%v", err)
	}
	if _, err := Start(Options{Keep: []string{"/bin/false"}}); err == nil {
		t.Error("a keeper that ends at once is an error")
	}
}
