// Package contest runs programs for competitions as open-r1's packages for
// Piston do (codeforces 1.0.0 and cms_ioi 1.0.0 of github.com/guipenedo/piston
// 7a38da2), in the sandbox of this machine: the same limits, the same
// comparison, the same checkers, graders and managers, and answers in the same
// form. Unlike there, nothing that judges shares a box with the program: the
// expected output, the checker and its verdict are never where it runs.
package contest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gradus/rewards/code"
	"gradus/rewards/code/piston"
	"gradus/rewards/sandbox"
)

// Engine runs jobs. It may be used by several goroutines at once.
type Engine struct {
	judge  *code.Judge
	places chan struct{}
	builds *builds
	// wait multiplies limits of time: 1, more in tests on busy machines.
	wait float64
}

// New makes an engine that runs so many programs at a time in the judge's
// sandbox.
func New(j *code.Judge, places int) *Engine {
	return &Engine{judge: j, places: make(chan struct{}, places), builds: newBuilds(), wait: 1}
}

// Ready starts the sandbox; its error says why none works here.
func (e *Engine) Ready() error { return e.judge.Ready() }

// Close ends the sandbox and what runs in it.
func (e *Engine) Close() error { return e.judge.Close() }

// Execute runs a job. An error says that nothing can be said about the
// program: the machine lacks its language, or the sandbox failed.
func (e *Engine) Execute(ctx context.Context, job piston.Job) (piston.Answer, error) {
	select {
	case e.places <- struct{}{}:
		defer func() { <-e.places }()
	case <-ctx.Done():
		return piston.Answer{}, ctx.Err()
	}
	switch job.Language {
	case piston.CPP17, piston.Python:
		return e.codeforces(ctx, job)
	case piston.IOI:
		return e.ioi(ctx, job)
	}
	return piston.Answer{}, fmt.Errorf("language %q is unknown to the packages of competitions", job.Language)
}

// run runs a program, once more if the sandbox itself failed.
func (e *Engine) run(ctx context.Context, r *sandbox.Runner, p sandbox.Program, partners ...sandbox.Program) (sandbox.Outcome, error) {
	for try := 0; ; try++ {
		out, err := r.RunAround(ctx, p, partners...)
		if err == nil {
			for _, o := range out {
				if o.Status == sandbox.Failed || o.Status == sandbox.Refused {
					err = errors.New(o.Why)
				}
			}
		}
		if err == nil {
			return out[0], nil
		}
		if try > 0 || ctx.Err() != nil {
			return sandbox.Outcome{}, err
		}
	}
}

const (
	leastMemory = 16 << 20 // no interpreter starts with less
	mostMemory  = 64 << 30
	mostOutput  = 32 << 20 // of a program, and twice the expected output on top
)

// limits are those of a program of a competition: the time is the clock's.
func (e *Engine) limits(wall time.Duration, memory, output int64) sandbox.Limits {
	l := sandbox.DefaultLimits()
	wall = time.Duration(float64(wall) * e.wait)
	l.Wall, l.CPU = wall, 4*wall+time.Second
	l.Memory = min(max(memory, leastMemory), mostMemory)
	l.Output, l.Disk, l.DeepStack = output, 64<<20+output, true
	return l
}

// exitCode is the code that a shell gives to how a program ended.
func exitCode(o sandbox.Outcome) int {
	switch o.Status {
	case sandbox.OK:
		return 0
	case sandbox.Exit:
		return o.Exit
	case sandbox.Signal:
		return 128 + o.Signal
	case sandbox.Timeout:
		return exitTimeout
	case sandbox.CPU:
		return 137
	case sandbox.Memory:
		return exitMemory
	}
	return exitOutput
}

// Exit codes of a shell: 128 and the number of the signal.
const (
	exitTimeout = 143 // SIGTERM, from timeout(1)
	exitMemory  = 134 // SIGABRT, of an allocation that failed
	exitOutput  = 153 // SIGXFSZ
)

// remark is what the packages say on standard error of a program that failed.
func remark(o sandbox.Outcome, limit time.Duration) string {
	switch exitCode(o) {
	case 124, 137, exitTimeout:
		return fmt.Sprintf("Time limit exceeded (%gs)", limit.Seconds())
	case exitMemory:
		return "Memory limit exceeded"
	case exitOutput:
		return "Output limit exceeded"
	}
	return fmt.Sprintf("Runtime error with exit code %d", exitCode(o))
}

func stage(code int, stdout, stderr string) *piston.Stage {
	return &piston.Stage{Code: &code, Stdout: stdout, Stderr: stderr}
}

// said joins what was written to standard error with a remark on a line of its own.
func said(stderr []byte, remark string) string {
	const most = 16 << 10
	s := string(stderr[max(0, len(stderr)-most):])
	if s != "" && !strings.HasSuffix(s, "\n") {
		s += "\n"
	}
	return s + remark + "\n"
}

// content is the last file of a name: a later one is written over an earlier.
func content(files []piston.File, name string) (string, bool) {
	for i := len(files) - 1; i >= 0; i-- {
		if files[i].Name == name {
			return files[i].Content, true
		}
	}
	return "", false
}
