package code

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"

	"gradus/rewards/sandbox/sandboxtest"
)

func TestMain(m *testing.M) { sandboxtest.Main(m) }

// newJudge makes a judge whose sandbox is this test program.
func newJudge(t *testing.T, change func(*Options)) *Judge {
	t.Helper()
	o := DefaultOptions()
	o.Keep = sandboxtest.Keep(t)
	o.Timeout = time.Minute // machines that test are busy
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
	addLibrary  = `{"test_list":["assert math.isclose(add(1, 2), 3)","assert isclose(add(20, 22), 42)","assert Counter(add([1], [2, 1])) == Counter([1, 1, 2])","assert gcd(add(8, 4), 8) == 4"]}`
	addCheck    = `{"test":"def check(candidate):\n    assert candidate(1, 2) == 3\n    assert candidate(20, 22) == 42\n","entry_point":"add","prompt":"def add(a, b):\n    \"\"\"Adds.\"\"\"\n"}`
)

// TestVerdicts: right and wrong programs in every layout, and how a verdict
// names what went wrong.
func TestVerdicts(t *testing.T) {
	j := newJudge(t, nil)
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
		{"library unimported", addLibrary, "from math import gcd\ndef add(a, b):\n    return a + b", Accepted, 4},
		{"library replaced", addLibrary, "class math:\n    isclose = staticmethod(lambda *a: True)\nisclose = math.isclose\nCounter = lambda x: 1\ndef add(a, b):\n    return 0", WrongAnswer, 0},
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

// TestLanguages: a right and a wrong program in every language that is
// installed here.
func TestLanguages(t *testing.T) {
	j := newJudge(t, nil)
	for name, program := range map[string][2]string{
		"c":          {"#include <stdio.h>\nint main(){int a,b;scanf(\"%d%d\",&a,&b);printf(\"%d\\n\",a+b);}", "int main(){return 0}"},
		"cpp":        {"#include <iostream>\nint main(){int a,b;std::cin>>a>>b;std::cout<<a+b;}", "int main(){x}"},
		"javascript": {"const s=require('fs').readFileSync(0,'utf8').split(/\\s+/);console.log(+s[0] + +s[1])", "console.log(1"},
		"java":       {"import java.util.*;\nclass Main{public static void main(String[] a){Scanner s=new Scanner(System.in);System.out.println(s.nextInt()+s.nextInt());}}", "class Main{"},
		"perl":       {"my ($a,$b)=split ' ',<STDIN>;print $a+$b,\"\\n\";", "print 1 +"},
		"ruby":       {"a,b=gets.split.map(&:to_i);puts a+b", "puts ("},
		"lua":        {"print(io.read('n')+io.read('n'))", "print("},
		"php":        {"<?php fscanf(STDIN,'%d %d',$a,$b);echo $a+$b;", "<?php echo (;"},
		"bash":       {"read a b; echo $((a+b))", "if"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if slices.Contains([]string{"cpp", "java", "javascript"}, name) && os.Getenv("GRADUS_FAULTS") != "full" {
				t.Skip("its compiler or runtime takes a second or more; GRADUS_FAULTS=full runs it")
			}
			tests := Tests{Kind: Stdio, Language: name, Cases: []Case{{Stdin: "20 22\n", Stdout: "42"}}}
			v, err := j.Run(context.Background(), program[0], tests)
			if v.Status == NoLanguage {
				t.Skip(v.Why)
			}
			if err != nil || v.Status != Accepted {
				t.Errorf("%+v, %v", v, err)
			}
			if v, err := j.Run(context.Background(), program[1], tests); err != nil || v.Passed > 0 || !v.Status.Judges() {
				t.Errorf("a program that is none: %+v, %v", v, err)
			}
		})
	}
}

// TestNoVerdict: what is no judgement of the program is never one.
func TestNoVerdict(t *testing.T) {
	j := newJudge(t, nil)
	for name, tests := range map[string]Tests{
		"unknown language":         {Kind: Stdio, Language: "cobol", Cases: []Case{{}}},
		"calls in another one":     {Kind: Function, Language: "cpp", Entry: "f", Cases: []Case{{}}},
		"tests that do not parse":  {Kind: Asserts, Cases: []Case{{Assert: "assert f( =="}}},
		"tests that pass a lambda": {Kind: Asserts, Cases: []Case{{Assert: "assert f(lambda x: x) == 1"}}},
	} {
		v, err := j.Run(context.Background(), "def f(x): return 1", tests)
		if err != nil || v.Status.Judges() || v.Why == "" {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if v, err := j.Run(ctx, "", Tests{Kind: Stdio, Cases: []Case{{}}}); err == nil {
		t.Errorf("a judge whose time is up gave %+v", v)
	}
}

// TestRemoteValues: assertions see the program's values as Python's own, and
// what a function does to its arguments.
func TestRemoteValues(t *testing.T) {
	j := newJudge(t, nil)
	const program = `
import collections
def echo(x): return x
def nothing(): pass
def numbers(n): return (i * i for i in range(n))
def sort(a): a.sort()
def fail(): raise ValueError("no")
def big(): return 10 ** 5000
class Stack:
    def __init__(self): self.items = []
    def push(self, x): self.items.append(x); return self
    def pop(self): return self.items.pop()
LIMIT = 7
Point = collections.namedtuple("Point", "x y")
def point(): return Point(1, 2)
`
	asserts := []string{
		"assert echo((1, [2.5, 'a', None], {3: {'k'}}, b'x', 2+3j, float('inf'))) == (1, [2.5, 'a', None], {3: {'k'}}, b'x', 2+3j, float('inf'))",
		"assert type(echo((1, 2))) is tuple and type(echo([1])) is list and type(echo({1})) is set and echo(True) is True",
		"assert nothing() is None", "assert list(numbers(4)) == [0, 1, 4, 9]", "assert sum(numbers(3)) == 5",
		"a = [3, 1, 2]\nsort(a)\nassert a == [1, 2, 3]",
		"try:\n    fail()\nexcept ValueError as e:\n    assert str(e) == 'no'\nelse:\n    assert False",
		"assert big() == 10 ** 5000", "s = Stack()\ns.push(1)\ns.push(2)\nassert s.pop() == 2 and s.items == [1]",
		"assert point() == (1, 2)", "assert math.isclose(echo(0.1) + 0.2, 0.3)",
		"assert echo('\\ud800\\u00e9\\n') == '\\ud800\\u00e9\\n'", "assert [echo(i) for i in range(3)] == [0, 1, 2]",
	}
	tests := Tests{Kind: Asserts, Setup: "import math"}
	for _, a := range asserts {
		tests.Cases = append(tests.Cases, Case{Assert: a})
	}
	v, err := j.Run(context.Background(), program, tests)
	if err != nil || v.Passed != len(asserts) {
		t.Errorf("%+v, %v", v, err)
	}
}
