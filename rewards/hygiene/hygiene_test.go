package hygiene

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gradus/rewards/tasks"
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
	if f.Rows != 6 || f.Bad.N != 2 || f.Duplicates.N != 1 || f.Conflicts.N != 1 || f.SameIDs.N != 1 || f.Unread.N != 1 || f.NotItself.N != 0 || f.Golds != 6 {
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

// A gold answer that equals nothing but its own text is said to; one that does is
// not.
func TestGolds(t *testing.T) {
	for found, golds := range map[string][]string{
		"unread":  {"$", "???", "-", "x = ", `\frac{1}{`, `\frac{3}{4`, "[1,2", "4/0", "5\n6", `\text{`, "["},
		"worded":  {"about 5", "12 (or 13)", "4 (approx.)", "5 (five)", "answer: 5", `\text{5 apples or so}`},
		"several": {"1 or 2", "x=3 or x=4"},
		"":        {"5", "-3", "1,000", "$5", "28%", "90^\\circ", `\frac12`, `2\sqrt3`, "(1,2)", "1,-2", "[0,1)", `\text{(C)}`, `\text{east}`, "no solution", "Evelyn", "p - q", "x=5", "∞", "3 apples", `["assert f(1) == 2"]`, `{"inputs":["1"],"outputs":["2"]}`},
	} {
		for _, gold := range golds {
			var f File
			f.gold(tasks.Row{Number: 1, Answer: gold}, 1)
			got := ""
			for name, n := range map[string]int{"unread": f.Unread.N, "not itself": f.NotItself.N, "worded": f.Worded.N, "several": f.Several.N} {
				if n > 0 {
					got += name
				}
			}
			if got != found {
				t.Errorf("%q is %q, want %q: %+v", gold, got, found, f)
			}
		}
	}
}

// A gold answer that was exchanged for another row's does not fit the solution.
func TestFits(t *testing.T) {
	for _, c := range []struct {
		solution, gold string
		fits           bool
	}{
		{"", "5", true}, {"so 2 + 3 = 5", "5", true}, {"so 2 + 3 = 5", "7", false}, {"1,200 left", "1200", true}, {"1200.0 left", "1,200", true}, {"12000 left", "1200", false}, {"$100 000 left", "100000", true},
		{"costs $0.25", "25", true}, {"costs $.25", "$25", true}, {"costs $0.25", "26", false}, {"it is five", "five", true}, {"goes down to 3", "-3", true},
		{`thus \boxed{\frac{1}{2}}`, `\frac12`, true}, {`thus \boxed{\frac{1}{2}}`, "0.5", true}, {`thus \boxed{\frac{1}{2}} of 3`, "3", false}, {`first \boxed{1}, then \boxed{2}`, "2", true},
	} {
		if got := fits(c.solution, c.gold); got != c.fits {
			t.Errorf("%q with %q: %v, want %v", c.solution, c.gold, got, c.fits)
		}
	}
}

// A question with other numbers is found though it shares no run of words.
func TestChangedNumbers(t *testing.T) {
	a := write(t, "a.jsonl", `{"question":"Ann has 3 pens, buys 4 and loses 1,200. How many pens are left?","answer":"6"}`, `{"question":"What is 3 + 4?","answer":"7"}`)
	b := write(t, "b.jsonl", `{"question":"Ann has 5 pens, buys 14 and loses 2. How many pens are left?","answer":"17"}`, `{"question":"What is 5 + 9?","answer":"14"}`,
		`{"question":"Ann has 3 hens, buys 4 and loses 1. How many hens are left?","answer":"6"}`)
	r, err := Check([]string{a, b}, Options{Examples: 3})
	if err != nil {
		t.Fatal(err)
	}
	if o := r.Overlaps[0]; o.Exact.N != 0 || o.Any.N != 0 || o.Numbers.N != 1 || o.Numbers.Examples[0].Row != 1 || o.Numbers.Examples[0].Other != 1 || r.Problems() != nil {
		t.Errorf("%+v, %v", o, r.Problems())
	}
}

// The published sets are clean, apart from what is known of them.
func TestPublishedSets(t *testing.T) {
	root := "../../../shared/data/"
	if _, err := os.Stat(root + "math500.jsonl"); err != nil {
		t.Skip("no ../shared/data/math500.jsonl")
	}
	r, err := Check([]string{root + "math500.jsonl"}, Options{Preset: "math500", Examples: 3})
	if err != nil || r.Problems() != nil || r.Files[0].Unread.N+r.Files[0].NotItself.N+r.Files[0].Worded.N+r.Files[0].Several.N+r.Files[0].Unfit.N != 0 {
		t.Errorf("%+v, %v, %v", r, err, r.Problems())
	}
	if testing.Short() {
		return
	}
	r, err = Check([]string{root + "gsm8k_train.jsonl", root + "gsm8k_test.jsonl"}, Options{Preset: "gsm8k", Examples: 30})
	if err != nil || r.Files[0].Rows != 7473 || r.Files[1].Rows != 1319 || r.Files[0].Unread.N+r.Files[1].Unread.N != 0 || r.Overlaps[0].Exact.N != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	// These were read: nine are errors of the set, as 66 for a solution that ends
	// with 64 (training row 357), one is a number in words (test row 594).
	if n := r.Files[0].Unfit.N + r.Files[1].Unfit.N; n != 10 {
		t.Errorf("%d gold answers of GSM8K do not fit their solution: %+v", n, r.Files[0].Unfit)
	}
	t.Logf("%+v %+v %+v", r.Overlaps[0], r.Files[0].Unfit, r.Files[1].Unfit)
}
