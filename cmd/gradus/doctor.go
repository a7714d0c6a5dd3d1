package main

import (
	"fmt"
	"runtime"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"gradus/kernels"
	"gradus/kernels/cpu"
	"gradus/kernels/cuda"
	"gradus/rewards/sandbox"
	"gradus/runner/recipe"
	"gradus/runner/rundir"
	"gradus/tui/text"
)

// finding is one line of 'gradus doctor'.
type finding struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	Value string `json:"value"`
	Why   string `json:"why,omitempty"` // when not ok: what to do, or why not; else what decides it
}

func (a *app) doctorCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "doctor",
		Short:   "Say what this machine can do, and why not",
		Example: "  gradus doctor\n  GRADUS_CPU=generic gradus doctor --json",
		Args:    exactArgs(),
		RunE: func(*cobra.Command, []string) error {
			findings := a.examine()
			failed := 0
			for _, f := range findings {
				if asJSON {
					told := f
					told.Name = strings.TrimSpace(f.Name) // the blank is for the column
					if err := a.printJSON(told); err != nil {
						return err
					}
				} else {
					mark := "ok"
					if !f.OK {
						mark = "--"
					}
					line := fmt.Sprintf("%s  %-14s %s", mark, f.Name, text.Line(f.Value))
					if f.Why != "" {
						line += "  (" + text.Line(f.Why) + ")"
					}
					a.printf("%s\n", line)
				}
				if !f.OK && f.Name[0] != ' ' {
					failed++
				}
			}
			if failed > 0 {
				return fmt.Errorf("%d of %d checks need attention; each line above says what to do", failed, len(findings))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

// examine looks at what training and the store need. Names that begin with a
// blank are facts, not requirements: a missing AVX-512 is no fault.
func (a *app) examine() []finding {
	list := []finding{
		{Name: "gradus", OK: true, Value: fmt.Sprintf("%s, %s, %s/%s", a.version, runtime.Version(), runtime.GOOS, runtime.GOARCH)},
	}
	for _, p := range cpu.Paths() {
		list = append(list, finding{Name: " cpu " + p.Name, OK: p.Available, Value: p.Why})
	}
	list = append(list, a.examineDevice(), a.examineThreads(), a.examineDType(), a.examineMemory())
	list = append(list, examineCUDA(cuda.Examine())...)
	list = append(list, examineSandbox(sandbox.Options{Level: sandbox.None, Keep: a.keeper()})...)
	list = append(list, a.examineHome()...)
	list = append(list, a.examineTerminal())
	return list
}

func (a *app) examineDevice() finding {
	dev, _, err := a.openDevice(&recipe.Recipe{Device: "cpu"})
	if err != nil {
		return finding{Name: "device", Value: "no CPU device", Why: err.Error()}
	}
	defer dev.Close()
	c, err := cpu.Ceilings(dev, a.now)
	if err != nil {
		return finding{Name: "device", Value: dev.Name(), Why: err.Error()}
	}
	f := finding{Name: "device", OK: true,
		Value: fmt.Sprintf("%s, %.0f GFLOP/s multiply-add, %.0f GB/s read", deviceLabel(dev), c.FMA, c.Read)}
	f.Why = "the fastest path of this machine"
	if r, ok := dev.(interface{ Refused() []string }); ok && len(r.Refused()) > 0 {
		f.Why = "the fastest path that passes its self-test"
	}
	if forced := cpu.FromEnv(a.getenv); forced != "" {
		f.Why = "GRADUS_CPU=" + forced
	}
	return f
}

// examineThreads says how many threads a run takes unless its recipe says
// otherwise.
func (a *app) examineThreads() finding {
	threads, err := a.threads(0)
	if err != nil {
		return finding{Name: "threads", Value: "unknown", Why: err.Error()}
	}
	return finding{Name: "threads", OK: true, Value: fmt.Sprint(threads.N), Why: threads.Why}
}

func (a *app) examineDType() finding {
	f := finding{Name: "dtype", OK: true, Value: "float32", Why: "matrix products in bfloat16 take AMX, and the recipe's dtype"}
	dev, _, err := a.openDevice(&recipe.Recipe{Device: "cpu"})
	if err != nil {
		return f // examineDevice says why
	}
	defer dev.Close()
	if kernels.Computes(dev, kernels.BF16) {
		f.Value, f.Why = "float32 or bfloat16", "the recipe's dtype chooses that of matrix products; all else is float32"
	}
	return f
}

// examineMemory says how much a run may take. A system that does not tell is
// no fault.
func (a *app) examineMemory() finding {
	m, ok := memory()
	if !ok {
		return finding{Name: " memory", Value: "unknown", Why: "the system does not tell how much is left: a run that is too large is not refused before it starts"}
	}
	f := finding{Name: "memory", OK: m.Bytes > 256<<20, Value: fmt.Sprintf("%.1f GB for runs", float64(m.Bytes)/1e9), Why: m.Why}
	if !f.OK {
		f.Why += "; even the demo needs about 100 MB: end something else, or raise the limit"
	}
	return f
}

func (a *app) examineHome() []finding {
	path, err := rundir.HomePath(a.getenv)
	if err != nil {
		return []finding{{Name: "home", Value: "unknown", Why: err.Error()}}
	}
	if _, err := rundir.OpenHome(path); err != nil {
		return []finding{{Name: "home", Value: path, Why: err.Error()}}
	}
	list := []finding{{Name: "home", OK: true, Value: path}}
	var st syscall.Statfs_t
	if err := syscall.Statfs(path, &st); err == nil {
		free := st.Bavail * uint64(st.Bsize)
		f := finding{Name: "disk", OK: free > 1<<30, Value: fmt.Sprintf("%.1f GB free for runs", float64(free)/1e9)}
		if !f.OK {
			f.Why = "a run of the demo takes about 100 MB; free some space or set GRADUS_HOME to another disk"
		}
		list = append(list, f)
	}
	return list
}

func (a *app) examineTerminal() finding {
	f := finding{Name: " terminal", OK: a.interactive(), Value: "TERM=" + a.getenv("TERM")}
	if !f.OK {
		f.Why = "stdin or stdout is no terminal: commands print plain lines"
	}
	if a.getenv("NO_COLOR") != "" {
		f.Value += ", NO_COLOR"
	}
	return f
}
