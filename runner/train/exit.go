package train

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"gradus/store"
)

// Exit codes of a run's process.
const (
	ExitDone   = 0  // done, or stopped as asked
	ExitFailed = 1  // failed; trying again without a change would fail again
	ExitAgain  = 75 // failed for want of something that may come back, as disk space (EX_TEMPFAIL)
)

// ExitCode is what the process of a run ends with when Run returned err.
func ExitCode(err error) int {
	switch {
	case err == nil:
		return ExitDone
	case mayPass(err):
		return ExitAgain
	}
	return ExitFailed
}

// mayPass says whether the trouble is the machine's and may be gone when the
// run is resumed.
func mayPass(err error) bool {
	var device interface{ TryAgain() bool } // a GPU that was lost, or is busy
	if errors.As(err, &device) && device.TryAgain() {
		return true
	}
	for _, e := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EIO, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE, syscall.ESTALE} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// advise adds to an error what can be done about it.
func advise(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w; free some space and run gradus resume: the run goes on from its last checkpoint", err)
	}
	return err
}

// inOneLine joins errors as errors.Join does, with "; " between them: an exit
// reason is one line. Without an error it is nil.
func inOneLine(errs ...error) error {
	if err := errors.Join(errs...); err != nil {
		return lineError{err}
	}
	return nil
}

type lineError struct{ error }

func (e lineError) Error() string { return strings.ReplaceAll(e.error.Error(), "\n", "; ") }

func (e lineError) Unwrap() error { return e.error }

// errStopped ends a run that was asked to stop and has saved its checkpoint.
var errStopped = errors.New("stopped")

// errAbandoned ends a run at once, without a checkpoint.
var errAbandoned = errors.New("stopped at once, without a checkpoint")

// verdict is the exit record for the way in which a run ended.
func verdict(err error) store.StateChange {
	switch {
	case err == nil:
		return store.StateChange{State: store.StateDone}
	case errors.Is(err, errStopped), errors.Is(err, errAbandoned):
		return store.StateChange{State: store.StateStopped, Reason: err.Error()}
	}
	return store.StateChange{State: store.StateFailed, Reason: err.Error(), ExitCode: ExitCode(err)}
}
