package hygiene

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, name string, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const long = "Ada has three apples and Bob has four pears so how many fruits do they have in all today"

func TestCheck(t *testing.T) {
	train := write(t, "train.jsonl",
		`{"id":"a","question":"1+1?","answer":"2"}`,
		`{"id":"b","question":" 1 + 1 ?","answer":"2.0"}`, // the same again
		`{"id":"c","question":"1+1","answer":"3"}`,        // with another answer
		`{"id":"c","question":"`+long+`","answer":"7"}`,   // an id again
		`{"id":"d","question":"e?","answer":""}`,
		`{"id":"e"`,
		`{"id":"f","question":"g?","answer":"\\frac{1}{"}`,
		`{"id":"g","question":"???","answer":"\\frac12"}`)
	test := write(t, "test.jsonl",
		`{"question":"1+1?","answer":"2"}`,
		`{"question":"`+strings.Replace(long, "today", "tomorrow", 1)+`","answer":"7"}`,
		`{"question":"Yesterday it was otherwise: `+strings.Join(strings.Fields(long)[:14], " ")+` may nobody know but the two of them and perhaps a third who counted them all","answer":"7"}`,
		`{"question":"another one","answer":"7"}`)
	r, err := Check([]string{train, test}, Options{Examples: 2})
	if err != nil {
		t.Fatal(err)
	}
	f := r.Files[0]
	if f.Rows != 6 || f.Bad.N != 2 || f.Duplicates.N != 1 || f.Conflicts.N != 1 || f.SameIDs.N != 1 || f.Unread.N != 0 || f.NotItself.N != 1 || f.Golds != 6 {
		t.Errorf("%+v", f)
	}
	if e := f.Conflicts.Examples[0]; e.Row != 3 || e.Other != 1 || !strings.Contains(e.What, "3, before 2") {
		t.Errorf("%+v", e)
	}
	o := r.Overlaps[0]
	if o.Exact.N != 1 || o.Exact.Examples[0].Other != 1 || o.Any.N != 2 || o.Half != 1 || o.Any.Examples[0].Row != 2 || o.Any.Examples[0].Other != 4 {
		t.Errorf("%+v", o)
	}
	bad := r.Problems()
	for _, say := range []string{"2 rows are no problems", "1 of 6 gold answers", "1 questions come again", "1 ids", "1 questions of "} {
		if bad == nil || !strings.Contains(bad.Error(), say) {
			t.Errorf("%v does not say %q", bad, say)
		}
	}
	if _, err := Check([]string{filepath.Join(t.TempDir(), "none")}, Options{}); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("%v", err)
	}
	if _, err := Check([]string{write(t, "empty.jsonl")}, Options{}); err == nil {
		t.Error("an empty file is fine")
	}
}

// The published sets are clean, apart from what is known of them.
func TestPublishedSets(t *testing.T) {
	root := "../../../shared/data/"
	if _, err := os.Stat(root + "math500.jsonl"); err != nil {
		t.Skip("no ../shared/data/math500.jsonl")
	}
	r, err := Check([]string{root + "math500.jsonl"}, Options{Preset: "math500", Examples: 3})
	if err != nil || r.Problems() != nil {
		t.Errorf("%+v, %v, %v", r, err, r.Problems())
	}
	if testing.Short() {
		return
	}
	r, err = Check([]string{root + "gsm8k_train.jsonl", root + "gsm8k_test.jsonl"}, Options{Preset: "gsm8k", Examples: 3})
	if err != nil || r.Files[0].Rows != 7473 || r.Files[1].Rows != 1319 || r.Files[0].Unread.N+r.Files[1].Unread.N != 0 || r.Overlaps[0].Exact.N != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	t.Logf("%+v", r.Overlaps[0])
}
