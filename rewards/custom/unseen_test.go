package custom

import (
	"os/exec"
	"testing"
)

const unseenFile = `
import functools

def blind(completions, **kwargs):
    return [1.0] * len(completions)

def blind_to_more(*args, answer, completions, **others):
    return [float(a == "1") for a in answer]

async def blind_async(completions, **kwargs):
    return [1.0] * len(completions)

def reads(completions, **kwargs):
    return [float(a == "1") for a in kwargs["answer"]]

def passes_on(completions, **kwargs):
    return reads(completions, **kwargs)

def reads_later(completions, **kwargs):
    return [(lambda: float(kwargs["answer"][0] == "1"))() for _ in completions]

def reads_locals(completions, **kwargs):
    return [float(locals()["kwargs"]["answer"][0] == "1")] + [1.0] * (len(completions) - 1)

def rebinds(completions, **kwargs):
    kwargs |= {}
    return [float(kwargs["answer"][0] == "1") for _ in completions]

@functools.wraps(blind)
def wraps_blind(**kwargs):
    assert kwargs["answer"]
    return blind(**kwargs)

def inner(completions, extra, **kwargs):
    return [float(extra and kwargs["answer"][0] == "1")] * len(completions)

part = functools.partial(inner, extra=True)

class Scorer:
    def __call__(self, completions, **kwargs):
        return [float(kwargs["answer"][0] == "1")] * len(completions)

scorer = Scorer()
`

// TestPythonUnseen: a function that never looks at its **kwargs gets none; one
// that may, by whatever way, gets them all.
func TestPythonUnseen(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("there is no python3 on this machine")
	}
	path := file(t, "unseen.py", unseenFile)
	blind := map[string]bool{"blind": true, "blind_to_more": true, "blind_async": true}
	r, err := NewPython(PythonParams{File: path, Function: "blind", Python: "python3", ProcessParams: DefaultProcess()})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, name := range []string{"blind", "blind_to_more", "blind_async", "reads", "passes_on", "reads_later", "reads_locals", "rebinds", "wraps_blind", "part", "scorer"} {
		r.function = name
		if got := summary(score(t, r, group(2))); got != "ok:1 ok:1" {
			t.Errorf("%s: %s", name, got)
		}
		w := <-r.free
		if only := w.only[name]; (only != nil) != blind[name] || only["completion_ids"] || blind[name] && !only["completions"] {
			t.Errorf("%s is sent only %v", name, only)
		}
		r.free <- w
	}
}
