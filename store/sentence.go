package store

import (
	"fmt"
	"strings"
)

// line is an event as a list shows it.
type line struct {
	step        int
	level, code string
	text        string
}

// describe says in one sentence what a record tells. ok is false for records
// that are no events: they have tables of their own and come all the time.
func describe(it item) (line, bool) {
	if it.bad != nil {
		return line{level: "error", code: "store.unreadable", text: it.bad.Error()}, true
	}
	switch b := it.body.(type) {
	case *Attempt:
		l := line{step: b.FromStep, level: "info", code: "attempt"}
		l.text = fmt.Sprintf("Attempt %d began on %s (pid %d).", b.N, b.Host, b.PID)
		if b.FromStep > 0 {
			l.text = fmt.Sprintf("Attempt %d began on %s (pid %d), going on from step %d.", b.N, b.Host, b.PID, b.FromStep)
		}
		return l, true
	case *StateChange:
		return describeState(b), true
	case *Checkpoint:
		return line{b.Step, "info", "checkpoint", fmt.Sprintf("Checkpoint of step %d written to %s (%s).", b.Step, b.Path, byteSize(b.Bytes))}, true
	case *Eval:
		name := b.Suite
		if b.Label != "" {
			name += ", " + b.Label
		}
		return line{b.Step, "info", "eval", fmt.Sprintf("Evaluation (%s) of %s: accuracy %.3f [%.3f, %.3f] on %d prompts.",
			name, b.Ckpt, b.Accuracy, b.CILow, b.CIHigh, b.N)}, true
	case *Control:
		return describeControl(b), true
	case *Alert:
		level := b.Level
		if level != "warn" && level != "error" {
			level = "info"
		}
		return line{b.Step, level, b.Code, b.Message}, true
	case *Rewind:
		return line{b.ToStep, "info", "rewind", fmt.Sprintf("Rewound to step %d: later steps of attempt %d no longer count.", b.ToStep, b.FromAttempt)}, true
	case nil:
		return line{level: "warn", code: "store.unknown_kind",
			text: fmt.Sprintf("Record %d is of kind %q, which this gradus does not know; it is kept as it is.", it.seq, it.rec.Kind)}, true
	}
	return line{}, false
}

func describeState(b *StateChange) line {
	l := line{step: b.Step, level: "info", code: "state." + string(b.State)}
	where := fmt.Sprintf("at step %d", b.Step)
	if b.Stage != "" {
		where = fmt.Sprintf("in stage %s at step %d", b.Stage, b.Step)
	}
	switch b.State {
	case StateFailed, StateCrashed:
		l.level = "error"
		l.text = fmt.Sprintf("The run %s %s (exit code %d)", b.State, where, b.ExitCode)
	case StateDone:
		l.text = fmt.Sprintf("The run finished %s", where)
	default:
		l.text = fmt.Sprintf("The run is %s %s", b.State, where)
	}
	if b.Reason != "" {
		l.text += ": " + strings.TrimRight(b.Reason, ".")
	}
	l.text += "."
	return l
}

func describeControl(b *Control) line {
	l := line{step: b.AppliedStep, level: "info", code: "control." + b.Verb}
	l.text = fmt.Sprintf("%s by %s (%s): %s", b.Verb, b.Actor, b.Via, b.Outcome)
	if b.Outcome == "applied" {
		l.text += fmt.Sprintf(" at step %d", b.AppliedStep)
	} else {
		l.level = "warn"
	}
	if b.Result != "" {
		l.text += ": " + strings.TrimRight(b.Result, ".")
	}
	l.text += "."
	return l
}

// byteSize writes n bytes with a decimal unit.
func byteSize(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
