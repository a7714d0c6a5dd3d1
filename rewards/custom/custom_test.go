package custom

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"gradus/rewards"
)

// The rewards under test start this binary again as their worker.
func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == "starlark" {
		var steps, mib uint64
		if _, err := fmt.Sscan(os.Args[3], &steps); err != nil {
			panic(err)
		}
		if _, err := fmt.Sscan(os.Args[4], &mib); err != nil {
			panic(err)
		}
		if err := ServeStarlark(os.Stdin, os.Stdout, os.Args[2], steps, mib); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if len(os.Args) == 4 && os.Args[1] == "echo" {
		n, err := strconv.Atoi(os.Args[2])
		if err != nil {
			panic(err)
		}
		if err := echo(n, os.Args[3] == "patient"); err != nil {
			panic(err)
		}
		return
	}
	if len(os.Args) == 3 && os.Args[1] == "busy" {
		if err := busy(os.Args[2]); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

// busy is gradus with a worker that writes its number into a folder and never
// answers.
func busy(dir string) error {
	p := ExecParams{ProcessParams: DefaultProcess(),
		Command: []string{"sh", "-c", `cd "$0"; echo '{"type":"ready","proto":1}'; echo $$ > part; mv part pid; exec sleep 600`, dir}}
	p.DeadlineMS = 600_000
	r, err := NewExec(p)
	if err != nil {
		return err
	}
	_, err = r.Score(context.Background(), group(1))
	return err
}

func group(n int) rewards.Group {
	g := rewards.Group{ID: "g"}
	for i := range n {
		g.Samples = append(g.Samples, rewards.Sample{Completion: fmt.Sprintf("<think>t%d</think><answer>%d</answer>", i, i), Prompt: "p",
			TokenIDs: make([]int32, i+1), Step: 7, Problem: rewards.Problem{Task: "jsonl", ID: "x", Question: "q", Gold: "1"},
			Columns: map[string]json.RawMessage{"level": json.RawMessage("3")}})
	}
	return g
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// summary is the statuses and scores of results, as "ok:1 skipped".
func summary(results []rewards.Result) string {
	var out []string
	for _, r := range results {
		s := r.Status.String()
		if r.Status == rewards.OK {
			s += fmt.Sprintf(":%g", r.Score)
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func score(t *testing.T, r rewards.Reward, g rewards.Group) []rewards.Result {
	t.Helper()
	out, err := r.Score(context.Background(), g)
	if err != nil {
		t.Fatal(err)
	}
	for _, res := range out {
		if res.Reason == "" || res.Why == "" {
			t.Errorf("a result without a reason: %+v", res)
		}
	}
	return out
}

const pythonFile = `
import asyncio, math, os, subprocess, sys, time
calls = 0

def good(prompts, completions, completion_ids, answer, trainer_state, log_extra, log_metric, level, **kwargs):
    print("from print")
    os.write(1, b"straight to fd 1\n")
    subprocess.run(["echo", "from a child"])
    log_extra("gold", answer)
    log_metric("mean", 0.5)
    assert trainer_state.global_step == 7 and level == [3] * len(prompts)
    return [len(ids) / 2 for ids in completion_ids]

def only(completions):
    return [1 if "<answer>1<" in c else 0 for c in completions]

def chat(completions, **kwargs):
    return [float(c[0]["role"] == "assistant" and c[0]["content"].endswith("</answer>")) for c in completions]

async def later(completions, **kwargs):
    await asyncio.sleep(0)
    return [None, 0.25]

def numbers(completions, **kwargs):
    return [float("nan"), True]

def infinite(completions, **kwargs):
    return [float("-inf"), "text"]

def few(completions, **kwargs):
    return [1.0]

def raises(completions, **kwargs):
    raise KeyError("gold")

def leaves(completions, **kwargs):
    sys.exit(0)

def dies(completions, **kwargs):
    os._exit(3)

def sleeps(completions, **kwargs):
    time.sleep(60)

def reads(completions, **kwargs):
    return [float(len(sys.stdin.read())), 0.0]

def big(completions, **kwargs):
    print("x" * 10_000_000)
    return [1.0, 2.0]

def nothing(completions, **kwargs):
    pass

def vast(completions, **kwargs):
    return [10 ** 5000, 2 ** 70]

class Tensor:
    def __float__(self):
        raise RuntimeError("a Tensor with 2 elements cannot be converted to Scalar")
    def __repr__(self):
        return "tensor([1., 2.])"

def tensor(completions, **kwargs):
    return [Tensor(), 1.0]

class Panic(BaseException):
    def __str__(self):
        raise ValueError

def panics(completions, **kwargs):
    raise Panic()

def logs_oddly(completions, log_extra, log_metric, **kwargs):
    log_extra(("a", 1), [1, 10 ** 5000])
    log_metric(5, 0.5)
    return [1.0, 2.0]

def streams(completions, **kwargs):
    sys.stdout.buffer.write(b"bytes\n")
    sys.stdout.reconfigure(line_buffering=True)
    subprocess.run(["true"], stdout=sys.stdout, stderr=sys.stderr, check=True)
    return [1.0, float(sys.stdout.encoding == "utf-8")]
`

func newPython(t *testing.T, function string, change func(*PythonParams)) *Process {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("there is no python3 on this machine")
	}
	p := PythonParams{File: file(t, "mine.py", pythonFile), Function: function, Python: "python3", ProcessParams: DefaultProcess()}
	p.DeadlineMS = 30_000
	if change != nil {
		change(&p)
	}
	r, err := NewPython(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func TestPython(t *testing.T) {
	for _, c := range []struct{ function, want, why string }{
		{"good", "ok:0.5 ok:1", "returned"},
		{"only", "ok:0 ok:1", ""},
		{"later", "skipped ok:0.25", ""},
		{"numbers", "invalid ok:1", "nan"},
		{"infinite", "invalid invalid", "-inf"},
		{"few", "invalid invalid", "1 rewards for 2"},
		{"raises", "error error", "KeyError"},
		{"leaves", "error error", "SystemExit"},
		{"reads", "ok:0 ok:0", ""},
		{"big", "ok:1 ok:2", ""},
		{"absent", "error error", "no function 'absent'"},
		{"nothing", "invalid invalid", "returned None; want a list of 2"},
		{"vast", "invalid ok:1.1805916207174113e+21", "int beyond any float"},
		{"tensor", "invalid ok:1", "tensor([1., 2.])"},
		{"panics", "error error", "raised Panic"},
		{"logs_oddly", "ok:1 ok:2", ""},
		{"streams", "ok:1 ok:1", ""},
	} {
		t.Run(c.function, func(t *testing.T) {
			t.Parallel()
			out := score(t, newPython(t, c.function, nil), group(2))
			if got := summary(out); got != c.want || !strings.Contains(out[0].Why, c.why) {
				t.Errorf("got %s (%s), want %s (…%s…)", got, out[0].Why, c.want, c.why)
			}
			if c.function == "good" {
				if f := out[1].Facts; string(f["gold"].(json.RawMessage)) != `"1"` || string(f["metric.mean"].(json.RawMessage)) != "0.5" || f["stdout"] != "from print\n" {
					t.Errorf("logged %v", f)
				}
			}
		})
	}
}

func TestPythonConversational(t *testing.T) {
	out := score(t, newPython(t, "chat", func(p *PythonParams) { p.Conversational = true }), group(2))
	if got := summary(out); got != "ok:1 ok:1" {
		t.Errorf("got %s (%s)", got, out[0].Why)
	}
}

// TestPythonDies: a dead worker is started again, three times, and then given
// up; every call says why.
func TestPythonDies(t *testing.T) {
	r := newPython(t, "dies", nil)
	for i := range maxStarts + 1 {
		out := score(t, r, group(1))
		want := "exit status 3"
		if i == maxStarts {
			want = "given up"
		}
		if out[0].Status != rewards.Error || !strings.Contains(out[0].Why, want) {
			t.Errorf("call %d: %s %s, want %q", i+1, out[0].Status, out[0].Why, want)
		}
	}
}

// TestPythonSleeps: a call over its deadline is killed, tried once more, and
// is a timeout; the process group is gone. A worker that was killed too often is
// given up with the reason.
func TestPythonSleeps(t *testing.T) {
	r := newPython(t, "sleeps", func(p *PythonParams) { p.DeadlineMS = 100 })
	start := time.Now()
	for range maxStarts / 2 {
		out := score(t, r, group(2))
		if got := summary(out); got != "timeout timeout" {
			t.Errorf("got %s (%s)", got, out[0].Why)
		}
	}
	out := score(t, r, group(2))
	if got, want := out[0].Why, "given up; last: no answer in time: killed after 100ms"; summary(out) != "error error" || !strings.Contains(got, want) {
		t.Errorf("got %s (%s), want …%s", summary(out), got, want)
	}
	if d := time.Since(start); d > 30*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestPythonWorkersInParallel(t *testing.T) {
	r := newPython(t, "only", func(p *PythonParams) { p.Processes = 3 })
	done := make(chan string, 12)
	for range cap(done) {
		go func() {
			out, err := r.Score(context.Background(), group(2))
			done <- fmt.Sprint(summary(out), err)
		}()
	}
	for range cap(done) {
		if got := <-done; got != "ok:0 ok:1<nil>" {
			t.Error(got)
		}
	}
}

func TestExec(t *testing.T) {
	for _, c := range []struct{ name, script, want, why string }{
		{"answers", `echo '{"type":"ready","proto":1}'; read line; echo '{"type":"result","id":1,"rewards":[1,null]}'; read line`, "ok:1 skipped", ""},
		{"no program", "", "error error", "no such file"},
		{"not ready", `echo hello`, "error error", "hello"},
		{"another protocol", `echo '{"type":"ready","proto":9}'; read x`, "error error", "protocol 9"},
		{"wrong id", `echo '{"type":"ready","proto":1}'; read line; echo '{"type":"result","id":5,"rewards":[1,1]}'; read x`, "error error", "of call 5"},
		{"chatter", `echo '{"type":"ready","proto":1}'; read line; echo debug; read x`, "error error", "debug"},
		{"never reads", `echo '{"type":"ready","proto":1}'; sleep 60`, "timeout timeout", "killed"},
		{"says why", `echo trouble >&2; exit 4`, "error error", "trouble"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := ExecParams{Command: []string{"sh", "-c", c.script}, ProcessParams: DefaultProcess()}
			p.DeadlineMS = 500
			if c.script == "" {
				p.Command = []string{"/nonexistent/program"}
			}
			if c.name != "never reads" {
				p.DeadlineMS = 20_000
			}
			r, err := NewExec(p)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			g := group(2)
			if c.name == "never reads" {
				g.Samples[0].Completion = strings.Repeat("x", 1<<20) // more than a pipe holds
			}
			out := score(t, r, g)
			if got := summary(out); got != c.want || !strings.Contains(out[0].Why, c.why) {
				t.Errorf("got %s (%s), want %s (…%s…)", got, out[0].Why, c.want, c.why)
			}
		})
	}
}

func TestStarlark(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, code, want, why string }{
		{"score and why", `
def reward(ctx):
    return {"score": 1.0 if ctx.answer == ctx.gold else 0.25, "why": "answer " + ctx.answer + " of step " + str(ctx.step)}`, "ok:0.25 ok:1", "answer 0 of step 7"},
		{"a number", "def reward(ctx):\n    return ctx.tokens", "ok:1 ok:2", ""},
		{"all that an expression has", "def reward(ctx):\n    return ctx.characters + (1000 if ctx.truncated else 0) + len(ctx.prompt + ctx.question + ctx.gold + ctx.completion + ctx.think)", "ok:75 ok:1075", ""},
		{"none", "def reward(ctx):\n    return None", "skipped skipped", ""},
		{"a truth value", "def reward(ctx):\n    return ctx.think == \"t1\"", "ok:0 ok:1", ""},
		{"nan", "def reward(ctx):\n    return float(\"nan\")", "invalid invalid", "nan"},
		{"text", "def reward(ctx):\n    return \"good\"", "invalid invalid", "good"},
		{"no such field", "def reward(ctx):\n    return ctx.reward", "error error", "no .reward"},
		{"endless", "def reward(ctx):\n    while True:\n        pass", "error error", "too many steps"},
		{"memory bomb", "def reward(ctx):\n    return len([0] * (1 << 27))", "error error", ""},
		{"doubling bomb", "def reward(ctx):\n    s = \"x\"\n    for i in range(40):\n        s = s + s\n    return len(s)", "error error", ""},
		{"prints", "def reward(ctx):\n    print(\"{}\")\n    return 1", "ok:1 ok:1", ""},
		{"no files", "def reward(ctx):\n    return open(\"/etc/passwd\")", "error error", "undefined: open"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := DefaultStarlark()
			p.File, p.DeadlineMS, p.MaxSteps = file(t, "r.star", c.code), 30_000, 200_000
			r, err := NewStarlark(p, []string{self, "starlark"})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			g := group(2)
			g.Samples[1].Truncated = true
			out := score(t, r, g)
			if got := summary(out); got != c.want || !strings.Contains(out[0].Why, c.why) {
				t.Errorf("got %s (%s), want %s (…%s…)", got, out[0].Why, c.want, c.why)
			}
		})
	}
}

// TestHTTPKey: the tries of one question have one key, other completions of the
// same prompt and step another.
func TestHTTPKey(t *testing.T) {
	var keys []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if keys = append(keys, r.Header.Get("Idempotency-Key")); len(keys)%2 == 1 {
			w.WriteHeader(503)
			return
		}
		io.WriteString(w, `{"type":"result","id":1,"rewards":[1]}`)
	}))
	defer server.Close()
	p := DefaultHTTP()
	p.URL, p.DeadlineMS = server.URL, 60_000
	r, err := NewHTTP(p, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	first, other := group(1), group(1)
	other.Samples[0].Completion += "!"
	for _, g := range []rewards.Group{first, other, first} {
		score(t, r, g)
	}
	if len(keys) != 6 || keys[0] != keys[1] || keys[2] != keys[3] || keys[0] == keys[2] || keys[0] != keys[4] {
		t.Errorf("keys %q", keys)
	}
}

func TestHTTP(t *testing.T) {
	tries := 0
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		want    string
	}{
		{"answers", func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if !strings.HasPrefix(r.Header.Get("Idempotency-Key"), "7/g/f/") || !strings.Contains(string(body), `"func":"f"`) || r.Header.Get("Authorization") != "Bearer s3cret" {
				w.WriteHeader(400)
				return
			}
			io.WriteString(w, `{"type":"result","id":1,"rewards":[0.5,null]}`)
		}, "ok:0.5 skipped"},
		{"fails twice, then answers", func(w http.ResponseWriter, _ *http.Request) {
			if tries++; tries < 3 {
				w.WriteHeader(503)
				return
			}
			io.WriteString(w, `{"type":"result","id":1,"rewards":[1,1]}`)
		}, "ok:1 ok:1"},
		{"refuses", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, "error error"},
		{"moves", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://example.org/", http.StatusTemporaryRedirect)
		}, "error error"},
		{"chatters", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") }, "error error"},
		{"says what it was sent", func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "unknown "+r.Header.Get("Authorization"), http.StatusUnauthorized)
		}, "error error"},
		{"Python's numbers", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"type":"result","id":1,"rewards":[NaN, 1.0],"stdout":"NaN \" Infinity","metrics":{"a":-Infinity}}`)
		}, "invalid ok:1"},
		{"sleeps", func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body) // or the server does not see that the client is gone
			select {
			case <-r.Context().Done():
			case <-time.After(20 * time.Second):
			}
		}, "timeout timeout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(c.handler)
			defer server.Close()
			p := DefaultHTTP()
			p.URL, p.Function, p.TokenEnv = server.URL, "f", "TOKEN"
			p.DeadlineMS = 60_000
			if c.name == "sleeps" {
				p.DeadlineMS = 200
			}
			r, err := NewHTTP(p, func(string) string { return "s3cret" })
			if err != nil {
				t.Fatal(err)
			}
			out := score(t, r, group(2))
			if got := summary(out); got != c.want {
				t.Errorf("got %s (%s), want %s", got, out[0].Why, c.want)
			}
			if strings.Contains(string(r.Spec().Params)+out[0].Why, "s3cret") {
				t.Error("the token is among the parameters or told")
			}
		})
	}
}

func TestHTTPRefuses(t *testing.T) {
	env := func(string) string { return "" }
	for _, c := range []struct {
		change func(*HTTPParams)
		want   string
	}{
		{func(p *HTTPParams) { p.URL = "ftp://x" }, "give http://"},
		{func(p *HTTPParams) { p.URL = "http://example.org/" }, "another machine"},
		{func(p *HTTPParams) { p.URL = "http://me:pw@localhost/" }, "password"},
		{func(p *HTTPParams) { p.URL, p.TokenEnv = "http://127.0.0.1:9/", "ABSENT" }, "ABSENT, which is not set"},
		{func(p *HTTPParams) { p.URL, p.Retries = "http://[::1]:9/", 99 }, "retries is 99"},
	} {
		p := DefaultHTTP()
		c.change(&p)
		if _, err := NewHTTP(p, env); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %q", p, err, c.want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	star := file(t, "r.star", "def other(ctx):\n    return 1\n")
	bad := file(t, "bad.star", "def reward(ctx:\n")
	for _, c := range []struct {
		make func() error
		want string
	}{
		{func() error { _, err := NewPython(PythonParams{}); return err }, "give file"},
		{func() error {
			_, err := NewPython(PythonParams{File: "/nonexistent.py", Function: "f", ProcessParams: DefaultProcess()})
			return err
		}, "no such file"},
		{func() error { _, err := NewExec(ExecParams{}); return err }, "give command"},
		{func() error {
			p := ExecParams{Command: []string{"x"}, ProcessParams: DefaultProcess()}
			p.Processes = 0
			_, err := NewExec(p)
			return err
		}, "processes is 0"},
		{func() error {
			p := DefaultStarlark()
			p.File = star
			_, err := NewStarlark(p, []string{"x"})
			return err
		}, "no function reward(ctx)"},
		{func() error {
			p := DefaultStarlark()
			p.File = bad
			_, err := NewStarlark(p, []string{"x"})
			return err
		}, "bad.star:1"},
		{func() error { _, err := NewExpr(ExprParams{Expr: "1 +", Range: anyScore()}); return err }, "expression"},
		{func() error { _, err := NewExpr(DefaultExpr()); return err }, "give expr"},
		{func() error { _, err := NewExpr(ExprParams{Expr: "1", Range: [2]float64{1, 0}}); return err }, "range"},
	} {
		if err := c.make(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}
