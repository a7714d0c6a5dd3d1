package custom

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gradus/rewards"
)

//go:embed worker.py
var pythonWorker string

// PythonParams are the parameters of the reward "python".
type PythonParams struct {
	File     string `json:"file"`     // Python file; a relative path is relative to the recipe
	Function string `json:"function"` // name of the function in it
	Python   string `json:"python"`   // interpreter; "python3"
	Dir      string `json:"dir"`      // where it runs and imports from; the file's folder
	ProcessParams
}

// DefaultPython returns the defaults.
func DefaultPython() PythonParams {
	return PythonParams{Python: "python3", ProcessParams: DefaultProcess()}
}

// ExecParams are the parameters of the reward "exec".
type ExecParams struct {
	Command  []string `json:"command"`  // program and arguments
	Function string   `json:"function"` // handed through to the program
	ProcessParams
}

// DefaultExec returns the defaults.
func DefaultExec() ExecParams { return ExecParams{ProcessParams: DefaultProcess()} }

// ProcessParams are those of every reward that runs in processes.
type ProcessParams struct {
	Processes      int        `json:"processes"`      // 1 … 64; 1
	DeadlineMS     int        `json:"deadline_ms"`    // for one group; 5000
	StartMS        int        `json:"start_ms"`       // until the process is ready; 60000
	Conversational bool       `json:"conversational"` // completions as lists of messages, not texts
	Range          [2]float64 `json:"range"`          // scores outside are invalid; any finite number
	Deterministic  bool       `json:"deterministic"`  // same input, same score; true
}

// DefaultProcess returns the defaults of ProcessParams.
func DefaultProcess() ProcessParams {
	return ProcessParams{Processes: 1, DeadlineMS: 5000, StartMS: 60_000, Range: anyScore(), Deterministic: true}
}

// anyScore is the range of a function that declares none.
func anyScore() [2]float64 { return [2]float64{-math.MaxFloat64, math.MaxFloat64} }

func (p ProcessParams) check(name string) error {
	switch {
	case p.Processes < 1 || p.Processes > 64:
		return fmt.Errorf("reward %s: processes is %d; give 1 to 64", name, p.Processes)
	case p.DeadlineMS < 1 || p.StartMS < 1:
		return fmt.Errorf("reward %s: deadline_ms is %d and start_ms %d; give milliseconds, at least 1", name, p.DeadlineMS, p.StartMS)
	}
	return checkRange(name, p.Range)
}

func checkRange(name string, r [2]float64) error {
	if !(r[0] < r[1]) {
		return fmt.Errorf("reward %s: range is %v; give the lowest and the highest score", name, r)
	}
	return nil
}

// Process is a reward whose function runs in processes of its own. They start
// with Ready or the first group and end with Close.
type Process struct {
	spec     rewards.Spec
	who      string // for sentences: "reward_a of my.py"
	function string
	params   ProcessParams
	free     chan *worker
}

// NewPython makes the reward "python": a function of the user's own file with
// TRL's signature. The file must be there; the interpreter is started with
// the first group.
func NewPython(p PythonParams) (*Process, error) {
	const name = "python"
	if p.File == "" || p.Function == "" {
		return nil, fmt.Errorf("reward %s: give file, a Python file, and function, the name of a function in it", name)
	}
	code, err := os.ReadFile(p.File)
	if err != nil {
		return nil, fmt.Errorf("reward %s: %w", name, err)
	}
	if err := p.check(name); err != nil {
		return nil, err
	}
	file, err := filepath.Abs(p.File)
	if err != nil {
		return nil, fmt.Errorf("reward %s: %w", name, err)
	}
	dir := p.Dir
	if dir == "" {
		dir = filepath.Dir(file)
	}
	// -c keeps the worker out of the file system; -u what it prints unbuffered.
	argv := []string{p.Python, "-u", "-c", pythonWorker, file}
	return newProcess(name, p, hash(code), p.Function+" of "+filepath.Base(file), p.Function, argv, dir, p.ProcessParams), nil
}

// NewBuiltin makes a reward of gradus' own that needs packages of the user's
// Python: a function of a source text, described by spec. Its params are those
// of spec.
func NewBuiltin(spec rewards.Spec, source, function, python string, p ProcessParams) (*Process, error) {
	if err := p.check(spec.Name); err != nil {
		return nil, err
	}
	// It runs in a folder without modules that could be taken for packages.
	argv := []string{python, "-u", "-c", pythonWorker, spec.Name, source}
	out := newProcess(spec.Name, nil, "", spec.Name, function, argv, string(filepath.Separator), p)
	out.spec = spec
	return out, nil
}

// NewExec makes the reward "exec": any program that reads calls as JSON lines
// and answers them as the Python worker does (docs/custom-rewards.md).
func NewExec(p ExecParams) (*Process, error) {
	const name = "exec"
	if len(p.Command) == 0 || p.Command[0] == "" {
		return nil, fmt.Errorf("reward %s: give command, the program and its arguments", name)
	}
	if err := p.check(name); err != nil {
		return nil, err
	}
	return newProcess(name, p, "", filepath.Base(p.Command[0]), p.Function, p.Command, "", p.ProcessParams), nil
}

func newProcess(name string, params any, codeHash, who, function string, argv []string, dir string, p ProcessParams) *Process {
	out := &Process{who: who, function: function, params: p, free: make(chan *worker, p.Processes),
		spec: rewards.Spec{Name: name, Version: "1.0.0", Params: asJSON(params), CodeHash: codeHash, Range: p.Range, Deterministic: p.Deterministic}}
	for range p.Processes {
		out.free <- &worker{argv: argv, dir: dir, start: time.Duration(p.StartMS) * time.Millisecond}
	}
	return out
}

// Spec describes the function; CodeHash is the SHA-256 of its file.
func (p *Process) Spec() rewards.Spec { return p.spec }

// Ready starts a process and sees that it has the function: a file that Python
// cannot read, a name with a typo or a package that is not there is known before
// the first group.
func (p *Process) Ready() error {
	w := <-p.free
	defer func() { p.free <- w }()
	if err := w.ensure(context.Background()); err != nil {
		return fmt.Errorf("%s: %w", p.who, err)
	}
	list := w.ready.Functions
	if len(list) == 0 || slices.ContainsFunc(list, func(f function) bool { return f.Name == p.function }) {
		return nil // a program need not say what it has
	}
	names := make([]string, len(list))
	for i, f := range list {
		names[i] = f.Name
	}
	return fmt.Errorf("%s: there is no such function; the file has %s", p.who, strings.Join(names, ", "))
}

// Score asks a free process. A timeout is tried once more with a fresh
// process; every other failure is a status at once.
func (p *Process) Score(ctx context.Context, g rewards.Group) ([]rewards.Result, error) {
	if len(g.Samples) == 0 {
		return nil, nil
	}
	var w *worker
	select {
	case w = <-p.free:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { p.free <- w }()
	deadline := time.Duration(p.params.DeadlineMS) * time.Millisecond
	call := request{function: p.function, group: g, conversational: p.params.Conversational}
	r, err := w.call(ctx, deadline, call)
	if errors.Is(err, errDeadline) && ctx.Err() == nil {
		r, err = w.call(ctx, deadline, call)
	}
	switch {
	case errors.Is(err, errDeadline):
		return same(g, rewards.Result{Status: rewards.Timeout, Reason: reasonTimeout, Why: fmt.Sprintf("%s: %v", p.who, err)}), nil
	case err != nil:
		return same(g, rewards.Result{Status: rewards.Error, Reason: reasonError, Why: fmt.Sprintf("%s: %v", p.who, err)}), nil
	}
	return r.results(p.who, g), nil
}

// Patience is how long one call may take in the worst case: a start, and two
// tries with a restart between them.
func (p *Process) Patience() time.Duration {
	return 2 * time.Duration(p.params.StartMS+p.params.DeadlineMS) * time.Millisecond
}

// Parallel is how many groups it scores side by side.
func (p *Process) Parallel() int { return p.params.Processes }

// Close ends the processes. It waits for calls that are under way.
func (p *Process) Close() error {
	for range p.params.Processes {
		w := <-p.free
		w.kill()
		w.starts = maxStarts
		w.last = errors.New("the reward is closed")
		defer func() { p.free <- w }()
	}
	return nil
}

func hash(code []byte) string {
	sum := sha256.Sum256(code)
	return hex.EncodeToString(sum[:])
}

// asJSON renders parameters as they are stored.
func asJSON(params any) json.RawMessage {
	raw, err := json.Marshal(params)
	if err != nil {
		return nil
	}
	return raw
}
