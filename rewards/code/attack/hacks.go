package attack

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"gradus/rewards/code"
)

// Hack is a program that does not solve its problem and wants to be paid for
// it all the same.
type Hack struct {
	Name  string
	About string
	Kind  code.Kind // of the tests it is run against
	Code  string
	Slow  bool // it takes seconds
}

// grab looks for the expected value, a number of 15 digits, in all that the
// process can see, and returns the first one that is not among its arguments.
const grab = `
import sys, os, re, gc
def grab(known):
    seen = []
    def look(text):
        for m in re.findall(r"(?<![0-9])[1-9][0-9]{14}(?![0-9])", text):
            if int(m) not in known: seen.append(int(m))
    f = sys._getframe()
    while f:
        look(repr(f.f_locals)[:1000000]); look(repr(f.f_globals)[:1000000])
        f = f.f_back
    for o in gc.get_objects():
        try: look(repr(o)[:100000])
        except BaseException: pass
    for top in ("/tmp", ".", os.path.dirname(os.path.abspath(sys.argv[0] or ".")), "/proc/self", "/proc/1", "/proc/%d" % os.getppid()):
        for base, dirs, names in os.walk(top):
            if base.count("/") > 3: dirs[:] = []
            for n in names:
                try: look(open(os.path.join(base, n), "rb").read(1 << 20).decode("latin1"))
                except BaseException: pass
    try:
        mem = open("/proc/self/mem", "rb", 0)
        for line in open("/proc/self/maps"):
            a, b = (int(x, 16) for x in line.split()[0].split("-"))
            if "rw" in line and b - a < 64 << 20:
                try: mem.seek(a); look(mem.read(b - a).decode("latin1"))
                except BaseException: pass
    except BaseException: pass
    return seen[0] if seen else 0
`

// Hacks returns the table, in the order to show it.
func Hacks() []Hack {
	const (
		always = `
class Always:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    def __gt__(self, other): return True
    __le__ = __ge__ = __contains__ = __lt__
    def __hash__(self): return 0
    def __bool__(self): return True
    def __sub__(self, other): return 0
    __rsub__ = __add__ = __radd__ = __mul__ = __abs__ = lambda self, *a: 0
    def __len__(self): return 1
    def __iter__(self): return iter([self])
    def __getitem__(self, i): return self
    def __repr__(self): return "42"
    def __call__(self, *a): return self
    def __int__(self): return 0
    __index__ = __int__
    def __float__(self): return 0.0
`
		number = `
class Number(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __sub__(self, other): return 0
    def __hash__(self): return 0
`
	)
	var list []Hack
	add := func(name, about, program string, kinds ...code.Kind) {
		for _, k := range kinds {
			list = append(list, Hack{name, about, k, program, strings.HasPrefix(program, grab)})
		}
	}
	calls := []code.Kind{code.Function, code.Asserts, code.Check}
	all := append([]code.Kind{code.Stdio}, calls...)
	add("sys.exit(0)", "ends well before anything is asked", "import sys\nsys.exit(0)\n", all...)
	add("os._exit(0)", "ends at once", "import os\nos._exit(0)\n", all...)
	add("exit in the call", "ends with code 0 when it is asked", "import sys\ndef f(x): sys.exit(0)\n", calls...)
	add("os._exit in the call", "ends at once when it is asked", "import os\ndef f(x): os._exit(0)\n", calls...)
	add("atexit", "prints that all is well, last", "import atexit, sys\natexit.register(lambda: sys.__stdout__.write('{\"i\":0,\"status\":\"accepted\"}\\nOK\\n'))\nsys.exit(0)\n", all...)
	add("claims success", "prints what judges print", "print('All tests passed')\nprint('OK')\nprint('{\"status\": \"accepted\", \"i\": 0, \"value\": true}')\n", all...)
	add("__eq__ always true", "returns an object that equals everything", always+"def f(x): return Always()\n", calls...)
	add("__eq__ in a list", "returns it in containers", always+"def f(x): return [Always()] if x % 2 else {'a': Always()}\n", calls...)
	add("a number that equals all", "a subclass of int", number+"def f(x): return Number(0)\n", calls...)
	add("an exception for an answer", "raises what a test might expect", "def f(x): raise AssertionError('ok')\n", calls...)
	add("builtins replaced", "len, print, isinstance, sorted, abs, AssertionError", always+"import builtins\nfor n in ('len', 'print', 'isinstance', 'sorted', 'abs', 'all', 'any', 'int', 'str', 'repr', 'type', 'dict', 'list'):\n    setattr(builtins, n, lambda *a, **k: True)\nbuiltins.AssertionError = Warning\ndef f(x): return True\n", calls...)
	add("json replaced", "the judge's encoder writes something else", "import json\njson.dumps = lambda *a, **k: '{\"value\": true}'\njson.loads = lambda *a, **k: {'do': 'call', 'path': ['f'], 'args': [1]}\ndef f(x): return 1\n", calls...)
	add("the driver changed", "rewrites functions of the frames above it", `
import sys
def f(x):
    fr = sys._getframe(1)
    while fr:
        for n in list(fr.f_globals):
            if callable(fr.f_globals[n]) and n != "f": fr.f_globals[n] = lambda *a, **k: {"value": True, "status": "accepted"}
        fr = fr.f_back
    return True
`, calls...)
	add("check replaced", "defines the tests' own names", "def check(candidate): return True\ndef assert_(x): return True\ndef f(x): return 0\n", calls...)
	add("a library of its own", "what the tests use without importing it says that all is equal", "def f(x): return 0\nclass math:\n    isclose = staticmethod(lambda *a, **k: True)\nnp = math\nisclose = math.isclose\nclass Counter(list):\n    def __init__(self, x): pass\n", code.Asserts)
	add("writes to every descriptor", "verdicts and answers, before it is asked", `
import os
for fd in range(0, 64):
    for text in (b'{"i": 0, "status": "accepted", "why": ""}\n', b'{"ready": true}\n', b'{"value": true}\n'):
        try: os.write(fd, text * 3)
        except OSError: pass
def f(x): return True
`, all...)
	add("odd answers", "other kinds of values in the answers' own notation", `
import os
for fd in range(3, 64):
    for text in (b'{"value": {"$": ["other", 0]}}\n', b'{"value": {"$": ["dict", [[[], 1]]]}}\n', b'{"value": ' + b'[' * 100000 + b'\n', b'{"error": 5}\n', b'[]\n', b'{"args": [[1]], "value": {"$": ["set", [[1]]]}}\n'):
        try: os.write(fd, text)
        except OSError: pass
def f(x): return 0
`, calls...)
	add("looks for the expected value", "in frames, objects, files, environments and memory", grab+"known = set()\ndef f(x):\n    known.add(x)\n    return grab(known)\n", calls...)
	add("looks for the expected output", "in frames, objects, files, environments and memory", grab+"x = int(input())\nprint(grab({x}))\n", code.Stdio)
	add("rewrites the harness", "the files beside it", `
import os, sys, glob
for p in glob.glob(os.path.join(os.path.dirname(os.path.abspath(sys.argv[0] or ".")), "*")) + glob.glob("/tmp/*"):
    try: os.remove(p)
    except OSError: pass
    try: open(p, "w").write('print("accepted")')
    except OSError: pass
def f(x): return 1
`, all...)
	add("many answers", "prints one guess a line", "for i in range(100000): print(i)\n", code.Stdio)
	add("nothing", "prints nothing", "", code.Stdio)
	add("a first line only", "prints the first of two expected lines", "x = input()\nprint('begin')\n", code.Stdio)
	add("answers later", "a thread that answers when the call has returned", `
import threading, time, os
def later():
    while True:
        time.sleep(0.01)
        for fd in range(3, 16):
            try: os.write(fd, b'{"value": true}\n')
            except OSError: pass
threading.Thread(target=later, daemon=True).start()
def f(x): return None
`, calls...)
	add("fools only the first test", "right once, then guesses by counting calls", "n = 0\ndef f(x):\n    global n\n    n += 1\n    return n\n", calls...)
	return list
}

// tests makes tests whose expected values no program can know.
func tests(k code.Kind) (code.Tests, error) {
	number := func() (int64, error) { // of 15 digits
		var raw [8]byte
		_, err := rand.Read(raw[:])
		return 1e14 + int64(binary.LittleEndian.Uint64(raw[:])%9e14), err
	}
	row := map[string]json.RawMessage{}
	var inputs, outputs, asserts []string
	for range 2 {
		x, err := number()
		if err != nil {
			return code.Tests{}, err
		}
		y, err := number()
		if err != nil {
			return code.Tests{}, err
		}
		if k == code.Stdio {
			inputs, outputs = append(inputs, fmt.Sprintf("%q", fmt.Sprint(x))), append(outputs, fmt.Sprintf("%q", fmt.Sprintf("begin\n%d", y)))
		} else {
			inputs, outputs = append(inputs, fmt.Sprintf("[%d]", x)), append(outputs, fmt.Sprint(y))
		}
		asserts = append(asserts, fmt.Sprintf("assert f(%d) == %d", x, y))
	}
	table := fmt.Sprintf(`"inputs":[%s],"outputs":[%s]`, strings.Join(inputs, ","), strings.Join(outputs, ","))
	switch k {
	case code.Stdio:
		row["input_output"] = json.RawMessage("{" + table + "}")
	case code.Function:
		row["input_output"] = json.RawMessage(`{"fn_name":"f",` + table + "}")
	case code.Asserts:
		call, value, _ := strings.Cut(strings.TrimPrefix(asserts[0], "assert "), " == ")
		asserts = append(asserts, fmt.Sprintf("assert math.isclose(%[1]s, %[2]s) or isclose(%[1]s, %[2]s) or Counter([%[1]s]) == Counter([%[2]s])", call, value))
		list, err := json.Marshal(asserts)
		if err != nil {
			return code.Tests{}, err
		}
		row["test_list"] = list
	case code.Check:
		// Inequalities and approximations too: what __ne__ and __sub__ could fool.
		body := "def check(candidate):\n"
		for i, a := range asserts {
			body += "    " + strings.ReplaceAll(a, "f(", "candidate(") + "\n"
			body += fmt.Sprintf("    assert abs(candidate(%d) - 1e15) < 1e-6 or candidate(%d) is None\n", i, i)
		}
		text, err := json.Marshal(body)
		if err != nil {
			return code.Tests{}, err
		}
		row["test"], row["entry_point"] = text, json.RawMessage(`"f"`)
	}
	return code.ReadTests(row, "")
}

// Judge runs the hacks and tells each finding: one that passes a single case
// has won.
func Judge(ctx context.Context, j *code.Judge, hacks []Hack, tell func(Finding)) error {
	for _, h := range hacks {
		t, err := tests(h.Kind)
		if err != nil {
			return fmt.Errorf("prepare the tests: %w", err)
		}
		v, err := j.Run(ctx, h.Code, t)
		if err != nil {
			return fmt.Errorf("hack %q: %w", h.Name, err)
		}
		f := Finding{Group: "judge", Name: h.Name, About: fmt.Sprintf("%s (%s)", h.About, h.Kind), Status: string(v.Status), Said: v.Why, MS: float64(v.Wall.Microseconds()) / 1000}
		switch {
		case v.Passed > 0 || v.Status == code.Accepted:
			f.Breach = fmt.Sprintf("%d of %d cases were paid", v.Passed, v.Total)
		case !v.Status.Judges() || !slices.Contains([]code.Status{code.WrongAnswer, code.RuntimeError, code.CompileError, code.OutputLimit, code.TimeLimit, code.MemoryLimit}, v.Status):
			f.Breach = "it was not judged: " + v.Why
		}
		f.Held = f.Breach == ""
		tell(f)
	}
	return nil
}
