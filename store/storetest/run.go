// Package storetest writes realistic runs through the real log and the real
// fold, for tests of everything that reads a store. A run is decided by its
// Spec alone: the same Spec gives the same bytes.
package storetest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"gradus/store"
)

// Spec describes a run: a GRPO run on countdown with a checkpoint every
// CheckpointEvery steps and an evaluation on the same prompts at its start
// and its end. Zero values take the defaults in brackets.
type Spec struct {
	Seed            uint64
	ID              string      // [made of Seed, a valid ULID]
	Name            string      // ["countdown-SEED"]
	Steps           int         // [40]
	Groups          int         // prompts a step [2]
	Generations     int         // completions a prompt [4]
	EvalPrompts     int         // [16]
	CheckpointEvery int         // [10]
	RewindAt        int         // >0: attempt 1 dies without a word five steps after it, attempt 2 goes on from it
	Final           store.State // last state [done]; running leaves out the end
	Hostile         bool        // some texts hold escape sequences, NULs, invalid UTF-8, bidi controls and huge lines
	Created         time.Time   // [2026-01-15 12:00 UTC]
}

func (s Spec) withDefaults() Spec {
	def := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	def(&s.Steps, 40)
	def(&s.Groups, 2)
	def(&s.Generations, 4)
	def(&s.EvalPrompts, 16)
	def(&s.CheckpointEvery, 10)
	if s.ID == "" {
		s.ID = fmt.Sprintf("01JHM%021d", s.Seed)
	}
	if s.Name == "" {
		s.Name = fmt.Sprintf("countdown-%d", s.Seed)
	}
	if s.Final == "" {
		s.Final = store.StateDone
	}
	if s.Created.IsZero() {
		s.Created = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	}
	return s
}

// Open writes the run into a new temporary directory, folds it and opens it
// for reading. The directory and the handle go with the test.
func Open(t testing.TB, spec Spec) (db *store.DB, dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := Write(dir, spec); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Fold(context.Background(), dir, store.DBPath(dir)); err != nil {
		t.Fatal(err)
	}
	db, err := store.OpenRead(store.DBPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db, dir
}

// Write writes the run's event log into dir, making dir if it is missing.
func Write(dir string, spec Spec) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	log, err := store.OpenLog(dir)
	if err != nil {
		return err
	}
	for _, step := range Records(spec) {
		if err := log.Append(step...); err != nil {
			log.Close()
			return err
		}
	}
	return log.Close()
}

// Records are the records of the run, one slice for what a run appends at once.
func Records(spec Spec) [][]store.Record {
	spec = spec.withDefaults()
	w := &writer{spec: spec, now: spec.Created.UnixMicro(), rng: rand.New(rand.NewPCG(spec.Seed, 0x67726164)), attempt: 1}
	w.begin()
	w.evaluate("before", 0)
	step := 0
	if spec.RewindAt > 0 {
		w.train(1, min(spec.RewindAt+5, spec.Steps)) // and dies
		w.attempt, step = 2, spec.RewindAt
		w.now += 60e6
		w.add(store.KindAttempt, attempt(2, spec.RewindAt, fmt.Sprintf("ckpt/step-%06d", spec.RewindAt)))
		w.add(store.KindRewind, store.Rewind{FromAttempt: 1, ToStep: spec.RewindAt})
		w.add(store.KindState, store.StateChange{State: store.StateRunning, Stage: "grpo", Step: step})
		w.flush()
	}
	w.train(step+1, spec.Steps)
	if spec.Final == store.StateRunning {
		return w.out
	}
	w.evaluate("after", spec.Steps)
	w.add(store.KindState, finalState(spec))
	w.flush()
	return w.out
}

// writer gathers records.
type writer struct {
	spec    Spec
	now     int64 // microseconds
	rng     *rand.Rand
	attempt int
	chain   string // hash of the last control record
	pending []store.Record
	out     [][]store.Record
}

func (w *writer) add(kind store.Kind, body any) {
	rec, err := store.NewRecord(kind, w.attempt, w.now, body)
	if err != nil {
		panic(err) // a value of this package that JSON cannot hold: a mistake in it
	}
	w.pending = append(w.pending, rec)
}

func (w *writer) flush() {
	if len(w.pending) > 0 {
		w.out = append(w.out, w.pending)
	}
	w.pending = nil
	w.now += 250e3
}

func (w *writer) begin() {
	s := w.spec
	w.add(store.KindRun, store.RunHeader{ID: s.ID, Name: s.Name, Purpose: "train", Task: "countdown",
		Config: []byte(`{"task":{"name":"countdown"},"grpo":{"beta":0.04}}`), ConfigTOML: "[task]\nname = \"countdown\"\n\n[grpo]\nbeta = 0.04\n",
		Seed: s.Seed, Version: "0.0.0-test", Device: "cpu-avx2, 2 threads", Steps: s.Steps, Params: 1_048_576, CreatedUS: w.now})
	w.add(store.KindAttempt, attempt(1, 0, ""))
	w.add(store.KindState, store.StateChange{State: store.StateStarting})
	w.flush()
	w.add(store.KindAlert, store.Alert{Level: "info", Code: "preflight.ratio", Message: "Importance ratio is 1 before the first update.", Value: 1, Passed: true})
	w.add(store.KindAlert, store.Alert{Level: "info", Code: "preflight.kl", Message: "KL to the reference is 0 before the first update.", Passed: true})
	w.add(store.KindState, store.StateChange{State: store.StateRunning, Stage: "grpo"})
	w.flush()
}

func attempt(n, from int, ckpt string) store.Attempt {
	return store.Attempt{N: n, Host: "lab-7", BootID: "5f0e9f57-6a56-4c9e-9f30-0d3a0b3f8a11", PID: 4000 + n, PIDStart: int64(100000 * n), FromStep: from, FromCkpt: ckpt}
}

func finalState(s Spec) store.StateChange {
	c := store.StateChange{State: s.Final, Stage: "grpo", Step: s.Steps}
	switch s.Final {
	case store.StateFailed:
		c.ExitCode, c.Reason = 1, "the disk is full"
	case store.StateStopped:
		c.Reason = "asked by the user"
	}
	return c
}

// skill is the chance that a completion of this step is right: from 5 % to 85 %.
func (w *writer) skill(step int) float64 {
	x := float64(step)/float64(w.spec.Steps) - 0.45
	return 0.05 + 0.8/(1+math.Exp(-10*x))
}

func (w *writer) train(from, to int) {
	for step := from; step <= to; step++ {
		w.step(step)
		if step%w.spec.CheckpointEvery == 0 {
			w.add(store.KindCheckpoint, store.Checkpoint{Step: step, Stage: "grpo", Path: fmt.Sprintf("ckpt/step-%06d", step),
				Bytes: 12_582_912, Manifest: fmt.Sprintf("%064x", w.spec.Seed*1000+uint64(step)), Metrics: map[string]float64{"reward": w.skill(step)}})
			w.flush()
		}
		if step == 7 {
			w.control("pause", step)
			w.control("resume", step)
		}
		if step == 12 {
			w.add(store.KindAlert, store.Alert{Step: step, Level: "warn", Code: "alarm.zero_spread",
				Message: "All completions of 62 % of the groups got the same reward; these groups teach nothing.", Value: 0.62})
			w.flush()
		}
	}
}

func (w *writer) control(verb string, step int) {
	state := store.StatePaused
	if verb == "resume" {
		state = store.StateRunning
	}
	c, err := store.Chain(w.chain, store.Control{ID: fmt.Sprintf("01JHN%021d", step*10+len(verb)), Actor: "ada", Via: "tui", Verb: verb, Reason: "look at the traces",
		AskedUS: w.now - 400e3, Outcome: "applied", AppliedStep: step})
	if err != nil {
		panic(err) // a value of this package that JSON cannot hold: a mistake in it
	}
	w.chain = c.Hash
	w.add(store.KindControl, c)
	w.add(store.KindState, store.StateChange{State: state, Stage: "grpo", Step: step, Reason: verb + " asked by ada"})
	w.flush()
}
