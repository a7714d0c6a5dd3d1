package tasks

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"gradus/rewards"
)

func countdownProblem(t testing.TB, target int64, numbers ...int64) rewards.Problem {
	t.Helper()
	data, err := json.Marshal(CountdownData{numbers, target})
	if err != nil {
		t.Fatal(err)
	}
	return rewards.Problem{Task: "countdown", ID: "countdown/test", Data: data}
}

func TestCheckCountdown(t *testing.T) {
	p := countdownProblem
	for _, c := range []struct {
		name    string
		problem rewards.Problem
		claim   string
		reason  string
	}{
		{"right", p(t, 22, 3, 5, 7), "3*5+7", "equal"},
		{"any right answer", p(t, 22, 3, 5, 7), " 7 + ( 5 * 3 ) ", "equal"},
		// The example of the TinyZero and Mini-R1 write-ups: [19,36,55,7] to 65.
		{"published example", p(t, 65, 19, 36, 55, 7), "55+36-7-19", "equal"},
		{"fractions on the way", p(t, 24, 3, 3, 8, 8), "8/(3-8/3)", "equal"},
		{"repeated numbers", p(t, 6, 2, 2, 2), "2+2+2", "equal"},
		{"a sign", p(t, 2, 3, 5), "-3+5", "equal"},
		{"a sign before a parenthesis", p(t, 2, 3, 5), "-(3-5)", "equal"},
		{"precedence", p(t, 16, 2, 3, 10), "10+2*3", "equal"},
		{"left to right", p(t, 1, 8, 4, 2), "8/4/2", "equal"},
		{"wrong value", p(t, 22, 3, 5, 7), "3+5+7", "different"},
		{"close is not equal", p(t, 1, 1, 3), "1/3", "different"},
		{"number left out", p(t, 15, 3, 5, 7), "3*5", "wrong_numbers"},
		{"number used twice", p(t, 22, 3, 5, 7), "3*5+7+3-3", "wrong_numbers"},
		{"repeated number used once", p(t, 4, 2, 2, 2), "2+2", "wrong_numbers"},
		{"the target itself", p(t, 22, 3, 5, 7), "22", "wrong_numbers"},
		{"digits joined", p(t, 42, 35, 7), "3+5+7", "wrong_numbers"},
		{"35 from 3 and 5", p(t, 42, 3, 5, 7), "35+7", "wrong_numbers"},
		{"power", p(t, 8, 2, 3), "2**3", "unparsed"},
		{"caret", p(t, 8, 2, 3), "2^3", "forbidden_character"},
		{"floor division", p(t, 3, 7, 2), "7//2", "unparsed"},
		{"3.5 from 3 and 5", p(t, 7, 3, 5, 2), "3.5*2", "forbidden_character"},
		{"exponent notation", p(t, 300, 3, 2), "3e2", "forbidden_character"},
		{"underscore", p(t, 35, 3, 5), "3_5", "forbidden_character"},
		{"Arabic digits", p(t, 8, 3, 5), "٣+٥", "forbidden_character"},
		{"full-width digits", p(t, 8, 3, 5), "\uff13+\uff15", "forbidden_character"},
		{"superscript", p(t, 8, 2, 3), "2³", "forbidden_character"},
		{"multiplication sign", p(t, 15, 3, 5), "3×5", "forbidden_character"},
		{"NUL byte", p(t, 8, 3, 5), "3+5\x00", "forbidden_character"},
		{"function", p(t, 3, 3), "abs(3)", "forbidden_character"},
		{"code", p(t, 3, 3), "__import__('os')", "forbidden_character"},
		{"equation", p(t, 8, 3, 5), "3+5=8", "forbidden_character"},
		{"comma", p(t, 8, 3, 5), "3,5", "forbidden_character"},
		{"juxtaposition", p(t, 15, 3, 5), "3(5)", "unparsed"},
		{"two numbers", p(t, 8, 3, 5), "3 5", "unparsed"},
		{"plus sign", p(t, 8, 3, 5), "+3+5", "unparsed"},
		{"operator at the end", p(t, 8, 3, 5), "3+5+", "unparsed"},
		{"unclosed", p(t, 8, 3, 5), "(3+5", "unparsed"},
		{"unopened", p(t, 8, 3, 5), "3+5)", "unparsed"},
		{"empty parentheses", p(t, 8, 3, 5), "()", "unparsed"},
		{"empty", p(t, 8, 3, 5), "", "unparsed"},
		{"blank", p(t, 8, 3, 5), " \n\t", "unparsed"},
		{"division by zero", p(t, 3, 3, 5, 5), "3/(5-5)", "division_by_zero"},
		{"zero over zero", p(t, 0, 1, 1, 2, 2), "(1-1)/(2-2)", "division_by_zero"},
		{"many digits", p(t, 8, 3, 5), strings.Repeat("9", 500), "budget"},
		{"nested 10,000 deep", p(t, 8, 3, 5), strings.Repeat("(", 10_000) + "3+5" + strings.Repeat(")", 10_000), "budget"},
		{"nested 400 deep", p(t, 8, 3, 5), strings.Repeat("(", 400) + "3+5" + strings.Repeat(")", 400), "budget"},
		{"nested 60 deep", p(t, 8, 3, 5), strings.Repeat("(", 60) + "3+5" + strings.Repeat(")", 60), "equal"},
		{"signs 500 deep", p(t, 2, 3, 5), strings.Repeat("-", 500) + "3+5", "budget"},
		{"1 MB", p(t, 8, 3, 5), strings.Repeat("1+", 1<<19) + "1", "budget"},
		{"1 MB of parentheses", p(t, 8, 3, 5), strings.Repeat("(", 1<<20), "budget"},
		{"a long sum", p(t, 8, 3, 5), strings.Repeat("1+", 500) + "1", "wrong_numbers"},
		{"invalid UTF-8", p(t, 8, 3, 5), "3+5\xff", "forbidden_character"},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			v := checkCountdown(c.problem, c.claim)
			if v.Reason != c.reason || v.Correct != (c.reason == "equal") || v.Skip {
				t.Errorf("%s: %s, want %s", v.Reason, v.Why, c.reason)
			}
			if v.Why == "" || len(v.Why) > 400 {
				t.Errorf("why: %.500q", v.Why)
			}
			if took := time.Since(start); took > 20*time.Second { // milliseconds, unless the work is quadratic
				t.Errorf("took %v", took)
			}
		})
	}
	if v := checkCountdown(rewards.Problem{Task: "countdown", Data: json.RawMessage(`{`)}, "1"); !v.Skip || v.Correct {
		t.Errorf("a problem without data: %+v", v)
	}
}

func TestCheckInteger(t *testing.T) {
	for _, c := range []struct{ gold, claim, reason string }{
		{"9", "9", "equal"}, {"9", " 9\n", "equal"}, {"9", "+9", "equal"}, {"9", "009", "equal"}, {"0", "-0", "equal"},
		{"-3", "-3", "equal"}, {"-3", "-03", "equal"},
		{"9", "8", "different"}, {"9", "-9", "different"}, {"9", "90", "different"},
		{"9", strings.Repeat("9", 64), "different"},
		{"9", strings.Repeat("9", 65), "unparsed"}, {"9", strings.Repeat("9", 1<<20), "unparsed"},
		{"9", "", "unparsed"}, {"9", "9.0", "unparsed"}, {"9", "9 9", "unparsed"}, {"9", "8,9", "unparsed"}, {"9", "٩", "unparsed"},
		{"9", "\uff19", "unparsed"}, {"9", "0x9", "unparsed"}, {"9", "-", "unparsed"}, {"9", "--9", "unparsed"}, {"9", "- 9", "unparsed"}, {"9", "4+5", "unparsed"},
	} {
		v := checkInteger(rewards.Problem{Task: "chain_sum", Gold: c.gold}, c.claim)
		if v.Reason != c.reason || v.Correct != (c.reason == "equal") || v.Skip {
			t.Errorf("gold %q claim %.70q: %s (%s), want %s", c.gold, c.claim, v.Reason, v.Why, c.reason)
		}
	}
}

// TestGuessRates measures the declared guess rates.
func TestGuessRates(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 7))
	const n = 6000
	for _, task := range generators(t, Train) {
		s := task.Spec()
		for level := 1; level <= s.MaxLevel; level++ {
			count := map[string]int{}
			best, hits := 0, 0
			for i := range n {
				p := mustProblem(t, task, 321, i, level)
				if c, ok := task.(*countdown); ok {
					d, err := ParseCountdown(p)
					if err != nil {
						t.Fatal(err)
					}
					if guess, ok := randomPlay(d.Numbers, c.levels[level-1].ops, rng); ok && guess.value == d.Target {
						hits++
					}
				}
				count[p.Gold]++
				best = max(best, count[p.Gold])
			}
			got := float64(best) / n
			if s.Name == "countdown" {
				got = float64(hits) / n
			}
			// Four standard errors, and the upward bias of a maximum.
			if want := s.GuessRate(level); got < want-0.02 || got > want+0.03 || want == 0 {
				t.Errorf("%s level %d: guess rate %.3f, declared %.3f", s.Name, level, got, want)
			}
		}
	}
}

func TestNewAndCheckNameTheNearest(t *testing.T) {
	for name, want := range map[string]string{"countdwon": `"countdown"`, "chain-sum": `"chain_sum"`, "Mod_Chain": `"mod_chain"`, "json": `"jsonl"`} {
		if _, err := New(name, Config{}); err == nil || !strings.Contains(err.Error(), "did you mean "+want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Check(rewards.Problem{Task: name}, "1"); err == nil || !strings.Contains(err.Error(), "did you mean "+want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New("countdown", Config{Path: "x"}); err == nil {
		t.Error("a procedural task takes a path")
	}
	for _, name := range List() {
		if name == "jsonl" {
			continue
		}
		task, err := New(name, Config{})
		if err != nil {
			t.Fatal(err)
		}
		s := task.Spec()
		if s.Name != name || len(s.Levels) != s.MaxLevel-s.MinLevel+1 || s.Levels[0].Level != s.MinLevel {
			t.Errorf("%s: spec %+v", name, s)
		}
	}
}

func FuzzCountdown(f *testing.F) {
	for _, s := range []string{"3*5+7", "8/(3-8/3)", "2**3", "((((", "-(3-5)", "3.5", "٣", "1/0"} {
		f.Add(s)
	}
	p := countdownProblem(f, 22, 3, 5, 7)
	f.Fuzz(func(t *testing.T, s string) {
		v := checkCountdown(p, s)
		if v.Why == "" || v.Reason == "" {
			t.Fatal("a verdict without a reason")
		}
		if v.Correct && (strings.Count(s, "3") != 1 || strings.Count(s, "5") != 1 || strings.Count(s, "7") != 1) {
			t.Fatalf("%q is judged right", s)
		}
	})
}

func FuzzQuestions(f *testing.F) {
	for _, s := range []string{"(3+5-2)%10", "7+5-3", "(", ")%", "1", "1+", "(1+2)%1", "3 5 7=22", "3-50", "8+8", "(7+1)%2"} {
		f.Add(s, "9")
	}
	f.Fuzz(func(t *testing.T, question, gold string) {
		rng := rand.New(rand.NewPCG(1, 1))
		for _, task := range generators(t, Train) {
			p := rewards.Problem{Task: task.Spec().Name, Question: question, Gold: gold}
			for style := Careful; style <= Backtrack; style++ {
				task.Trace(p, style, rng)
			}
			task.Check(p, gold)
		}
	})
}

func FuzzRows(f *testing.F) {
	for _, s := range []string{`{"question":"a","answer":"1"}`, `{"question":"a","answer":"x #### 1,000"}`, "{}", "[1]", "null", `{"question":1,"answer":2.50}`, "{\"question\":\"a\",\"answer\":\"\"}\n\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var list rowList
		err := parseRows(strings.NewReader(s), Columns{Question: "question", Answer: "answer"}, list.add)
		if err != nil && !strings.HasPrefix(err.Error(), ":") {
			t.Fatalf("error %q does not name the line", err)
		}
	})
}
