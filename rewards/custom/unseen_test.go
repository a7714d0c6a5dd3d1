package custom

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

const unseenFile = `
import builtins
import functools
import helper
import inspect
import sys
from helper import imported

def once(f):
    def call(completions, **kwargs):
        return f(completions, **kwargs)
    return call

def blind(completions, **kwargs):
    return [1.0] * len(completions)

def blind_to_more(*args, answer, completions, **others):
    return [float(a == "1") for a in answer]

async def blind_async(completions, **kwargs):
    return [1.0] * len(completions)

def none(completions, answer):
    return [float(a == "1") for a in answer]

def reads(completions, **kwargs):
    return [float(a == "1") for a in kwargs["answer"]]

def reads_in_words(completions, **kwargs):
    if "solution" not in kwargs or kwargs.get("nothing", None):
        return [0.0] * len(completions)
    assert f"{kwargs['trainer_state'].global_step}" == "40"
    return [float(a == "1") for a in kwargs.get("answer", [])]

def reads_later(completions, **kwargs):
    return [(lambda: float(kwargs["answer"][0] == "1"))() for _ in completions]

def reads_own(completions, **kwargs):
    def inner(kwargs):
        return kwargs["answer"][0] == "1"
    return [float(inner({"answer": kwargs["answer"]})) for _ in completions]

def logs(completions, **kwargs):
    kwargs["log_metric"]("a", 1.0)
    return [1.0 for _ in completions]

@once
def decorated(completions, **kwargs):
    return [float(kwargs["answer"][0] == "1") for _ in completions]

def each(f):
    @functools.wraps(f)
    def call(completions, **kwargs):
        return [f(c, a) for c, a in zip(completions, kwargs["answer"])]
    return call

@each
def of_each(completion, answer):
    return float(answer == "1")

def timed(f):
    @functools.wraps(f)
    def call(*args, **kwargs):
        if "level" in kwargs:
            return f(*args, **kwargs)
    return call

@timed
def wrapped_strict(completions, level, answer):
    return [float(a == "1") for a in answer]

@timed
def wrapped_open(completions, **kwargs):
    return [float(a == "1") for a in kwargs["answer"]]

@timed
def wrapped_blindly(completions, **kwargs):
    return reads(completions, **kwargs)

class Private:
    @staticmethod
    def call(completions, **__columns):
        return [float(a == "1") for a in __columns["answer"]]

mangled = Private.call

def signed(completions, **kwargs):
    return [float(a == "1") for a in kwargs["answer"]]

signed.__signature__ = inspect.Signature([inspect.Parameter("completions", inspect.Parameter.KEYWORD_ONLY)])

def reads_trace(completions, **kwargs):
    try:
        raise ValueError
    except ValueError as e:
        return [float(a == "1") for a in e.__traceback__.tb_frame.f_locals["kwargs"]["answer"]]

here = locals

def reads_alias(completions, **kwargs):
    every = here()["kwargs"]
    return [float(a == "1") for a in every["answer"]]

def reads_getattr(completions, **kwargs):
    every = getattr(builtins, "locals")()["kwargs"]
    return [float(a == "1") for a in every["answer"]]

def reads_cell(completions, **kwargs):
    one = lambda: kwargs["task"]
    return [float(a == "1") for a in one.__closure__[0].cell_contents["answer"]]

def columns_of_caller():
    return sys._getframe(1).f_locals["kwargs"]

def reads_by_helper(completions, **kwargs):
    return [float(a == "1") for a in columns_of_caller()["answer"]]

def passes_on(completions, **kwargs):
    return reads(completions, **kwargs)

def hands_on(completions, **kwargs):
    return helper.inner(completions, kwargs)

def by_another_name(completions, **kwargs):
    columns = kwargs
    return [float(columns["answer"][0] == "1") for _ in completions]

def by_a_variable(completions, **kwargs):
    name = "answer"
    return [float(kwargs[name][0] == "1") for _ in completions]

def pops(completions, **kwargs):
    return [float(a == "1") for a in kwargs.pop("answer")]

def walks(completions, **kwargs):
    assert "completion_ids" in list(kwargs)
    return [1.0 for _ in completions]

def reads_locals(completions, **kwargs):
    return [float(locals()["kwargs"]["answer"][0] == "1")] + [1.0] * (len(completions) - 1)

def reads_frame(completions, **kwargs):
    import sys as s
    here = s._getframe(0).f_locals["kwargs"]
    return [float(here["answer"][0] == "1") for _ in completions]

def rebinds(completions, **kwargs):
    kwargs = dict(kwargs)
    return [float(kwargs["answer"][0] == "1") for _ in completions]

def changes(completions, **kwargs):
    kwargs["answer"] = [a == "1" for a in kwargs["answer"]]
    return [float(a) for a in kwargs["answer"]]

def by_pattern(completions, **kwargs):
    return [float(a == "1") for a in dict(**kwargs)["answer"]]

@functools.wraps(blind)
def wraps_blind(**kwargs):
    assert kwargs["answer"]
    return blind(**kwargs)

brief = lambda completions, **kwargs: [float(a == "1") for a in kwargs["answer"]]

exec("def of_no_file(completions, **kwargs):\n    return [float(a == '1') for a in kwargs['answer']]")

def inner(completions, extra, **kwargs):
    return [float(extra and kwargs["answer"][0] == "1")] * len(completions)

part = functools.partial(inner, extra=True)

class Scorer:
    def __call__(self, completions, **kwargs):
        return [float(kwargs["answer"][0] == "1")] * len(completions)

scorer = Scorer()
`

// unseenWants are the arguments that each function is sent, none for all.
var unseenWants = map[string][]string{
	"imported":        {"answer", "completions"},
	"blind":           {"completions"},
	"blind_to_more":   {"answer", "args", "completions"},
	"blind_async":     {"completions"},
	"none":            {"answer", "completions"},
	"reads":           {"answer", "completions"},
	"reads_in_words":  {"answer", "completions", "nothing", "solution", "trainer_state"},
	"reads_later":     {"answer", "completions"},
	"reads_own":       {"answer", "completions"},
	"logs":            {"completions", "log_metric"},
	"decorated":       nil,
	"of_each":         {"answer", "completions"}, // not "completion", which each makes
	"wrapped_strict":  {"answer", "args", "completions", "level"},
	"wrapped_open":    {"answer", "args", "completions", "level"},
	"wrapped_blindly": nil,
	"mangled":         {"answer", "completions"},
	"signed":          nil,
	"reads_trace":     nil,
	"reads_alias":     nil,
	"reads_getattr":   nil,
	"reads_cell":      nil,
	"reads_by_helper": nil,
	"passes_on":       nil,
	"hands_on":        nil,
	"by_another_name": nil,
	"by_a_variable":   nil,
	"pops":            nil,
	"walks":           nil,
	"reads_locals":    nil,
	"reads_frame":     nil,
	"rebinds":         nil,
	"changes":         nil,
	"by_pattern":      nil,
	"wraps_blind":     nil,
	"brief":           nil,
	"of_no_file":      nil,
	"part":            nil,
	"scorer":          nil,
}

const unseenHelper = `
def imported(completions, **kwargs):
    return [float(a == "1") for a in kwargs["answer"]]

def inner(completions, kwargs):
    return [float(a == "1") for a in kwargs["answer"]]
`

// TestPythonUnseen: a function gets of its **kwargs what its source takes out
// by name; one that may look at others, by whatever way, gets them all.
func TestPythonUnseen(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("there is no python3 on this machine")
	}
	path := file(t, "unseen.py", unseenFile)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "helper.py"), []byte(unseenHelper), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := NewPython(PythonParams{File: path, Function: "blind", Python: "python3", ProcessParams: DefaultProcess()})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for name, want := range unseenWants {
		t.Run(name, func(t *testing.T) {
			r.function = name
			g := group(2)
			g.Samples[0].Step, g.Samples[1].Step = 40, 40
			if got := summary(score(t, r, g)); got != "ok:1 ok:1" {
				t.Error(got)
			}
			w := <-r.free
			defer func() { r.free <- w }()
			if got := slices.Sorted(maps.Keys(w.only[name])); !slices.Equal(got, want) || (w.only[name] == nil) != (want == nil) {
				t.Errorf("it is sent only %q, want %q", got, want)
			}
		})
	}
}
