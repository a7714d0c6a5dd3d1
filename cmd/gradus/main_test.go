package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"gradus/rewards/sandbox"
)

// Runs and keepers of the sandbox are processes of this executable, which in a
// test is the test binary: with their hidden commands it has to be gradus, and
// wherever a test says so (process).
func TestMain(m *testing.M) {
	if os.Getenv(asGradus) != "" || len(os.Args) > 1 && (os.Args[1] == "_run" || os.Args[1] == sandbox.Command) {
		main()
		return
	}
	os.Exit(m.Run())
}

const asGradus = "GRADUS_TEST_AS_GRADUS"

// session runs commands against one home, as a person in a shell would.
type session struct {
	t    *testing.T
	home string
}

func newSession(t *testing.T) *session {
	t.Helper()
	s := &session{t: t, home: filepath.Join(t.TempDir(), "home")}
	// The runs of a test are processes of their own; they must not outlive it.
	t.Cleanup(func() {
		var out bytes.Buffer
		s.app(&out, &out).run(context.Background(), []string{"runs", "--all", "--json"})
		for line := range strings.Lines(out.String()) {
			var r struct{ ID, Live string }
			if json.Unmarshal([]byte(line), &r) == nil && r.Live == "alive" {
				s.app(&out, &out).run(context.Background(), []string{"stop", r.ID})
			}
		}
	})
	return s
}

func (s *session) app(stdout, stderr *bytes.Buffer) *app {
	env := map[string]string{"GRADUS_HOME": s.home, "HOME": s.home, "PATH": os.Getenv("PATH")}
	return &app{stdout: stdout, stderr: stderr, getenv: func(k string) string { return env[k] }, now: time.Now, version: "test"}
}

// do runs a command and returns its exit code, stdout and stderr.
func (s *session) do(args ...string) (int, string, string) {
	s.t.Helper()
	var out, errs bytes.Buffer
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	code := s.app(&out, &errs).run(ctx, args)
	return code, out.String(), errs.String()
}

// process is do in a process of its own, for what a process can do only once,
// such as to look for the GPU's driver.
func (s *session) process(args ...string) (int, string, string) {
	s.t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(s.t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asGradus+"=1", "GRADUS_HOME="+s.home)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		s.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// must runs a command that has to succeed and returns stdout.
func (s *session) must(args ...string) string {
	s.t.Helper()
	code, out, errs := s.do(args...)
	if code != exitDone {
		s.t.Fatalf("gradus %s: exit %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// tinyPolicy is what the recipes of these tests train, and on what.
const tinyPolicy = `
[model]
hidden_size = 16
num_hidden_layers = 1
num_attention_heads = 2
max_position_embeddings = 96

[limits]
max_prompt_length = 32

[task]
name = "digit_walk"
level = 1
template = "short"

[[reward]]
name = "gradus.accuracy"
`

// tinyRecipe is a whole run that takes about a second.
const tinyRecipe = `
name = "tiny"
threads = 1
` + tinyPolicy + `
[[reward]]
name = "gradus.format"
weight = 0.2

[[stage]]
kind = "sft"
steps = 12
batch_size = 8
learning_rate = 3e-3

[[stage]]
kind = "eval"
label = "before"

[[stage]]
kind = "grpo"
steps = 3
prompts_per_step = 2
num_generations = 4
max_completion_length = 32
learning_rate = 1e-4

[[stage]]
kind = "eval"
label = "after"

[eval]
prompts = 24
`

func (s *session) tiny() string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "tiny.toml")
	if err := os.WriteFile(path, []byte(tinyRecipe), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// Every command has help with an example that calls it.
func TestEveryCommandHasAnExample(t *testing.T) {
	var walk func(c *cobra.Command)
	seen := 0
	walk = func(c *cobra.Command) {
		seen++
		if !strings.Contains(c.Example, "gradus") {
			t.Errorf("%s has no example", c.CommandPath())
		}
		if c.Short == "" {
			t.Errorf("%s has no description", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	a := &app{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, getenv: func(string) string { return "" }, now: time.Now}
	walk(a.rootCommand())
	if seen < 15 {
		t.Fatalf("walked %d commands; the tree is broken", seen)
	}
}

// alone skips a test in which nothing happens at the same time where the race
// detector runs, which is with -short.
func alone(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("one thing at a time: run without -short")
	}
}

// Wrong use is exit code 2 and one line that says what to do.
func TestWrongUse(t *testing.T) {
	s := newSession(t)
	bad := filepath.Join(t.TempDir(), "bad.toml")
	if err := os.WriteFile(bad, []byte(strings.Replace(tinyRecipe, "batch_size", "batchsize", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string // in stderr
	}{
		{[]string{"frobnicate"}, "there is no command"},
		{[]string{"db", "frobnicate", "demo"}, `there is no command "gradus db frobnicate"; 'gradus db --help' lists them`},
		{[]string{"note", "demo"}, `there is no command "gradus note demo"`},
		{[]string{"run"}, "wants RECIPE"},
		{[]string{"run", "cuontdown"}, "countdown"},
		{[]string{"run", bad}, "bad.toml:29: stage.1.batchsize: unknown key; did you mean batch_size?"},
		{[]string{"run", "demo", "--set", "seed=-1"}, "seed"},
		{[]string{"run", "demo", "--set", "nonsense"}, "nonsense"},
		{[]string{"run", "demo", "--frob"}, "--frob"},
		{[]string{"watch", "nothing"}, "fits nothing"},
		{[]string{"stop", "nothing"}, "fits nothing"},
		{[]string{"eval", "nothing@3"}, "fits nothing"},
		{[]string{"compare", "a"}, "wants A B"},
		{[]string{"traces", "nothing", "--limit", "0"}, "--limit is 0"},
		{[]string{"traces", "nothing", "--correct", "maybe"}, "want yes or no"},
		{[]string{"recipes", "nothing"}, "nothing"},
		{[]string{"bench", "nothing"}, "want kernels, step, decode"},
		{[]string{"bench", "--repeats", "0"}, "--repeats is 0"},
		{[]string{"bench", "decode", "--only", "train.5m.2048tok"}, `--only "train.5m.2048tok": no such figure here; there are decode.1m.b64, decode.5m.b64`},
		{[]string{"bench", "step", "--profile", "--only", "train.5m.2048tok"}, "--only chooses figures"},
		{[]string{"bench", "kernels", "--profile"}, "'gradus bench step --profile' or 'gradus bench decode --profile'"},
		{[]string{"bench", "scaling", "--threads", "1"}, "1 thread has no second one"},
		{[]string{"demo", "--json-out", "/nowhere/x.json"}, "/nowhere/x.json"},
		{[]string{}, "needs a terminal"},
	} {
		code, _, errs := s.do(c.args...)
		if code != exitUsage {
			t.Errorf("gradus %v: exit %d, want %d\n%s", c.args, code, exitUsage, errs)
		}
		if !strings.Contains(errs, c.want) {
			t.Errorf("gradus %v says %q, want %q in it", c.args, errs, c.want)
		}
		if n := strings.Count(errs, "\n"); n != 1 {
			t.Errorf("gradus %v prints %d lines of error:\n%s", c.args, n, errs)
		}
	}
}

// One run through every command that reads it.
func TestWholeRun(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	out := s.must("run", s.tiny(), "--follow")
	for _, want := range []string{"started", "sft loss", "eval before: accuracy", "preflight ok", "eval after: accuracy", "step 15/15 done"} {
		if !strings.Contains(out, want) {
			t.Errorf("run --follow does not say %q:\n%s", want, out)
		}
	}

	var run struct {
		ID, Name, State, Live string
		Step                  int
	}
	decode(t, s.must("runs", "--json"), &run)
	if run.Name != "tiny" || run.State != "done" || run.Step != 15 || run.Live != "gone" {
		t.Errorf("runs --json: %+v", run)
	}

	lines := strings.Split(strings.TrimSpace(s.must("traces", "tiny", "--json", "--limit", "5")), "\n")
	if len(lines) != 5 {
		t.Fatalf("traces --limit 5 printed %d lines", len(lines))
	}
	var trace struct {
		ID      int64
		Text    string
		Prompt  struct{ Text, Gold string }
		Rewards []struct{ Name, Status, Why string }
	}
	decode(t, lines[0], &trace)
	if trace.ID == 0 || trace.Prompt.Gold == "" || len(trace.Rewards) != 2 || trace.Rewards[0].Why == "" {
		t.Errorf("trace: %+v", trace)
	}
	if out := s.must("traces", "tiny", "--suspects", "--limit", "10000"); !strings.Contains(out, "suspects: ") {
		t.Errorf("suspects: %s", out)
	}
	if out := s.must("traces", "tiny", "--id", "1"); !strings.Contains(out, "REWARDS") || !strings.Contains(out, "gradus.accuracy") {
		t.Errorf("traces --id prints\n%s", out)
	}

	var eval struct {
		Eval struct {
			N        int
			Accuracy float64
		}
	}
	decode(t, s.must("eval", "tiny@last", "--prompts", "10", "--json"), &eval)
	if eval.Eval.N != 10 {
		t.Errorf("eval --prompts 10 asked %d", eval.Eval.N)
	}
	if strings.Count(s.must("runs", "--json"), "\n") != 1 || strings.Count(s.must("runs", "--all", "--json"), "\n") != 2 {
		t.Error("runs must hide evaluations and runs --all must not")
	}

	var comparison struct {
		Prompts  int
		Accuracy struct{ Mean float64 }
		Gained   []json.RawMessage
		Lost     []json.RawMessage
	}
	decode(t, s.must("compare", "tiny@12", "tiny@15", "--json"), &comparison)
	if comparison.Prompts != 24 {
		t.Errorf("compare paired %d prompts, want 24", comparison.Prompts)
	}
	got := float64(len(comparison.Gained)-len(comparison.Lost)) / 24
	if diff := got - comparison.Accuracy.Mean; diff > 1e-9 || diff < -1e-9 {
		t.Errorf("%d gained and %d lost of 24 do not make a difference of %v", len(comparison.Gained), len(comparison.Lost), comparison.Accuracy.Mean)
	}
	if out := s.must("compare", "tiny@12", "tiny@15"); !strings.Contains(out, "paired bootstrap") {
		t.Errorf("compare prints\n%s", out)
	}

	path := strings.TrimSpace(s.must("db", "path", "tiny"))
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	var again rebuilt
	if decode(t, s.must("db", "rebuild", "tiny", "--json"), &again); again.DB != path || again.Run == "" {
		t.Errorf("db rebuild --json: %+v", again)
	}
	if after, err := os.Stat(path); err != nil || os.SameFile(before, after) {
		t.Errorf("db rebuild left the file alone (%v)", err)
	}

	// What a finished run is asked is refused with a reason.
	for _, verb := range []string{"pause", "stop", "checkpoint", "resume"} {
		if code, _, errs := s.do(verb, "tiny"); code == exitDone || !strings.Contains(errs, "done") {
			t.Errorf("%s of a finished run: exit %d, %q", verb, code, errs)
		}
	}
}

// A run is paused, unpaused, stopped and resumed from the command line.
func TestSteering(t *testing.T) {
	s := newSession(t)
	var started struct{ ID string }
	decode(t, s.must("run", s.tiny(), "--json", "--set", "grpo.steps=40000", "--set", "grpo.max_completion_length=48"), &started)
	var answer struct{ Outcome, Verb, Reason string }
	decode(t, s.must("pause", started.ID, "--json", "--reason", "lunch"), &answer)
	if answer.Outcome != "applied" || answer.Verb != "pause" || answer.Reason != "lunch" {
		t.Errorf("pause: %+v", answer)
	}
	var run struct{ State, Live string }
	decode(t, s.must("runs", "--json"), &run)
	if run.State != "paused" || run.Live != "alive" {
		t.Errorf("after pause: %+v", run)
	}
	s.must("resume", started.ID)
	s.must("stop", started.ID)
	// The answer comes when the stop begins; the checkpoint follows.
	s.must("watch", started.ID, "--plain")
	decode(t, s.must("runs", "--json"), &run)
	if run.State != "stopped" || run.Live != "gone" {
		t.Errorf("after stop: %+v", run)
	}
	s.must("resume", started.ID)
	decode(t, s.must("runs", "--json"), &run)
	if run.Live != "alive" {
		t.Errorf("after resume of a stopped run: %+v", run)
	}
	s.must("stop", started.ID)
	s.must("watch", started.ID, "--plain")
}

func TestDoctorNamesTheDevice(t *testing.T) {
	alone(t)
	s := newSession(t)
	_, out, _ := s.do("doctor")
	for _, want := range []string{"device", "GFLOP/s", "home", "cpu generic"} {
		if !strings.Contains(out, want) {
			t.Errorf("doctor does not say %q:\n%s", want, out)
		}
	}
}

func decode(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
}
