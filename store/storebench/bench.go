// Package storebench measures the store: how quickly a log is folded, how
// large the database is beside its plain text, and how long a reader waits.
package storebench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gradus/store"
)

// Options say what to measure. All are needed.
type Options struct {
	Dir       string           // an empty folder on the disk to be measured; large files are left in it
	Traces    int              // of 2 KB, for ingest, size and search [100000]
	RunTraces int              // of the run that is opened [1000000]
	Runs      int              // in the list of runs [1000]
	Repeats   int              // of each figure of a reader
	Now       func() time.Time // the clock
}

// Result are the repeats of one figure.
type Result struct {
	Name, Unit, Better string
	Repeats            []float64
}

// Run measures everything and tells each result as it comes.
func Run(ctx context.Context, o Options, tell func(Result) error) error {
	for _, part := range []func(context.Context, func(Result) error) error{o.ingest, o.open, o.list} {
		if err := part(ctx, tell); err != nil {
			return err
		}
	}
	return nil
}

// ingest folds a log of 2 KB traces in records of 1000, indexes it, and
// searches.
func (o Options) ingest(ctx context.Context, tell func(Result) error) error {
	dir := filepath.Join(o.Dir, "traces")
	m := newMaker(1)
	began := o.Now()
	plain, err := m.write(dir, o.Traces, 1000, 2048)
	if err != nil {
		return err
	}
	appended := float64(o.Traces) / o.Now().Sub(began).Seconds()
	in, err := store.OpenIngester(ctx, dir, store.DBPath(dir), store.IngestOptions{})
	if err != nil {
		return err
	}
	began = o.Now()
	_, err = in.FoldOnly(ctx)
	folded := float64(o.Traces) / o.Now().Sub(began).Seconds()
	began = o.Now()
	if err == nil {
		_, err = in.CatchUp(ctx)
	}
	indexed := float64(o.Traces) / o.Now().Sub(began).Seconds()
	if err = errors.Join(err, in.Close()); err != nil {
		return err
	}
	info, err := os.Stat(store.DBPath(dir))
	if err != nil {
		return err
	}
	for _, r := range []Result{
		{"append.traces.1000", "rows/s", "higher", []float64{appended}},
		{"ingest.traces.1000", "rows/s", "higher", []float64{folded}},
		{"index.traces", "rows/s", "higher", []float64{indexed}},
		{"db.per_plain", "x", "lower", []float64{float64(info.Size()) / float64(plain)}},
	} {
		if err := tell(r); err != nil {
			return err
		}
	}
	db, err := store.OpenRead(store.DBPath(dir))
	if err != nil {
		return err
	}
	defer db.Close()
	return o.timed(tell, fmt.Sprintf("fts.rare.%s", short(o.Traces)), func() error {
		rows, err := db.Samples(ctx, store.SampleQuery{Text: rareWord})
		if err == nil && len(rows) != 1 {
			err = fmt.Errorf("search for the rare word: %d traces, want 1", len(rows))
		}
		return err
	})
}

// open opens a run with many traces and fills the first screen.
func (o Options) open(ctx context.Context, tell func(Result) error) error {
	dir := filepath.Join(o.Dir, "long")
	m := newMaker(2)
	if _, err := m.write(dir, o.RunTraces, 1000, 60); err != nil {
		return err
	}
	if _, err := store.Fold(ctx, dir, store.DBPath(dir)); err != nil {
		return err
	}
	return o.timed(tell, fmt.Sprintf("open.run.%s", short(o.RunTraces)), func() error {
		db, err := store.OpenRead(store.DBPath(dir))
		if err != nil {
			return err
		}
		defer db.Close()
		_, err1 := db.State(ctx)
		_, err2 := db.Counts(ctx)
		_, err3 := db.LatestMetrics(ctx)
		_, err4 := db.SeriesSince(ctx, 0)
		_, err5 := db.RecentEvents(ctx, 500)
		rows, err6 := db.Samples(ctx, store.SampleQuery{Newest: true, Limit: 50})
		if len(rows) != 50 {
			err6 = errors.Join(err6, fmt.Errorf("the newest traces: %d, want 50", len(rows)))
		}
		return errors.Join(err1, err2, err3, err4, err5, err6)
	})
}

// list opens the list of many runs, one of which has grown.
func (o Options) list(ctx context.Context, tell func(Result) error) error {
	root := filepath.Join(o.Dir, "runs")
	for i := range o.Runs {
		if err := writeHeader(filepath.Join(root, fmt.Sprint("run", i)), i); err != nil {
			return err
		}
	}
	path := filepath.Join(o.Dir, "catalogue.db")
	open := func() error {
		c, err := store.OpenCatalogue(path)
		if err != nil {
			return err
		}
		defer c.Close()
		if err := c.Refresh(ctx, root); err != nil {
			return err
		}
		runs, err := c.List(ctx)
		if err == nil && len(runs) != o.Runs {
			err = fmt.Errorf("list %d runs: %d are there", o.Runs, len(runs))
		}
		return err
	}
	if err := open(); err != nil {
		return err
	}
	grown := 0
	return o.timed(tell, fmt.Sprintf("open.runs.%d", o.Runs), func() error {
		grown++
		if err := writeHeartbeat(filepath.Join(root, "run0"), grown); err != nil {
			return err
		}
		return open()
	})
}

// timed measures f in milliseconds.
func (o Options) timed(tell func(Result) error, name string, f func() error) error {
	r := Result{Name: name, Unit: "ms", Better: "lower"}
	for i := range o.Repeats + 1 {
		began := o.Now()
		if err := f(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if i > 0 { // the first fills the caches of the file system
			r.Repeats = append(r.Repeats, float64(o.Now().Sub(began).Microseconds())/1000)
		}
	}
	return tell(r)
}

// short writes a number as figures name it: 100k, 1m.
func short(n int) string {
	switch {
	case n%1_000_000 == 0:
		return fmt.Sprintf("%dm", n/1_000_000)
	case n%1000 == 0:
		return fmt.Sprintf("%dk", n/1000)
	}
	return fmt.Sprint(n)
}
