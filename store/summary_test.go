package store

import (
	"context"
	"gradus/store/eventlog"
	"testing"
)

// A record that is written between the reading of a log and the end of an
// update must be found by the next refresh, also if the log never grows again:
// else a run that ended in that moment would look crashed for ever.
func TestCatalogueMissesNoRecordWrittenMeanwhile(t *testing.T) {
	dir := t.TempDir()
	log, err := OpenLog(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	write := func(s State) {
		t.Helper()
		rec, err := NewRecord(KindState, 1, 1, StateChange{State: s})
		if err != nil {
			t.Fatal(err)
		}
		if err := log.Append(rec); err != nil {
			t.Fatal(err)
		}
	}
	write(StateRunning)
	e := entry{RunSummary: RunSummary{Dir: dir}}
	before := measured(t, &e)
	if err := e.read(context.Background()); err != nil {
		t.Fatal(err)
	}
	write(StateDone)
	e.settle(before)
	if e.State != StateRunning || !e.stale() {
		t.Fatalf("state %s, stale %v: the last record is lost", e.State, e.stale())
	}
	e.update(context.Background())
	if e.State != StateDone || e.stale() {
		t.Errorf("after an update: state %s, stale %v", e.State, e.stale())
	}
}

func measured(t *testing.T, e *entry) eventlog.LogEnd {
	t.Helper()
	end, err := eventlog.EndAfter(e.Dir, e.pos.Segment)
	if err != nil {
		t.Fatal(err)
	}
	return end
}
