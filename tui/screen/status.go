package screen

import (
	"time"

	"gradus/runner/client"
	"gradus/runner/state"
	"gradus/store"
)

// SilentAfter is how long a live run may write nothing before the workbench
// says so; a run beats every 5 s.
const SilentAfter = 15 * time.Second

// RunWord says in a word or two how a run is: LIVE 0.4 s, silent 42 s, paused,
// done, dead: crashed. lastUS is when it last wrote, in microseconds.
func RunWord(s store.State, live client.Liveness, lastUS int64, now time.Time) (string, Role) {
	age := now.Sub(time.UnixMicro(lastUS))
	switch {
	case s == store.StateDone || s == store.StateStopped:
		return string(s), Dim
	case s == store.StateFailed || s == store.StateCrashed:
		return "dead: " + string(s), Bad
	case !state.Active(s):
		return string(s), Dim
	case live == client.Unknown:
		return string(s) + " elsewhere, " + Age(age), Caution
	case live == client.Gone:
		return "not started", Caution
	case lastUS > 0 && age > SilentAfter:
		return "silent " + Age(age), Caution
	case s == store.StatePaused:
		return "paused " + Age(age), Caution
	case s == store.StateRunning && lastUS > 0:
		return "LIVE " + Age(age), Good
	}
	return string(s), Good
}

// Target is the run that P and X work on.
type Target struct {
	ID, Name string // Name is foreign text
	State    store.State
	Live     client.Liveness
	LastUS   int64 // when it last wrote
}

// CannotSteer says why a run does not take requests, or "".
func CannotSteer(s store.State, live client.Liveness) string {
	switch {
	case live == client.Unknown:
		return "the run belongs to another machine; steer it there"
	case live == client.Gone && state.Active(s):
		return "the run has not started"
	}
	return ""
}
