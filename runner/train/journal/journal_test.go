package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gradus/store"
	"gradus/store/eventlog"
)

// still is a clock that moves only when told to.
type still struct {
	mu   sync.Mutex
	now  time.Time
	wait []chan time.Time
}

func (c *still) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *still) After(time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan time.Time, 1)
	c.wait = append(c.wait, ch)
	return ch
}

// pass lets d go by for everyone who waits, and says how many they were.
func (c *still) pass(d time.Duration) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	n := len(c.wait)
	for _, ch := range c.wait {
		ch <- c.now
	}
	c.wait = nil
	return n
}

func open(t *testing.T, dir string, clock Clock) (*Journal, History) {
	t.Helper()
	h, err := ReadHistory(dir)
	if err != nil {
		t.Fatal(err)
	}
	j, err := Open(dir, clock, h.Attempts+1, h.Chain)
	if err != nil {
		t.Fatal(err)
	}
	return j, h
}

func kinds(t *testing.T, dir string) (list []store.Kind) {
	t.Helper()
	log := store.ReadLog(dir, eventlog.Position{})
	defer log.Close()
	for {
		r, _, _, err := log.Next()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r.Kind)
	}
}

func TestHistory(t *testing.T) {
	dir := t.TempDir()
	clock := &still{now: time.UnixMicro(1_000_000)}
	j, h := open(t, dir, clock)
	if h.Header != nil || h.Attempts != 0 || h.Records != 0 {
		t.Errorf("history of nothing: %+v", h)
	}
	write := func(e ...Entry) {
		t.Helper()
		if err := j.Write(e...); err != nil {
			t.Fatal(err)
		}
	}
	step := func(n int) Entry { return Entry{store.KindMetrics, store.Metrics{Step: n}} }
	write(Entry{store.KindRun, store.RunHeader{ID: "X"}}, Entry{store.KindAttempt, store.Attempt{N: 1}}, Entry{store.KindState, store.StateChange{State: store.StateRunning}})
	for n := 1; n <= 6; n++ {
		write(Entry{store.KindSamples, store.Samples{Step: n}}, step(n))
		if n%2 == 0 {
			write(Entry{store.KindCheckpoint, store.Checkpoint{Step: n}}, Entry{store.KindEval, store.Eval{Step: n, Label: "l", SuiteHash: "s"}})
		}
	}
	if err := j.Answer(store.Control{ID: "C1", Verb: "checkpoint"}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}

	j, h = open(t, dir, clock)
	if h.Attempts != 1 || h.LastStep != 6 || len(h.Checkpoints) != 3 || !h.Evaluated(6, "l", "s") || h.Evaluated(6, "", "s") || !h.Answered["C1"] || h.Header.ID != "X" || h.State.State != store.StateRunning {
		t.Errorf("history %+v", h)
	}
	write(Entry{store.KindAttempt, store.Attempt{N: 2}}, Entry{store.KindRewind, store.Rewind{FromAttempt: 1, ToStep: 4}}, step(5))
	if err := j.Answer(store.Control{ID: "C2", Verb: "stop"}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	_, h = open(t, dir, clock)
	if h.Attempts != 2 || h.LastStep != 5 || len(h.Checkpoints) != 2 || h.Evaluated(6, "l", "s") || !h.Evaluated(4, "l", "s") {
		t.Errorf("after a rewind to 4 and step 5: %+v", h)
	}

	var list []store.Control
	log := store.ReadLog(dir, eventlog.Position{})
	defer log.Close()
	for {
		r, _, _, err := log.Next()
		if err != nil {
			break
		}
		if r.Kind == store.KindControl {
			var c store.Control
			if err := json.Unmarshal(r.Body, &c); err != nil {
				t.Fatal(err)
			}
			list = append(list, c)
		}
	}
	if len(list) != 2 || list[0].Hash == "" || list[1].PrevHash != list[0].Hash {
		t.Errorf("answers %+v", list)
	}
	if err := store.VerifyChain(list); err != nil {
		t.Error(err)
	}
}

func TestWriteIsOnePiece(t *testing.T) {
	dir := t.TempDir()
	j, _ := open(t, dir, &still{})
	// The second entry cannot be encoded: nothing of the first may stay.
	err := j.Write(Entry{store.KindAlert, store.Alert{Code: "a"}}, Entry{store.KindMetrics, store.Metrics{Values: map[string]float64{"x": nan()}}})
	if err == nil {
		t.Fatal("NaN was written")
	}
	if got := kinds(t, dir); len(got) != 0 {
		t.Errorf("records %v", got)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "reserve")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the reserve is still there: %v", err)
	}
}

func nan() float64 { z := 0.0; return z / z }

func TestHeartbeat(t *testing.T) {
	dir := t.TempDir()
	clock := &still{now: time.UnixMicro(5)}
	j, _ := open(t, dir, clock)
	defer j.Close()
	stop := j.Beat(5*time.Second, func(b *store.Heartbeat) { b.RSS, b.CPU = 77, 1.5 })
	j.SetStep(3)
	for want := 1; want <= 3; want++ {
		until(t, func() bool { return clock.pass(5*time.Second) > 0 })
		until(t, func() bool { return len(kinds(t, dir)) == want })
	}
	stop()
	stop() // twice is once
	log := store.ReadLog(dir, eventlog.Position{})
	defer log.Close()
	r, _, _, err := log.Next()
	if err != nil {
		t.Fatal(err)
	}
	var b store.Heartbeat
	if err := json.Unmarshal(r.Body, &b); err != nil || b != (store.Heartbeat{Step: 3, MonoMS: b.MonoMS, RSS: 77, CPU: 1.5}) || b.MonoMS%5000 != 0 || b.MonoMS == 0 {
		t.Errorf("heartbeat %+v, %v", b, err)
	}
}

// until waits for another goroutine to get somewhere.
func until(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited 2 minutes in vain")
		}
	}
}

// A run that ends before its database was even open leaves a complete one.
func TestFoldOfAShortRun(t *testing.T) {
	for i := range 5 {
		dir := t.TempDir()
		j, _ := open(t, dir, System{})
		fold := j.StartFold(dir, func(err error) { t.Error(err) })
		if err := j.Write(Entry{store.KindRun, store.RunHeader{ID: "01JHM000000000000000000001"}}, Entry{store.KindAttempt, store.Attempt{N: 1}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(i) * 3 * time.Millisecond)
		if err := j.Farewell(store.StateChange{State: store.StateDone}); err != nil {
			t.Fatal(err)
		}
		fold.Stop(System{}, 2*time.Minute)
		db, err := store.OpenRead(store.DBPath(dir))
		if err != nil {
			t.Fatal(err)
		}
		if s, err := db.State(t.Context()); err != nil || s.State != store.StateDone {
			t.Errorf("state %+v, %v", s, err)
		}
		db.Close()
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A log that is not ours is an error that names the record, not a guess.
func TestForeignLog(t *testing.T) {
	dir := t.TempDir()
	w, err := eventlog.OpenWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Append([]byte(`{"kind":"state","body":{"state":"running"}}`), []byte("not json")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = ReadHistory(dir)
	if err == nil || fmt.Sprint(err)[:8] != "record 2" {
		t.Errorf("error %v", err)
	}
}
