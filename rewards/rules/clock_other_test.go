//go:build !linux

package rules

import "time"

var began = time.Now()

// spent is the time since the start: no thread's own is to be had everywhere.
func spent() time.Duration { return time.Since(began) }
