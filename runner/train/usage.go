package train

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

// usage is the resident memory of this process in bytes and the CPU time it
// has used in seconds; what the system does not tell is 0.
func usage() (rss int64, cpu float64) {
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err == nil {
		cpu = time.Duration(ru.Utime.Nano() + ru.Stime.Nano()).Seconds()
	}
	if b, err := os.ReadFile("/proc/self/statm"); err == nil {
		var size, resident int64
		if _, err := fmt.Sscan(string(b), &size, &resident); err == nil {
			rss = resident * int64(os.Getpagesize())
		}
	}
	return rss, cpu
}
