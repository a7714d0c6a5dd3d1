package journal

import (
	"context"
	"errors"
	"sync"
	"time"

	"gradus/store"
)

// Fold keeps the run's database up to date from its own goroutine. The
// trainer never waits for it: whatever it has not folded when the process
// ends, the next reader folds.
type Fold struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// StartFold folds the log in dir until Stop. Troubles go to report, one call
// per trouble, and are tried again after a while: a database can always be
// made anew from the log.
func (j *Journal) StartFold(dir string, report func(error)) *Fold {
	ctx, cancel := context.WithCancel(context.Background())
	f := &Fold{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(f.done)
		last := ""
		for wait := time.Second; ; wait = min(2*wait, time.Minute) {
			err := foldOnce(ctx, dir, j.wake)
			if err == nil {
				return
			}
			if ctx.Err() != nil {
				// A short run can end before the database was open.
				foldRest(dir, report)
				return
			}
			if err.Error() != last {
				last = err.Error()
				report(err)
			}
			select {
			case <-ctx.Done():
				return
			case <-j.clock.After(wait):
			}
		}
	}()
	return f
}

func foldOnce(ctx context.Context, dir string, wake <-chan struct{}) error {
	in, err := store.OpenIngester(ctx, dir, store.DBPath(dir), store.IngestOptions{Wait: true})
	if err != nil {
		return err
	}
	defer in.Close()
	return in.Follow(ctx, wake)
}

// foldRest folds what is in the log, unless another process is at that.
func foldRest(dir string, report func(error)) {
	_, err := store.Fold(context.Background(), dir, store.DBPath(dir))
	if err != nil && !errors.Is(err, store.ErrIngestLocked) {
		report(err)
	}
}

// Stop lets the goroutine fold what is left, for at most limit.
func (f *Fold) Stop(clock Clock, limit time.Duration) {
	f.cancel()
	select {
	case <-f.done:
	case <-clock.After(limit):
	}
}

// Beat writes a heartbeat every period, from its own goroutine, until the
// returned function is called. use fills in what the process and its devices use.
func (j *Journal) Beat(period time.Duration, use func(*store.Heartbeat)) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	begin := j.clock.Now()
	go func() {
		defer close(done)
		for {
			select {
			case <-quit:
				return
			case <-j.clock.After(period):
			}
			b := store.Heartbeat{Step: int(j.step.Load()), MonoMS: j.clock.Now().Sub(begin).Milliseconds()}
			use(&b)
			// A heartbeat that cannot be written is not missed: the next
			// record of the trainer meets the same trouble and tells of it.
			_ = j.Write(Entry{store.KindHeartbeat, b})
		}
	}()
	var once sync.Once
	return func() { once.Do(func() { close(quit); <-done }) }
}
