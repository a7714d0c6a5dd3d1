//go:build !linux

package custom

import "runtime"

// yield lets other goroutines run first.
func yield() { runtime.Gosched() }
