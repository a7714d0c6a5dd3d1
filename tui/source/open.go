package source

import (
	"context"
	"errors"

	"gradus/runner/client"
)

// errClosed says that the source was closed meanwhile.
var errClosed = errors.New("the runs are no longer looked at")

// open gives the database of a run. The first who asks opens it, which takes
// long where a large one is migrated or folded; the others wait for that one,
// and nobody for the database of another run.
func (l *Local) open(ctx context.Context, id string) (*conn, error) {
	for {
		l.mu.Lock()
		c := l.conns[id]
		if c == nil {
			c = &conn{opened: make(chan struct{})}
			l.conns[id] = c
			l.mu.Unlock()
			return c, l.load(ctx, id, c)
		}
		l.mu.Unlock()
		select {
		case <-c.opened:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if gaveUp := errors.Is(c.err, context.Canceled) || errors.Is(c.err, context.DeadlineExceeded); !gaveUp || ctx.Err() != nil {
			return c, c.err
		}
	}
}

// load opens the database of c and tells those who wait.
func (l *Local) load(ctx context.Context, id string, c *conn) error {
	db, err := l.runs.OpenDB(ctx, id)
	if err == nil {
		if c.header, err = db.Header(ctx); err == nil {
			var r client.Run
			r, err = l.runs.Run(ctx, id)
			c.host, c.remote = r.Host, r.Live == client.Unknown
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil && l.closed {
		err = errClosed
	}
	if err != nil {
		if db != nil {
			db.Close()
		}
		c.err = err
		delete(l.conns, id)
	} else {
		c.db = db
	}
	close(c.opened)
	return err
}
