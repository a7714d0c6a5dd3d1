package main

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"gradus/store"
	"gradus/tui/text"
)

const (
	workBytes = 16 << 20        // a smaller database is done before anybody wonders
	workEvery = 2 * time.Second // between two lines about one database
)

// watchWork returns a context under which a person reads on stderr what is done
// meanwhile to a large database, or to many small ones: older ones are migrated,
// logs are folded that nobody has folded.
func (a *app) watchWork(ctx context.Context) context.Context { return store.Watch(ctx, a.workTeller()) }

func (a *app) workTeller() func(store.Work) {
	var mu sync.Mutex
	var path string
	var first, last time.Time
	return func(w store.Work) {
		mu.Lock()
		defer mu.Unlock()
		now := a.now()
		if first.IsZero() {
			first = now
		}
		long := w.Bytes >= workBytes
		if !long {
			long = a.workAfter > 0 && now.Sub(first) >= a.workAfter
		}
		if soon := now.Sub(last) < workEvery; !long || soon && (w.Path == path || w.Bytes < workBytes) {
			return
		}
		path, last = w.Path, now
		fmt.Fprintf(a.stderr, "%s\n", workLine(w))
	}
}

// workLine is "run.db, 170 MB, of an older gradus: computing means of tokens, 40 %",
// with the folder where the file is a run's own.
func workLine(w store.Work) string {
	name := filepath.Join(filepath.Base(filepath.Dir(w.Path)), filepath.Base(w.Path))
	line := fmt.Sprintf("%s, %d MB", text.Line(name), w.Bytes/1e6)
	if w.From > 0 {
		line += ", of an older gradus"
	}
	line += ": " + w.Doing
	switch {
	case w.Total > 0:
		line += fmt.Sprintf(", %d %%", 100*w.Done/w.Total)
	case w.Done > 0:
		line += fmt.Sprintf(", %d so far", w.Done)
	}
	return line
}
