package tasks

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const sharedData = "../../../shared/data/"

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "{\"question\":\"q%d\",\"answer\":%d}\n", i, i)
	}
	return b.String()
}

func TestJSONLRows(t *testing.T) {
	task, err := New("jsonl", Config{Split: HeldOut, EvalPath: write(t, "a.jsonl", "\xef\xbb\xbf"+
		`{"question":"one","answer":"so <<1=1>>1\n#### 1,000","id":"x"}`+"\n\n"+`{"question":"two","answer":2.50,"extra":[1]}`+"\r\n")})
	if err != nil {
		t.Fatal(err)
	}
	s := task.Spec()
	if s.Size != 2 || !s.Traces || s.MinLevel != 1 || s.MaxLevel != 1 {
		t.Errorf("spec %+v", s)
	}
	golds := map[string]string{}
	for i := range 2 {
		p := mustProblem(t, task, 1, i, 1)
		golds[p.ID] = p.Gold
		if v := task.Check(p, p.Gold); !v.Correct {
			t.Errorf("gold %q against itself: %+v", p.Gold, v)
		}
		if p.ID == "jsonl/x" {
			rng := rand.New(rand.NewPCG(1, 1))
			if got := task.Trace(p, Careful, rng); got != "<think>so 1</think><answer>1,000</answer>" {
				t.Errorf("trace %q", got)
			}
			if got := task.Trace(p, WrongStep, rng); got != "" {
				t.Errorf("a row has no wrong-step trace, got %q", got)
			}
		}
	}
	if golds["jsonl/x"] != "1,000" || golds["jsonl/line:3"] != "2.50" {
		t.Errorf("golds %v", golds)
	}
}

func TestJSONLErrorsNameTheLine(t *testing.T) {
	good := `{"question":"q","answer":"1"}` + "\n"
	for _, c := range []struct {
		name, content string
		cfg           Config
		want          string
	}{
		{"no JSON", good + "{", Config{}, "a.jsonl:2: the line is no JSON object"},
		{"an array", good + "\n[1]", Config{}, "a.jsonl:3: the line is no JSON object"},
		{"one array", "[" + good + "]", Config{}, "a.jsonl: the file is a JSON list"},
		{"several lines", "\xef\xbb\xbf{\n\"question\":\"q\"\n}", Config{}, "a.jsonl: the file has an object over several lines"},
		{"gzip", "\x1f\x8b\x08\x00", Config{}, "a.jsonl: the file is compressed"},
		{"UTF-16", "\xff\xfe{\x00", Config{}, "a.jsonl: the file is UTF-16"},
		{"a pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", Config{}, "a.jsonl: the file is a pointer of Git LFS"},
		{"a page", "<!DOCTYPE html>", Config{}, "a.jsonl: the file is HTML"},
		{"half a pair", `{"question":"a\ud800b","answer":"1"}`, Config{}, `a.jsonl:1: column "question" has half of a surrogate pair`},
		{"null", good + "null", Config{}, "a.jsonl:2: the line is null"},
		{"missing column", good + `{"question":"q","gold":"1"}`, Config{}, `a.jsonl:2: the row has no column "answer"; it has gold, question`},
		{"missing mapped column", good, Config{Columns: Columns{Answer: "gold"}}, `a.jsonl:1: the row has no column "gold"; it has answer, question`},
		{"empty answer", good + `{"question":"q","answer":" "}`, Config{}, `a.jsonl:2: column "answer" is empty`},
		{"empty after the marker", `{"question":"q","answer":"x #### "}`, Config{}, `a.jsonl:1: column "answer" has nothing after`},
		{"answer of another type", `{"question":"q","answer":[1]}`, Config{}, `a.jsonl:1: column "answer" is neither text nor a number`},
		{"null answer", `{"question":"q","answer":null}`, Config{}, `a.jsonl:1: column "answer" is`},
		{"same id twice", `{"id":"a","question":"q","answer":"1"}` + "\n" + `{"id":"a","question":"r","answer":"1"}`, Config{}, `a.jsonl:2: id "a" stands in line 1 already`},
		{"empty file", "", Config{}, "a.jsonl: the file has no rows"},
		{"blank lines", "\n \n", Config{}, "a.jsonl: the file has no rows"},
		{"preset", good, Config{Preset: "gsm9k"}, `preset "gsm9k" is unknown; use gsm8k or math500`},
		{"Latin-1", good + "{\"question\":\"caf\xe9?\",\"answer\":\"1\"}", Config{}, "a.jsonl:2: the line is not UTF-8 from byte 17 on"},
		{"binary", "\x00\x01\x02", Config{}, "a.jsonl:1: the line is no JSON object"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := c.cfg
			cfg.Split = HeldOut
			cfg.EvalPath = write(t, "a.jsonl", c.content)
			_, err := New("jsonl", cfg)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q, want %q in it", err, c.want)
			}
		})
	}
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{}, "needs the path"},
		{Config{EvalPath: "x.jsonl"}, "give a path for training rows"},
		{Config{Path: "/nowhere/x.jsonl"}, "no such file"},
		{Config{Path: t.TempDir()}, "is a directory"},
		{Config{Path: "x", Split: 7}, "split 7 is unknown"},
	} {
		if _, err := New("jsonl", c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %q in it", c.cfg, err, c.want)
		}
	}
}

func questions(t *testing.T, task Task, seed uint64, n int) []string {
	t.Helper()
	out := make([]string, n)
	for i := range out {
		out[i] = mustProblem(t, task, seed, i, 1).Question
	}
	return out
}

func TestJSONLSplitAndShuffle(t *testing.T) {
	const n = 400
	path := write(t, "a.jsonl", numbered(n))
	train, err := New("jsonl", Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	held, err := New("jsonl", Config{Path: path, Split: HeldOut})
	if err != nil {
		t.Fatal(err)
	}
	a, b := train.Spec().Size, held.Spec().Size
	if a+b != n || b < n/16 || b > n/5 {
		t.Errorf("%d train and %d held-out rows of %d", a, b, n)
	}
	seen := map[string]int{}
	for _, q := range questions(t, train, 3, 2*a) { // two passes
		seen[q]++
	}
	for q, k := range seen {
		if k != 2 {
			t.Errorf("%s comes %d times in two passes", q, k)
		}
	}
	for _, q := range questions(t, held, 3, b) {
		if seen[q] > 0 {
			t.Errorf("%s is on both sides", q)
		}
	}
	if len(seen) != a {
		t.Errorf("%d distinct of %d rows", len(seen), a)
	}
	one, two := questions(t, train, 3, 20), questions(t, train, 4, 20)
	if strings.Join(one, " ") == strings.Join(two, " ") {
		t.Error("two seeds give one order")
	}
	if strings.Join(one, " ") != strings.Join(questions(t, train, 3, 20), " ") {
		t.Error("one seed gives two orders")
	}
	if first, second := questions(t, train, 3, 2*a)[:a], questions(t, train, 3, 2*a)[a:]; strings.Join(first, " ") == strings.Join(second, " ") {
		t.Error("two passes give one order")
	}
}

func TestJSONLSeparateFilesDropOverlap(t *testing.T) {
	cfg := Config{Path: write(t, "train.jsonl", numbered(50)),
		EvalPath: write(t, "eval.jsonl", `{"question":" Q7 ","answer":"7"}`+"\n"+`{"question":"new","answer":"1"}`)}
	train, err := New("jsonl", cfg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Split = HeldOut
	held, err := New("jsonl", cfg)
	if err != nil {
		t.Fatal(err)
	}
	if train.Spec().Size != 49 || held.Spec().Size != 2 {
		t.Errorf("%d train and %d held-out rows, want 49 and 2", train.Spec().Size, held.Spec().Size)
	}
}

func TestPermuteIsOne(t *testing.T) {
	for _, n := range []uint64{1, 2, 3, 5, 16, 17, 1000, 1319} {
		for key := range uint64(3) {
			seen := make([]bool, n)
			for i := range n {
				v := permute(i, n, key)
				if v >= n || seen[v] {
					t.Fatalf("n %d key %d: %d comes twice or is too large", n, key, v)
				}
				seen[v] = true
			}
		}
	}
}

func TestGSM8KAndMATH500Files(t *testing.T) {
	for _, c := range []struct {
		preset, file string
		size         int
		traces       bool
	}{{"gsm8k", "gsm8k_test.jsonl", 1319, true}, {"gsm8k", "gsm8k_train.jsonl", 7473, true}, {"math500", "math500.jsonl", 500, true}} {
		path := sharedData + c.file
		if _, err := os.Stat(path); err != nil {
			t.Skipf("the data set is not here: %v", err)
		}
		task, err := New("jsonl", Config{Split: HeldOut, EvalPath: path, Preset: c.preset})
		if err != nil {
			t.Fatal(err)
		}
		if s := task.Spec(); s.Size != c.size || s.Traces != c.traces {
			t.Errorf("%s: size %d, traces %v", c.file, s.Size, s.Traces)
		}
		seen := map[string]bool{}
		for i := range c.size {
			p := mustProblem(t, task, 9, i, 1)
			seen[p.ID] = true
			if v := task.Check(p, p.Gold); !v.Correct || v.Skip {
				t.Errorf("%s: gold %q against itself: %+v", p.ID, p.Gold, v)
			}
			if v := task.Check(p, "no such answer"); v.Correct || v.Skip {
				t.Errorf("%s: gold %q accepts nonsense", p.ID, p.Gold)
			}
			if _, err := json.Marshal(p); err != nil {
				t.Error(err)
			}
		}
		if len(seen) != c.size {
			t.Errorf("%s: one pass shows %d of %d rows", c.file, len(seen), c.size)
		}
	}
}

// TestJSONLTestCases: test cases of programs reach the rewards as they are,
// whatever stands in them.
func TestJSONLTestCases(t *testing.T) {
	for raw, want := range map[string]string{
		`{"inputs":["####\\n#"],"outputs":["1"]}`:       `{"inputs":["####\\n#"],"outputs":["1"]}`,
		`"{\"inputs\":[\"####\"],\"outputs\":[\"1\"]}"`: `{"inputs":["####"],"outputs":["1"]}`,
		`[{"input":"1","output":"2"}]`:                  `[{"input":"1","output":"2"}]`,
		`["assert f(1) == 2","assert f(2) == 3"]`:       `["assert f(1) == 2","assert f(2) == 3"]`,
		`["assert f(1) == 2"]`:                          `assert f(1) == 2`,
	} {
		r, err := parseRow([]byte(`{"q":"x","a":`+raw+`}`), Columns{Question: "q", Answer: "a"})
		if err != nil || r.answer != want || r.solution != "" {
			t.Errorf("%s: %+v, %v", raw, r, err)
		}
	}
	for _, raw := range []string{"{}", "[]", "[1]", "[1,2]", "null", "true"} {
		if r, err := parseRow([]byte(`{"q":"x","a":`+raw+`}`), Columns{Question: "q", Answer: "a"}); err == nil {
			t.Errorf("%s is an answer: %+v", raw, r)
		}
	}
}

// A solution that is a model's completion is not wrapped in tags again.
// What published rewards read beside the answer stays with the problem.
func TestJSONLRewardColumns(t *testing.T) {
	for line, want := range map[string]string{
		`{"question":"q","answer":"3*5+7","nums":[3,5,7],"target":22,"x":1}`:           `{"nums":[3,5,7],"target":22}`,
		`{"question":"q","answer":"12","metadata":{"source_dataset":"gcd"}}`:           `{"metadata":{"source_dataset":"gcd"}}`,
		`{"question":"q","answer":"1","ground_truth":null,"solution_text_format":"A"}`: `{"solution_text_format":"A"}`,
		`{"question":"q","answer":"1"}`:                                                ``,
		// An empty checker is none; a missing one is another row.
		`{"question":"q","answer":"A","id":"1/A","official_tests":[],"generated_checker":null,"language":"cpp"}`: `{"generated_checker":null,"id":"1/A","language":"cpp","official_tests":[]}`,
		`{"question":"q","answer":"A","id":"add","grader_files":[["a","b"]],"year":2024,"language":null}`:        `{"grader_files":[["a","b"]],"id":"add","language":null,"year":2024}`,
	} {
		r, err := parseRow([]byte(line), Columns{Question: "question", Answer: "answer"})
		if err != nil || r.data != want {
			t.Errorf("%s: %s, %v", line, r.data, err)
		}
	}
	// Columns of columns, as verl has them.
	verl := `{"prompt":[{"role":"user","content":"1+1?"}],"reward_model":{"style":"rule","ground_truth":"2"},"a.b":"x"}`
	r, err := parseRow([]byte(verl), Columns{Question: "prompt.content", Answer: "reward_model.ground_truth", ID: "a.b"})
	if err != nil || r.question != "1+1?" || r.answer != "2" || r.id != "x" || r.data != `{"reward_model":{"style":"rule","ground_truth":"2"}}` {
		t.Errorf("nested columns: %+v, %v", r, err)
	}
	for _, name := range []string{"prompt.text", "reward_model.ground_truth.x", "prompt.", ".", "a.c"} {
		if _, err := parseRow([]byte(verl), Columns{Question: name, Answer: "a.b"}); err == nil || !strings.Contains(err.Error(), "no column") {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, err = parseRow([]byte(`{"q":"q","target":"22","nums":[22]}`), Columns{Question: "q", Answer: "target"})
	if err != nil || r.data != `{"nums":[22]}` {
		t.Errorf("the answer's column: %s, %v", r.data, err)
	}
}

func TestSolutionWithTags(t *testing.T) {
	for solution, want := range map[string]string{
		"so <<1+1=2>>2":                                "<think>so 2</think><answer>2</answer>",
		"<think>so</think><answer>2</answer>":          "<think>so</think><answer>2</answer>",
		" x <think>so</think>\n<answer>\n2</answer>\n": "<think>so</think>\n<answer>\n2</answer>",
		"so</think><answer>two</answer>":               "<think>so</think><answer>two</answer>",
		"<think>\nso\n</think>\n\nIt is \\boxed{2}.":   "<think>\nso\n</think><answer>It is \\boxed{2}.</answer>",
		"so</think> as said":                           "<think>so</think><answer>2</answer>",
		"<think>so</think>":                            "<think>so</think><answer>2</answer>",
		"<think>so":                                    "<think><think>so</think><answer>2</answer>",
	} {
		if got := solved(solution, "2"); got != want {
			t.Errorf("%q: %q, want %q", solution, got, want)
		}
	}
}

// A line that is too long is a bad row and no more.
func TestLongLine(t *testing.T) {
	var said []string
	in := `{"question":"a","answer":"1"}` + "\n" + strings.Repeat(" x", maxRowBytes/2) + "x\n" + `{"question":"b","answer":"2"}`
	err := parseRows(strings.NewReader(in), Columns{Question: "question", Answer: "answer"}, func(unit string, n int, r row, err error) error {
		said = append(said, fmt.Sprintf("%s %d %s %v", unit, n, r.question, err))
		return nil
	})
	if want := []string{"line 1 a <nil>", "line 2  the line is longer than 16 MiB", "line 3 b <nil>"}; err != nil || !slices.Equal(said, want) {
		t.Errorf("%q, %v", said, err)
	}
}
