//go:build !linux

package custom

import "runtime/debug"

// setMemory asks the garbage collector to stay below the bound; these systems
// have no limit on a process's memory that a Go program can set and live with.
func setMemory(bytes uint64) error {
	debug.SetMemoryLimit(int64(bytes))
	return nil
}
