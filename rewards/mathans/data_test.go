package mathans

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
)

type solved struct{ Answer, Solution string }

func solutions(t *testing.T, path string) []solved {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Skipf("the data set is not here: %v", err)
	}
	defer f.Close()
	var rows []solved
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row solved
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestMATH500Solutions: each of the 500 solutions claims its own gold answer,
// by every policy that looks for boxes.
func TestMATH500Solutions(t *testing.T) {
	rows := solutions(t, "../../../shared/data/math500.jsonl")
	for _, p := range []Policy{PolicyMathVerify, PolicyLenient, PolicyGSM8K} {
		wrong := 0
		for i, r := range rows {
			if v := p.Verify(r.Answer, r.Solution, Adjust{}); !v.Equal {
				wrong++
				t.Errorf("%s, row %d: gold %q: %s (%s)", p, i, r.Answer, v.Status, v.Why)
			}
			if v := p.Verify("$"+r.Answer+"$", r.Solution, Adjust{}); !v.Equal && p == PolicyMathVerify {
				t.Errorf("%s, row %d: gold $%s$: %s (%s)", p, i, r.Answer, v.Status, v.Why)
			}
			// Boxed and self-verified, as the check of gold answers does it.
			if v := p.Verify(r.Answer, `\boxed{`+r.Answer+`}`, Adjust{}); !v.Equal {
				t.Errorf("%s, row %d: gold %q boxed: %s (%s)", p, i, r.Answer, v.Status, v.Why)
			}
		}
		if len(rows) != 500 || wrong > 0 {
			t.Errorf("%s: %d of %d solutions are not taken", p, wrong, len(rows))
		}
	}
}

// TestMATH500Apart: no solution is taken for the next problem's answer, but
// where both answers are the same.
func TestMATH500Apart(t *testing.T) {
	rows := solutions(t, "../../../shared/data/math500.jsonl")
	for i, r := range rows {
		other := rows[(i+1)%len(rows)].Answer
		v := PolicyMathVerify.Verify(other, r.Solution, Adjust{})
		if v.Equal && !PolicyMathVerify.Verify(other, `\boxed{`+r.Answer+`}`, Adjust{}).Equal {
			t.Errorf("row %d: the solution for %q is taken for %q (%s)", i, r.Answer, other, v.Why)
		}
		if v.Equal && v.Basis == Exact && v.Rung == "rational" && other != r.Answer {
			t.Logf("row %d: %q and %q are equal", i, r.Answer, other)
		}
	}
}

// TestGSM8KSolutions: each solution claims its own gold answer.
func TestGSM8KSolutions(t *testing.T) {
	for _, file := range []struct {
		name string
		rows int
	}{{"gsm8k_test.jsonl", 1319}, {"gsm8k_train.jsonl", 7473}} {
		rows := solutions(t, "../../../shared/data/"+file.name)
		if len(rows) != file.rows {
			t.Errorf("%s: %d rows, want %d", file.name, len(rows), file.rows)
		}
		for i, r := range rows {
			if v := PolicyGSM8K.Verify(r.Answer, r.Solution+"\n#### "+r.Answer, Adjust{}); !v.Equal {
				t.Errorf("%s row %d: gold %q: %s (%s)", file.name, i, r.Answer, v.Status, v.Why)
			}
			for _, p := range Policies() {
				if v := p.Verify(r.Answer, `\boxed{`+r.Answer+`}`, Adjust{}); !v.Equal || v.Basis != Exact {
					t.Errorf("%s row %d, %s: gold %q boxed: %s (%s)", file.name, i, p, r.Answer, v.Status, v.Why)
				}
			}
		}
	}
}
