// Package state is the life of a run as one table: the states that
// store.State names, the events that lead from one to another, and the
// steering verbs that each state accepts. Who writes a state is part of the
// table's meaning: all but crashed are records of the run itself, crashed is
// what an observer on the run's machine concludes from a free lock without an
// exit record. A lost connection is not a state.
package state

import (
	"fmt"
	"strings"

	"gradus/store"
)

// Event is something that may change the state of a run.
type Event string

// The events.
const (
	Submit  Event = "submit"  // the launcher wrote run.json
	Launch  Event = "launch"  // the run's process holds the lock and wrote its attempt record
	Ready   Event = "ready"   // model and data are loaded, the first step begins
	Advance Event = "advance" // the next stage begins; its name is in the record
	Pause   Event = "pause"   // asked, applied between steps
	Unpause Event = "resume"  // asked while paused
	Stop    Event = "stop"    // asked, or SIGTERM; a checkpoint follows
	Halt    Event = "halt"    // the checkpoint of a stop is on disk
	Finish  Event = "finish"  // all stages are done
	Fail    Event = "fail"    // an error the run could still record
	Lost    Event = "lost"    // the lock is free and no exit record was found
	Retry   Event = "retry"   // a new attempt takes the run up from its last checkpoint
)

// States are all states, in the order of a run's life.
func States() []store.State {
	return []store.State{store.StateDraft, store.StateSubmitted, store.StateStarting, store.StateRunning, store.StatePaused,
		store.StateStopping, store.StateDone, store.StateStopped, store.StateFailed, store.StateCrashed}
}

// Transition is one row of the table.
type Transition struct {
	From store.State
	On   Event
	To   store.State
}

// Table returns every transition there is. What is not in it cannot happen.
func Table() []Transition {
	return []Transition{
		{store.StateDraft, Submit, store.StateSubmitted},

		{store.StateSubmitted, Launch, store.StateStarting},
		{store.StateSubmitted, Fail, store.StateFailed},
		{store.StateSubmitted, Lost, store.StateCrashed},

		{store.StateStarting, Ready, store.StateRunning},
		{store.StateStarting, Stop, store.StateStopping},
		{store.StateStarting, Fail, store.StateFailed},
		{store.StateStarting, Lost, store.StateCrashed},

		{store.StateRunning, Advance, store.StateRunning},
		{store.StateRunning, Pause, store.StatePaused},
		{store.StateRunning, Stop, store.StateStopping},
		{store.StateRunning, Finish, store.StateDone},
		{store.StateRunning, Fail, store.StateFailed},
		{store.StateRunning, Lost, store.StateCrashed},

		{store.StatePaused, Unpause, store.StateRunning},
		{store.StatePaused, Stop, store.StateStopping},
		{store.StatePaused, Fail, store.StateFailed},
		{store.StatePaused, Lost, store.StateCrashed},

		{store.StateStopping, Halt, store.StateStopped},
		{store.StateStopping, Finish, store.StateDone}, // the stop came during the last step
		{store.StateStopping, Fail, store.StateFailed},
		{store.StateStopping, Lost, store.StateCrashed},

		{store.StateStopped, Retry, store.StateSubmitted},
		{store.StateFailed, Retry, store.StateSubmitted},
		{store.StateCrashed, Retry, store.StateSubmitted},
	}
}

// Next returns the state after event. An event that the table does not have
// for the state is an error that lists those it has; the state then stays.
func Next(s store.State, e Event) (store.State, error) {
	var can []string
	for _, t := range Table() {
		if t.From != s {
			continue
		}
		if t.On == e {
			return t.To, nil
		}
		can = append(can, string(t.On))
	}
	if len(can) == 0 {
		if !Known(s) {
			return s, fmt.Errorf("%q is not a state of a run", string(s))
		}
		return s, fmt.Errorf("a run that is %s cannot %s: it has ended", s, e)
	}
	return s, fmt.Errorf("a run that is %s cannot %s; it can %s", s, e, strings.Join(can, ", "))
}

// Known says whether s is one of States.
func Known(s store.State) bool {
	for _, k := range States() {
		if k == s {
			return true
		}
	}
	return false
}

// Active says whether a process should be working on a run in state s: if its
// lock is free, the run has crashed.
func Active(s store.State) bool {
	_, err := Next(s, Lost)
	return err == nil
}

// Terminal says whether an attempt in state s is over. The store has to know it
// too, to close attempts, and knows no table: a test holds it to this one.
func Terminal(s store.State) bool {
	return s.Terminal()
}

// Resumable says whether a new attempt may be started.
func Resumable(s store.State) bool {
	_, err := Next(s, Retry)
	return err == nil
}

// Verb is a steering request.
type Verb string

// The verbs of first light.
const (
	VerbPause      Verb = "pause"
	VerbResume     Verb = "resume"
	VerbStop       Verb = "stop"
	VerbCheckpoint Verb = "checkpoint" // write one now; changes no state
)

// Verbs are all verbs.
func Verbs() []Verb { return []Verb{VerbPause, VerbResume, VerbStop, VerbCheckpoint} }

// Allows returns nil if a run in state s accepts the verb, or why not and
// which ones it does accept.
func Allows(s store.State, v Verb) error {
	known := false
	var can []string
	for _, k := range Verbs() {
		if accepts(s, k) {
			if k == v {
				return nil
			}
			can = append(can, string(k))
		}
		known = known || k == v
	}
	switch {
	case !known:
		return fmt.Errorf("%q is not a steering verb; use pause, resume, stop or checkpoint", string(v))
	case Terminal(s):
		return fmt.Errorf("a run that is %s cannot %s: it has ended", s, v)
	case len(can) == 0:
		return fmt.Errorf("a run that is %s cannot %s now", s, v)
	}
	return fmt.Errorf("a run that is %s cannot %s; it can %s", s, v, strings.Join(can, ", "))
}

func accepts(s store.State, v Verb) bool {
	if v == VerbCheckpoint { // no transition: there must be a step to save
		return s == store.StateRunning || s == store.StatePaused
	}
	_, err := Next(s, Event(v))
	return err == nil
}
