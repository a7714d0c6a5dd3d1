package custom

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a read looks again and again before it sleeps. A cheap
// reward answers within it; to be woken up costs more, on virtual cores several
// times more. worker.py does the same for its calls.
const patience = 200 * time.Microsecond

// wire is the pair of pipes to a worker. A call blocks its thread, in the
// kernel: to be woken up by Go's poller takes two more switches of threads,
// which cost more than a cheap reward. At most one call is under way.
type wire struct {
	to, from *os.File
	// Who ends a call early writes a byte into interrupt, which comes out of
	// interrupted.
	interrupt, interrupted *os.File

	ctx   context.Context // of the call under way
	until time.Time
}

// newWire makes a wire and the ends of the worker, which the caller closes
// when the worker has them.
func newWire() (w *wire, stdin, stdout *os.File, err error) {
	w = &wire{}
	pipe := func(from, to **os.File) {
		if err == nil {
			*from, *to, err = os.Pipe()
		}
	}
	pipe(&stdin, &w.to)
	pipe(&w.from, &stdout)
	pipe(&w.interrupted, &w.interrupt)
	if err != nil {
		w.Close()
		for _, f := range []*os.File{stdin, stdout} {
			if f != nil {
				f.Close()
			}
		}
		return nil, nil, nil, err
	}
	return w, stdin, stdout, nil
}

// Close closes what is open. What is not yet read is lost.
func (w *wire) Close() {
	for _, f := range []*os.File{w.to, w.from, w.interrupt, w.interrupted} {
		if f != nil {
			f.Close()
		}
	}
}

// begin lets reads and writes fail with os.ErrDeadlineExceeded after a time,
// or when ctx ends. The function it returns ends that.
func (w *wire) begin(ctx context.Context, d time.Duration) func() bool {
	w.ctx, w.until = ctx, time.Now().Add(d)
	return context.AfterFunc(ctx, func() {
		// A wire that is closed, or a full pipe, needs no more bytes.
		_, _ = w.interrupt.Write([]byte{0})
	})
}

// Read reads what is there, up to len(p) bytes, or waits for it.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.do(w.from, unix.POLLIN, patience, func(fd int) (int, error) { return syscall.Read(fd, p) })
	if n == 0 && err == nil && len(p) > 0 {
		return 0, io.EOF
	}
	return max(n, 0), err
}

// Write writes all of p.
func (w *wire) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n, err := w.do(w.to, unix.POLLOUT, 0, func(fd int) (int, error) { return syscall.Write(fd, p[done:]) })
		if err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// do tries a read or a write of a pipe until it has something to say: again
// and again for a while, then asleep.
func (w *wire) do(f *os.File, event int16, patience time.Duration, try func(fd int) (int, error)) (n int, err error) {
	began := time.Now()
	onto := func(fd uintptr) {
		for {
			n, err = try(int(fd))
			switch {
			case errors.Is(err, syscall.EINTR):
			case !errors.Is(err, syscall.EAGAIN):
				return
			case time.Since(began) < patience:
				// Where there is more work than processors, the worker may be
				// waiting for this one.
				yield()
			default:
				if err = w.sleep(int32(fd), event); err != nil {
					return
				}
			}
		}
	}
	conn, open := f.SyscallConn()
	if open == nil {
		open = conn.Control(onto)
	}
	if open != nil {
		return 0, open
	}
	return n, err
}

// sleep waits until a pipe is ready, or the call's time is over.
func (w *wire) sleep(fd int32, event int16) (err error) {
	conn, err := w.interrupted.SyscallConn()
	if err != nil {
		return err
	}
	open := conn.Control(func(interrupted uintptr) {
		for {
			left := time.Until(w.until)
			if left <= 0 || w.ctx.Err() != nil {
				err = os.ErrDeadlineExceeded
				return
			}
			fds := []unix.PollFd{{Fd: fd, Events: event}, {Fd: int32(interrupted), Events: unix.POLLIN}}
			_, err = unix.Poll(fds, int(min(left/time.Millisecond+1, 1<<30)))
			if err != nil && !errors.Is(err, unix.EINTR) {
				return
			}
			if err = nil; fds[1].Revents != 0 {
				// Of this call, or of one before that was over by then.
				var bytes [8]byte
				_, _ = syscall.Read(int(interrupted), bytes[:])
			}
			if fds[0].Revents != 0 {
				return
			}
		}
	})
	return errors.Join(open, err)
}
