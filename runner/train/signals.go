package train

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"gradus/runner/train/journal"
)

// Signals starts to bring the signals that a run obeys, and ignores SIGHUP: a
// closed terminal is no reason to end. stop undoes it.
func Signals() (signals <-chan os.Signal, stop func()) {
	ch := make(chan os.Signal, 4)
	signal.Notify(ch, syscall.SIGTERM, syscall.SIGINT, syscall.SIGUSR1)
	signal.Ignore(syscall.SIGHUP)
	return ch, func() { signal.Stop(ch) }
}

// graceful is how long a run may take to end after it was told to.
const graceful = 90 * time.Second

// heard is what signals have asked for.
type heard struct {
	stop atomic.Pointer[string] // name of the signal
	save atomic.Bool
	wake chan struct{} // something was heard
}

// listen turns signals into requests until ctx ends. The second request to
// stop, or the first one after graceful, calls abandon.
func listen(ctx context.Context, signals <-chan os.Signal, clock journal.Clock, abandon func()) *heard {
	h := &heard{wake: make(chan struct{}, 1)}
	if signals == nil {
		return h
	}
	go func() {
		var late <-chan time.Time
		for {
			select {
			case <-ctx.Done():
				return
			case <-late:
				abandon()
				return
			case s, ok := <-signals:
				switch {
				case !ok:
					return
				case s == syscall.SIGUSR1:
					h.save.Store(true)
				case h.stop.Load() != nil:
					abandon()
					return
				default:
					name := signalName(s)
					h.stop.Store(&name)
					late = clock.After(graceful)
				}
				select {
				case h.wake <- struct{}{}:
				default:
				}
			}
		}
	}()
	return h
}

func signalName(s os.Signal) string {
	switch s {
	case syscall.SIGTERM:
		return "SIGTERM"
	case syscall.SIGINT:
		return "SIGINT"
	case syscall.SIGUSR1:
		return "SIGUSR1"
	}
	return s.String()
}
