package mathans

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
)

// TestMathVerifyCases runs the rows that bench/rivals/mathverify/cases.py
// makes of Math-Verify's own tests, when their file is named. None of them is
// kept here.
func TestMathVerifyCases(t *testing.T) {
	path := os.Getenv("GRADUS_MATHVERIFY_CASES")
	if path == "" {
		t.Skip("GRADUS_MATHVERIFY_CASES names no file; see bench/rivals/mathverify/cases.py")
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 8<<20)
	total, wrong, falsePositive := 0, 0, 0
	for lines.Scan() {
		var row struct {
			Gold, Pred, Case string
			Expected         bool
			Precision        *int
			Strict           *bool
			SetRelation      bool     `json:"allow_set_relation_comp"`
			Targets          []string `json:"match_types"`
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		a := Adjust{Decimals: row.Precision, Lax: row.Strict != nil && !*row.Strict, RelationForSet: row.SetRelation, Targets: row.Targets}
		if os.Getenv("GRADUS_MATHVERIFY_BARE") != "" {
			a = Adjust{}
		}
		v := PolicyMathVerify.Verify(row.Gold, row.Pred, a)
		total++
		if v.Equal != row.Expected {
			wrong++
			if v.Equal {
				falsePositive++
			}
			t.Logf("%s: gold %.200q pred %.200q: %s by %s, want equal %v: %s", row.Case, row.Gold, row.Pred, v.Status, v.Rung, row.Expected, v.Why)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d as expected, %d false positives", total-wrong, total, falsePositive)
	if 100*wrong > 6*total || falsePositive > 2 {
		t.Errorf("%d of %d differ, %d of them false positives; at most 6 %% and 2", wrong, total, falsePositive)
	}
}
