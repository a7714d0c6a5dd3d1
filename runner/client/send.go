package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"gradus/runner/rundir"
	"gradus/runner/state"
	"gradus/store"
	"gradus/store/eventlog"
)

// requestLife is how long a request waits to be applied before it expires: a
// stop that was asked yesterday must not hit today's resumed run.
const requestLife = 10 * time.Minute

// ErrRejected says that the run answered and did not do what was asked.
var ErrRejected = errors.New("rejected")

// Send asks something of a running run and waits for its answer, which it
// gives between two steps. The answer comes back with ErrRejected if the run
// refused or the request expired. When ctx ends first the request is taken
// back; if it was no longer there the error says that it may yet be applied.
func (c *Client) Send(ctx context.Context, runID string, verb state.Verb, reason string) (store.Control, error) {
	d, err := c.Dir(runID)
	if err != nil {
		return store.Control{}, err
	}
	if err := c.here(d); err != nil {
		return store.Control{}, err
	}
	if !known(verb) {
		return store.Control{}, state.Allows(store.StateRunning, verb)
	}
	if err := c.mustBeAlive(ctx, d, verb); err != nil {
		return store.Control{}, err
	}
	pos, err := eventlog.LastSegment(d.Path())
	if err != nil {
		return store.Control{}, fmt.Errorf("run %s: %w", runID, err)
	}
	id, err := c.newID()
	if err != nil {
		return store.Control{}, err
	}
	now := c.opt.Now()
	req := rundir.Request{ID: id, Actor: c.opt.Actor, Via: c.opt.Via, Verb: string(verb), Reason: reason,
		AskedUS: now.UnixMicro(), ExpiresUS: now.Add(requestLife).UnixMicro()}
	if err := d.WriteRequest(req); err != nil {
		return store.Control{}, err
	}
	answer, err := c.awaitAnswer(ctx, d, id, pos)
	if err != nil {
		return store.Control{}, c.giveUp(d, id, verb, err)
	}
	if answer.Outcome != "applied" {
		return answer, fmt.Errorf("run %s: %s was %w: %s", runID, verb, refusal(answer.Outcome), printable(answer.Result))
	}
	return answer, nil
}

// refusal is ErrRejected, in the words of the outcome.
func refusal(outcome string) error {
	if outcome == "rejected" {
		return ErrRejected
	}
	return fmt.Errorf("not applied (%s): %w", printable(outcome), ErrRejected)
}

func known(v state.Verb) bool {
	for _, k := range state.Verbs() {
		if k == v {
			return true
		}
	}
	return false
}

// mustBeAlive refuses to ask a run that nobody would answer for, and says
// what works instead.
func (c *Client) mustBeAlive(ctx context.Context, d rundir.Dir, verb state.Verb) error {
	alive, err := d.Alive()
	if err != nil || alive {
		return err
	}
	run, err := c.Run(ctx, d.ID())
	if err != nil {
		return err
	}
	switch s := run.State; {
	case run.Live == Alive: // it was resumed this very moment
		return nil
	case s == store.StateSubmitted:
		return fmt.Errorf("run %s has not started; nobody would answer", d.ID())
	case verb != state.VerbResume && state.Resumable(s):
		return fmt.Errorf("run %s is %s; there is nothing to %s (gradus resume starts it again)", d.ID(), s, verb)
	default:
		return fmt.Errorf("run %s: %w", d.ID(), state.Allows(s, verb))
	}
}

// errDied says that the process ended before it answered.
var errDied = errors.New("its process ended before it answered")

// awaitAnswer reads the log from pos until the answer to request id is there.
func (c *Client) awaitAnswer(ctx context.Context, d rundir.Dir, id string, pos eventlog.Position) (store.Control, error) {
	log := store.ReadLog(d.Path(), pos)
	defer log.Close()
	lastTest := time.Time{}
	dead := false
	for {
		answer, ok, err := findAnswer(log, id)
		if err != nil || ok {
			return answer, err
		}
		if dead {
			return store.Control{}, errDied
		}
		if now := time.Now(); now.Sub(lastTest) > 200*time.Millisecond {
			lastTest = now
			alive, err := d.Alive()
			if err != nil {
				return store.Control{}, err
			}
			dead = !alive // then the log is complete: read it once more
			if dead {
				continue
			}
		}
		if err := c.pause(ctx); err != nil {
			return store.Control{}, err
		}
	}
}

func findAnswer(log *store.LogReader, id string) (store.Control, bool, error) {
	for {
		rec, _, _, err := log.Next()
		if errors.Is(err, io.EOF) {
			return store.Control{}, false, nil
		}
		if err != nil {
			return store.Control{}, false, err
		}
		if rec.Kind != store.KindControl {
			continue
		}
		var a store.Control
		if err := decode(rec, &a); err != nil {
			return store.Control{}, false, err
		}
		if a.ID == id {
			return a, true, nil
		}
	}
}

// giveUp takes back a request that was not answered.
func (c *Client) giveUp(d rundir.Dir, id string, verb state.Verb, why error) error {
	back, err := d.Withdraw(id)
	switch {
	case err != nil:
		return fmt.Errorf("run %s did not answer %s (%w), and the request could not be taken back: %w", d.ID(), verb, why, err)
	case back:
		return fmt.Errorf("run %s did not answer %s: %w; the request was taken back", d.ID(), verb, why)
	}
	return fmt.Errorf("run %s did not answer %s: %w; it had read the request and may have applied it", d.ID(), verb, why)
}

func decode(rec store.Record, into any) error {
	if err := json.Unmarshal(rec.Body, into); err != nil {
		return fmt.Errorf("%s record: %w", rec.Kind, err)
	}
	return nil
}
