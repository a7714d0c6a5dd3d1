//go:build unix

package eventlog

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// lock takes the exclusive lock on f that says who appends. Where the file
// system has no locks it is granted: the run's own lock then decides alone.
func lock(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	switch {
	case err == nil, errors.Is(err, unix.ENOLCK), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EOPNOTSUPP):
		return nil
	case errors.Is(err, unix.EWOULDBLOCK):
		return fmt.Errorf("open %s: %w", f.Name(), ErrLocked)
	}
	return fmt.Errorf("lock %s: %w", f.Name(), err)
}

// unlock lets go of a lock and closes its file. Closing alone would leave the
// lock to a process that is being started, which has this one's descriptors
// until it becomes its own program.
func unlock(f *os.File) error {
	_ = unix.Flock(int(f.Fd()), unix.LOCK_UN) // where locks are missing, none was taken
	return f.Close()
}
