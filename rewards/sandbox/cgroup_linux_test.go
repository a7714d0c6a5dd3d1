//go:build amd64 || arm64

package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestControlGroup: the kernel itself ends what takes too much memory, refuses
// processes above the number, and counts and ends what is in a group. It needs a
// machine where this user may make groups (bench/emulate has such).
func TestControlGroup(t *testing.T) {
	groups, err := findCgroups()
	if err != nil {
		t.Skipf("no control groups here: %v", err)
	}
	inGroup := func(script string, processes int, use func(b *group, cmd *exec.Cmd)) string {
		b, err := groups.add(&Program{Limits: Limits{Memory: 16 << 20, Disk: 1 << 16, Processes: processes}}, 1)
		if err != nil {
			t.Skipf("no control groups here: %v", err)
		}
		var out strings.Builder
		cmd := exec.Command("/bin/sh", "-c", "read go; "+script)
		cmd.Stdout, cmd.Stderr = &out, &out
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(cmd.Start(), b.enter(cmd.Process.Pid)); err != nil {
			t.Fatal(err)
		}
		if _, err := in.Write([]byte("\n")); err != nil {
			t.Fatal(err)
		}
		use(b, cmd)
		b.remove()
		if _, err := os.Stat(b.dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%q leaves its group: %v", script, err)
		}
		return out.String()
	}
	inGroup("x=xxxxxxxx; while :; do x=$x$x; done", 8, func(b *group, cmd *exec.Cmd) {
		err := cmd.Wait()
		if !b.starved() || err == nil || b.cpu() == 0 {
			t.Errorf("a shell that fills the memory ended with %v, starved %v, %v of processor time", err, b.starved(), b.cpu())
		}
	})
	said := inGroup("for i in 1 2 3 4 5 6; do sleep 300 & done; echo all", 4, func(b *group, cmd *exec.Cmd) {
		if err := cmd.Wait(); err == nil {
			t.Error("seven processes where four may be")
		}
	})
	if !strings.Contains(strings.ToLower(said), "fork") {
		t.Errorf("refused processes: %q", said)
	}
	inGroup("setsid sleep 300 & exec sleep 300", 8, func(b *group, cmd *exec.Cmd) {
		b.killAll()
		done := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
		if err := cmd.Wait(); err == nil || !done.Stop() {
			t.Errorf("killed: %v", err)
		}
	})
}

// TestSweep removes groups of keepers that are gone, and no others.
func TestSweep(t *testing.T) {
	g := &cgroups{dir: t.TempDir()}
	live, dead := fmt.Sprintf("%s/%s%d-1", g.dir, boxGroup, os.Getpid()), g.dir+"/"+boxGroup+"999999999-1"
	if err := errors.Join(os.Mkdir(live, 0o755), os.Mkdir(dead, 0o755)); err != nil {
		t.Fatal(err)
	}
	g.sweep()
	if _, err := os.Stat(live); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dead); err == nil {
		t.Error("the group of a keeper that is gone is left")
	}
}
