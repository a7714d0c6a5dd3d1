package attack

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// asNobody lets root's victim be the user that root's programs become: the one
// that they could hurt.
func asNobody(cmd *exec.Cmd) {
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
}

// stopped says whether a process of the host is stopped (proc(5)).
func stopped(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	end := bytes.LastIndexByte(stat, ')')
	return err == nil && end >= 0 && end+2 < len(stat) && stat[end+2] == 'T'
}

// running counts the processes of the host with the marker among their
// arguments.
func running(marker string) int {
	list, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return 0
	}
	n := 0
	for _, p := range list {
		if line, err := os.ReadFile(p); err == nil && bytes.Contains(line, []byte(marker)) {
			n++
		}
	}
	return n
}
