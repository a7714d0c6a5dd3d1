package code

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"gradus/rewards/sandbox"
)

//go:embed python_solution.py
var pythonSolution []byte

//go:embed python_tests.py
var pythonTests []byte

// Options say how programs are judged.
type Options struct {
	Sandbox   sandbox.Level
	Keep      []string      // command line of the sandbox's keeper
	Language  string        // where neither the row nor its block names one
	Python    string        // interpreter; "" is python3 of PATH
	Timeout   time.Duration // processor time of one case; the clock gets twice as much
	Memory    int64         // bytes
	Output    int64         // bytes
	Compare   Compare
	Tolerance float64
	MaxCases  int  // 0: all
	FirstFail bool // stop at the first case that fails
}

// DefaultOptions are those of a judge for short exercises.
func DefaultOptions() Options {
	return Options{Sandbox: sandbox.Auto, Language: "python", Timeout: 5 * time.Second, Memory: 512 << 20, Output: 1 << 20, Compare: Tokens}
}

// CaseResult is what became of one case.
type CaseResult struct {
	Status Status
	Why    string
	Wall   time.Duration // 0 where several cases share a process
}

// Verdict is what became of a program.
type Verdict struct {
	Status    Status // Accepted when all cases are; else that of the first case that is not
	Why       string
	Passed    int
	Total     int // cases of the row that are asked for, run or not
	Cases     []CaseResult
	Language  string
	Isolation sandbox.Level
	Hold      sandbox.Hold // what keeps a program's processes together within limits
	Wall      time.Duration
}

// Judge runs programs. It may be used by several goroutines at once.
type Judge struct {
	o Options

	mu     sync.Mutex
	runner *sandbox.Runner
	tools  map[string]located
	closed bool
}

type located struct {
	tool Tool
	err  error
}

// New makes a judge. No process starts before Ready or the first program.
func New(o Options) (*Judge, error) {
	switch {
	case o.Timeout <= 0 || o.Timeout > time.Hour:
		return nil, fmt.Errorf("a timeout of %v: want more than 0 and at most an hour", o.Timeout)
	case o.Memory < 16<<20:
		return nil, fmt.Errorf("a memory limit of %d bytes: want at least 16 MiB", o.Memory)
	case o.Output < 1:
		return nil, fmt.Errorf("an output limit of %d bytes: want at least 1", o.Output)
	case o.Tolerance < 0 || o.Tolerance >= 1:
		return nil, fmt.Errorf("a tolerance of %v: want 0 to less than 1", o.Tolerance)
	case o.MaxCases < 0:
		return nil, fmt.Errorf("max_cases %d: want 0 (all) or more", o.MaxCases)
	}
	if _, err := FindLanguage(o.Language); err != nil {
		return nil, err
	}
	return &Judge{o: o, tools: map[string]located{}}, nil
}

// Ready starts the sandbox, so that a machine where it does not work is known
// before the first program.
func (j *Judge) Ready() error {
	_, err := j.sandbox()
	return err
}

func (j *Judge) sandbox() (*sandbox.Runner, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil, errors.New("the judge is closed")
	}
	if j.runner == nil {
		r, err := sandbox.Start(sandbox.Options{Level: j.o.Sandbox, Keep: j.o.Keep})
		if err != nil {
			return nil, err
		}
		j.runner = r
	}
	return j.runner, nil
}

// Close ends the sandbox and what runs in it.
func (j *Judge) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = true
	if j.runner == nil {
		return nil
	}
	err := j.runner.Close()
	j.runner = nil
	return err
}

// Language is the language of a row's programs.
func (j *Judge) Language(t Tests) (Language, error) {
	name := t.Language
	if name == "" {
		name = j.o.Language
	}
	return FindLanguage(name)
}

// Run judges a program. An error is the context's.
func (j *Judge) Run(ctx context.Context, program string, t Tests) (Verdict, error) {
	began := time.Now()
	if j.o.MaxCases > 0 && len(t.Cases) > j.o.MaxCases {
		t.Cases = t.Cases[:j.o.MaxCases]
	}
	v := Verdict{Total: len(t.Cases)}
	none := func(s Status, err error) (Verdict, error) {
		if ctx.Err() != nil {
			return Verdict{}, ctx.Err()
		}
		v.Status, v.Why, v.Wall = s, err.Error(), time.Since(began)
		return v, nil
	}
	language, err := j.Language(t)
	if err != nil {
		return none(NoLanguage, err)
	}
	v.Language = language.Name
	if t.Kind != Stdio && language.Name != "python" {
		return none(NoLanguage, fmt.Errorf("tests of the kind %s are for Python; the row's language is %s", t.Kind, language.Name))
	}
	r, err := j.sandbox()
	if err != nil {
		return none(SandboxError, err)
	}
	v.Isolation = r.Level()
	v.Hold, _ = r.Hold()
	tool, err := j.tool(ctx, r, language)
	if err != nil {
		return none(NoLanguage, err)
	}
	run := &run{ctx: ctx, judge: j, sandbox: r, tool: tool, tests: t, program: program}
	switch t.Kind {
	case Stdio:
		err = run.stdio()
	case Function:
		err = run.function()
	default:
		err = run.asserts()
	}
	var unfit *unfitError
	if errors.As(err, &unfit) {
		return none(unfit.status, unfit)
	}
	if err != nil {
		return none(SandboxError, err)
	}
	v.Cases, v.Status, v.Wall = run.results, Accepted, time.Since(began)
	for i, c := range run.results {
		if c.Status == Accepted {
			v.Passed++
		} else if v.Status == Accepted {
			v.Status, v.Why = c.Status, fmt.Sprintf("case %d: %s", i+1, c.Why)
		}
	}
	return v, nil
}

// unfitError says why a program cannot be judged.
type unfitError struct {
	status Status
	why    string
}

func (e *unfitError) Error() string { return e.why }

// tool finds a language's interpreter, once. Where the sandbox cannot start
// the first one (it may lie in a folder that only root may enter), the
// system's own is taken.
func (j *Judge) tool(ctx context.Context, r *sandbox.Runner, l Language) (Tool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if t, ok := j.tools[l.Name]; ok {
		return t.tool, t.err
	}
	t, err := j.locate(ctx, r, l)
	if ctx.Err() == nil {
		j.tools[l.Name] = located{t, err}
	}
	return t, err
}

func (j *Judge) locate(ctx context.Context, r *sandbox.Runner, l Language) (Tool, error) {
	asked := ""
	if l.Name == "python" {
		asked = j.o.Python
	}
	t, err := l.Locate(ctx, asked, os.Getenv("PATH"))
	if err != nil || l.Name != "python" {
		return t, err
	}
	try := func(t Tool) error {
		o, err := r.Run(ctx, sandbox.Program{Argv: []string{t.Path, "-I", "-c", "pass"}, Binds: t.binds, Limits: j.limits(Tests{}, l)})
		if err == nil && o.Status != sandbox.OK {
			err = fmt.Errorf("%s does not run in the sandbox: %s", t.Path, o.Why)
		}
		return err
	}
	if err = try(t); err == nil || asked != "" {
		return t, err
	}
	if other, e := l.Locate(ctx, "/usr/bin/python3", ""); e == nil && try(other) == nil {
		return other, nil
	}
	return Tool{}, err
}

func (j *Judge) limits(t Tests, l Language) sandbox.Limits {
	limits := sandbox.DefaultLimits()
	limits.CPU, limits.Memory, limits.Output, limits.Reserve = j.o.Timeout, j.o.Memory, j.o.Output, l.reserve
	if t.TimeLimit > 0 {
		limits.CPU = t.TimeLimit
	}
	if t.Memory > 0 {
		limits.Memory = max(t.Memory, 64<<20)
	}
	limits.Wall = 2*limits.CPU + 500*time.Millisecond
	return limits
}

// run is the judging of one program.
type run struct {
	ctx     context.Context
	judge   *Judge
	sandbox *sandbox.Runner
	tool    Tool
	tests   Tests
	program string
	results []CaseResult
}

// enough says whether no further case needs to run.
func (r *run) enough() bool {
	n := len(r.results)
	return n >= len(r.tests.Cases) || r.judge.o.FirstFail && n > 0 && r.results[n-1].Status != Accepted
}

// execute runs a program, once more if the sandbox itself failed.
func (r *run) execute(p sandbox.Program) (sandbox.Outcome, error) {
	for try := 0; ; try++ {
		o, err := r.sandbox.Run(r.ctx, p)
		if err == nil && o.Status == sandbox.Failed {
			err = errors.New(o.Why)
		}
		if err == nil && o.Status == sandbox.Refused {
			return o, &unfitError{NoLanguage, o.Why}
		}
		if err == nil || try > 0 || r.ctx.Err() != nil {
			return o, err
		}
	}
}

// stdio runs the program once for each case.
func (r *run) stdio() error {
	limits := r.judge.limits(r.tests, r.tool.Language)
	files := []sandbox.File{{Name: r.tool.source, Data: []byte(r.program)}}
	if r.tool.compile != "" {
		built, failed, err := r.build(files)
		if err != nil {
			return err
		}
		if failed != nil {
			r.fill(*failed)
			return nil
		}
		files = []sandbox.File{{Name: "program", Data: built, Exec: true}}
	}
	argv := append([]string{}, r.tool.run...)
	if r.tool.Path != "" {
		argv[0] = r.tool.Path
	}
	for i := range argv {
		argv[i] = strings.ReplaceAll(argv[i], "{heap}", fmt.Sprint(limits.Memory/2>>20))
	}
	for !r.enough() {
		c := r.tests.Cases[len(r.results)]
		o, err := r.execute(sandbox.Program{Argv: argv, Files: files, Stdin: []byte(c.Stdin), Binds: r.tool.binds, Limits: limits})
		if err != nil {
			return err
		}
		result := classify(o)
		if result.Status == Accepted {
			if ok, why := r.judge.o.Compare.equal(string(o.Stdout), c.Stdout, r.judge.o.Tolerance); !ok {
				result.Status, result.Why = WrongAnswer, why
			}
		}
		r.results = append(r.results, result)
		if result.Status == CompileError {
			r.fill(result)
		}
	}
	return nil
}

// fill gives all cases that are left the same result.
func (r *run) fill(c CaseResult) {
	for len(r.results) < len(r.tests.Cases) {
		r.results = append(r.results, c)
		c.Wall = 0
	}
}

// maxBuilt bounds an executable.
const maxBuilt = 32 << 20

// build compiles a program in a box of its own.
func (r *run) build(files []sandbox.File) ([]byte, *CaseResult, error) {
	limits := sandbox.DefaultLimits()
	limits.Wall, limits.CPU, limits.Memory, limits.Disk, limits.Output = 30*time.Second, 20*time.Second, 1<<30, 2*maxBuilt, maxBuilt
	o, err := r.execute(sandbox.Program{Argv: []string{"/bin/sh", "-c", "cd " + sandbox.BoxPath + " && " + r.tool.compile}, Files: files, Limits: limits})
	if err != nil {
		return nil, nil, err
	}
	if o.Status != sandbox.OK {
		why := o.Why
		if o.Status == sandbox.Exit {
			why = FirstError(o.Stderr)
		}
		return nil, &CaseResult{Status: CompileError, Why: why, Wall: o.Wall}, nil
	}
	return o.Stdout, nil, nil
}

// FirstError is the first line of a compiler that tells an error, for a reader.
func FirstError(stderr []byte) string {
	for _, line := range strings.Split(string(stderr), "\n") {
		if strings.Contains(line, "error") {
			return short(line)
		}
	}
	return "the compiler refuses it"
}

// classify judges how a program ended; Accepted still has to be earned by its
// output.
func classify(o sandbox.Outcome) CaseResult {
	c := CaseResult{Why: o.Why, Wall: o.Wall}
	switch o.Status {
	case sandbox.OK:
		c.Status = Accepted
	case sandbox.Timeout, sandbox.CPU:
		c.Status = TimeLimit
	case sandbox.Memory:
		c.Status = MemoryLimit
	case sandbox.Output, sandbox.Disk:
		c.Status = OutputLimit
	default:
		c.Status = RuntimeError
		if said := lastLine(o.Stderr); said != "" {
			c.Why += ": " + short(said)
			for _, sign := range []string{"SyntaxError", "IndentationError", "TabError"} {
				if strings.HasPrefix(said, sign) {
					c.Status = CompileError
				}
			}
		}
	}
	return c
}

func lastLine(b []byte) string {
	s := strings.TrimSpace(string(b[max(0, len(b)-4096):]))
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// Parallel is how many programs to run at once on this machine by default.
func Parallel() int { return max(1, min(4, runtime.NumCPU())) }

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		return []byte("null") // of texts and raw JSON that was read before: cannot be
	}
	return raw
}

// Python gives the sandbox and the Python that programs run with.
func (j *Judge) Python(ctx context.Context) (*sandbox.Runner, Tool, error) {
	return j.Tool(ctx, "python")
}

// Tool gives the sandbox and an installed language. The error says what is
// not installed, or why no sandbox works.
func (j *Judge) Tool(ctx context.Context, language string) (*sandbox.Runner, Tool, error) {
	l, err := FindLanguage(language)
	if err != nil {
		return nil, Tool{}, err
	}
	r, err := j.sandbox()
	if err != nil {
		return nil, Tool{}, err
	}
	t, err := j.tool(ctx, r, l)
	return r, t, err
}
