package contest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gradus/rewards/code/piston"
	"gradus/rewards/sandbox"
)

// graderConfig is a task's own file of settings.
const graderConfig = "graders/grader_config.json"

// executables are the compiled parts of a task; a nil one is not there.
type executables struct {
	solution, checker, manager []byte
	name                       string // of the task, after its header
}

// ioi compiles the job's first file with the task's grader, and runs it
// against the job's input: by itself, or with the task's manager.
func (e *Engine) ioi(ctx context.Context, job piston.Job) (piston.Answer, error) {
	if len(job.Files) == 0 {
		return piston.Answer{}, errors.New("the job has no file")
	}
	answer := piston.Answer{Language: "cms", Version: "1.0.0", Compile: stage(0, "", "")}
	x, failed, err := e.executables(ctx, job.Files)
	if err != nil {
		return piston.Answer{}, err
	}
	if failed != nil {
		answer.Compile = failed
		return answer, nil
	}
	answer.Run, err = e.task(ctx, job, x)
	return answer, err
}

// executables compiles what a task has: its checker, its manager, and the
// program with its grader or stub. The stage is that of the first failure.
func (e *Engine) executables(ctx context.Context, files []piston.File) (x executables, failed *piston.Stage, err error) {
	below := func(folder string) (out []piston.File) {
		for i, f := range files {
			if i > 0 && strings.HasPrefix(f.Name, folder) {
				out = append(out, f)
			}
		}
		return out
	}
	compile := func(what, source string, files []piston.File) ([]byte, error) {
		b, err := e.build(ctx, files, "g++", "-x", "c++", "-std=gnu++17", "-O2", "-o", "a.out", source)
		if err == nil && !b.ok() {
			failed = b.failure("Could not compile " + what)
		}
		return b.program, err
	}
	if _, ok := content(files, "checker/checker.cpp"); ok {
		if x.checker, err = compile("checker", "checker/checker.cpp", below("checker/")); err != nil || failed != nil {
			return x, failed, err
		}
	}
	if _, ok := content(files[1:], "graders/manager.cpp"); ok {
		if x.manager, err = compile("manager", "graders/manager.cpp", below("graders/")); err != nil || failed != nil {
			return x, failed, err
		}
	}
	sources := slices.DeleteFunc(slices.Clone(files), func(f piston.File) bool {
		return f.Name == "input.txt" || f.Name == "correct_output.txt" || f.Name == graderConfig
	})
	x.name = taskName(sources)
	command := []string{"g++", "-DEVAL", "-std=gnu++17", "-O2", "-pipe", "-s", "-o", "a.out", "graders/" + x.name + ".cpp"}
	for _, beside := range []string{"graders/grader.cpp", "graders/stub.cpp"} {
		if _, ok := content(sources, beside); ok {
			command = append(command, beside)
		}
	}
	b, err := e.build(ctx, sources, command...)
	if err != nil {
		return x, nil, err
	}
	if !b.ok() {
		return x, b.failure("Failed to compile " + x.name), nil
	}
	x.solution = b.program
	return x, nil, nil
}

// taskName is the name of the first header beside the graders that is not
// testlib's; "?" when there is none, which then is no file to compile.
func taskName(files []piston.File) string {
	var names []string
	for _, f := range files {
		name, ok := strings.CutPrefix(f.Name, "graders/")
		if ok && !strings.Contains(name, "/") && strings.HasSuffix(name, ".h") && name != "testlib.h" {
			names = append(names, strings.TrimSuffix(name, ".h"))
		}
	}
	if len(names) == 0 {
		return "?"
	}
	return slices.Min(names)
}

// setting reads one value of the settings as the package does, by looking for
// its name in the text; "" when it is not there. Values are texts in
// quotation marks, or numbers.
func setting(text, name string) string {
	var out []string
	key := `"` + name + `":`
	for line := range strings.Lines(text) {
		for {
			_, rest, ok := strings.Cut(line, key)
			if !ok {
				break
			}
			value := rest
			if end := strings.IndexAny(rest, ",}\n"); end >= 0 {
				value = rest[:end]
			}
			line = rest[len(value):]
			value = strings.TrimLeft(value, " \t\r\v\f")
			if inner, ok := strings.CutPrefix(value, `"`); ok {
				if text, after, ok := strings.Cut(inner, `"`); ok {
					value = text + after
				}
			}
			out = append(out, value)
		}
	}
	return strings.Join(out, "\n")
}

// task runs a compiled task. What it answers follows the package's script: a
// score on standard output, and why on standard error.
func (e *Engine) task(ctx context.Context, job piston.Job, x executables) (*piston.Stage, error) {
	settings, ok := content(job.Files, graderConfig)
	if !ok {
		return stage(1, "", "Error: "+graderConfig+" not found\n"), nil
	}
	left := total(job)
	wall, valid := seconds(strings.TrimSpace(setting(settings, "time_limit")))
	if !valid {
		return stage(0, "0\n", "the time limit is none\nRuntime error with exit code 125\n"), nil
	}
	if wall == 0 || wall > left {
		wall = left
	}
	memory := int64(mostMemory)
	if job.RunMemoryLimit != nil && *job.RunMemoryLimit > 0 {
		memory = int64(min(*job.RunMemoryLimit, mostMemory))
	}
	if own, err := strconv.ParseInt(strings.TrimSpace(setting(settings, "memory_limit")), 10, 64); err == nil {
		if own < 1<<20 {
			return stage(0, "0\n", "Memory limit exceeded\n"), nil // nothing starts
		}
		memory = min(memory, own)
	}
	input, _ := content(job.Files, "input.txt")
	expected, _ := content(job.Files, "correct_output.txt")
	expected = substituted(expected)
	limits := e.limits(wall, memory, mostOutput+2*int64(len(expected)))

	r, _, err := e.judge.Tool(ctx, "cpp")
	if err != nil {
		return nil, err
	}
	kind := setting(settings, "task_type")
	program := sandbox.Program{Argv: []string{sandbox.BoxPath + "/a.out"}, Files: []sandbox.File{{Name: "a.out", Data: x.solution, Exec: true}}, Limits: limits}
	var o sandbox.Outcome
	switch kind {
	case "Batch":
		if code := setting(settings, "code"); code != x.name { // ./graders/CODE is not there
			return stage(0, "0\n", "the task's settings name another program\nRuntime error with exit code 127\n"), nil
		}
		program.Stdin = []byte(input)
		o, err = e.run(ctx, r, program)
	case "Communication":
		o, err = e.communicate(ctx, r, settings, input, x, program)
	default:
		return stage(1, "0\n", fmt.Sprintf("Unsupported task type %.100q\n", kind)), nil
	}
	if err != nil {
		return nil, err
	}
	if o.Status != sandbox.OK {
		return stage(0, "0\n", said(o.Stderr, remark(o, wall))), nil
	}
	output := string(o.Stdout)
	switch {
	case expected == "":
		return stage(0, output, string(o.Stderr)), nil
	case x.checker != nil:
		return e.checkTask(ctx, r, x.checker, input, echoed(expected), output, e.limits(max(left-o.Wall, time.Second), memory, 1<<20), string(o.Stderr))
	case kind == "Communication":
		return stage(0, output, string(o.Stderr)), nil
	case sameLines(echoed(expected), output):
		return stage(0, "1\n", said(o.Stderr, "Output is correct (diff)")), nil
	}
	return stage(0, "0\n", said(o.Stderr, "Output isn't correct (diff)")), nil
}

// communicate runs the task's manager and, each in a box of its own, the
// program once or several times, joined by pipes. The outcome is the
// manager's.
func (e *Engine) communicate(ctx context.Context, r *sandbox.Runner, settings, input string, x executables, program sandbox.Program) (sandbox.Outcome, error) {
	if x.manager == nil {
		return sandbox.Outcome{Status: sandbox.Exit, Exit: 127, Stderr: []byte("the task has no manager\n")}, nil
	}
	n := 1
	if text := setting(settings, "task_type_parameters_Communication_num_processes"); text != "" {
		var err error
		if n, err = strconv.Atoi(strings.TrimSpace(text)); err != nil || n < 1 || n > sandbox.MaxPartners {
			return sandbox.Outcome{}, fmt.Errorf("the task wants %.20q processes of the program; 1 to %d are possible here", text, sandbox.MaxPartners)
		}
	}
	manager := sandbox.Program{Argv: []string{sandbox.BoxPath + "/manager"}, Files: []sandbox.File{{Name: "manager", Data: x.manager, Exec: true}}, Stdin: []byte(input), Limits: program.Limits}
	named := setting(settings, "task_type_parameters_Communication_user_io") == "fifo_io"
	program.Wall += time.Second // the manager's end is the program's
	var users []sandbox.Program
	for i := range n {
		manager.Argv = append(manager.Argv, fmt.Sprintf("/dev/fd/%d", 3+2*i), fmt.Sprintf("/dev/fd/%d", 4+2*i))
		user := program
		script := `exec "$@" <&3 >&4 2>/dev/null 3<&- 4>&-`
		user.Argv = slices.Clone(program.Argv)
		if named {
			script = `exec "$@" </dev/null >/dev/null 2>&1`
			user.Argv = append(user.Argv, "/dev/fd/3", "/dev/fd/4")
		}
		if n > 1 {
			user.Argv = append(user.Argv, strconv.Itoa(i))
		}
		user.Argv = append([]string{"/bin/sh", "-c", script, "sh"}, user.Argv...)
		users = append(users, user)
	}
	manager.Argv = append(manager.Argv, strings.Fields(setting(settings, "task_type_parameters_Communication_manager_args"))...)
	return e.run(ctx, r, manager, users...)
}

// checkTask asks the task's checker, in a box without the program: its
// standard output is the score.
func (e *Engine) checkTask(ctx context.Context, r *sandbox.Runner, checker []byte, input, expected, output string, limits sandbox.Limits, stderr string) (*piston.Stage, error) {
	p := sandbox.Program{Argv: []string{sandbox.BoxPath + "/checker", "input.txt", "correct_output.txt", "output.txt"}, Stdin: []byte("\n"), Limits: limits,
		Files: []sandbox.File{{Name: "checker", Data: checker, Exec: true}, {Name: "input.txt", Data: []byte(input)}, {Name: "correct_output.txt", Data: []byte(expected)}, {Name: "output.txt", Data: []byte(output)}}}
	for _, f := range p.Files {
		p.Disk += int64(len(f.Data))
	}
	o, err := e.run(ctx, r, p)
	if err != nil {
		return nil, err
	}
	s := stage(exitCode(o), string(o.Stdout), said([]byte(stderr), string(o.Stderr)))
	if o.Status == sandbox.Timeout || o.Status == sandbox.CPU { // the end of the job as a whole
		s.Code, s.Signal = nil, "SIGKILL"
	}
	return s, nil
}
