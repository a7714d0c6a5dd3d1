//go:build !linux

package train

import "gradus/runner/rundir"

// failFrom does nothing: there is no way here to make system calls fail.
func failFrom(int, rundir.Dir) error { return nil }
