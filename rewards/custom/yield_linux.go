package custom

import "syscall"

// yield lets another process run first. It cannot fail on Linux.
func yield() { _, _, _ = syscall.RawSyscall(syscall.SYS_SCHED_YIELD, 0, 0, 0) }
