//go:build !linux

package main

import "time"

// threadTime is 0: this system does not tell how long a thread has run.
func threadTime() time.Duration { return 0 }
