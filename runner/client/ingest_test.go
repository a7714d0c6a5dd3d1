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
	end := c.wasFolded(d.ID())
	if end.size == 0 {
		t.Fatal("the fold was not remembered")
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
	if c.wasFolded(d.ID()) == end {
		t.Error("the log grew and was not folded")
	}
}
