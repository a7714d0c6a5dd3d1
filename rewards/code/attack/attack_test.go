package attack

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"gradus/rewards/code"
	"gradus/rewards/sandbox"
	"gradus/rewards/sandbox/sandboxtest"
)

func TestMain(m *testing.M) { sandboxtest.Main(m) }

func newJudge(t *testing.T, level sandbox.Level) *code.Judge {
	t.Helper()
	o := code.DefaultOptions()
	o.Sandbox, o.Keep, o.Timeout = level, sandboxtest.Keep(t), time.Duration(sandboxtest.Slower())*2*time.Second
	j, err := code.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := j.Ready(); err != nil {
		t.Skipf("%s does not work here: %v", level, err)
	}
	if _, _, err := j.Python(context.Background()); err != nil {
		t.Skipf("no Python for the sandbox: %v", err)
	}
	return j
}

// everything says whether the slow attacks are wanted too.
func everything() bool { return os.Getenv("GRADUS_FAULTS") == "full" }

// TestProbes: no probe gets out or wears the machine down, at any level that
// works here. Those that end only at a limit of time, or make the kernel work
// for long, are many seconds: GRADUS_FAULTS=full runs them too.
func TestProbes(t *testing.T) {
	for _, level := range []sandbox.Level{sandbox.UserNS, sandbox.Landlock, sandbox.Bwrap} {
		t.Run(string(level), func(t *testing.T) {
			if want := os.Getenv("GRADUS_SANDBOX_EXPECT"); want != "" && want != string(level) {
				t.Skipf("this machine is set up for %s", want)
			}
			t.Parallel()
			probes := slices.DeleteFunc(Probes(), func(p Probe) bool {
				fewer := (level == sandbox.Landlock || testing.Short()) && !slices.Contains(ofLandlock(), p.Name)
				return !everything() && (fewer || p.Slow && p.Name != "busy loop" || p.Name == "memory bit by bit")
			})
			for i := range probes {
				probes[i].Patience = 3 * sandboxtest.Slower() // machines that test are busy
			}
			held, all := 0, 0
			err := Sandbox(context.Background(), newJudge(t, level), probes, func(f Finding) {
				all++
				t.Logf("%-24s %-8s %6.0f ms, %4.0f of CPU  %s", f.Name, f.Status, f.MS, f.CPUMS, f.Said)
				if !f.Held {
					t.Errorf("%s (%s): %s", f.Name, f.About, f.Breach)
					return
				}
				held++
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("HELD %d of %d probes, %s", held, all, level)
		})
	}
}

// ofLandlock are the probes whose answer is another one without namespaces.
func ofLandlock() []string {
	return []string{"read host files", "/proc", "write outside the box", "change host files", "sockets", "leftover process", "memory in children",
		"disk, many files", "signals to others", "signals by the back door", "more privileges"}
}

// TestHacks: no program is paid that solves nothing.
func TestHacks(t *testing.T) {
	j := newJudge(t, sandbox.Auto)
	for _, kind := range []code.Kind{code.Stdio, code.Function, code.Asserts, code.Check} {
		if kind == code.Check && !everything() || kind == code.Asserts && testing.Short() {
			continue // Check has the same two processes as Asserts, and Asserts the same one as Function
		}
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			hacks := slices.DeleteFunc(Hacks(), func(h Hack) bool { return h.Kind != kind || h.Slow && !everything() })
			held, all := 0, 0
			err := Judge(context.Background(), j, hacks, func(f Finding) {
				all++
				t.Logf("%-28s %-14s %6.0f ms  %s  %s", f.Name, f.Status, f.MS, f.About, f.Said)
				if !f.Held {
					t.Errorf("%s, %s: %s", f.Name, f.About, f.Breach)
					return
				}
				held++
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("HELD %d of %d programs for nothing, %s tests", held, all, kind)
		})
	}
}

// TestBaitIsTaken: the checks find what they are there to find, when the same
// programs run without isolation.
func TestBaitIsTaken(t *testing.T) {
	t.Parallel()
	wanted := []string{"read host files", "symbolic links out", "sockets"}
	probes := slices.DeleteFunc(Probes(), func(p Probe) bool { return !slices.Contains(wanted, p.Name) })
	taken := 0
	err := Sandbox(context.Background(), newJudge(t, sandbox.None), probes, func(f Finding) {
		t.Logf("%-24s %-8s %6.0f ms  %s", f.Name, f.Status, f.MS, f.Breach)
		if !f.Held {
			taken++
		}
	})
	if err != nil || taken < 2 {
		t.Errorf("%d of %d probes got what they reach for without isolation, %v", taken, len(probes), err)
	}
}
