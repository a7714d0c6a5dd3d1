package rundir

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain lets the test program be the other process of a test.
func TestMain(m *testing.M) {
	switch os.Getenv("GRADUS_TEST_ROLE") {
	case "hold":
		os.Exit(hold(os.Args[1]))
	case "full":
		os.Exit(writeOnFullDisk(os.Args[1]))
	}
	os.Exit(m.Run())
}

// hold locks the run at path, says so, and waits to be killed.
func hold(path string) int {
	d, err := At(path)
	if err == nil {
		_, err = d.Lock(Self())
	}
	if err != nil {
		fmt.Println("refused:", err)
		return 1
	}
	fmt.Println("held")
	time.Sleep(5 * time.Minute)
	return 0
}

func helper(t *testing.T, role, arg string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	cmd := exec.Command(os.Args[0], arg)
	cmd.Env = append(os.Environ(), "GRADUS_TEST_ROLE="+role)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	return cmd, bufio.NewReader(out)
}

func start(t *testing.T, role, arg string) (*exec.Cmd, string) {
	t.Helper()
	cmd, out := helper(t, role, arg)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_, _ = cmd.Process.Wait()
	})
	line, err := out.ReadString('\n')
	if err != nil {
		t.Fatalf("the other process said %q: %v", line, err)
	}
	return cmd, strings.TrimSpace(line)
}

func TestTwoProcessesCannotHoldOneRun(t *testing.T) {
	d := newRun(t)
	first, said := start(t, "hold", d.Path())
	if said != "held" {
		t.Fatal(said)
	}
	second, said := start(t, "hold", d.Path())
	if !strings.Contains(said, "held by another process") || !strings.Contains(said, fmt.Sprintf("process %d", first.Process.Pid)) {
		t.Errorf("the second process said %q", said)
	}
	_ = second
	if _, err := d.Lock(Self()); !errors.Is(err, ErrHeld) {
		t.Errorf("this process got %v, want ErrHeld", err)
	}
	if alive, err := d.Alive(); err != nil || !alive {
		t.Errorf("alive = %v, %v", alive, err)
	}
	h := d.Holder()
	if h.PID != first.Process.Pid || h.Host == "" {
		t.Errorf("holder %+v, want process %d", h, first.Process.Pid)
	}
	if _, err := os.Stat("/proc/self/stat"); err == nil {
		if start, err := processStart(h.PID); err != nil || start != h.PIDStart || start == 0 {
			t.Errorf("start of the holder is %d, recorded %d (%v)", start, h.PIDStart, err)
		}
	}
}

// A killed process is gone at once: the kernel frees the lock before it
// reports the death, and even while the process is a zombie that nobody has
// waited for.
func TestKilledProcessIsGoneAtOnce(t *testing.T) {
	d := newRun(t)
	for range 5 {
		cmd, said := start(t, "hold", d.Path())
		if said != "held" {
			t.Fatal(said)
		}
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		waitZombie(t, cmd.Process.Pid)
		if alive, err := d.Alive(); err != nil || alive {
			t.Fatalf("alive = %v, %v after kill -9", alive, err)
		}
		if d.Holder().PID != cmd.Process.Pid {
			t.Error("the hint of who held the run is lost")
		}
	}
	l, err := d.Lock(Self())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Unlock(); err != nil {
		t.Fatal(err)
	}
	if alive, _ := d.Alive(); alive {
		t.Error("alive after Unlock")
	}
}

// waitZombie waits until the process has died and leaves it unreaped.
func waitZombie(t *testing.T, pid int) {
	t.Helper()
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err == nil {
			return
		}
		if !errors.Is(err, syscall.EINTR) {
			t.Fatal(err)
		}
	}
}

// Testing for life must never make a starting run believe it is held.
func TestAliveDoesNotDisturbLock(t *testing.T) {
	d := newRun(t)
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				_, _ = d.Alive()
			}
		}
	}()
	for range 200 {
		l, err := d.Lock(Self())
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Unlock(); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	<-done
}

// A process that is being started has this one's descriptors for a moment; it
// must not keep a lock that was let go.
func TestUnlockIsAtOnce(t *testing.T) {
	d := newRun(t)
	l, err := d.Lock(Self())
	if err != nil {
		t.Fatal(err)
	}
	copied, err := unix.Dup(int(l.f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(copied)
	if err := l.Unlock(); err != nil {
		t.Fatal(err)
	}
	if alive, err := d.Alive(); err != nil || alive {
		t.Errorf("alive = %v, %v after Unlock", alive, err)
	}
}

// However long a busy machine lets a test of the lock lie, it is no holder.
func TestLockWaitsForATest(t *testing.T) {
	d := newRun(t)
	f, err := os.OpenFile(d.LockPath(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := flock(f, unix.LOCK_SH|unix.LOCK_NB); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc((heldTries+5)*lockPoll, func() { f.Close() })
	l, err := d.Lock(Self())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Unlock(); err != nil {
		t.Fatal(err)
	}
}

func TestLockRefusesSymlink(t *testing.T) {
	d := newRun(t)
	other := t.TempDir() + "/precious"
	if err := os.WriteFile(other, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, d.LockPath()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Lock(Self()); err == nil {
		t.Error("locked through a symbolic link")
	}
	if _, err := d.Alive(); err == nil {
		t.Error("tested life through a symbolic link")
	}
	if b, _ := os.ReadFile(other); string(b) != "precious" {
		t.Errorf("the file behind the link now holds %q", b)
	}
}
