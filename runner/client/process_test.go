package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gradus/runner/rundir"
	"gradus/runner/state"
	"gradus/store"
	"gradus/store/eventlog"
)

// TestMain lets the test program be the process of a run, as gradus is: the
// client starts it with "_run FOLDER".
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "_run" {
		if err := beRun(os.Args[2], os.Getenv("GRADUS_TEST_RUN")); err != nil {
			// In one piece: several such processes may share stderr.log.
			fmt.Fprintf(os.Stderr, "noise before the error\n%v\n", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// beRun keeps to the protocol of a run and does no work. how picks what goes
// wrong.
func beRun(path, how string) error {
	switch how {
	case "dumb":
		return errors.New("open /x: not a checkpoint\x1b[2J")
	case "silent":
		os.Exit(3)
	}
	d, err := rundir.At(path)
	if err != nil {
		return err
	}
	lock, err := d.Lock(rundir.Self())
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if how == "early" {
		return errors.New("died before the log")
	}
	attempt, step, prev, err := history(path)
	if err != nil {
		return err
	}
	log, err := store.OpenLog(path)
	if err != nil {
		return err
	}
	defer log.Close()
	f := &fake{d: d, log: log, attempt: attempt + 1, step: step, prev: prev, state: store.StateSubmitted}
	if attempt == 0 {
		spec, err := d.Spec()
		if err != nil {
			return err
		}
		if err := f.write(store.KindRun, store.RunHeader{ID: spec.ID, Name: spec.Name, Purpose: spec.Purpose, Steps: 50, CreatedUS: spec.CreatedUS}); err != nil {
			return err
		}
	}
	if err := f.write(store.KindAttempt, store.Attempt{N: f.attempt, PID: os.Getpid(), FromStep: step}); err != nil {
		return err
	}
	if err := f.enter(state.Launch, ""); err != nil {
		return err
	}
	env := strings.Join(os.Environ(), "\n")
	if err := os.WriteFile(filepath.Join(path, "env.txt"), []byte(env), 0o600); err != nil {
		return err
	}
	switch how {
	case "fail":
		if err := f.enter(state.Fail, "config.json has no hidden_size"); err != nil {
			return err
		}
		time.Sleep(100 * time.Millisecond) // it has said so, and still closes its files
		return nil
	case "starting":
		return errors.New("killed while loading")
	case "slow":
		time.Sleep(5 * time.Minute) // it is killed before
	}
	if err := f.enter(state.Ready, ""); err != nil {
		return err
	}
	return f.steps(how)
}

type fake struct {
	d       rundir.Dir
	log     *store.Log
	attempt int
	step    int
	prev    string
	state   store.State
}

func (f *fake) write(kind store.Kind, body any) error {
	rec, err := store.NewRecord(kind, f.attempt, time.Now().UnixMicro(), body)
	if err != nil {
		return err
	}
	return f.log.Append(rec)
}

func (f *fake) enter(e state.Event, reason string) error {
	next, err := state.Next(f.state, e)
	if err != nil {
		return err
	}
	f.state = next
	return f.write(store.KindState, store.StateChange{State: next, Stage: "grpo", Step: f.step, Reason: reason})
}

func (f *fake) steps(how string) error {
	for {
		time.Sleep(5 * time.Millisecond)
		if how != "deaf" {
			if err := f.answer(); err != nil {
				return err
			}
		}
		switch f.state {
		case store.StateStopping:
			return f.enter(state.Halt, "")
		case store.StatePaused:
			continue
		}
		if how == "forever" || how == "deaf" {
			continue
		}
		f.step++
		if err := f.write(store.KindMetrics, store.Metrics{Stage: "grpo", Step: f.step, Values: map[string]float64{"reward": 0.5}}); err != nil {
			return err
		}
		if f.step >= 50 {
			return f.enter(state.Finish, "")
		}
	}
}

func (f *fake) answer() error {
	list, err := f.d.Pending()
	if err != nil {
		return err
	}
	for _, p := range list {
		c := p.Request.Control()
		c.Outcome, c.AppliedStep = "applied", f.step
		err := p.Err
		if err == nil {
			err = state.Allows(f.state, state.Verb(c.Verb))
		}
		if err != nil {
			c.Outcome, c.Result = "rejected", err.Error()
		}
		if c, err = store.Chain(f.prev, c); err != nil {
			return err
		}
		f.prev = c.Hash
		if err := f.write(store.KindControl, c); err != nil {
			return err
		}
		if c.Outcome == "applied" && c.Verb != string(state.VerbCheckpoint) {
			if err := f.enter(state.Event(c.Verb), c.Reason); err != nil {
				return err
			}
		}
		if err := f.d.Answered(c.ID); err != nil {
			return err
		}
	}
	return nil
}

// history reads what earlier attempts left.
func history(path string) (attempt, step int, prev string, err error) {
	log := store.ReadLog(path, eventlog.Position{})
	defer log.Close()
	for {
		rec, _, _, err := log.Next()
		if errors.Is(err, io.EOF) {
			return attempt, step, prev, nil
		}
		if err != nil {
			return 0, 0, "", err
		}
		attempt = max(attempt, rec.Attempt)
		switch rec.Kind {
		case store.KindMetrics:
			var m store.Metrics
			if err := json.Unmarshal(rec.Body, &m); err != nil {
				return 0, 0, "", err
			}
			step = m.Step
		case store.KindControl:
			var c store.Control
			if err := json.Unmarshal(rec.Body, &c); err != nil {
				return 0, 0, "", err
			}
			prev = c.Hash
		}
	}
}
