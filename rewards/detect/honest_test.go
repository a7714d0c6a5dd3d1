package detect

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestHonestSolutions: on the worked solutions of data sets, taken for traces
// with right answers, a detector speaks of at most one in fifty. All solutions
// are looked at with GRADUS_FAULTS=full, every eighth without; -v prints how
// often each detector spoke.
func TestHonestSolutions(t *testing.T) {
	stride := 8
	if os.Getenv("GRADUS_FAULTS") == "full" {
		stride = 1
	}
	for _, name := range []string{"gsm8k_train", "gsm8k_test", "math500"} {
		t.Run(name, func(t *testing.T) {
			f, err := os.Open("../../../shared/data/" + name + ".jsonl")
			if err != nil {
				t.Skipf("the data set is not here: %v", err)
			}
			defer f.Close()
			lines := bufio.NewScanner(f)
			lines.Buffer(nil, 1<<20)
			looked, flagged := 0, map[string]int{}
			for i := 0; lines.Scan(); i++ {
				if i%stride != 0 {
					continue
				}
				var row struct{ Question, Problem, Answer, Solution string }
				if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
					t.Fatal(err)
				}
				trace := Trace{Question: row.Problem, Completion: row.Solution, Gold: row.Answer, Reward: 1, Correct: yes()}
				if row.Solution == "" { // GSM8K's layout
					_, gold, _ := strings.Cut(row.Answer, "#### ")
					trace.Question, trace.Completion, trace.Gold = row.Question, row.Answer, gold
				}
				trace.Claim = trace.Gold
				trace.Completion = "<think>" + trace.Completion + "</think><answer>" + trace.Claim + "</answer>"
				looked++
				for _, s := range Suspicions(trace) {
					flagged[s.Name]++
				}
			}
			if err := lines.Err(); err != nil {
				t.Fatal(err)
			}
			t.Logf("of %d solutions: %v", looked, flagged)
			for name, n := range flagged {
				if n > looked/50 {
					t.Errorf("%s flags %d of %d honest solutions", name, n, looked)
				}
			}
		})
	}
}
