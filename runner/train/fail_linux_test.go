package train

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"gradus/runner/rundir"
	"gradus/store"
)

// offsets in struct seccomp_data, see seccomp(2)
const (
	offNumber   = 0
	offFirstArg = 16
)

// failure makes system calls fail: those in calls, with errno, where log is
// set only those on the open segment of the event log.
type failure struct {
	calls []uintptr
	errno syscall.Errno
	log   bool
}

// failures are what the disk of a run can do to it, by the name in childFail.
func failures() map[string]failure {
	return map[string]failure{
		"sync-EIO":     {[]uintptr{unix.SYS_FDATASYNC, unix.SYS_FSYNC}, syscall.EIO, false},
		"write-EIO":    {[]uintptr{unix.SYS_WRITE}, syscall.EIO, true},
		"write-ENOSPC": {[]uintptr{unix.SYS_WRITE}, syscall.ENOSPC, true},
		"database-EIO": {[]uintptr{unix.SYS_PWRITE64}, syscall.EIO, false},
		"rename-EIO":   {[]uintptr{unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2}, syscall.EIO, false},
	}
}

// failFrom makes system calls of this process fail from event number seen on,
// if childFail, "NAME@N", says so: the kernel itself answers with the error, so
// that Go's calls and SQLite's meet it alike.
func failFrom(seen int, dir rundir.Dir) error {
	name, at, _ := strings.Cut(os.Getenv(childFail), "@")
	if n, err := strconv.Atoi(at); err != nil || n != seen {
		return nil
	}
	f := failures()[name]
	fd := uint32(0)
	if f.log {
		var err error
		if fd, err = logDescriptor(dir); err != nil {
			return err
		}
	}
	return f.install(fd)
}

// logDescriptor is the file descriptor of the newest segment of a run's log.
func logDescriptor(dir rundir.Dir) (uint32, error) {
	segments, err := filepath.Glob(filepath.Join(dir.Path(), "events-*.log"))
	if err != nil || len(segments) == 0 {
		return 0, fmt.Errorf("no log in %s (%v)", dir.Path(), err)
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0, err
	}
	for _, e := range open {
		to, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err != nil || to != segments[len(segments)-1] {
			continue
		}
		fd, err := strconv.ParseUint(e.Name(), 10, 32)
		n, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		if err == nil && n&(unix.O_WRONLY|unix.O_RDWR) != 0 { // the fold reads the same file
			return uint32(fd), nil
		}
	}
	return 0, errors.New("the log is not open for writing")
}

// install puts a filter before all system calls of all threads.
func (f failure) install(fd uint32) error {
	load := func(at uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
	}
	unless := func(k uint32, skip uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: k, Jf: skip}
	}
	answer := func(k uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k} }
	var code []unix.SockFilter
	for _, nr := range f.calls {
		test := []unix.SockFilter{answer(unix.SECCOMP_RET_ERRNO | uint32(f.errno))}
		if f.log {
			test = append([]unix.SockFilter{load(offFirstArg), unless(fd, 1)}, test...)
		}
		code = append(append(code, load(offNumber), unless(uint32(nr), uint8(len(test)))), test...)
	}
	code = append(code, answer(unix.SECCOMP_RET_ALLOW))
	program := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("%s: %w", noFilter, err)
	}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(&code[0])
	if errno != 0 {
		return fmt.Errorf("%s: %w", noFilter, errno)
	}
	return nil
}

// noFilter begins what a child says where seccomp is missing or forbidden.
const noFilter = "this system does not let a process filter its calls"

// TestFaultDisk makes a run's disk fail at several moments of it: syncs, writes
// to the log, renames of checkpoints. The run ends with one line and exit code
// 75, all that it acknowledged stays, and resumed on a disk that works it gives
// the bits of the run that was not disturbed. When only the database cannot be
// written, the run does its work.
func TestFaultDisk(t *testing.T) {
	want := newRun(t, micro)
	env := testEnv(t, want)
	events, lastSave := 0, 0
	env.Progress = func(e Event) {
		if recorded(e) {
			events++
		}
		if e.Checkpoint != nil {
			lastSave = events
		}
	}
	mustRun(t, env)
	rows := current(t, want)
	moments := []int{3, events - 1}
	switch {
	case full():
		moments = nil
		for at := 1; at < events; at += 2 {
			moments = append(moments, at)
		}
	case testing.Short():
		moments = []int{15}
	}
	for name, f := range failures() {
		for _, at := range moments {
			t.Run(fmt.Sprintf("%s@%d", name, at), func(t *testing.T) {
				t.Parallel()
				dir := newRun(t, micro)
				var out, errs bytes.Buffer
				cmd := process(dir, fmt.Sprintf("%s=%s@%d", childFail, name, at))
				cmd.Stdout, cmd.Stderr = &out, &errs
				err := cmd.Run()
				if strings.Contains(errs.String(), noFilter) {
					t.Skip(errs.String())
				}
				if name == "database-EIO" {
					if err != nil || !strings.Contains(errs.String(), "disk I/O error") || !strings.Contains(errs.String(), "gradus db rebuild") {
						t.Errorf("%v\n%s", err, errs.String())
					}
				} else {
					ended := exitedWith(t, err)
					t.Logf("exit %d: %s", ended, strings.TrimSpace(errs.String()))
					if ended != ExitAgain && (name != "rename-EIO" || at < lastSave) { // only checkpoints are renamed
						t.Errorf("exit code %d, want %d\n%s", ended, ExitAgain, errs.String())
					}
					lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
					if last := lines[len(lines)-1]; ended != ExitDone && !strings.Contains(last, f.errno.Error()) {
						t.Errorf("its last line %q, want the cause %q", last, f.errno)
					}
				}
				checkTold(t, dir, out.Bytes())
				if s := lastState(t, dir); s.State != store.StateDone {
					mustRun(t, testEnv(t, dir))
				}
				sameRun(t, dir, want)
				if got := current(t, dir); got != rows {
					t.Errorf("the rows that count differ:\n%s\nundisturbed:\n%s", got, rows)
				}
			})
		}
	}
}

// exitedWith is the exit code of a process; one that was killed fails the test.
func exitedWith(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, &exit) && exit.Exited():
		return exit.ExitCode()
	}
	t.Fatalf("the run's process: %v", err)
	return 0
}
