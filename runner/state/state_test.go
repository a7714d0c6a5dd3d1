package state

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"gradus/store"

	"pgregory.net/rapid"
)

func TestLives(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []Event
		want   store.State
	}{
		{"runs to its end", []Event{Submit, Launch, Ready, Finish}, store.StateDone},
		{"is paused and goes on", []Event{Submit, Launch, Ready, Pause, Unpause, Finish}, store.StateDone},
		{"is stopped while paused", []Event{Submit, Launch, Ready, Pause, Stop, Halt}, store.StateStopped},
		{"is stopped during its last step", []Event{Submit, Launch, Ready, Stop, Finish}, store.StateDone},
		{"cannot load its checkpoint", []Event{Submit, Launch, Fail}, store.StateFailed},
		{"is killed, resumed and done", []Event{Submit, Launch, Ready, Lost, Retry, Launch, Ready, Finish}, store.StateDone},
		{"is killed before it began", []Event{Submit, Lost}, store.StateCrashed},
		{"is killed while it stops", []Event{Submit, Launch, Ready, Stop, Lost}, store.StateCrashed},
		{"is stopped while it loads", []Event{Submit, Launch, Stop, Halt}, store.StateStopped},
	} {
		s := store.StateDraft
		for _, e := range c.events {
			next, err := Next(s, e)
			if err != nil {
				t.Fatalf("a run that %s: %v", c.name, err)
			}
			s = next
		}
		if s != c.want {
			t.Errorf("a run that %s is %s, want %s", c.name, s, c.want)
		}
	}
}

func TestImpossible(t *testing.T) {
	for _, c := range []struct {
		s    store.State
		e    Event
		want string
	}{
		{store.StatePaused, Pause, "a run that is paused cannot pause; it can resume, stop"},
		{store.StateRunning, Unpause, "a run that is running cannot resume"},
		{store.StateDone, Retry, "it has ended"},
		{store.StateDone, Stop, "it has ended"},
		{store.StateStarting, Pause, "cannot pause"},
		{store.StateDraft, Launch, "it can submit"},
		{"unreachable", Stop, "is not a state of a run"},
	} {
		got, err := Next(c.s, c.e)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s in %s: error %v, want one with %q", c.e, c.s, err, c.want)
		}
		if got != c.s {
			t.Errorf("%s in %s moved to %s", c.e, c.s, got)
		}
	}
}

func TestTableIsSound(t *testing.T) {
	seen := map[[2]string]bool{}
	reached := map[store.State]bool{store.StateDraft: true}
	events := map[Event]bool{}
	for _, e := range allEvents() {
		events[e] = true
	}
	for _, row := range Table() {
		key := [2]string{string(row.From), string(row.On)}
		if seen[key] {
			t.Errorf("two rows for %s in %s", row.On, row.From)
		}
		seen[key] = true
		if !Known(row.From) || !Known(row.To) || !events[row.On] {
			t.Errorf("row %v names an unknown state or event", row)
		}
		reached[row.To] = true
	}
	for _, s := range States() {
		if !reached[s] {
			t.Errorf("%s cannot be reached", s)
		}
		// Exactly one of: not begun, active, over.
		if n := count(s == store.StateDraft, Active(s), Terminal(s)); n != 1 {
			t.Errorf("%s is %d of draft, active and terminal", s, n)
		}
		if Terminal(s) && s != store.StateDone && !Resumable(s) {
			t.Errorf("%s cannot be resumed", s)
		}
	}
	if Active("unreachable") || Terminal("unreachable") || Known("") {
		t.Error("an unknown state is taken for one")
	}
}

func count(bs ...bool) int {
	n := 0
	for _, b := range bs {
		if b {
			n++
		}
	}
	return n
}

// Whatever happens to a run, in whatever order: it is in a known state; it can
// only be working between Launch and an end; done is for ever; and from every
// state there is a way to an end.
func TestRandomLives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, working := store.StateDraft, false
		for range rapid.IntRange(0, 40).Draw(t, "length") {
			e := rapid.SampledFrom(allEvents()).Draw(t, "event")
			next, err := Next(s, e)
			if (err == nil) != inTable(s, e) {
				t.Fatalf("%s in %s: %v", e, s, err)
			}
			if err != nil {
				if next != s {
					t.Fatalf("%s in %s failed and still moved to %s", e, s, next)
				}
				continue
			}
			if s == store.StateDone {
				t.Fatalf("%s led out of done", e)
			}
			switch {
			case e == Launch:
				working = true
			case Terminal(next):
				working = false
			}
			switch next {
			case store.StateRunning, store.StatePaused, store.StateStopping, store.StateStarting:
				if !working {
					t.Fatalf("%s without a process, by %s in %s", next, e, s)
				}
			case store.StateCrashed:
				if e != Lost {
					t.Fatalf("the run itself wrote crashed, by %s", e)
				}
			}
			s = next
		}
		for range len(States()) {
			if Terminal(s) {
				return
			}
			next, err := Next(s, firstTowardsEnd(s))
			if err != nil {
				t.Fatal(err)
			}
			s = next
		}
		t.Fatalf("no way to an end from %s", s)
	})
}

func inTable(s store.State, e Event) bool {
	for _, row := range Table() {
		if row.From == s && row.On == e {
			return true
		}
	}
	return false
}

func firstTowardsEnd(s store.State) Event {
	if s == store.StateDraft {
		return Submit
	}
	return Fail
}

func TestVerbs(t *testing.T) {
	for _, s := range States() {
		for _, v := range Verbs() {
			err := Allows(s, v)
			want := map[Verb][]store.State{
				VerbPause:      {store.StateRunning},
				VerbResume:     {store.StatePaused},
				VerbStop:       {store.StateStarting, store.StateRunning, store.StatePaused},
				VerbCheckpoint: {store.StateRunning, store.StatePaused},
			}[v]
			allowed := false
			for _, w := range want {
				allowed = allowed || w == s
			}
			if (err == nil) != allowed {
				t.Errorf("%s while %s: %v, want allowed=%v", v, s, err, allowed)
			}
		}
	}
	for _, c := range []struct {
		s    store.State
		v    Verb
		want string
	}{
		{store.StatePaused, VerbPause, "a run that is paused cannot pause; it can resume, stop, checkpoint"},
		{store.StateDone, VerbPause, "a run that is done cannot pause: it has ended"},
		{store.StateStopping, VerbStop, "a run that is stopping cannot stop now"},
		{store.StateStarting, VerbCheckpoint, "a run that is starting cannot checkpoint; it can stop"},
	} {
		if err := Allows(c.s, c.v); err == nil || err.Error() != c.want {
			t.Errorf("%s while %s: %v, want %q", c.v, c.s, err, c.want)
		}
	}
	if err := Allows(store.StateRunning, "rm -rf"); err == nil || !strings.Contains(err.Error(), "not a steering verb") {
		t.Errorf("an unknown verb gives %v", err)
	}
}

// The table in the documentation is this one.
func TestDocumentedTable(t *testing.T) {
	var b strings.Builder
	b.WriteString("| from | on | to |\n|---|---|---|\n")
	for _, row := range Table() {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", row.From, row.On, row.To)
	}
	want, err := os.ReadFile("testdata/table.md")
	if os.Getenv("GRADUS_UPDATE_GOLDEN") != "" {
		if err := os.WriteFile("testdata/table.md", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Error("testdata/table.md is not the table; look at both, then run the test with GRADUS_UPDATE_GOLDEN=1")
	}
}

// allEvents are in the order of a run's life.
func allEvents() []Event {
	return []Event{Submit, Launch, Ready, Advance, Pause, Unpause, Stop, Halt, Finish, Fail, Lost, Retry}
}
