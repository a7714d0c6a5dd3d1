package client

import (
	"os"
	"testing"

	"gradus/store"
)

// The workbench asks every second: a log that has not grown must not cost a
// fold, and one whose database was thrown away must.
func TestEnsureIngestLooksOnlyAtWhatGrew(t *testing.T) {
	c := newClient(t, "")
	d := recorded(t, c, 1, "grown", []store.State{store.StateStarting, store.StateRunning}, nil, nil)
	ensure := func() {
		t.Helper()
		if err := c.EnsureIngest(ctx(t), d.ID()); err != nil {
			t.Fatal(err)
		}
	}
	ensure()
	path := store.DBPath(d.Path())
	// A fold takes the lock; a look does not.
	lock := path[:len(path)-len("run.db")] + "ingest.lock"
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	ensure()
	if _, err := os.Stat(lock); err == nil {
		t.Error("a log that had not grown was folded again")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	ensure()
	if _, err := os.Stat(path); err != nil {
		t.Errorf("a removed database was not made again: %v", err)
	}

	log, err := store.OpenLog(d.Path())
	if err != nil {
		t.Fatal(err)
	}
	rec, err := store.NewRecord(store.KindHeartbeat, 1, 5, store.Heartbeat{Step: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Append(rec); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	ensure()
	db, err := store.OpenRead(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if h, _, err := db.LatestHeartbeat(ctx(t)); err != nil || h.Step != 1 {
		t.Errorf("the log grew and was not folded: %+v, %v", h, err)
	}
}
