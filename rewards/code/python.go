package code

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"gradus/rewards/sandbox"
)

// sources are the texts to try as the solution, the first one that compiles
// counts: the row's own beginning with the program after it (as HumanEval's
// prompts, which hold helpers and imports), or the program alone.
func (r *run) sources() []string {
	if r.tests.Prompt == "" {
		return []string{r.program}
	}
	return []string{r.tests.Prompt + "\n" + r.program, r.program}
}

// solution is the process that holds the model's program. in and out are its
// descriptors for requests and answers.
func (r *run) solution(in, out string, limits sandbox.Limits) sandbox.Program {
	return sandbox.Program{
		Argv:  []string{r.tool.Path, "-I", "-B", "{box}/calls.py", "{box}/solution.json", in, out},
		Files: []sandbox.File{{Name: "calls.py", Data: pythonSolution}, {Name: "solution.json", Data: encode(r.sources())}},
		Binds: r.tool.binds, Limits: limits,
	}
}

// maxAnswers bounds what a process may answer to all calls together.
const maxAnswers = 64 << 20

// batch is the limits for a process that does n cases: each of them may take
// as long as one case may.
func (r *run) batch(n int) sandbox.Limits {
	limits := r.judge.limits(r.tests, r.tool.Language)
	limits.Idle = limits.Wall
	limits.Wall *= time.Duration(n + 1)
	limits.CPU *= time.Duration(n)
	limits.Output = maxAnswers
	return limits
}

// function calls the row's function with each case's arguments, all in one
// process as long as that lives, and compares what it returns here.
func (r *run) function() error {
	for !r.enough() {
		left := r.tests.Cases[len(r.results):]
		var requests bytes.Buffer
		for _, c := range left {
			requests.Write(encode(map[string]any{"do": "call", "path": path(r.tests.Entry), "args": c.Args}))
			requests.WriteByte('\n')
		}
		p := r.solution("0", "1", r.batch(len(left)))
		p.Stdin = requests.Bytes()
		o, err := r.execute(p)
		if err != nil {
			return err
		}
		if !r.answers(o, left) {
			return nil
		}
	}
	return nil
}

// answer is a line of python_solution.py.
type answer struct {
	Ready bool
	Value json.RawMessage
	Error []string
	At    string
}

// answers judges a process's answers to cases, and then how it ended, which is
// the result of the case that has no answer. It returns false when there is
// no point in going on.
func (r *run) answers(o sandbox.Outcome, left []Case) bool {
	lines := bytes.Split(o.Stdout, []byte("\n"))
	last := len(lines) - 1 // what follows the last line end is no answer
	var first answer
	if last > 0 && json.Unmarshal(lines[0], &first) == nil && !first.Ready && first.Error != nil {
		c := CaseResult{Status: RuntimeError, Why: said(first.Error)}
		if first.At == "compile" {
			c.Status = CompileError
		}
		r.fill(c)
		return false
	}
	for i, c := range left {
		if r.enough() {
			return false
		}
		if i+1 >= last || !first.Ready {
			r.results = append(r.results, silent(o))
			return last > 0 // a program that never got ready never will
		}
		r.results = append(r.results, r.compare(lines[i+1], c))
	}
	return false
}

// silent is the result of a case that the process ended without answering:
// however it ended, it is not accepted.
func silent(o sandbox.Outcome) CaseResult {
	c := classify(o)
	if c.Status == Accepted {
		c.Status, c.Why = RuntimeError, "the program ended before its function returned"
	}
	c.Wall = 0
	return c
}

func (r *run) compare(line []byte, c Case) CaseResult {
	var a answer
	if err := json.Unmarshal(line, &a); err != nil || a.Error == nil && a.Value == nil {
		return CaseResult{Status: RuntimeError, Why: "its answer cannot be read"}
	}
	if a.Error != nil {
		return CaseResult{Status: RuntimeError, Why: said(a.Error)}
	}
	got, err := decodeValue(a.Value)
	if err != nil {
		return CaseResult{Status: WrongAnswer, Why: fmt.Sprintf("what it returned %v", err)}
	}
	want, err := decodeValue(c.Want)
	if err != nil {
		return CaseResult{Status: WrongAnswer, Why: fmt.Sprintf("the expected value %v", err)} // ReadTests has read it
	}
	if text, ok := want.(string); ok && r.judge.o.Compare == Prime { // as published: JSON in a text
		if want, err = decodeValue(json.RawMessage(text)); err != nil {
			return CaseResult{Status: WrongAnswer, Why: fmt.Sprintf("the expected value %s: %v", short(text), err)}
		}
	}
	if sameValue(got, want, r.judge.o.Tolerance) {
		return CaseResult{Status: Accepted}
	}
	if list, ok := want.([]any); ok && c.Wrapped && len(list) == 1 && sameValue(got, list[0], r.judge.o.Tolerance) {
		return CaseResult{Status: Accepted}
	}
	if list, ok := want.([]any); ok && r.judge.o.Compare == Prime && len(list) > 0 && sameValue(got, list[0], 0) {
		return CaseResult{Status: Accepted} // as published: the first element will do
	}
	return CaseResult{Status: WrongAnswer, Why: fmt.Sprintf("returned %s, expected %s", short(string(a.Value)), short(string(c.Want)))}
}

func said(e []string) string {
	switch len(e) {
	case 0:
		return "it failed"
	case 1:
		return short(e[0])
	}
	return e[0] + ": " + short(e[1])
}

// path splits an entry, as "Solution().twoSum".
func path(entry string) []string {
	var out []string
	for _, p := range bytes.Split([]byte(entry), []byte(".")) {
		out = append(out, string(p))
	}
	return out
}

// asserts runs the row's own test code in a process beside the program's.
func (r *run) asserts() error {
	for !r.enough() {
		tests := []string{}
		for _, c := range r.tests.Cases {
			tests = append(tests, c.Assert)
		}
		job := map[string]any{"setup": r.tests.Setup, "tests": tests, "entry": "", "from": len(r.results)}
		if r.tests.Kind == Check {
			job["entry"], job["tests"] = r.tests.Entry, []string{}
		}
		limits := r.batch(len(tests) - len(r.results))
		limits.Idle = 0
		judge := sandbox.Program{
			Argv:  []string{r.tool.Path, "-I", "-B", "{box}/tests.py", "{box}/job.json", "3", "4"},
			Files: []sandbox.File{{Name: "tests.py", Data: pythonTests}, {Name: "job.json", Data: encode(job)}},
			Binds: r.tool.binds, Limits: limits,
		}
		judge.Idle, judge.Output = r.batch(1).Idle, 1<<20
		pair, err := r.sandbox.RunPair(r.ctx, judge, r.solution("3", "4", limits))
		if err != nil {
			return err
		}
		for _, o := range pair {
			if o.Status == sandbox.Failed {
				return fmt.Errorf("%s", o.Why)
			}
		}
		if on, err := r.marks(pair[0], pair[1]); !on || err != nil {
			return err
		}
	}
	return nil
}

// marks reads the marks of python_tests.py. It returns false when there is no
// point in going on.
func (r *run) marks(tests, solution sandbox.Outcome) (bool, error) {
	began := len(r.results)
	for _, line := range bytes.Split(tests.Stdout, []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		var m struct {
			I           int
			Status, Why string
		}
		if err := json.Unmarshal(line, &m); err != nil {
			return false, fmt.Errorf("the test process answered %s", short(string(line)))
		}
		c := CaseResult{Status: Status(m.Status), Why: m.Why}
		switch m.Status {
		case "unsupported":
			return false, &unfitError{NoTests, m.Why}
		case "gone":
			if c = classify(solution); c.Status == Accepted {
				c.Status, c.Why = RuntimeError, m.Why
			}
			c.Wall = 0
		}
		if m.I < 0 {
			r.fill(c)
			return false, nil
		}
		r.results = append(r.results, c)
		if r.enough() {
			return false, nil
		}
	}
	if len(r.results) == began { // the test process itself has no word for it: its own time ran out, waiting or not
		c := classify(tests)
		if s := classify(solution); s.Status != Accepted {
			c = s
		}
		if c.Status == Accepted {
			c.Status, c.Why = RuntimeError, "the tests ended without a mark"
		}
		r.results = append(r.results, c)
	}
	return true, nil
}
