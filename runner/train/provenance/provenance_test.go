package provenance

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gradus/store/parquet"
)

const (
	ada = "01M80S6DDH1074G3TG9VSZYDN1"
	bob = "01M80KNTD99YRM0000000000ZZ"
)

func write(t *testing.T, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Rows of several runs, in any order, beside rows of nobody and rows that say
// something else in columns of these names.
func TestRead(t *testing.T) {
	lines := strings.Join([]string{
		`{"run":"` + ada + `","policy_version":31,"ckpt":null,"prompt":"1+1"}`,
		`{"run":"` + ada + `","policy_version":30,"prompt":"1+1"}`,
		``,
		`{"question":"who?","answer":"nobody"}`,
		`{"ckpt":"` + bob + `@70","policy_version":70}`, // as older exports write the traces of an evaluation
		`{"run":"` + ada + `","policy_version":40}`,
		`{"run":"` + ada + `","policy_version":30}`,
		`{"run":"wandb-3f2a","policy_version":1}`,
		`{"run":7,"policy_version":1}`,
		`{"run":"` + ada + `","policy_version":"one"}`,
		`{"run":"` + ada + `","policy_version":-1}`,
		`{"ckpt":"` + ada + `"}`,
		`{"ckpt":["` + ada + `@3"],"policy_version":1}`,
		`{"run":"` + ada + `","policy_version":50}` + strings.Repeat(" ", maxLine) + "x", // too long to be read; what follows counts
		`{"run":"` + bob + `","policy_version":71}`,
		`no JSON, "policy_version"`,
	}, "\n")
	got, err := Read(write(t, []byte(lines)))
	want := []Source{{Run: bob, Rows: 2, Policies: [][2]int{{70, 71}}}, {Run: ada, Rows: 4, Policies: [][2]int{{30, 31}, {40, 40}}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v, want %+v", got, err, want)
	}
	if want[1].Last() != 40 {
		t.Error("the newest policy")
	}
}

// A Parquet file as 'gradus export' writes it, and one without the columns.
func TestReadParquet(t *testing.T) {
	file := func(columns []parquet.Column, rows ...[]any) string {
		var b bytes.Buffer
		w, err := parquet.NewWriter(&b, columns)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if err := w.Write(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return write(t, b.Bytes())
	}
	path := file([]parquet.Column{{Name: "run", Type: parquet.String}, {Name: "ckpt", Type: parquet.String, Optional: true}, {Name: "policy_version", Type: parquet.Int64}},
		[]any{ada, nil, int64(5)}, []any{ada, ada + "@6", int64(6)})
	got, err := Read(path)
	if want := []Source{{Run: ada, Rows: 2, Policies: [][2]int{{5, 6}}}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v, want %+v", got, err, want)
	}
	if got, err := Read(file([]parquet.Column{{Name: "question", Type: parquet.String}}, []any{"?"})); err != nil || len(got) != 0 {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := Read(write(t, []byte("PAR1 and nothing else"))); err == nil || !strings.Contains(err.Error(), "who wrote the rows of ") {
		t.Errorf("a broken file: %v", err)
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no error for a missing file")
	}
}
