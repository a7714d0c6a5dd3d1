package openr1

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gradus/rewards"
	"gradus/rewards/code/piston"
	"gradus/rewards/parquet/parquettest"
	"gradus/rewards/sandbox/sandboxtest"
)

func TestMain(m *testing.M) { sandboxtest.Main(m) }

// provided makes a reward whose jobs a function answers.
func provided(t *testing.T, name string, params map[string]any, answer func(piston.Job) (piston.Answer, error)) *contestReward {
	t.Helper()
	for _, rule := range Rules() {
		if rule.Name != name {
			continue
		}
		r, err := rule.Make(params)
		if err != nil {
			t.Fatal(err)
		}
		c := r.(*contestReward)
		c.provider = answers(answer)
		return c
	}
	t.Fatalf("no reward %s", name)
	return nil
}

type answers func(piston.Job) (piston.Answer, error)

func (a answers) Execute(_ context.Context, job piston.Job) (piston.Answer, error) { return a(job) }
func (a answers) Close() error                                                     { return nil }

func done(code int, stdout, stderr string) piston.Answer {
	zero := 0
	return piston.Answer{Compile: &piston.Stage{Code: &zero}, Run: &piston.Stage{Code: &code, Stdout: stdout, Stderr: stderr}}
}

// file is the content of a job's file.
func file(job piston.Job, name string) string {
	for _, f := range job.Files {
		if f.Name == name {
			return f.Content
		}
	}
	return ""
}

// score scores one completion for a row given as JSON.
func score(t *testing.T, r rewards.Reward, completion, row string) rewards.Result {
	t.Helper()
	var columns map[string]json.RawMessage
	if err := json.Unmarshal([]byte(row), &columns); err != nil {
		t.Fatal(err, row)
	}
	out, err := r.Score(context.Background(), rewards.Group{Samples: []rewards.Sample{{Completion: completion, Columns: columns}}})
	if err != nil || len(out) != 1 {
		t.Fatal(out, err)
	}
	if out[0].Reason == "" || out[0].Why == "" {
		t.Errorf("a result without a reason: %+v", out[0])
	}
	return out[0]
}

// with is a row with other columns; a nil one is taken out.
func with(t *testing.T, row string, columns map[string]any) string {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(row), &all); err != nil {
		t.Fatal(err)
	}
	maps.Copy(all, columns)
	maps.DeleteFunc(all, func(name string, v any) bool { _, given := columns[name]; return given && v == nil })
	out, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

const cfRow = `{"id":"1/A","language":"python","official_tests":[{"input":"1","output":"1"},{"input":"2","output":"2"},{"input":"3","output":"3"},{"input":"4","output":"4"}],
	"generated_checker":null,"time_limit":1,"memory_limit":256.0,"input_mode":"stdio"}`

// passing says which inputs a program passes, in the program itself.
func passing(job piston.Job) (piston.Answer, error) {
	program := job.Files[0].Content
	switch {
	case strings.Contains(program, "no compile"):
		a := done(0, "", "")
		one := 1
		a.Compile, a.Run = &piston.Stage{Code: &one, Stderr: "main.cpp:1:1: error: no"}, nil
		return a, nil
	case strings.Contains(program, file(job, "input.txt")):
		return done(0, " 1\n", "Output is correct"), nil
	}
	return done(0, "0\n", "Output isn't correct"), nil
}

func TestCFScores(t *testing.T) {
	for _, tt := range []struct {
		name, completion string
		params           map[string]any
		want             float64
		reason           string
		runs             int
	}{
		{"all", "```python\n1234\n```", nil, 1.1, "code.accepted", 4},
		{"the last block", "```python\n1\n``` ```python\n1234\n```", nil, 1.1, "code.accepted", 4},
		{"some", "```python\n134\n```", nil, 0.07500000000000001, "code.wrong_answer", 4},
		{"partial", "```python\n134\n```", map[string]any{"scoring_mode": "partial"}, 0.75, "code.wrong_answer", 4},
		{"pass or fail, passed", "```python\n1234\n```", map[string]any{"scoring_mode": "pass_fail"}, 1, "code.accepted", 4},
		{"pass or fail stops", "```python\n134\n```", map[string]any{"scoring_mode": "pass_fail"}, 0, "code.wrong_answer", 2},
		{"pass or fail stops behind a batch", "```python\n134\n```", map[string]any{"scoring_mode": "pass_fail", "test_batch_size": 3}, 0, "code.wrong_answer", 3},
		{"pass or fail, all at once", "```python\n134\n```", map[string]any{"scoring_mode": "pass_fail", "test_batch_size": -1}, 0, "code.wrong_answer", 4},
		{"no compile", "```python\nno compile\n```", nil, -0.1, "code.compile_error", 1},
		{"no block", "1234", nil, -1, "code.no_code", 0},
		{"another language", "```cpp\n1234\n```", nil, -1, "code.no_code", 0},
		{"an empty block", "```python\n```", nil, -1, "code.no_code", 0},
		{"a block that is not closed", "```python\n1234", nil, -1, "code.no_code", 0},
		{"a carriage return", "```python\r\n1234\n```", nil, -1, "code.no_code", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			params := map[string]any{"official_only": true}
			maps.Copy(params, tt.params)
			jobs := make(chan piston.Job, 10)
			r := provided(t, "openr1.cf_code", params, func(job piston.Job) (piston.Answer, error) { jobs <- job; return passing(job) })
			got := score(t, r, tt.completion, cfRow)
			if got.Status != rewards.OK || got.Score != tt.want || got.Reason != tt.reason || len(jobs) != tt.runs {
				t.Errorf("%+v after %d runs; want %v, %s after %d", got, len(jobs), tt.want, tt.reason, tt.runs)
			}
		})
	}
}

func TestCFRows(t *testing.T) {
	r := provided(t, "openr1.cf_code", map[string]any{"official_only": true}, passing)
	const right = "```python\n1234\n```"
	for name, tt := range map[string]struct {
		columns map[string]any
		status  rewards.Status
		score   float64
		why     string
	}{
		"no language":       {map[string]any{"language": nil}, rewards.Skipped, 0, "holds nothing"},
		"another language":  {map[string]any{"language": "java"}, rewards.Skipped, 0, "python and cpp"},
		"no tests":          {map[string]any{"official_tests": nil}, rewards.Skipped, 0, "official_tests"},
		"an empty list":     {map[string]any{"official_tests": []any{}}, rewards.Skipped, 0, "no test"},
		"no pair":           {map[string]any{"official_tests": []any{map[string]any{"input": "1"}}}, rewards.Skipped, 0, "no object with input and output"},
		"a number":          {map[string]any{"official_tests": []any{map[string]any{"input": 1, "output": "1"}}}, rewards.Error, 0, "have to be texts"},
		"no checker column": {map[string]any{"generated_checker": nil}, rewards.OK, 0, "no column generated_checker"},
		"no time limit":     {map[string]any{"time_limit": nil}, rewards.OK, 0, "no column time_limit"},
		"a text of a limit": {map[string]any{"time_limit": "1"}, rewards.OK, 0, "not seconds"},
		"no input mode":     {map[string]any{"input_mode": nil}, rewards.OK, 0, "no column input_mode"},
	} {
		t.Run(name, func(t *testing.T) {
			got := score(t, r, right, with(t, cfRow, tt.columns))
			if got.Status != tt.status || got.Score != tt.score || !strings.Contains(got.Why, tt.why) {
				t.Errorf("%+v; want %v, %v, %s", got, tt.status, tt.score, tt.why)
			}
		})
	}
	// What published code sends.
	var sent piston.Job
	r = provided(t, "openr1.cf_code", map[string]any{"official_only": true}, func(job piston.Job) (piston.Answer, error) { sent = job; return passing(job) })
	score(t, r, "```cpp\n1\n```", with(t, cfRow, map[string]any{"language": "cpp", "official_tests": []any{map[string]any{"input": "1", "output": "o"}}, "generated_checker": "c", "time_limit": 2.5}))
	if sent.Language != "c++17" || sent.RunTimeout != 12500 || sent.Files[0].Name != "main.cpp" || file(sent, "checker.py") != "c" || file(sent, "correct_output.txt") != "o" ||
		file(sent, "grader_config") != "TIME_LIMIT=2.5\nMEMORY_LIMIT=256\nINPUT_MODE=stdio" {
		t.Errorf("%+v", sent)
	}
}

const ioiRow = `{"id":"add","subtask":"01","score":30,"score_precision":2,"test_names":["a","b","c"],"test_cases":[["1","1"],["2","2"],["3",""]],
	"grader_files":[["graders/add.h","h"],["graders/none.h",""]],"time_limit":1.5,"memory_limit":268435456,"year":2024}`

func TestIOIScores(t *testing.T) {
	scores := func(said map[string]piston.Answer, runs *[]piston.Job) func(piston.Job) (piston.Answer, error) {
		return func(job piston.Job) (piston.Answer, error) {
			*runs = append(*runs, job)
			return said[file(job, "input.txt")], nil
		}
	}
	killed := done(0, "", "")
	killed.Run.Code, killed.Run.Signal = nil, "SIGKILL"
	uncompiled := done(0, "", "")
	uncompiled.Compile.Code, uncompiled.Run = nil, nil
	ok := done(0, "1\n", "Output is correct")
	for _, tt := range []struct {
		name   string
		said   [3]piston.Answer
		batch  int
		row    map[string]any
		status rewards.Status
		want   float64
		reason string
		runs   int
	}{
		{"all", [3]piston.Answer{ok, ok, ok}, 1, nil, rewards.OK, 1, "code.accepted", 3},
		{"the least", [3]piston.Answer{done(0, "0.666", ""), ok, done(0, "0.9\n", "")}, 1, nil, rewards.OK, 0.67, "code.partial", 3},
		{"halves to even", [3]piston.Answer{done(0, "0.125", ""), ok, ok}, 1, nil, rewards.OK, 0.12, "code.partial", 3},
		{"no places", [3]piston.Answer{done(0, "0.5", ""), ok, ok}, 1, map[string]any{"score_precision": 0}, rewards.OK, 0, "code.partial", 3},
		{"stops", [3]piston.Answer{ok, done(0, "0", "Output isn't correct"), ok}, 1, nil, rewards.OK, 0, "code.wrong_answer", 2},
		{"stops behind a batch", [3]piston.Answer{done(0, "0", "Time limit exceeded (1s)"), ok, ok}, 2, nil, rewards.OK, 0, "code.time_limit", 2},
		{"none is run", [3]piston.Answer{ok, ok, ok}, -1, nil, rewards.OK, 0, "code.not_run", 0},
		{"killed", [3]piston.Answer{killed, ok, ok}, 1, nil, rewards.OK, 0, "code.time_limit", 1},
		{"no compile", [3]piston.Answer{uncompiled, ok, ok}, 1, nil, rewards.OK, 0, "code.compile_error", 1},
		{"MemoryError", [3]piston.Answer{done(1, "1", "MemoryError"), ok, ok}, 1, nil, rewards.OK, 0, "code.memory_limit", 1},
		{"a crash", [3]piston.Answer{done(0, "0", "Runtime error with exit code 139"), ok, ok}, 1, nil, rewards.OK, 0, "code.runtime_error", 1},
		{"no number", [3]piston.Answer{ok, done(0, "good", ""), ok}, 1, nil, rewards.OK, 0, "code.bad_row", 2},
		{"the judge fails", [3]piston.Answer{ok, done(2, "", "x"), ok}, 1, nil, rewards.OK, 0, "code.bad_row", 2},
		{"nothing", [3]piston.Answer{ok, done(0, "", ""), ok}, 1, nil, rewards.OK, 0, "code.runtime_error", 2},
		{"not a number", [3]piston.Answer{done(0, "nan", ""), ok, ok}, 1, nil, rewards.Invalid, 0, "reward.out_of_range", 3},
		{"a server that refuses", [3]piston.Answer{{Message: "cms_ioi-* runtime is unknown"}, ok, ok}, 1, nil, rewards.Error, 0, "code.sandbox_error", 1},
		{"no tests", [3]piston.Answer{}, 1, map[string]any{"test_names": []any{}}, rewards.OK, 0, "code.not_run", 0},
		{"no column", [3]piston.Answer{}, 1, map[string]any{"subtask": nil}, rewards.OK, 0, "code.bad_row", 0},
		{"no grader", [3]piston.Answer{}, 1, map[string]any{"grader_files": nil}, rewards.OK, 0, "code.bad_row", 0},
		{"a test that is not there", [3]piston.Answer{}, 1, map[string]any{"test_cases": map[string]any{"b": []any{"1", "1"}}}, rewards.OK, 0, "code.bad_row", 0},
		{"no cases anywhere", [3]piston.Answer{}, 1, map[string]any{"test_cases": nil}, rewards.Error, 0, "code.bad_tests", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var jobs []piston.Job
			batch := tt.batch
			run := scores(map[string]piston.Answer{"1": tt.said[0], "2": tt.said[1], "3": tt.said[2]}, &jobs)
			if batch > 1 { // side by side
				inner, one := run, make(chan struct{}, 1)
				run = func(job piston.Job) (piston.Answer, error) {
					one <- struct{}{}
					defer func() { <-one }()
					return inner(job)
				}
			}
			r := provided(t, "openr1.ioi_code", map[string]any{"test_batch_size": batch}, run)
			got := score(t, r, "```cpp\nlong f;\n```", with(t, ioiRow, tt.row))
			if got.Status != tt.status || got.Score != tt.want || got.Reason != tt.reason || len(jobs) != tt.runs {
				t.Fatalf("%+v after %d runs; want %v %v, %s after %d", got, len(jobs), tt.status, tt.want, tt.reason, tt.runs)
			}
			if tt.name == "all" {
				job := jobs[0]
				if len(job.Files) != 4 || len(jobs[2].Files) != 3 || job.RunTimeout != 4500 || *job.RunMemoryLimit != 268435456 ||
					job.Files[0] != (piston.File{Name: "graders/add.cpp", Content: "#include <bits/stdc++.h>\n#include \"add.h\"\n\nusing namespace std;\n\nlong f;\n"}) {
					t.Errorf("%+v", job)
				}
				if got.Facts["weighted_score"] != 30.0 || got.Facts["status"] != "AC" {
					t.Errorf("%v", got.Facts)
				}
			}
		})
	}
	r := provided(t, "openr1.ioi_code", nil, passing)
	if got := score(t, r, "nothing", ioiRow); got.Score != 0 || got.Reason != "code.no_code" {
		t.Errorf("%+v", got)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Setenv("PISTON_ENDPOINTS", "")
	for _, tt := range []struct {
		name   string
		params map[string]any
		want   string
	}{
		{"openr1.cf_code", map[string]any{"scoring_mode": "sum"}, "pass_fail, partial or weighted_sum"},
		{"openr1.cf_code", map[string]any{"scoring_mod": "partial"}, `did you mean "scoring_mode"`},
		{"openr1.ioi_code", map[string]any{"provider_type": "morph"}, `"sandbox" (this machine) or "piston"`},
		{"openr1.ioi_code", map[string]any{"provider_type": "piston"}, "PISTON_ENDPOINTS"},
		{"openr1.ioi_code", map[string]any{"provider_type": "piston", "piston_endpoints": "localhost:2000"}, "http://host:2000/api/v2"},
		{"openr1.ioi_code", map[string]any{"provider_type": "piston", "piston_endpoints": "http://me:secret@host/"}, "password"},
		{"openr1.ioi_code", map[string]any{"parallel": -1}, "parallel"},
		{"openr1.cf_code", map[string]any{"sandbox": "jail"}, "jail"},
	} {
		for _, rule := range Rules() {
			if rule.Name != tt.name {
				continue
			}
			if _, err := rule.Make(tt.params); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v: %v, want %s", tt.params, err, tt.want)
			}
		}
	}
	t.Setenv("CF_TESTS_FOLDER", "")
	r, err := newCF(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.(*contestReward).Ready(); err == nil || !strings.Contains(err.Error(), "official_only") {
		t.Errorf("without generated tests: %v", err)
	}
	if got := score(t, r, "```python\n1\n```", cfRow); got.Status != rewards.Skipped || !strings.Contains(got.Why, "CF_TESTS_FOLDER") {
		t.Errorf("%+v", got)
	}
}

// needs skips a test where a program that is needed is not installed.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed", p)
		}
	}
}

// TestSandbox: whole rows with the sandbox of this machine.
func TestSandbox(t *testing.T) {
	needs(t, "g++", "python3")
	made, err := newCF(map[string]any{"official_only": true})
	if err != nil {
		t.Fatal(err)
	}
	r := made.(*contestReward)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := r.Ready(); err != nil {
		t.Skipf("no sandbox here: %v", err)
	}
	slow := map[string]any{"time_limit": 50, "official_tests": []any{map[string]any{"input": "1 2\n", "output": "3"}, map[string]any{"input": "2 2\n", "output": "4"}}}
	for _, tt := range []struct {
		language, program string
		want              float64
	}{
		{"python", "a, b = map(int, input().split())\nprint(a + b)", 1.1},
		{"python", "print(3)", 0.05},
		{"cpp", "#include <cstdio>\nint main() { int a, b; scanf(\"%d %d\", &a, &b); printf(\"%d\", a + b); }", 1.1},
		{"cpp", "int main() { return c; }", -0.1},
	} {
		slow["language"] = tt.language
		got := score(t, r, fmt.Sprintf("```%s\n%s\n```", tt.language, tt.program), with(t, cfRow, slow))
		if got.Status != rewards.OK || got.Score != tt.want {
			t.Errorf("%s: %+v, want %v", tt.program, got, tt.want)
		}
	}
}

// TestStoredTests: the publishers' folders of tests.
func TestStoredTests(t *testing.T) {
	folder := t.TempDir()
	made, err := newCF(map[string]any{"tests_folder": folder})
	if err != nil {
		t.Fatal(err)
	}
	r := made.(*contestReward)
	if err := r.ready(); err != nil {
		t.Error(err)
	}
	c := &cf{contestReward: r, generated: newCFTests(folder)}
	var row row
	if err := json.Unmarshal([]byte(cfRow), &row); err != nil {
		t.Fatal(err)
	}
	if tests, why, err := c.tests(row); err != nil || why != "" || len(tests) != 4 {
		t.Errorf("a contest without a file: %d tests, %s, %v", len(tests), why, err)
	}
	if err := os.WriteFile(filepath.Join(folder, "test_cases_0003.parquet"), []byte("no parquet"), 0o600); err != nil {
		t.Fatal(err)
	}
	row["id"] = json.RawMessage(`"3/A"`)
	if _, _, err := c.tests(row); err == nil || !strings.Contains(err.Error(), "test_cases_0003.parquet") {
		t.Errorf("a broken file: %v", err)
	}
	row["id"] = json.RawMessage(`"2/B"`)
	contest := parquettest.Texts([]string{"problem_id", "input", "output"}, [][]string{{"2/B", "5", "5"}, {"2/C", "6", "6"}, {"2/B", "7", "7"}})
	if err := os.WriteFile(filepath.Join(folder, "test_cases_0002.parquet"), contest, 0o600); err != nil {
		t.Fatal(err)
	}
	if tests, _, err := c.tests(row); err != nil || len(tests) != 6 || string(tests[5]) != `{"input":"7","output":"7"}` {
		t.Errorf("generated tests: %s, %v", tests, err)
	}
	row["id"] = json.RawMessage(`"x/1"`)
	if _, why, err := c.tests(row); err != nil || !strings.Contains(why, "1234/A") {
		t.Errorf("no contest: %s, %v", why, err)
	}
	if _, err := newIOITests(folder).of(2024, "add"); err == nil || !strings.Contains(err.Error(), "2024") {
		t.Errorf("no year: %v", err)
	}
	if err := os.Mkdir(filepath.Join(folder, "2024"), 0o700); err != nil {
		t.Fatal(err)
	}
	year := parquettest.Texts([]string{"problem_id", "test_name", "test_input", "test_output"}, [][]string{{"add", "a", "1", "2"}, {"sub", "a", "3", "4"}, {"add", "b", "5", ""}})
	if err := os.WriteFile(filepath.Join(folder, "2024", "train-00000-of-00001.parquet"), year, 0o600); err != nil {
		t.Fatal(err)
	}
	stored := newIOITests(folder)
	if tests, err := stored.of(2024, "add"); err != nil || len(tests) != 2 || tests["a"] != (pair{"1", "2"}) || tests["b"] != (pair{"5"}) {
		t.Errorf("%v, %v", tests, err)
	}
	if _, err := stored.of(2024, "mul"); err == nil || !strings.Contains(err.Error(), `"mul"`) {
		t.Errorf("no task: %v", err)
	}
}
