package judge

import (
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gradus/rewards/custom"
	"gradus/rewards/rules"
	"gradus/runner/recipe"
)

// A Starlark reward starts this executable again.
func TestMain(m *testing.M) {
	if len(os.Args) == 5 && os.Args[1] == rules.StarlarkCommand {
		if err := custom.ServeStarlark(os.Stdin, os.Stdout, os.Args[2], 1_000_000, 512); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestGateAndExpression(t *testing.T) {
	j, err := New([]recipe.Reward{
		{Name: "gradus.format", Weight: 0.5},
		{Name: "gradus.accuracy", Weight: 1, Gate: "gradus.format > 0"},
		{Name: "expr", Label: "short", Weight: 2, Params: map[string]any{"expr": "gradus.format > 0 && characters < 60 ? 0.25 : 0"}},
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for _, c := range []struct {
		completion string
		total      float64
		scores     [3]float64
	}{
		{"<think>six sevens</think><answer>42</answer>", 0.5 + 1 + 0.5, [3]float64{1, 1, 0.25}},
		{"<answer>42</answer>", 0, [3]float64{0, 0, 0}}, // right, but its gate is shut
		{"<think>" + strings.Repeat("x", 60) + "</think><answer>42</answer>", 1.5, [3]float64{1, 1, 0}},
	} {
		got, err := j.Score(context.Background(), group(c.completion))
		if err != nil {
			t.Fatal(err)
		}
		if got[0].Total != c.total || [3]float64(got[0].Scores) != c.scores || got[0].Parts[2].Name != "short" {
			t.Errorf("%q: total %v, scores %v, want %v and %v", c.completion, got[0].Total, got[0].Scores, c.total, c.scores)
		}
	}
}

// TestOnError: what a failing reward does, by its on_error.
func TestOnError(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("there is no python3 on this machine")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "mine.py")
	const code = "import neighbour\ncalls = 0\ndef late(completions, **kw):\n    global calls\n    calls += 1\n    if calls > 1: raise ValueError('second call')\n    return [1.0] * len(completions)\n" +
		"def never(completions, **kw):\n    raise ValueError('typo')\n"
	for name, text := range map[string]string{"mine.py": code, "neighbour.py": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		function string
		onError  recipe.OnError
		first    string // error of the first call, or the score
		second   float64
	}{
		{"late", "", "", math.NaN()},
		{"late", recipe.OnErrorZero, "", 0},
		{"never", "", "has never worked", 0},
		{"never", recipe.OnErrorStop, "on_error is stop", 0},
		{"never", recipe.OnErrorSkip, "", math.NaN()},
	} {
		kept := t.TempDir()
		j, err := New([]recipe.Reward{{Name: "python", Label: "mine", Weight: 1, OnError: c.onError, Params: map[string]any{"file": file, "function": c.function, "deadline_ms": 30000}}}, kept)
		if err != nil {
			t.Fatal(err)
		}
		_, err = j.Score(context.Background(), group("x"))
		if c.first != "" {
			if !errors.Is(err, ErrReward) || !strings.Contains(err.Error(), c.first) {
				t.Errorf("%s %q: error %v, want %q", c.function, c.onError, err, c.first)
			}
			j.Close()
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := j.Score(context.Background(), group("x"))
		if err != nil {
			t.Fatal(err)
		}
		if s := got[0].Scores[0]; s != c.second && !(math.IsNaN(s) && math.IsNaN(c.second)) || got[0].Failures != 1 || got[0].Unscorable != math.IsNaN(c.second) {
			t.Errorf("%s %q: %+v, want score %v", c.function, c.onError, got[0], c.second)
		}
		if why := got[0].Parts[0].Why; strings.HasSuffix(why, "so it counts as 0") != (c.onError == recipe.OnErrorZero) {
			t.Errorf("%s %q: %s", c.function, c.onError, why)
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(kept, "mine", "mine.py")); err != nil {
			t.Errorf("the code is not kept: %v", err)
		}
	}
}

// TestKeptCode: a resumed run judges with the code it began with.
func TestKeptCode(t *testing.T) {
	file, kept := filepath.Join(t.TempDir(), "r.star"), t.TempDir()
	for i, want := range []float64{1, 1} {
		if err := os.WriteFile(file, []byte("def reward(ctx):\n    return "+string(rune('1'+i))+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := New([]recipe.Reward{{Name: "starlark", Weight: 1, Params: map[string]any{"file": file}}}, kept)
		if err != nil {
			t.Fatal(err)
		}
		got, err := j.Score(context.Background(), group("x"))
		if err != nil || got[0].Total != want {
			t.Errorf("attempt %d: %+v, %v, want %v", i+1, got, err, want)
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestKnownBeforeTheFirstStep: a function that cannot be there stops a run
// before it begins, unless its failures are to be passed over.
func TestKnownBeforeTheFirstStep(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("there is no python3 on this machine")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"broken.py": "def f(completions, **kwargs)\n    return [1.0] * len(completions)\n",
		"needs.py":  "import a_package_that_nobody_has\n",
		"whole.py":  "def f(completions, **kwargs):\n    return [1.0] * len(completions)\n",
		"half.star": "def reward(ctx):\n    return (\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		file, function string
		onError        recipe.OnError
		want           string
	}{
		{"whole.py", "f", "", ""},
		{"whole.py", "g", "", "there is no such function; the file has f"},
		{"whole.py", "g", recipe.OnErrorSkip, ""},
		{"broken.py", "f", "", "(broken.py, line 1)"},
		{"broken.py", "f", recipe.OnErrorStop, "SyntaxError"},
		{"broken.py", "f", recipe.OnErrorZero, ""},
		{"needs.py", "f", "", "it said: ModuleNotFoundError: No module named 'a_package_that_nobody_has' (needs.py, line 1)"},
		{"half.star", "reward", "", "half.star:3"},
	} {
		r := recipe.Reward{Name: "python", Weight: 1, OnError: c.onError, Params: map[string]any{"file": filepath.Join(dir, c.file), "function": c.function}}
		if strings.HasSuffix(c.file, ".star") {
			r.Name = "starlark"
		}
		j, err := New([]recipe.Reward{r}, "")
		switch {
		case err == nil && c.want != "":
			t.Errorf("%s of %s, on_error %q: no error", c.function, c.file, c.onError)
		case err != nil && (c.want == "" || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s of %s, on_error %q: %v", c.function, c.file, c.onError, err)
		}
		if j != nil {
			if err := j.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
