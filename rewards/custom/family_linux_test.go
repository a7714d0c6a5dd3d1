package custom

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"gradus/rewards"
)

// numberIn waits for a process number in a file.
func numberIn(t *testing.T, path string) int {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if text, err := os.ReadFile(path); err == nil {
			pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	t.Fatal("the worker did not start its child")
	return 0
}

// ends waits until a process is gone, or a zombie that nobody reaps.
func ends(t *testing.T, pid int) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return
		}
		if _, state, _ := bytes.Cut(stat, []byte(") ")); len(state) > 0 && (state[0] == 'Z' || state[0] == 'X') {
			return
		}
	}
	t.Errorf("process %d is still there", pid)
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill() // it may end meanwhile
	}
}

// TestChildrenElsewhere: children of a worker that is killed end with it, also
// those in a session of their own, and those whose parent has ended.
func TestChildrenElsewhere(t *testing.T) {
	if _, err := exec.LookPath("setsid"); err != nil {
		t.Skip("there is no setsid on this machine")
	}
	for name, child := range map[string]string{
		"session": `setsid sleep 600 & echo $! > part`,
		"orphan":  `setsid sh -c 'sleep 600 & echo $! > part'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			script := `cd "$0"; echo '{"type":"ready","proto":1}'; ` + child + `; mv part pid; sleep 600`
			p := ExecParams{Command: []string{"sh", "-c", script, dir}, ProcessParams: DefaultProcess()}
			p.DeadlineMS = 60_000
			r, err := NewExec(p)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan []rewards.Result, 1)
			go func() {
				out, _ := r.Score(ctx, group(1))
				done <- out
			}()
			pid := numberIn(t, filepath.Join(dir, "pid"))
			cancel()
			if out := <-done; len(out) != 1 || out[0].Status != rewards.Timeout {
				t.Errorf("results %+v", out)
			}
			ends(t, pid)
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestKilledWhileItCalls: when gradus is killed, a worker that is busy ends too.
func TestKilledWhileItCalls(t *testing.T) {
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	gradus := exec.Command(self, "busy", dir)
	if err := gradus.Start(); err != nil {
		t.Fatal(err)
	}
	pid := numberIn(t, filepath.Join(dir, "pid"))
	if err := gradus.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = gradus.Wait() // it says that it was killed
	ends(t, pid)
}
