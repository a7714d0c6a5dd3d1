package rundir

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Self describes this process. On a system without /proc the boot id is
// empty and the start time 0.
func Self() Holder {
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	start, err := processStart(os.Getpid())
	if err != nil {
		start = 0
	}
	return Holder{Host: host, BootID: BootID(), PID: os.Getpid(), PIDStart: start}
}

// BootID names this boot of this machine, "" where the system has no such id.
func BootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// processStart is when a process began, in clock ticks since boot: field 22
// of /proc/PID/stat (proc(5)). The second field, the command in parentheses,
// may itself hold spaces and parentheses.
func processStart(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, ok := cutLast(string(b), ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 20 {
		return 0, fmt.Errorf("/proc/%d/stat is not as proc(5) says", pid)
	}
	return strconv.ParseInt(fields[19], 10, 64)
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
