package store

import (
	"context"
	"os"
	"strings"
)

// Work is what is being done to a database. Where the database is large it
// takes a while: the migration of an older one, a log that nobody has folded,
// the search index, the checksums.
type Work struct {
	Path  string // of the database, or of the file that is copied
	Bytes int64  // of the database or of the run's log before, whichever is larger
	From  int    // schema version that is migrated; 0 when none is
	Doing string // in words, as "indexing traces"
	// Done of Total tell how far it is, in whatever Doing counts. Total is 0
	// where nobody knows it.
	Done, Total int64
}

// Watch returns a context under which Fold, Rebuild and OpenFile tell what they
// are at, many times a second where there is much to do. A nil tell ends that.
// Tell is called by one goroutine at a time for each of these calls.
func Watch(ctx context.Context, tell func(Work)) context.Context {
	return context.WithValue(ctx, watchKey{}, watcher{tell: tell})
}

type watchKey struct{}

type watcher struct {
	tell func(Work)
	job  Work // what is known of all that is told
}

// working names the database that what happens under the context is done to,
// unless something larger has named one. It is folded from the log in logDir,
// which may be "".
func working(ctx context.Context, path, logDir string, from int) context.Context {
	w, ok := ctx.Value(watchKey{}).(watcher)
	if !ok || w.tell == nil || w.job.From > 0 || from == 0 && w.job.Path != "" {
		return ctx
	}
	if w.job.Path == "" {
		w.job.Path, w.job.Bytes = path, max(sizeOf(path), logSize(logDir))
	}
	w.job.From = from
	return context.WithValue(ctx, watchKey{}, w)
}

// tell says how far the work is.
func tell(ctx context.Context, doing string, done, total int64) {
	if w, ok := ctx.Value(watchKey{}).(watcher); ok && w.tell != nil && w.job.Path != "" {
		job := w.job
		job.Doing, job.Done, job.Total = doing, done, total
		w.tell(job)
	}
}

func logSize(dir string) (n int64) {
	if dir == "" {
		return 0
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasPrefix(e.Name(), "events-") {
			n += info.Size()
		}
	}
	return n
}
