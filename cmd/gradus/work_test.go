package main

import (
	"bytes"
	"testing"
	"time"

	"gradus/store"
)

func TestWorkLine(t *testing.T) {
	for _, c := range []struct {
		w    store.Work
		want string
	}{
		{store.Work{Path: "/r/runs/01X/run.db", Bytes: 170e6, From: 3, Doing: "copying", Done: 68, Total: 170}, "01X/run.db, 170 MB, of an older gradus: copying, 40 %"},
		{store.Work{Path: "/p/a\x1b[2J.db", Bytes: 20e6, Doing: "folding records", Done: 500}, "p/a␛[2J.db, 20 MB: folding records, 500 so far"},
		{store.Work{Path: "/p/a.db", Bytes: 20e6, Doing: "indexing traces", Total: 9}, "p/a.db, 20 MB: indexing traces, 0 %"},
	} {
		if got := workLine(c.w); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// Of small databases it is silent until they have taken long together.
func TestWatchWork(t *testing.T) {
	var errs bytes.Buffer
	now := time.Unix(0, 0)
	a := &app{stderr: &errs, now: func() time.Time { return now }, workAfter: 2 * time.Second}
	tell := a.workTeller()
	for _, c := range []struct {
		after time.Duration
		path  string
		bytes int64
		lines int // from here on
	}{
		{0, "/a/run.db", 1 << 20, 0},
		{0, "/b/run.db", 1 << 30, 1},
		{time.Second, "/b/run.db", 1 << 30, 1},
		{time.Second, "/b/run.db", 1 << 30, 2},
		{0, "/c/run.db", 1 << 30, 3},
		{time.Second, "/a/run.db", 1 << 20, 3},
		{time.Second, "/d/run.db", 1 << 20, 4},
		{time.Second, "/e/run.db", 1 << 20, 4},
		{time.Second, "/f/run.db", 1 << 20, 5},
	} {
		now = now.Add(c.after)
		tell(store.Work{Path: c.path, Bytes: c.bytes})
		if n := bytes.Count(errs.Bytes(), []byte("\n")); n != c.lines {
			t.Errorf("%d lines after %+v:\n%s", n, c, errs.String())
		}
	}
	a.workAfter, now = 0, now.Add(time.Hour)
	errs.Reset()
	if a.workTeller()(store.Work{Path: "/a/run.db", Bytes: 1}); errs.Len() > 0 {
		t.Errorf("%s", errs.String())
	}
}
