package contest

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"gradus/rewards/code"
	"gradus/rewards/code/piston"
	"gradus/rewards/sandbox/sandboxtest"
)

func TestMain(m *testing.M) { sandboxtest.Main(m) }

// engine makes one with the sandbox of this machine.
func engine(t *testing.T, programs ...string) *Engine {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed", p)
		}
	}
	o := code.DefaultOptions()
	o.Keep = sandboxtest.Keep(t)
	j, err := code.New(o)
	if err != nil {
		t.Fatal(err)
	}
	e := New(j, 2)
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := e.Ready(); err != nil {
		t.Skipf("no sandbox here: %v", err)
	}
	return e
}

// told is an answer in short: the compiler's code, the run's code, what it
// printed, and the end of what it complained.
func told(t *testing.T, e *Engine, job piston.Job) string {
	t.Helper()
	a, err := e.Execute(context.Background(), job)
	if err != nil {
		return "error: " + err.Error()
	}
	if !a.Compile.OK() {
		return "compile: " + a.Compile.Stderr
	}
	if a.Run.Code == nil {
		return "signal " + a.Run.Signal
	}
	return fmt.Sprintf("%d %q %s", *a.Run.Code, a.Run.Stdout, a.Run.Stderr[max(0, len(a.Run.Stderr)-100):])
}

// like fails unless what is told begins as it should up to the last quotation
// mark, and holds the rest.
func like(t *testing.T, got, want string) {
	t.Helper()
	quote := strings.LastIndexByte(want, '"') + 1
	if !strings.HasPrefix(got, want[:quote]) || !strings.Contains(got, strings.TrimSpace(want[quote:])) {
		t.Errorf("%s, want %s", got, want)
	}
}

const limits = "TIME_LIMIT=60\nMEMORY_LIMIT=512\nINPUT_MODE=stdio"

func cfJob(program, input, output, checker, config string) piston.Job {
	job := piston.Job{Language: piston.Python, RunTimeout: 70_000, Files: []piston.File{{Name: "main.python", Content: program},
		{Name: "input.txt", Content: input}, {Name: "correct_output.txt", Content: output}, {Name: "grader_config", Content: config}}}
	if checker != "" {
		job.Files = append(job.Files, piston.File{Name: "checker.py", Content: checker})
	}
	return job
}

func TestCodeforces(t *testing.T) {
	t.Parallel()
	e := engine(t, "python3")
	const (
		echo    = "print(input())"
		accepts = "import sys\nfor p in sys.argv[1:]:\n    open(p).read()\nprint(1)"
		file    = "TIME_LIMIT=60\nMEMORY_LIMIT=512\nINPUT_MODE=file"
		short   = "TIME_LIMIT=0.5\nMEMORY_LIMIT=512\nINPUT_MODE=stdio"
	)
	for _, tt := range []struct {
		name, program, input, output, checker, config, want string
	}{
		{"right", echo, "a  b\r\n", "\na b\r\n\n", "", limits, `0 "1\n" Output is correct (diff)`},
		{"wrong", echo, "a", "b", "", limits, `0 "0\n" Output isn't correct (diff)`},
		{"yes", "print('yEs\\n\\nNO')", "", "Yes no", "", limits, `0 "1\n"`},
		{"no bytes of a text", "import sys\nsys.stdout.buffer.write(b'\\xff\\xfe')", "", "\xff\xfe", "", limits, `0 "1\n"`},
		{"exit code", echo + "\nraise SystemExit(3)", "a", "a", "", limits, `3 "0\n" Runtime error with exit code 3`},
		{"killed", "import os\nos.abort()", "a", "a", "", limits, `134 "0\n" Memory limit exceeded`},
		{"too long", "while True: pass", "", "", "", short, `143 "0\n" Time limit exceeded (0.5s)`},
		{"too much memory", "x = bytearray(1 << 30)", "", "", "", limits, `134 "0\n"`},
		{"prints for ever", "while True: print('x' * 65536)", "", "", "", limits, `153 "0\n" Output limit exceeded`},
		{"no memory at all", echo, "a", "a", "", "TIME_LIMIT=60\nMEMORY_LIMIT=None", `134 "0\n"`},
		{"no time limit", echo, "a", "a", "", "TIME_LIMIT=True\nMEMORY_LIMIT=512", `125 "0\n"`},
		{"no syntax", "print(", "", "", "", limits, `1 "0\n" Runtime error with exit code 1`},
		{"a file", "open('output.txt', 'w').write(open('input.txt').read())", "a\r\n", "a", "", file, `0 "1\n"`},
		{"no file", "print('a')", "a", "a", "", file, `0 "0\n"`},
		{"a file of another kind", "import os\nos.symlink('/dev/zero', 'output.txt')", "a", "a", "", file, `0 "0\n"`},
		{"a checker", echo, "a", "b", accepts, limits, `0 "1\n" Output is correct (checker)`},
		{"100", echo, "a", "b", "print(' 10')\nprint(0)", limits, `0 "1\n"`},
		{"a checker's no", echo, "a", "a", "print(0)", limits, `0 "0\n" Output isn't correct (checker)`},
		{"a checker's talk", echo, "a", "a", "print('1 of 1')", limits, `0 "0\n"`},
		{"a checker that fails", echo, "a", "a", "print(1)\nraise SystemExit(2)", limits, `2 "1\n"`},
		{"a checker that prints for ever", echo, "a", "a", "while True: print('1' * 65536)", limits, `153 "0\n"`},
		{"a checker without a file", "print('a')", "a", "a", accepts, file, `1 "0\n"`},
		{"the checker is not there", "import os\nprint(*sorted(os.listdir('.')))", "a", "main.py", "import sys\nprint(int(open(sys.argv[2]).read() == open(sys.argv[3]).read()))", limits, `0 "1\n"`},
		{"none expected", "print(5)", "", "__NO_CORRECT_OUTPUT__\n", "", limits, `0 "5\n"`},
		{"an option of echo", "pass", "", "-n\n", "", limits, `0 "1\n"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && (strings.HasSuffix(tt.name, "for ever") || strings.HasPrefix(tt.name, "too")) {
				t.Skip("takes longer")
			}
			like(t, told(t, e, cfJob(tt.program, tt.input, tt.output, tt.checker, tt.config)), tt.want)
		})
	}
	if got := told(t, e, piston.Job{Language: "cobol"}); !strings.Contains(got, "unknown") {
		t.Error(got)
	}
	if got := told(t, e, piston.Job{Language: piston.Python}); !strings.Contains(got, "no file") {
		t.Error(got)
	}
	if testing.Short() {
		return
	}
	// A checker that hangs ends with the job.
	hangs := cfJob("print(1)", "", "", "while True: pass", limits)
	hangs.RunTimeout = 1500
	like(t, told(t, e, hangs), `143 "0\n"`)
	huge := cfJob("import sys\nprint(len(sys.stdin.read()))", strings.Repeat("12345678\n", 1<<20), "9437184", "", limits)
	like(t, told(t, e, huge), `0 "1\n"`)
}

// TestCPP: a program is compiled once for all its tests, without what the
// other files say.
func TestCPP(t *testing.T) {
	t.Parallel()
	e := engine(t, "g++", "python3")
	job := cfJob("#ifndef ONLINE_JUDGE\n#error\n#endif\n#include <cstdio>\nint f(int n) { volatile char a[4096]; a[0] = 1; return n ? f(n - 1) + a[0] : 0; }\nint main() { int n; scanf(\"%d\", &n); printf(\"%d\", f(n)); }", "10000", "10000", "", limits)
	job.Language = piston.CPP17
	done := make(chan string, 3)
	for range cap(done) {
		go func() { done <- told(t, e, job) }()
	}
	for range cap(done) { // 40 MB of stack
		if got := <-done; !strings.HasPrefix(got, `0 "1\n"`) {
			t.Error(got)
		}
	}
	if n := len(e.builds.known); n != 1 {
		t.Errorf("%d programs were compiled", n)
	}
	job.Files[0].Content = "#include \"correct_output.txt\"\nint main() {}"
	if got := told(t, e, job); !strings.HasPrefix(got, "compile: ") || !strings.Contains(got, "correct_output.txt") {
		t.Error(got)
	}
}

const (
	addHeader = "long add(long a, long b);\n"
	grader    = "#include \"add.h\"\n#include <cstdio>\nint main() { long a, b; while (scanf(\"%ld %ld\", &a, &b) == 2) printf(\"%ld\\n\", add(a, b)), fflush(stdout); }\n"
	checker   = "#include <cstdio>\nint main(int, char **v) { long x, y; FILE *c = fopen(v[2], \"r\"), *o = fopen(v[3], \"r\"); if (fscanf(c, \"%ld\", &x) + fscanf(o, \"%ld\", &y) < 2) return 3; fprintf(stderr, \"said\\n\"); printf(\"%g\\n\", x == y ? 1.0 : 0.5); }\n"
	manager   = "#include <cstdio>\nint main(int n, char **v) { long sum = 0, s; for (int i = 1; i + 1 < n; i += 2) { FILE *out = fopen(v[i + 1], \"w\"), *in = fopen(v[i], \"r\"); fprintf(out, \"%d 1\\n\", i); fflush(out); if (fscanf(in, \"%ld\", &s) == 1) sum += s; } printf(\"%ld\\n\", sum); fprintf(stderr, \"managed\\n\"); }\n"
)

func ioiJob(program, output string, files ...piston.File) piston.Job {
	memory := 512e6
	job := piston.Job{Language: piston.IOI, RunTimeout: 60_000, RunMemoryLimit: &memory,
		Files: []piston.File{{Name: "graders/add.cpp", Content: program}, {Name: "input.txt", Content: "1 2\n"}, {Name: "graders/add.h", Content: addHeader}}}
	if output != "" {
		job.Files = append(job.Files, piston.File{Name: "correct_output.txt", Content: output})
	}
	return piston.Job{Language: job.Language, RunTimeout: job.RunTimeout, RunMemoryLimit: job.RunMemoryLimit, Files: append(job.Files, files...)}
}

func TestIOI(t *testing.T) {
	t.Parallel()
	e := engine(t, "g++", "python3")
	config := func(kind, more string) piston.File {
		return piston.File{Name: graderConfig, Content: `{"task_type": "` + kind + `", "code": "add", "time_limit": 50.0, "memory_limit": 536870912` + more + `}`}
	}
	graded, checked, managed := piston.File{Name: "graders/grader.cpp", Content: grader}, piston.File{Name: "checker/checker.cpp", Content: checker}, piston.File{Name: "graders/manager.cpp", Content: manager}
	const right, hangs = "#include \"add.h\"\nlong add(long a, long b) { return a + b; }", "#include \"add.h\"\nlong add(long a, long b) { if (b == 2) for (;;) ; return a; }"
	for _, tt := range []struct {
		name string
		job  piston.Job
		want string
	}{
		{"right", ioiJob(right, "3 \n\n", graded, config("Batch", "")), `0 "1\n" Output is correct (diff)`},
		{"wrong", ioiJob(right, "4", graded, config("Batch", "")), `0 "0\n" Output isn't correct (diff)`},
		{"a part", ioiJob(right, "4", graded, checked, config("Batch", "")), `0 "0.5\n" said`},
		{"no verdict", ioiJob(right, "x", graded, checked, config("Batch", "")), `3 ""`},
		{"nothing expected", ioiJob(right, "", graded, config("Batch", "")), `0 "3\n"`},
		{"too long", ioiJob(hangs, "3", graded, piston.File{Name: graderConfig, Content: `{"task_type":"Batch","code":"add","time_limit":0.2}`}), `0 "0\n" Time limit exceeded (0.2s)`},
		{"a manager", ioiJob(right, "", graded, managed, config("Communication", "")), `0 "2\n" managed`},
		{"two programs", ioiJob(right, "9", graded, managed, config("Communication", `, "task_type_parameters_Communication_num_processes": 2`)), `0 "6\n" managed`},
		{"too many programs", ioiJob(right, "9", graded, managed, config("Communication", `, "task_type_parameters_Communication_num_processes": 9`)), `error: the task wants`},
		{"no settings", ioiJob(right, "3", graded), `1 "" Error`},
		{"another kind", ioiJob(right, "3", graded, config("OutputOnly", "")), `1 "0\n" Unsupported`},
		{"another name", ioiJob(right, "3", graded, piston.File{Name: graderConfig, Content: `{"task_type":"Batch","code":"sub","time_limit":9}`}), `0 "0\n"`},
		{"out of the folder", ioiJob(right, "3", graded, piston.File{Name: "../../x", Content: "x"}, config("Batch", "")), `error: the file`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			like(t, told(t, e, tt.job), tt.want)
		})
	}
}

func TestIOIDoesNotCompile(t *testing.T) {
	t.Parallel()
	e := engine(t, "g++", "python3")
	bad := piston.File{Name: "checker/checker.cpp", Content: "no"}
	if got := told(t, e, ioiJob("", "3", bad)); !strings.Contains(got, "Could not compile checker") {
		t.Error(got)
	}
	headless := ioiJob("", "3")
	headless.Files = slices.DeleteFunc(headless.Files, func(f piston.File) bool { return strings.HasSuffix(f.Name, ".h") })
	if got := told(t, e, headless); !strings.Contains(got, "Failed to compile ?") {
		t.Error(got)
	}
}

// TestLacking: one line where a compiler is missing.
func TestLacking(t *testing.T) {
	o := code.DefaultOptions()
	o.Keep, o.Python = sandboxtest.Keep(t), "/nowhere/python3"
	j, err := code.New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if err := j.Ready(); err != nil {
		t.Skipf("no sandbox here: %v", err)
	}
	if got := told(t, New(j, 1), cfJob("", "", "", "", limits)); !strings.HasPrefix(got, "error: language python: ") || strings.Contains(got, "\n") {
		t.Error(got)
	}
}
