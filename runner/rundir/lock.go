package rundir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ErrHeld says that another process holds the run.
var ErrHeld = errors.New("the run is held by another process")

// Holder is what the process that holds a run wrote into its lock file. It is
// a hint for messages and for finding the process; whether the run lives is
// decided by the lock alone, as a pid may be reused and a dead process may
// stay as a zombie.
type Holder struct {
	Host     string `json:"host"`
	BootID   string `json:"boot_id"`
	PID      int    `json:"pid"`
	PIDStart int64  `json:"pid_start"` // clock ticks since boot
}

// Lock is a held run. The kernel releases it when the process ends, however
// it ends.
type Lock struct{ f *os.File }

// Lock takes the run for this process, or returns an error that wraps ErrHeld
// and names the holder. It waits for those who only test the lock: Alive has
// it for microseconds, or for as long as a busy machine lets it lie.
func (d Dir) Lock(me Holder) (*Lock, error) {
	f, err := openNoFollow(d.LockPath(), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, fmt.Errorf("lock run %s: %w", d.ID(), err)
	}
	if err := d.take(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock run %s: %w", d.ID(), err)
	}
	b, err := json.Marshal(me)
	if err == nil {
		if err = f.Truncate(0); err == nil {
			_, err = f.WriteAt(append(b, '\n'), 0)
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock run %s: %w", d.ID(), err)
	}
	return &Lock{f: f}, nil
}

const (
	lockPoll   = 10 * time.Millisecond
	heldTries  = 20   // for a holder: it may be about to end
	testsTries = 3000 // for those who test
)

// take locks f. A shared lock that is granted in between tells that nobody
// holds the run and somebody tests it.
func (d Dir) take(f *os.File) error {
	held := 0
	for try := 0; ; try++ {
		err := flock(f, unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return nil
		}
		if errors.Is(err, syscall.EWOULDBLOCK) {
			if err = flock(f, unix.LOCK_SH|unix.LOCK_NB); err == nil {
				err = flock(f, unix.LOCK_UN)
			} else if errors.Is(err, syscall.EWOULDBLOCK) {
				held, err = held+1, nil
			}
		}
		switch {
		case err != nil:
			return fmt.Errorf("%w; is the folder on a network disk? set GRADUS_HOME to a local one", err)
		case held > heldTries, try > testsTries:
			return fmt.Errorf("%w (%s)", ErrHeld, d.Holder())
		}
		time.Sleep(lockPoll)
	}
}

// Unlock gives the run back. The file stays.
func (l *Lock) Unlock() error { return unlock(l.f) }

// Alive says whether a process of this machine holds the run. For a run of
// another machine the answer means nothing: locks do not cross network disks.
func (d Dir) Alive() (bool, error) {
	f, err := openNoFollow(d.LockPath(), os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("test run %s: %w", d.ID(), err)
	}
	defer unlock(f)
	switch err := flock(f, unix.LOCK_SH|unix.LOCK_NB); {
	case err == nil:
		return false, nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		return true, nil
	default:
		return false, fmt.Errorf("test run %s: %w", d.ID(), err)
	}
}

// Holder reads who holds, or last held, the run; the zero Holder if nobody
// ever did or the hint cannot be read.
func (d Dir) Holder() Holder {
	var h Holder
	if b, err := readBounded(d.LockPath(), 4096); err == nil {
		_ = json.Unmarshal(b, &h) // a hint only
	}
	return h
}

// String names the process for a message.
func (h Holder) String() string {
	if h.PID == 0 {
		return "unknown process"
	}
	return fmt.Sprintf("process %d on %q", h.PID, h.Host)
}

func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// unlock lets go of a lock and closes its file. Closing alone would leave the
// lock to a process that is being started, which has this one's descriptors
// until it becomes its own program.
func unlock(f *os.File) error {
	return errors.Join(flock(f, unix.LOCK_UN), f.Close())
}

// openNoFollow opens a file of mode 0600, and fails on a symbolic link: the
// folder is ours, but what lies in it may have come from elsewhere.
func openNoFollow(path string, flag int) (*os.File, error) {
	return os.OpenFile(path, flag|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
}
