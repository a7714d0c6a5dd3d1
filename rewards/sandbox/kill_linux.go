//go:build amd64 || arm64

package sandbox

import (
	"io/fs"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func kill9(pid int) { _ = unix.Kill(pid, unix.SIGKILL) } // it may be gone by now

// owner is the user of an entry of /proc, or -1.
func owner(e fs.DirEntry) int {
	info, err := e.Info()
	if err != nil {
		return -1
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}

// separate keeps the keyboard's signals away from the keeper: it ends with
// its input.
func separate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// outOfMemory recognises what runtimes say last when they are refused memory.
func outOfMemory(stderr []byte) string {
	lines := strings.Split(strings.TrimSpace(string(stderr[max(0, len(stderr)-8192):])), "\n")
	for _, line := range lines[max(0, len(lines)-12):] {
		for _, sign := range []string{"MemoryError", "std::bad_alloc", "JavaScript heap out of memory", "java.lang.OutOfMemoryError", "Out of memory!", "failed to allocate memory", "Cannot allocate memory", "fatal error: runtime: out of memory"} {
			if strings.Contains(line, sign) {
				return "it was refused memory: " + strings.TrimSpace(line)
			}
		}
	}
	return ""
}
