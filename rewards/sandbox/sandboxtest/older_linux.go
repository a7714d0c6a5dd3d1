package sandboxtest

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"gradus/rewards/sandbox"
)

// olderCommand is the hidden command of a test binary that becomes a keeper on
// a kernel which lacks some calls.
const olderCommand = "_sandbox_older"

// Refusal is how a kernel answers a system call that it lacks, or that it does
// not let this process make.
type Refusal struct {
	Call  uintptr
	Error syscall.Errno
	Flags uint32 // refused only where the first argument has one of these bits; 0: always
}

// Lack refuses calls as a kernel does that is too old to know them.
func Lack(calls ...uintptr) []Refusal {
	var list []Refusal
	for _, c := range calls {
		list = append(list, Refusal{Call: c, Error: unix.ENOSYS})
	}
	return list
}

// KeepOlder is the command line of a keeper that finds some calls refused, by a
// filter of system calls that the keeper and its programs inherit (seccomp(2)).
func KeepOlder(t testing.TB, refused []Refusal) []string {
	t.Helper()
	list, err := json.Marshal(refused)
	if err != nil {
		t.Fatal(err)
	}
	return []string{Keep(t)[0], olderCommand, string(list)}
}

// becomeOlder installs the filter and starts the keeper in this process' place.
func becomeOlder(list string) error {
	var refused []Refusal
	if err := json.Unmarshal([]byte(list), &refused); err != nil {
		return err
	}
	const numberAt, firstArgumentAt = 0, 16 // of struct seccomp_data
	code := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: numberAt}}
	for _, r := range refused {
		answer := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(r.Error)}
		then := []unix.SockFilter{answer}
		if r.Flags != 0 {
			then = []unix.SockFilter{
				{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: firstArgumentAt},
				{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: r.Flags, Jf: 1},
				answer,
				{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: numberAt},
			}
		}
		code = append(code, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: uint32(r.Call), Jf: uint8(len(then))})
		code = append(code, then...)
	}
	code = append(code, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	runtime.LockOSThread() // the filter is this thread's until exec ends the others
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&prog))); errno != 0 {
		return fmt.Errorf("filter system calls: %w", errno)
	}
	return unix.Exec(self, []string{self, sandbox.Command}, os.Environ())
}
