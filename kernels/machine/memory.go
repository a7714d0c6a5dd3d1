package machine

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// Memory is how many more bytes this process can take before the system
// refuses or kills it.
type Memory struct {
	Bytes int64  // free now
	Total int64  // that it could have if nothing else were running
	Why   string // what sets Bytes
}

// FindMemory returns the least of what the system has available (MemAvailable
// of /proc/meminfo, which counts caches that can be dropped) and what the
// memory limits of the control groups leave. ok is false where the system
// tells neither, as outside of Linux. root is the file system from "/" on.
func FindMemory(root fs.FS) (m Memory, ok bool) {
	info := word(root, "proc", "meminfo")
	if avail, found := kilobytes(info, "MemAvailable:"); found {
		m, ok = Memory{Bytes: avail, Why: "MemAvailable"}, true
		m.Total, _ = kilobytes(info, "MemTotal:")
	}
	most := m.Total
	for _, d := range groupDirs(root, "memory") {
		limit, left, found := groupMemory(root, d)
		if found && (!ok || left < m.Bytes) {
			m, ok = Memory{left, 0, fmt.Sprintf("what is left of the limit of %.1f GB of control group /%s", float64(limit)/1e9, d.path)}, true
		}
		if found && (most == 0 || limit < most) {
			most = limit
		}
	}
	m.Total = max(most, m.Bytes)
	return m, ok
}

// groupMemory is the limit of a control group and how much of it is left, not
// counting cached files that nobody uses.
func groupMemory(root fs.FS, d groupDir) (limit, left int64, ok bool) {
	limitFile, usageFile, idle := "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
	if d.v2 {
		limitFile, usageFile, idle = "memory.max", "memory.current", "inactive_file"
	}
	limit, err := strconv.ParseInt(word(root, d.path, limitFile), 10, 64)
	if err != nil || limit < 0 || limit > 1<<60 { // v1 writes no limit as a number near 2^63, v2 as "max"
		return 0, 0, false
	}
	usage, err := strconv.ParseInt(word(root, d.path, usageFile), 10, 64)
	if err != nil {
		usage = 0
	}
	for _, line := range strings.Split(word(root, d.path, "memory.stat"), "\n") {
		if f := strings.Fields(line); len(f) == 2 && f[0] == idle {
			if n, err := strconv.ParseInt(f[1], 10, 64); err == nil {
				usage -= n
			}
		}
	}
	return limit, max(limit-max(usage, 0), 0), true
}

// kilobytes finds a line "Name:  123 kB" and returns it in bytes.
func kilobytes(text, name string) (int64, bool) {
	for _, line := range strings.Split(text, "\n") {
		f := strings.Fields(line)
		if len(f) >= 2 && f[0] == name {
			n, err := strconv.ParseInt(f[1], 10, 64)
			return n << 10, err == nil && n >= 0 && n < 1<<52
		}
	}
	return 0, false
}
