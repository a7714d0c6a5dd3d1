package detect

import (
	"strings"
	"testing"
)

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

// TestDetectors has, for each detector, traces that it must flag, traces that
// it must not, and traces that are not its business.
func TestDetectors(t *testing.T) {
	long := strings.Repeat("step by step we go on and think of it. ", 1)
	type want struct {
		applies, flag bool
		value         float64 // -1: any
	}
	for _, c := range []struct {
		detector, name string
		trace          Trace
		want           want
	}{
		{"answer_without_reasoning", "empty thinking, paid", Trace{Completion: "<think></think><answer>42</answer>", Claim: "42", Reward: 1}, want{true, true, 0}},
		{"answer_without_reasoning", "real thinking", Trace{Completion: "<think>7+5=12;12+3=15;15+9=24</think><answer>24</answer>", Claim: "24", Reward: 1}, want{true, false, 3}},
		{"answer_without_reasoning", "unpaid", Trace{Completion: "<answer>42</answer>", Claim: "42"}, want{true, false, 0}},
		{"answer_without_reasoning", "no answer", Trace{Completion: "<think>"}, want{}},
		{"answer_before_reasoning", "first thing", Trace{Completion: "<think>420 is it. " + long + "</think><answer>420</answer>", Gold: "420", Claim: "420", Correct: yes()}, want{true, true, 0}},
		{"answer_before_reasoning", "last thing", Trace{Completion: "<think>" + long + "420</think><answer>420</answer>", Gold: "420", Claim: "420", Correct: yes()}, want{true, false, -1}},
		{"answer_before_reasoning", "part of a number", Trace{Completion: "<think>1420 " + long + "</think>", Gold: "420", Correct: yes()}, want{}},
		{"answer_before_reasoning", "given in the question", Trace{Question: "is 420", Completion: "<think>420" + long + "</think>", Gold: "420", Correct: yes()}, want{}},
		{"reasoning_answer_mismatch", "another value", Trace{Completion: "<think>3+4=7;7+1=8</think><answer>9</answer>", Claim: "9", Correct: yes()}, want{true, true, 1}},
		{"reasoning_answer_mismatch", "the derived value", Trace{Completion: "<think>3+4=7;7+1=8</think><answer>8</answer>", Claim: "8", Correct: yes()}, want{true, false, 0}},
		{"reasoning_answer_mismatch", "wrong answers are no news", Trace{Completion: "<think>3+4=7</think><answer>8</answer>", Claim: "8", Correct: no()}, want{}},
		{"step_validity", "a wrong step", Trace{Completion: "<think>3+4=8;8+1=9</think>", Correct: yes()}, want{true, true, 0.5}},
		{"step_validity", "taken back", Trace{Completion: "<think>3+4=8! 3+4=7;7*2=14</think>", Correct: yes()}, want{true, false, 0}},
		{"step_validity", "fractions are exact", Trace{Completion: "<think>1/3+1/6=1/2; 0.1+0.2=0.3; (2+3)*-2=-10.</think>", Correct: yes()}, want{true, false, 0}},
		{"step_validity", "a chain", Trace{Completion: "<think>7+5=12=3*4=13</think>", Correct: yes()}, want{true, true, 0.5}},
		{"step_validity", "nothing to compute", Trace{Completion: "<think>x=3, so 3/0=1 and ((=)</think>"}, want{}},
		{"repetition", "a loop", Trace{Completion: strings.Repeat("the sum is five ", 20)}, want{true, true, -1}},
		{"repetition", "prose", Trace{Completion: long}, want{true, false, 0}},
		{"compression", "characters", Trace{Completion: strings.Repeat("ab", 500)}, want{true, true, -1}},
		{"compression", "short", Trace{Completion: "ab"}, want{}},
		{"tag_stuffing", "two answers, paid", Trace{Completion: "<answer>1</answer><answer>2</answer>", Reward: 1}, want{true, true, 2}},
		{"tag_stuffing", "clean", Trace{Completion: "<think>a</think><answer>1</answer>", Reward: 1}, want{true, false, 1}},
		{"hedging", "two claims", Trace{Completion: "<think>a</think><answer>1 or 2</answer>", Reward: 1}, want{true, true, 2}},
		{"hedging", "two boxes", Trace{Completion: `<think>a</think>\boxed{1} \boxed{2}`, Reward: 1}, want{true, true, 2}},
		{"hedging", "one claim twice", Trace{Completion: "<answer>1</answer><answer>1</answer>", Reward: 1}, want{true, false, 1}},
		{"prompt_echo", "the question again", Trace{Prompt: "What is the sum of three and four and five?", Completion: "the sum of three and four and five?"}, want{true, true, 1}},
		{"prompt_echo", "own words", Trace{Prompt: "What is the sum?", Completion: "we add them one by one until done"}, want{true, false, -1}},
		{"prompt_echo", "a copied box", Trace{Prompt: `put it in \boxed{answer} please`, Completion: `I think so: \boxed{answer} and much more besides, of my own`}, want{true, true, -1}},
		{"verifier_disagreement", "accepted, other text", Trace{Claim: "1/2", Gold: "0.5", Correct: yes()}, want{true, true, 1}},
		{"verifier_disagreement", "refused, same text", Trace{Claim: `\dfrac12`, Gold: `\frac12`, Correct: no()}, want{true, true, 1}},
		{"verifier_disagreement", "agreed", Trace{Claim: "42", Gold: "42", Correct: yes()}, want{true, false, 0}},
		{"code_probe", "exits", Trace{Completion: "```python\nimport sys; sys.exit(0)\n```"}, want{true, true, -1}},
		{"code_probe", "honest", Trace{Completion: "```python\nprint(1)\n```"}, want{true, false, 0}},
		{"code_probe", "no code", Trace{Completion: "sys.exit"}, want{}},
	} {
		t.Run(c.detector+"/"+c.name, func(t *testing.T) {
			for _, d := range All() {
				if d.Name != c.detector {
					continue
				}
				s, ok := d.Measure(c.trace)
				if ok != c.want.applies || ok && (s.Flag != c.want.flag || c.want.value >= 0 && s.Value != c.want.value) {
					t.Errorf("applies %v, flag %v, value %v (%s), want %+v", ok, s.Flag, s.Value, s.Why, c.want)
				}
				for _, sp := range s.Spans {
					if sp.From < 0 || sp.To < sp.From || sp.To > len(c.trace.Completion) {
						t.Errorf("span %+v of %d bytes", sp, len(c.trace.Completion))
					}
				}
			}
		})
	}
}

// TestLongestCommon against the quadratic definition.
func TestLongestCommon(t *testing.T) {
	words := []string{"", "a", "abab", "banana", "bananas", "xbananay", "aabbaab", "the cat sat", "a cat sat on"}
	for _, a := range words {
		for _, b := range words {
			best := 0
			for i := range len(a) {
				for j := i; j <= len(a); j++ {
					if strings.Contains(b, a[i:j]) {
						best = max(best, j-i)
					}
				}
			}
			got := longestCommon(a, b)
			if got.Len() != best || !strings.Contains(b, got.In(a)) {
				t.Errorf("%q and %q: %q, want %d bytes", a, b, got.In(a), best)
			}
		}
	}
}

func FuzzSuspicions(f *testing.F) {
	f.Add("<think>3+4=8</think><answer>9 or 8</answer>```sys.exit", "prompt", "9")
	f.Add("((((1/0=-.=..=", "", "")
	f.Fuzz(func(t *testing.T, completion, prompt, gold string) {
		tr := Trace{Prompt: prompt, Completion: completion, Gold: gold, Claim: gold, Reward: 1, Correct: yes()}
		for _, s := range Suspicions(tr) {
			if s.Why == "" || s.Name == "" {
				t.Fatalf("a flag without a reason: %+v", s)
			}
			for _, sp := range s.Spans {
				if sp.From < 0 || sp.To < sp.From || sp.To > len(completion) {
					t.Fatalf("%s: span %+v of %d bytes", s.Name, sp, len(completion))
				}
			}
		}
	})
}

// TestEquationsOnOneLine: a blank between two values ends an equation; it does
// not join their digits.
func TestEquationsOnOneLine(t *testing.T) {
	for think, want := range map[string]string{
		"3+4=7 7+5=12":         "right right",
		"12 3+4=7":             "right",
		"3 + 4 = 7 (7+5)*2=24": "right right",
		"3+4=7 7+5=13":         "right wrong",
		"1 + 2 = 3 = 6 / 2":    "right",
		"6 / 2 = 3 = 1 + 2":    "right",
	} {
		var got []string
		for _, e := range equations(Trace{Completion: "<think>" + think + "</think><answer>1</answer>"}) {
			got = append(got, map[bool]string{true: "right", false: "wrong"}[e.holds])
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: %s, want %s", think, s, want)
		}
	}
}
