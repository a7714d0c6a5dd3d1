package tasks

import (
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
