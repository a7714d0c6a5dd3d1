package custom

import (
	"runtime"
	"syscall"
)

const rlimitData = 2 // RLIMIT_DATA of setrlimit(2), which package syscall names only on some ports

// setMemory bounds the writable private memory of this process (Linux 4.7 and
// later count all of it under RLIMIT_DATA): an allocation beyond it ends the
// process, which its parent sees as a worker that died. RLIMIT_AS would count
// what the Go runtime reserves and never touches.
func setMemory(bytes uint64) error {
	runtime.GOMAXPROCS(1) // fewer threads, fewer stacks
	limit := syscall.Rlimit{Cur: bytes, Max: bytes}
	return syscall.Setrlimit(rlimitData, &limit)
}
