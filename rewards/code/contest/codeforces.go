package contest

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"gradus/rewards/code/piston"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/sandbox"
)

// checkerTime bounds a checker of Codeforces.
const checkerTime = 10 * time.Second

// sentinel as the expected output stands for none, as in the package.
const sentinel = "__NO_CORRECT_OUTPUT__"

// config is the file grader_config of a job.
type config struct {
	time   time.Duration // 0: none but the job's
	valid  bool          // timeout(1) takes the time limit
	memory int64         // bytes; 0: none
	file   bool          // the program reads input.txt and writes output.txt
}

// readConfig reads "NAME=value" lines; the last one of a name counts.
func readConfig(text string) config {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
			values[name] = value
		}
	}
	c := config{file: values["INPUT_MODE"] == "file", valid: true}
	if limit := values["TIME_LIMIT"]; limit != "" {
		c.time, c.valid = seconds(limit)
	}
	if limit, ok := values["MEMORY_LIMIT"]; ok && limit != "" {
		mib, _ := pytext.Float(limit) // awk takes what is no number for 0
		if !(mib > 0) {
			mib = 0
		}
		c.memory = max(1, int64(math.Min(mib*1024, 1<<40))<<10)
	}
	return c
}

// seconds reads a limit of time as timeout(1) does, without its units.
func seconds(s string) (time.Duration, bool) {
	v, ok := pytext.Float(s)
	if !ok || v < 0 || math.IsNaN(v) || strings.Contains(s, "_") {
		return 0, false
	}
	return time.Duration(math.Min(v, 3600) * float64(time.Second)), true
}

// total is the time that a job may run as a whole.
func total(job piston.Job) time.Duration {
	if !(job.RunTimeout > 0) {
		return time.Minute
	}
	return time.Duration(math.Min(job.RunTimeout, 3_600_000) * float64(time.Millisecond))
}

// codeforces compiles the job's first file and runs it against the job's
// input.
func (e *Engine) codeforces(ctx context.Context, job piston.Job) (piston.Answer, error) {
	answer := piston.Answer{Language: "c++17", Version: "1.0.0", Compile: stage(0, "", "")}
	if len(job.Files) == 0 {
		return piston.Answer{}, errors.New("the job has no file")
	}
	source := job.Files[0]
	var program sandbox.Program
	if job.Language == piston.Python {
		_, tool, err := e.judge.Tool(ctx, "python")
		if err != nil {
			return piston.Answer{}, err
		}
		answer.Language = "python3"
		program.Argv, program.Binds = []string{tool.Path, "-I", "-B", sandbox.BoxPath + "/main.py"}, tool.Binds()
		program.Files = []sandbox.File{{Name: "main.py", Data: []byte(source.Content)}}
	} else {
		b, err := e.build(ctx, []piston.File{{Name: "main.cpp", Content: source.Content}},
			"g++", "-DONLINE_JUDGE", "-O2", "-std=c++17", "-pipe", "-s", "-o", "a.out", "main.cpp")
		if err != nil {
			return piston.Answer{}, err
		}
		if !b.ok() {
			answer.Compile = b.failure("the program does not compile")
			return answer, nil
		}
		program.Argv = []string{sandbox.BoxPath + "/a.out"}
		program.Files = []sandbox.File{{Name: "a.out", Data: b.program, Exec: true}}
	}
	var err error
	answer.Run, err = e.test(ctx, job, program)
	return answer, err
}

// test runs a program and judges what it wrote.
func (e *Engine) test(ctx context.Context, job piston.Job, program sandbox.Program) (*piston.Stage, error) {
	text, _ := content(job.Files, "grader_config")
	c := readConfig(text)
	given, _ := content(job.Files, "input.txt")
	input := uncarriage(given)
	expected, compared := content(job.Files, "correct_output.txt")
	expected = substituted(expected)
	compared = compared && expected != sentinel
	if !c.valid {
		return stage(125, "0\n", "the time limit is none\nRuntime error with exit code 125\n"), nil
	}
	if c.memory > 0 && c.memory < 1<<20 {
		return stage(exitMemory, "0\n", "Memory limit exceeded\n"), nil // nothing starts
	}
	if c.memory == 0 {
		c.memory = buildMemory
	}
	left := total(job)
	wall := left
	if c.time > 0 {
		wall = min(wall, c.time)
	}
	r, _, err := e.judge.Tool(ctx, "python") // checkers are in Python
	if err != nil {
		return nil, err
	}
	program.Limits = e.limits(wall, c.memory, mostOutput+2*int64(len(expected)))
	missing := false
	if c.file {
		program.Argv = append([]string{"/bin/sh", "-c", `"$@" >/dev/null 2>&1 || exit; if [ -f output.txt ]; then exec cat output.txt; fi; echo missing >&2`, "sh"}, program.Argv...)
		program.Files = append(program.Files, sandbox.File{Name: "input.txt", Data: []byte(input)})
		program.Disk += program.Output
	} else {
		program.Stdin = []byte(input)
	}
	o, err := e.run(ctx, r, program)
	if err != nil {
		return nil, err
	}
	if o.Status != sandbox.OK {
		return stage(exitCode(o), "0\n", said(o.Stderr, remark(o, wall))), nil
	}
	if c.file {
		missing = len(o.Stderr) > 0
		o.Stderr = nil
	}
	output := unblank(string(o.Stdout))
	if !compared {
		return stage(0, output, said(o.Stderr, "")), nil
	}
	expected = unblank(uncarriage(echoed(expected)))
	if checker, ok := content(job.Files, "checker.py"); ok {
		files := []sandbox.File{{Name: "input.txt", Data: []byte(input)}, {Name: "correct_output.txt", Data: []byte(expected)}}
		if !missing {
			files = append(files, sandbox.File{Name: "output.txt", Data: []byte(output)})
		}
		limits := e.limits(min(checkerTime, max(left-o.Wall, time.Second)), c.memory, 1<<20)
		return e.check(ctx, checker, files, limits, string(o.Stderr))
	}
	if words(expected) == words(output) {
		return stage(0, "1\n", said(o.Stderr, "Output is correct (diff)")), nil
	}
	return stage(0, "0\n", said(o.Stderr, "Output isn't correct (diff)")), nil
}

// check asks a checker in Python, in a box without the program. It pays when
// it prints 1 or 100 and ends well.
func (e *Engine) check(ctx context.Context, checker string, files []sandbox.File, limits sandbox.Limits, stderr string) (*piston.Stage, error) {
	r, tool, err := e.judge.Tool(ctx, "python")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		limits.Disk += int64(len(f.Data))
	}
	p := sandbox.Program{Argv: []string{tool.Path, "-I", "-B", sandbox.BoxPath + "/checker.py", "input.txt", "correct_output.txt", "output.txt"},
		Files: append(files, sandbox.File{Name: "checker.py", Data: []byte(checker)}), Binds: tool.Binds(), Stdin: []byte("\n"), Limits: limits}
	o, err := e.run(ctx, r, p)
	if err != nil {
		return nil, err
	}
	stderr = said([]byte(stderr), string(o.Stderr[max(0, len(o.Stderr)-4096):]))
	if verdict := printed(string(o.Stdout)); verdict == "1" || verdict == "100" {
		return stage(exitCode(o), "1\n", said([]byte(stderr), "Output is correct (checker)")), nil
	}
	if o.Status != sandbox.OK {
		stderr = said([]byte(stderr), "the checker failed: "+o.Why)
	}
	return stage(exitCode(o), "0\n", said([]byte(stderr), "Output isn't correct (checker)")), nil
}

// printed is what a checker printed, without white space and NUL bytes.
func printed(s string) string {
	return strings.Map(func(r rune) rune {
		if r == 0 || r < 0x80 && blank(byte(r)) {
			return -1
		}
		return r
	}, s)
}
