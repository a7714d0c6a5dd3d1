package tasks

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gradus/rewards/parquet/parquettest"
)

func parquetFile(t *testing.T, columns []string, rows ...[]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "set.parquet")
	if err := os.WriteFile(path, parquettest.Texts(columns, rows), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A file with structs and lists of lists gives the problems that the same rows
// give as JSONL, with all that rewards read beside the answer.
func TestParquetIsAsJSONL(t *testing.T) {
	b, err := parquettest.Written("nested")
	if err != nil {
		t.Fatal(err)
	}
	table := filepath.Join(t.TempDir(), "nested.parquet")
	if err := os.WriteFile(table, b, 0o600); err != nil {
		t.Fatal(err)
	}
	lines := write(t, "nested.jsonl", `{"question":"a","answer":"1","id":"x1","year":2024,"test_names":["a","b"],"test_cases":[["a","in","out"],["b","in2"]],"grader_files":[["g.cpp","int"],["h.h",null]],"official_tests":null,"reward_model":{"style":"rule","ground_truth":{"numbers":[3,5,7],"target":22}}}
{"question":"b","answer":"2","id":"x2","year":null,"test_names":[],"test_cases":[[],null],"grader_files":null,"official_tests":[{"input":"1","output":"2"},{"input":"3","output":null}],"reward_model":{"style":"rule","ground_truth":null}}
{"question":"c","answer":"3","id":"x3","year":2023,"test_names":null,"test_cases":null,"grader_files":[],"official_tests":[],"reward_model":null}
`)
	problems := func(path string, columns Columns) (out string) {
		task, err := New("jsonl", Config{EvalPath: path, Split: HeldOut, Columns: columns})
		if err != nil {
			return err.Error()
		}
		for i := range 3 {
			p := mustProblem(t, task, 4, i, 1)
			var data any
			if err := json.Unmarshal(p.Data, &data); err != nil {
				t.Fatal(err)
			}
			out += fmt.Sprint(p.ID, p.Question, p.Gold, data, "\n")
		}
		return out
	}
	got, want := problems(table, Columns{}), problems(lines, Columns{})
	if got != want || !strings.Contains(want, "grader_files:[[g.cpp int] [h.h <nil>]]") {
		t.Errorf("%s\nwant %s", got, want)
	}
	nested := Columns{Answer: "reward_model.ground_truth"}
	for _, path := range []string{table, lines} {
		if got, want := problems(path, nested), path+`:2: column "reward_model.ground_truth" is empty`; got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

// The layouts of the published sets, as Parquet files.
func TestParquet(t *testing.T) {
	gsm := parquetFile(t, []string{"question", "answer"}, []string{"6*7?", "It is <<6*7=42>>42.\n#### 42"}, []string{"1+1?", "two\n#### 2"})
	task, err := New("jsonl", Config{EvalPath: gsm, Preset: "gsm8k", Split: HeldOut})
	if err != nil {
		t.Fatal(err)
	}
	golds := ""
	for i := range 2 {
		p, err := task.Problem(1, i, 1)
		if err != nil {
			t.Fatal(err)
		}
		golds += p.Gold + " "
		if !task.Check(p, p.Gold).Correct || !strings.Contains(task.Trace(p, Careful, nil), "</think>") {
			t.Errorf("%+v", p)
		}
	}
	if golds != "42 2 " && golds != "2 42 " {
		t.Errorf("golds %q", golds)
	}
	math := parquetFile(t, []string{"problem", "solution", "answer", "unique_id"}, []string{"x?", "so", "\\frac12", "test/1"})
	if task, err = New("jsonl", Config{EvalPath: math, Preset: "math500", Split: HeldOut}); err != nil {
		t.Fatal(err)
	}
	if p, err := task.Problem(1, 0, 1); err != nil || p.ID != "jsonl/test/1" || p.Gold != "\\frac12" {
		t.Errorf("%+v, %v", p, err)
	}
	for name, tt := range map[string]struct{ path, says string }{
		"column missing": {math, "no column \"question\""},
		"null answer":    {parquetFile(t, []string{"question", "answer"}, []string{"q", parquettest.Null}), ":1: column \"answer\" is empty"},
		"no UTF-8":       {parquetFile(t, []string{"question", "answer"}, []string{"q", "1"}, []string{"caf\xe9?", "1"}), ":2: column \"question\" is not UTF-8 from byte 4 on"},
		"no rows":        {parquetFile(t, []string{"question", "answer"}), "no rows"},
		"same id":        {parquetFile(t, []string{"question", "answer", "id"}, []string{"q", "1", "a"}, []string{"r", "1", "a"}), ":2: id \"a\" stands in row 1"},
	} {
		if _, err := New("jsonl", Config{EvalPath: tt.path, Split: HeldOut}); err == nil || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), "set.parquet") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
