package train

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gradus/runner/rundir"
	"gradus/runner/state"
	"gradus/runner/train/journal"
	"gradus/store"
)

// pausePoll is how often a paused run looks for requests.
const pausePoll = 200 * time.Millisecond

// boundary is called between two steps: it answers what was asked of the run
// and, while the run is paused, waits. errStopped means that the run was asked
// to stop and has saved its checkpoint.
func (r *run) boundary(ctx context.Context) error {
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := r.obeySignals(); err != nil {
			return err
		}
		if err := r.obeyFiles(); err != nil {
			return err
		}
		if r.state != store.StatePaused {
			return nil
		}
		select {
		case <-ctx.Done():
		case <-r.heard.wake:
		case <-r.env.Clock.After(pausePoll):
		}
	}
}

// obeySignals turns signals into requests of their own and applies them.
func (r *run) obeySignals() error {
	ask := func(verb state.Verb, signal string) rundir.Request {
		return rundir.Request{ID: r.env.NewID(), Actor: signal, Via: "signal", Verb: string(verb), AskedUS: r.j.NowUS()}
	}
	if r.heard.save.Swap(false) {
		if err := r.apply(ask(state.VerbCheckpoint, "SIGUSR1")); err != nil {
			return err
		}
	}
	if name := r.heard.stop.Load(); name != nil && r.state != store.StateStopping {
		return r.apply(ask(state.VerbStop, *name))
	}
	return nil
}

// obeyFiles answers the control files, oldest first.
func (r *run) obeyFiles() error {
	list, err := r.env.Dir.Pending()
	if err != nil {
		return err
	}
	for _, p := range list {
		if !r.hist.Answered[p.Request.ID] {
			if err := r.answerFile(p); err != nil {
				return err
			}
			continue
		}
		// The answer is in the log; whoever gave it died before it removed
		// the request.
		if err := r.env.Dir.Answered(p.Request.ID); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) answerFile(p rundir.Pending) error {
	var err error
	switch {
	case p.Err != nil:
		err = r.refuse(p.Request, "rejected", p.Err.Error())
	case p.Request.Expired(r.j.NowUS()):
		err = r.refuse(p.Request, "expired", "it was too old when the run came to read it")
	default:
		if why := state.Allows(r.state, state.Verb(p.Request.Verb)); why != nil {
			err = r.refuse(p.Request, "rejected", why.Error())
			break
		}
		err = r.apply(p.Request)
	}
	if err != nil && !errors.Is(err, errStopped) {
		return err
	}
	r.hist.Answered[p.Request.ID] = true
	return errors.Join(err, r.env.Dir.Answered(p.Request.ID))
}

func (r *run) refuse(q rundir.Request, outcome, why string) error {
	return r.answer(q, outcome, why)
}

// answer records what became of a request, together with the state it leads
// to.
func (r *run) answer(q rundir.Request, outcome, result string, more ...journal.Entry) error {
	c := q.Control()
	c.Outcome, c.Result, c.AppliedStep = outcome, result, r.at.Step
	if err := r.j.Answer(c, more...); err != nil {
		return err
	}
	r.tell(Event{Control: &c})
	return nil
}

// apply does what is asked. The run's state allows it.
func (r *run) apply(q rundir.Request) error {
	step := r.at.Step
	switch verb := state.Verb(q.Verb); verb {
	case state.VerbCheckpoint:
		result := fmt.Sprintf("saved %s", checkpointName(step))
		switch {
		case r.rec.Steps() == 0:
			result = "nothing to save: this run trains nothing"
		case r.savedAt == step:
			result = fmt.Sprintf("%s was there already", checkpointName(step))
		default:
			if err := r.save(); err != nil {
				return err
			}
		}
		return r.answer(q, "applied", result)
	case state.VerbPause:
		if err := r.saveIfTraining(); err != nil {
			return err
		}
		return r.change(q, state.Pause, fmt.Sprintf("paused after step %d", step))
	case state.VerbResume:
		return r.change(q, state.Unpause, fmt.Sprintf("goes on after step %d", step))
	case state.VerbStop:
		if err := r.change(q, state.Stop, fmt.Sprintf("stopping after step %d", step)); err != nil {
			return err
		}
		if err := r.saveIfTraining(); err != nil {
			return err
		}
		return stoppedBy(q)
	}
	return r.answer(q, "rejected", fmt.Sprintf("%q is not a steering verb", q.Verb))
}

// saveIfTraining saves, unless there is nothing that training has changed.
func (r *run) saveIfTraining() error {
	if r.rec.Steps() == 0 || r.at.Step == 0 {
		return nil
	}
	return r.save()
}

// stoppedBy says in the exit record who asked.
func stoppedBy(q rundir.Request) error {
	by := fmt.Sprintf("asked by %s via %s", q.Actor, q.Via)
	if q.Reason != "" {
		by += ": " + q.Reason
	}
	return fmt.Errorf("%w (%s)", errStopped, by)
}

// change answers a request with the change of state that it brings, in one
// piece.
func (r *run) change(q rundir.Request, e state.Event, result string) error {
	s, err := state.Next(r.state, e)
	if err != nil {
		return err
	}
	c := store.StateChange{State: s, Stage: r.at.kind(r.rec.Stages), Step: r.at.Step, Reason: q.Reason}
	if err := r.answer(q, "applied", result, journal.Entry{Kind: store.KindState, Body: c}); err != nil {
		return err
	}
	r.state = s
	r.tell(Event{State: &c})
	return nil
}

// stopAsked says whether a stop is waiting, without answering it. Long work
// that can be done again, as an evaluation, is broken off for it.
func (r *run) stopAsked() bool {
	if r.heard.stop.Load() != nil {
		return true
	}
	list, err := r.env.Dir.Pending()
	if err != nil {
		return false // the boundary meets the same error and tells it
	}
	for _, p := range list {
		if p.Err == nil && state.Verb(p.Request.Verb) == state.VerbStop && !r.hist.Answered[p.Request.ID] && !p.Request.Expired(r.j.NowUS()) {
			return true
		}
	}
	return false
}

// errBrokenOff says that an evaluation was given up because of a stop.
var errBrokenOff = errors.New("broken off to stop")
