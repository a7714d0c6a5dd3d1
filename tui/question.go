package tui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"gradus/runner/client"
	"gradus/runner/state"
	"gradus/store"
	"gradus/tui/keys"
	"gradus/tui/screen"
	"gradus/tui/text"
)

// question is an open question. Only y says yes: never Enter, and never the
// key that opened it. Any other key says no, but r, which asks for a reason.
//
// A question that no key opened may meet keys that were meant for what was
// there before, so it takes none until the keyboard was quiet for a moment.
type question struct {
	screen.Ask
	reason *screen.Field
	since  time.Time // when it was opened
	last   time.Time // when the last key came
}

const (
	quiet    = 425 * time.Millisecond
	patience = 1500 * time.Millisecond // after which it takes keys in any case
)

func newQuestion(a screen.Ask, now time.Time) *question {
	return &question{Ask: a, reason: screen.NewField(200), since: now, last: now}
}

// early tells whether a key at now was not yet meant for the question.
func (q *question) early(now time.Time) bool {
	last := q.last
	q.last = now
	return q.Key == "" && now.Sub(last) < quiet && now.Sub(q.since) < patience
}

// key answers; done tells whether the question is settled.
func (q *question) key(msg tea.KeyPressMsg) (done bool, cmd tea.Cmd) {
	name := msg.String()
	if q.reason.Focused() {
		switch name {
		case "enter":
			q.reason.Close(true) // the reason stands; the question stays open
		case "esc":
			q.reason.Close(false)
		default:
			return false, q.reason.Type(msg)
		}
		return false, nil
	}
	switch {
	case name == "r" && q.Reason:
		q.reason.Open()
		return false, nil
	case name == "enter" || name == q.Key:
		return false, nil // pressed twice by accident: neither yes nor no
	case name == "y":
		return true, q.Yes(q.reason.Value())
	}
	return true, nil
}

func (q *question) paste(msg tea.PasteMsg) tea.Cmd {
	if !q.reason.Focused() {
		return nil
	}
	return q.reason.Type(msg)
}

// lines draws the question in w cells; brief leaves out what is not needed for
// an answer.
func (q *question) lines(env *screen.Env, w int, brief bool) []string {
	var out []string
	for _, l := range env.Wrap(q.Question, max(w-2, 1)) {
		out = append(out, env.Line(w, screen.P(screen.Strong, " "+l)))
	}
	notes := q.Notes
	if brief {
		notes = nil
	}
	for _, n := range notes {
		for _, l := range env.Wrap(n, max(w-2, 1)) {
			out = append(out, env.Line(w, screen.P(screen.Dim, " "+l)))
		}
	}
	if q.Reason && (q.reason.Focused() || q.reason.Value() != "") {
		out = append(out, env.Line(w, append([]screen.Piece{screen.P(screen.Dim, " why: ")}, q.reason.Pieces()...)...))
	}
	answer := []screen.Piece{screen.P(screen.Key, " y"), screen.P(screen.Plain, " yes   "), screen.P(screen.Key, "esc"), screen.P(screen.Plain, " no")}
	if q.Reason {
		answer = append(answer, screen.P(screen.Key, "   r"), screen.P(screen.Plain, " give a reason"))
	}
	if q.reason.Focused() {
		answer = []screen.Piece{screen.P(screen.Key, " enter"), screen.P(screen.Plain, " keep the reason   "), screen.P(screen.Key, "esc"), screen.P(screen.Plain, " drop it")}
	}
	if brief {
		var words string
		for _, p := range answer {
			words += p.Text
		}
		for _, l := range env.Wrap(strings.Join(strings.Fields(words), " "), max(w-1, 1)) {
			out = append(out, env.Line(w, screen.P(screen.Key, " "+l)))
		}
		return out
	}
	return append(out, env.Line(w, answer...))
}

// steered is a screen about a run that P and X work on.
type steered interface{ Steer() screen.Target }

// asks is what P or X asks of a run as it is now; ok is false where it would
// only be refused.
func asks(id keys.ID, of screen.Target) (verb state.Verb, ok bool) {
	verb = state.VerbPause
	switch {
	case id == keys.Stop:
		verb = state.VerbStop
	case of.State == store.StatePaused, state.Resumable(of.State):
		verb = state.VerbResume
	}
	switch {
	case of.ID == "" || screen.CannotSteer(of.State, of.Live) != "":
		return verb, false
	case state.Resumable(of.State):
		return verb, verb == state.VerbResume
	}
	return verb, state.Allows(of.State, verb) == nil
}

// steer opens the question that P or X asks.
func (a *App) steer(id keys.ID, key string) tea.Cmd {
	s, ok := a.top().(steered)
	if !ok {
		return nil
	}
	at := s.Steer()
	runID, name, st, live := at.ID, text.Line(at.Name), at.State, at.Live
	if runID == "" {
		return screen.Say(screen.Warn, "no run is selected")
	}
	if name == "" {
		name = runID
	}
	if why := screen.CannotSteer(st, live); why != "" {
		return screen.Say(screen.Warn, name+": "+why)
	}
	verb, ok := asks(id, at)
	ask := screen.Ask{Key: key, Reason: true}
	switch {
	case verb == state.VerbStop:
		ask.Question = "Stop " + name + " after this step?"
		ask.Notes = []string{"It writes a checkpoint, then its process ends. P takes it up again later."}
	case st == store.StatePaused:
		ask.Question = "Let " + name + " go on?"
	case state.Resumable(st):
		ask.Reason = false
		ask.Question = "Take " + name + " up again from its last checkpoint?"
		ask.Notes = []string{"It is " + string(st) + ". A new attempt starts in a process of its own."}
	default:
		ask.Question = "Pause " + name + " after this step?"
		ask.Notes = []string{"Its process stays, with its memory, and waits. P lets it go on."}
	}
	switch {
	case !ok && state.Resumable(st):
		return screen.Say(screen.Warn, name+" is "+string(st)+"; there is nothing to stop")
	case !ok:
		return screen.Say(screen.Warn, name+": "+state.Allows(st, verb).Error())
	}
	if age := a.env.Clock.Now().Sub(time.UnixMicro(at.LastUS)); live == client.Alive && age > screen.SilentAfter {
		ask.Notes = append(ask.Notes, "It has written nothing for "+screen.Age(age)+"; the answer may take as long.")
	}
	ask.Yes = func(reason string) tea.Cmd {
		a.say(screen.Notice{Text: "asked " + name + " to " + string(verb) + "; it answers between two steps"})
		return a.control(runID, name, verb, reason)
	}
	a.ask = newQuestion(ask, a.env.Clock.Now())
	return nil
}

func (a *App) control(runID, name string, verb state.Verb, reason string) tea.Cmd {
	ctx, src := a.env.Ctx, a.env.Source
	return func() tea.Msg {
		answer, err := src.Control(ctx, runID, verb, reason)
		if err != nil {
			return screen.Failed(name, err)
		}
		return screen.Notice{Text: name + ": " + answer}
	}
}
