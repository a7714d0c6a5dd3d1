package code

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"gradus/rewards/sandbox"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == sandbox.Command {
		if err := sandbox.Serve(os.Stdin, os.Stdout, os.Getenv); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// newJudge makes a judge whose sandbox is this test program, with short limits.
func newJudge(t *testing.T, change func(*Options)) *Judge {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := DefaultOptions()
	o.Keep = []string{self, sandbox.Command}
	o.Timeout = 3 * time.Second
	if change != nil {
		change(&o)
	}
	j, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := j.Ready(); err != nil {
		t.Skipf("no sandbox here: %v", err)
	}
	if _, err := lookPath("python3", os.Getenv("PATH")); err != nil {
		t.Skip("no python3 here")
	}
	return j
}

// columns reads the columns of a row from JSON.
func columns(t *testing.T, row string) map[string]json.RawMessage {
	t.Helper()
	var c map[string]json.RawMessage
	if err := json.Unmarshal([]byte(row), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

const (
	addStdio = `{"verification_info":{"language":"python","test_cases":[
		{"input":"1 2\n","output":"3","type":"stdin_stdout","fn_name":null},{"input":"20 22\n","output":"42\n","type":"stdin_stdout","fn_name":null}]}}`
	addFunction = `{"input_output":"{\"fn_name\":\"add\",\"inputs\":[[1,2],[20,22]],\"outputs\":[3,[42]]}"}`
	addAsserts  = `{"test_list":["assert add(1, 2) == 3","assert add(20, 22) == 42"],"test_setup_code":""}`
	addCheck    = `{"test":"def check(candidate):\n    assert candidate(1, 2) == 3\n    assert candidate(20, 22) == 42\n","entry_point":"add","prompt":"def add(a, b):\n    \"\"\"Adds.\"\"\"\n"}`
)

// TestVerdicts: right and wrong programs in every layout, and how a verdict
// names what went wrong.
func TestVerdicts(t *testing.T) {
	j := newJudge(t, func(o *Options) { o.Timeout = time.Second })
	for _, c := range []struct {
		name, row, program string
		want               Status
		passed             int
	}{
		{"stdio right", addStdio, "print(sum(map(int, input().split())))", Accepted, 2},
		{"stdio wrong in one", addStdio, "print(3)", WrongAnswer, 1},
		{"stdio raises", addStdio, "raise KeyError('x')", RuntimeError, 0},
		{"stdio syntax", addStdio, "print(", CompileError, 0},
		{"stdio right but exit code", addStdio, "import sys\nprint(sum(map(int, input().split())))\nsys.exit(3)", RuntimeError, 0},
		{"stdio memory", addStdio, "x = bytearray(1 << 31)", MemoryLimit, 0},
		{"function right", addFunction, "def add(a, b):\n    return a + b", Accepted, 2},
		{"function of a class", addFunction, "class Solution:\n    def add(self, a: int, b: int) -> List[int]:\n        return a + b", Accepted, 2},
		{"function wrong", addFunction, "def add(a, b):\n    return 3", WrongAnswer, 1},
		{"function missing", addFunction, "def sub(a, b):\n    return 3", RuntimeError, 0},
		{"function syntax", addFunction, "def add(a, b)\n    return 3", CompileError, 0},
		{"function prints", addFunction, "def add(a, b):\n    print('noise')\n    return a + b", Accepted, 2},
		{"function dies in one", addFunction, "import os\ndef add(a, b):\n    if a == 1: os._exit(0)\n    return a + b", RuntimeError, 1},
		{"asserts right", addAsserts, "def add(a, b):\n    return a + b", Accepted, 2},
		{"asserts wrong", addAsserts, "def add(a, b):\n    return 42", WrongAnswer, 1},
		{"asserts raise", addAsserts, "def add(a, b):\n    raise ValueError('no')", RuntimeError, 0},
		{"asserts die in one", addAsserts, "import os\ndef add(a, b):\n    if a == 1: os._exit(0)\n    return a + b", RuntimeError, 1},
		{"check right", addCheck, "def add(a, b):\n    return a + b", Accepted, 1},
		{"check body only", addCheck, "    return a + b", Accepted, 1},
		{"check wrong", addCheck, "def add(a, b):\n    return 3", WrongAnswer, 0},
		{"check syntax", addCheck, "def add(a, b:\n", CompileError, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tests, err := ReadTests(columns(t, c.row), "")
			if err != nil {
				t.Fatal(err)
			}
			v, err := j.Run(context.Background(), c.program, tests)
			if err != nil || v.Status != c.want || v.Passed != c.passed || v.Total != len(tests.Cases) {
				t.Errorf("%+v, %v; want %s, %d passed", v, err, c.want, c.passed)
			}
		})
	}
}

var _ = strings.Contains
var _ sync.Mutex
