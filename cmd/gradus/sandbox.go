package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"gradus/rewards/sandbox"
)

// sandboxCommand is the process that keeps the sandbox of code rewards: it
// runs programs in boxes and answers on its standard output. Rewards start it
// themselves.
func (a *app) sandboxCommand() *cobra.Command {
	return &cobra.Command{
		Use:     sandbox.Command,
		Short:   "The process that keeps the sandbox of code rewards; they start it themselves",
		Example: "  gradus _sandbox",
		Hidden:  true,
		Args:    exactArgs(),
		RunE: func(*cobra.Command, []string) error {
			return sandbox.Serve(os.Stdin, a.stdout, a.getenv)
		},
	}
}

// keeper is the command line of that process; nil when this program cannot
// find itself.
func (a *app) keeper() []string {
	self, err := os.Executable()
	if err != nil {
		return nil
	}
	return []string{self, sandbox.Command}
}

// examineHold says what keeps all processes of a program together within its
// limits.
func examineHold(r *sandbox.Runner) finding {
	hold, why := r.Hold()
	f := finding{Name: " sandbox limits", OK: hold == sandbox.HoldCgroup, Value: "control groups", Why: "memory.max and pids.max in groups below " + why}
	if !f.OK {
		f.Value, f.Why = "watched", "memory of all processes together is looked at every 20 ms: "+why
	}
	return f
}

// examineSandbox says which isolation code rewards get here, and why not the
// others. A machine without any is no fault: most recipes run no code.
func examineSandbox(o sandbox.Options) []finding {
	r, err := sandbox.Start(o)
	if err != nil {
		return []finding{{Name: " sandbox", Value: "not available", Why: err.Error()}}
	}
	defer r.Close()
	f := finding{Name: " sandbox", Value: "no isolation for code rewards", Why: "they refuse to run unless their sandbox is \"none\""}
	var list []finding
	for _, l := range r.Reports() {
		if l.Level == sandbox.None {
			continue
		}
		if l.OK && !f.OK && l.Level != sandbox.Bwrap {
			f.OK, f.Value, f.Why = true, string(l.Level), "for the programs that code rewards run"
		}
		sub := finding{Name: " sandbox " + string(l.Level), OK: l.OK, Value: "works"}
		if !l.OK {
			sub.Value = "does not work"
		}
		sub.Why = strings.TrimSpace(l.Why)
		list = append(list, sub)
	}
	return append(append([]finding{f}, list...), examineHold(r))
}
