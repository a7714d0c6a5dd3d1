package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"gradus/store/query"
)

// benchTraces is the size of what the benchmarks below read.
func benchTraces() int {
	if n, err := strconv.Atoi(os.Getenv("GRADUS_BENCH_TRACES")); err == nil {
		return n
	}
	return 20000
}

// BenchmarkOpenRun is what a workbench does to show a run: open it and fill
// its first screen. GRADUS_BENCH_TRACES sets the size (20000 traces).
func BenchmarkOpenRun(b *testing.B) {
	ctx := context.Background()
	dir := b.TempDir()
	traces := benchTraces()
	benchLog(b, dir, traces/1000, 1000, 300, false)
	log, err := OpenLog(dir)
	if err != nil {
		b.Fatal(err)
	}
	for step := 1; step <= 1000; step++ {
		values := map[string]float64{}
		for s := range 40 {
			values[fmt.Sprint("series/", s)] = float64(step * s)
		}
		rec, err := NewRecord(KindMetrics, 1, int64(step), Metrics{Stage: "grpo", Step: step, Values: values})
		if err != nil {
			b.Fatal(err)
		}
		if err := log.Append(rec); err != nil {
			b.Fatal(err)
		}
	}
	log.Close()
	if _, err := Fold(ctx, dir, DBPath(dir)); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(DBPath(dir))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { b.ReportMetric(float64(info.Size())/float64(traces*300), "db/plain") }()
	defer cpuPerOp(b, cpuTime())
	b.ResetTimer()
	for b.Loop() {
		db, err := OpenRead(DBPath(dir))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := db.State(ctx); err != nil {
			b.Fatal(err)
		}
		if _, err := db.Counts(ctx); err != nil {
			b.Fatal(err)
		}
		if _, err := db.LatestMetrics(ctx); err != nil {
			b.Fatal(err)
		}
		for _, s := range []string{"series/1", "series/2", "series/3", "series/4"} {
			if p, err := db.Series(ctx, s, 0); err != nil || len(p) != 1000 {
				b.Fatal(len(p), err)
			}
		}
		if r, err := db.Samples(ctx, SampleQuery{Newest: true}); err != nil || len(r) != 50 {
			b.Fatal(len(r), err)
		}
		if _, err := db.RecentEvents(ctx, 50); err != nil {
			b.Fatal(err)
		}
		db.Close()
	}
}

// BenchmarkSearchRareWord finds one trace among many.
func BenchmarkSearchRareWord(b *testing.B) {
	ctx := context.Background()
	dir := b.TempDir()
	benchLog(b, dir, 20, 1000, 300, false)
	log, err := OpenLog(dir)
	if err != nil {
		b.Fatal(err)
	}
	rec, err := NewRecord(KindSamples, 1, 1, Samples{Step: 21, Prompts: []Prompt{{Hash: "x"}}, Rows: []Sample{{Text: "a xylophone"}}})
	if err == nil {
		err = log.Append(rec)
	}
	if err != nil {
		b.Fatal(err)
	}
	log.Close()
	if _, err := Fold(ctx, dir, DBPath(dir)); err != nil {
		b.Fatal(err)
	}
	db, err := OpenRead(DBPath(dir))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	defer cpuPerOp(b, cpuTime())
	b.ResetTimer()
	for b.Loop() {
		if r, err := db.Samples(ctx, SampleQuery{Text: "xylophone"}); err != nil || len(r) != 1 {
			b.Fatal(len(r), err)
		}
	}
}

// BenchmarkCatalogue1000 opens the list of a thousand runs of which none or
// one has changed.
func BenchmarkCatalogue1000(b *testing.B) {
	ctx := context.Background()
	root := b.TempDir()
	for i := range 1000 {
		log, err := OpenLog(filepath.Join(root, fmt.Sprint("run", i)))
		if err != nil {
			b.Fatal(err)
		}
		rec, err := NewRecord(KindRun, 1, int64(i), RunHeader{ID: fmt.Sprint("01R", i), Name: fmt.Sprint("run ", i), CreatedUS: int64(i)})
		if err == nil {
			err = log.Append(rec)
		}
		if err != nil {
			b.Fatal(err)
		}
		log.w.Close()
	}
	path := filepath.Join(b.TempDir(), "catalogue.db")
	defer cpuPerOp(b, cpuTime())
	b.ResetTimer()
	for b.Loop() {
		c, err := OpenCatalogue(path)
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Refresh(ctx, root); err != nil {
			b.Fatal(err)
		}
		if l, err := c.List(ctx); err != nil || len(l) != 1000 {
			b.Fatal(len(l), err)
		}
		c.Close()
	}
}

// cpuPerOp reports the CPU time since began, which other load changes little.
func cpuPerOp(b *testing.B, began time.Duration) {
	b.ReportMetric(float64((cpuTime()-began).Microseconds())/float64(b.N), "cpu-µs/op")
}

// BenchmarkFilter counts the traces that fit a term and reads the first page of
// them. GRADUS_BENCH_TRACES sets the size (20000 traces).
func BenchmarkFilter(b *testing.B) {
	ctx := context.Background()
	dir := b.TempDir()
	traces := benchTraces()
	benchLog(b, dir, traces/1000, 1000, 300, true)
	if _, err := Fold(ctx, dir, DBPath(dir)); err != nil {
		b.Fatal(err)
	}
	db, err := OpenRead(DBPath(dir))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	for _, text := range []string{"reward<.2", "entropy>.55", "logprob<-.55", "entropy>2", "prompt:xylophone", "prompt:1"} {
		where, err := query.Parse(text, query.Known{})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(text, func(b *testing.B) {
			defer cpuPerOp(b, cpuTime())
			for b.Loop() {
				if _, err := db.CountSamples(ctx, SampleQuery{Where: where}, 0); err != nil {
					b.Fatal(err)
				}
				if _, err := db.Samples(ctx, SampleQuery{Where: where}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
