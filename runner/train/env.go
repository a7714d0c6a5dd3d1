// Package train is what happens inside the process of a run: it holds the
// run's lock, does the stages of the recipe in order, writes everything it
// does into the event log, answers steering requests between steps, and ends
// with an exit record. A run that was killed goes on from its last checkpoint
// and ends with the same bits as one that was not.
package train

import (
	"fmt"
	"os"
	"strings"

	"gradus/kernels"
	"gradus/kernels/machine"
	"gradus/runner/recipe"
	"gradus/runner/rundir"
	"gradus/runner/train/journal"
	"gradus/store"
)

// Env is what the process of a run takes from outside.
type Env struct {
	Dir rundir.Dir
	// OpenDevice opens the device that the recipe asks for and describes it,
	// as "cpu-avx2, 2 threads"; see Compute for the dtype. Run closes it. It is called once the run is
	// locked, so that a machine without that device is told in the record.
	OpenDevice func(*recipe.Recipe) (dev kernels.Device, about string, err error)
	// Memory, if not nil, tells how much memory a run may take; ok is false if
	// nobody knows. A run that needs more is refused before it allocates any.
	Memory func() (m machine.Memory, ok bool)
	Clock  journal.Clock
	// NewID returns a new ULID, for requests that come as signals.
	NewID func() string
	// Signals brings SIGTERM and SIGINT (stop; the second time at once),
	// SIGUSR1 (checkpoint). It may be nil. See Signals.
	Signals <-chan os.Signal
	// Progress, if not nil, is told what happens, from the goroutine of Run.
	Progress func(Event)
	// Complain, if not nil, is told of troubles that do not end the run and do
	// not fit the record, as a database that cannot be written. It may be
	// called from other goroutines.
	Complain func(error)
	// Version is gradus' own, Executable the SHA-256 of the binary, if known.
	Version    string
	Executable string
}

// Event tells a watcher in the same process what has just been recorded. Of
// the pointers, one is set; none while something long is under way.
type Event struct {
	Stage      string // sft, grpo, eval; empty before the first
	Step       int    // finished steps of the run
	Steps      int    // planned ones
	State      *store.StateChange
	Metrics    *store.Metrics
	Eval       *store.Eval
	Checkpoint *store.Checkpoint
	Alert      *store.Alert
	Control    *store.Control

	Doing string // "rollout", "evaluation": Done of Total completions
	Done  int
	Total int
}

// String is the event as one line without a newline. It can quote foreign
// text.
func (e Event) String() string {
	at := fmt.Sprintf("step %d/%d", e.Step, e.Steps)
	switch {
	case e.State != nil:
		s := fmt.Sprintf("%s %s", at, e.State.State)
		if e.State.State == store.StateRunning && e.State.Stage != "" {
			s += " stage " + e.State.Stage
		}
		if e.State.Reason != "" {
			s += ": " + e.State.Reason
		}
		return s
	case e.Metrics != nil:
		return fmt.Sprintf("%s %s %s", at, e.Stage, metricLine(e.Metrics.Values))
	case e.Eval != nil:
		label := ""
		if e.Eval.Label != "" {
			label = " " + e.Eval.Label
		}
		return fmt.Sprintf("%s eval%s: accuracy %.3f (95 %% interval %.3f to %.3f), format %.3f, %s", at, label,
			e.Eval.Accuracy, e.Eval.CILow, e.Eval.CIHigh, e.Eval.FormatOK, e.Eval.Suite)
	case e.Checkpoint != nil:
		return fmt.Sprintf("%s checkpoint %s, %.1f MB", at, e.Checkpoint.Path, float64(e.Checkpoint.Bytes)/1e6)
	case e.Alert != nil:
		mark := e.Alert.Level
		if strings.HasPrefix(e.Alert.Code, "preflight.") {
			mark = "preflight " + map[bool]string{true: "ok", false: "FAILED"}[e.Alert.Passed]
		}
		return fmt.Sprintf("%s %s: %s", at, mark, e.Alert.Message)
	case e.Control != nil:
		return fmt.Sprintf("%s %s %s: %s", at, e.Control.Verb, e.Control.Outcome, e.Control.Result)
	}
	return fmt.Sprintf("%s %s %d/%d", at, e.Doing, e.Done, e.Total)
}

// metricLine picks what a reader of plain lines looks at.
func metricLine(v map[string]float64) string {
	var b strings.Builder
	for _, m := range []struct{ name, short, format string }{
		{"reward", "reward", "%.3f"},
		{"accuracy", "accuracy", "%.3f"},
		{"loss", "loss", "%.4f"},
		{"kl", "kl", "%.4f"},
		{"entropy", "entropy", "%.3f"},
		{"completions/mean_length", "length", "%.1f"},
		{"completions/clipped_ratio", "cut", "%.2f"},
		{"grad_norm", "grad_norm", "%.3f"},
		{"step_time", "time", "%.2fs"},
		{"gpu/power", "gpu", "%.0f W"},
		{"gpu/temperature", "", "%.0f °C"},
	} {
		x, ok := v[m.name]
		if !ok {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		if m.short != "" {
			b.WriteString(m.short + " ")
		}
		fmt.Fprintf(&b, m.format, x)
	}
	return b.String()
}
