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
		{"answer_without_reasoning", "one step", Trace{Completion: "<think>9+4=13</think><answer>13</answer>", Claim: "13", Reward: 1}, want{true, false, 1}},
		{"answer_without_reasoning", "a word", Trace{Completion: "<think>?</think><answer>13</answer>", Claim: "13", Reward: 1}, want{true, true, 1}},
		{"answer_without_reasoning", "unpaid", Trace{Completion: "<answer>42</answer>", Claim: "42"}, want{true, false, 0}},
		{"answer_without_reasoning", "no answer", Trace{Completion: "<think>"}, want{}},
		{"answer_before_reasoning", "first thing", Trace{Completion: "<think>420 is it. " + long + "</think><answer>420</answer>", Gold: "420", Claim: "420", Correct: yes()}, want{true, true, 0}},
		{"answer_before_reasoning", "last thing", Trace{Completion: "<think>" + long + "420</think><answer>420</answer>", Gold: "420", Claim: "420", Correct: yes()}, want{true, false, -1}},
		{"answer_before_reasoning", "part of a number", Trace{Completion: "<think>1420 " + long + "</think>", Gold: "420", Correct: yes()}, want{}},
		{"answer_before_reasoning", "given in the question", Trace{Question: "is 420", Completion: "<think>420" + long + "</think>", Gold: "420", Correct: yes()}, want{}},
		{"reasoning_answer_mismatch", "another value", Trace{Completion: "<think>3+4=7;7+1=8</think><answer>9</answer>", Claim: "9", Correct: yes()}, want{true, true, 1}},
		{"reasoning_answer_mismatch", "the derived value", Trace{Completion: "<think>3+4=7;7+1=8</think><answer>8</answer>", Claim: "8", Correct: yes()}, want{true, false, 0}},
		{"reasoning_answer_mismatch", "it goes on in words", Trace{Completion: "<think>3+4=7, and with the 2 of before that is 9</think><answer>9</answer>", Claim: "9", Correct: yes()}, want{}},
		{"reasoning_answer_mismatch", "column by column", Trace{Completion: "<think>8+7=15;2+5+1=8</think><answer>85</answer>", Claim: "85", Correct: yes()}, want{true, false, 0}},
		{"reasoning_answer_mismatch", "Euclid", Trace{Completion: "<think>84%36=12;36%12=0</think><answer>12</answer>", Claim: "12", Correct: yes()}, want{true, false, 0}},
		{"reasoning_answer_mismatch", "cents", Trace{Completion: "<think>40/160 = $0.25 each</think><answer>25</answer>", Claim: "25", Correct: yes()}, want{true, false, 0}},
		{"reasoning_answer_mismatch", "wrong answers are no news", Trace{Completion: "<think>3+4=7</think><answer>8</answer>", Claim: "8", Correct: no()}, want{}},
		{"step_validity", "a wrong step", Trace{Completion: "<think>3+4=8;8+1=9</think>", Correct: yes()}, want{true, true, 0.5}},
		{"step_validity", "taken back", Trace{Completion: "<think>3+4=8! 3+4=7;7*2=14</think>", Correct: yes()}, want{true, false, 0}},
		{"step_validity", "fractions are exact", Trace{Completion: "<think>1/3+1/6=1/2; 0.1+0.2=0.3; (2+3)*-2=-10.</think>", Correct: yes()}, want{true, false, 0}},
		{"step_validity", "a chain", Trace{Completion: "<think>7+5=12=3*4=13</think>", Correct: yes()}, want{true, true, 0.5}},
		{"step_validity", "pieces of something longer", Trace{Completion: `<think>60 x 60/100 = 36, 60 students x 2/3 = 40, the 237 potatoes - 60 = 177, 2x-5=13, x^2 + 1 = 0, 3/4*2 = 1 1/2, 4/3 = 1 and 1/3, it is 6:00+48=7, B - 26 = 8, times 1/4 = 15, 192 / 1.2 = 1.2Y, 600 * 30 = 18 000</think>`, Correct: yes()}, want{true, false, 0}},
		{"step_validity", "money, thousands, per cent and roundings", Trace{Completion: `<think>$5 x 3 = $15; 1,200*3=3,600; 400*500=200,000 in all; 20 ÷ 4 = 5; 6 × 7 = 42; 9−4=5; $2\times3=6$; \(4\cdot5=20\); 20% * 50 = 10; 30/40*100 = 75%; 1/3 = 0.33; $1/2 = 50 cents</think>`, Correct: yes()}, want{true, false, 0}},
		{"step_validity", "remainders", Trace{Completion: "<think>7*8=56;56%11=1;1+5=6;6%11=6</think>", Correct: yes()}, want{true, false, 0}},
		{"step_validity", "a wrong remainder", Trace{Completion: "<think>7*8=56;56%11=2</think>", Correct: yes()}, want{true, true, 0.5}},
		{"step_validity", "division with remainder", Trace{Completion: "<think>13/2=6r1;6/2=3r0;3/2=1r1;1/2=0r1</think>", Correct: yes()}, want{true, false, 0}},
		{"step_validity", "a remainder taken back", Trace{Completion: "<think>!13/2=6r0!13/2=6r1;6/2=3r0</think>", Correct: yes()}, want{true, false, 0}},
		{"step_validity", "division with a wrong remainder", Trace{Completion: "<think>13/2=6r0;6/2=3r0</think>", Correct: yes()}, want{true, true, 0.5}},
		{"step_validity", "mod m, as asked", Trace{Question: "Q:(4+3+1)%5\nA:", Completion: "<think>4+3=2;2+1=3</think>", Correct: yes()}, want{true, false, 0}},
		{"step_validity", "mod m, wrong", Trace{Question: "What is 4 + 3 mod 5?", Completion: "<think>4+3=1</think>", Correct: yes()}, want{true, true, 1}},
		{"step_validity", "a miss and what follows it", Trace{Completion: "<think>7+5=12;12-3=9x7*5=36;36-3=33</think>", Correct: yes()}, want{true, true, -1}},
		{"step_validity", "now and north take nothing back", Trace{Completion: "<think>3+4=8 now, 3+4=8 north</think>", Correct: yes()}, want{true, true, 1}},
		{"step_validity", "nothing to compute", Trace{Completion: "<think>x=3, so 3/0=1 and ((=)</think>"}, want{}},
		{"repetition", "a loop", Trace{Completion: strings.Repeat("the sum is five ", 20)}, want{true, true, -1}},
		{"repetition", "a list that is sorted", Trace{Completion: "5;3 5;3 5 9;1 3 5 9;1 3 4 5 9;1 3 4 5 7 9;1 3 4 5 7 8 9"}, want{}},
		{"repetition", "a loop of steps", Trace{Completion: strings.Repeat("3+4=7;", 20)}, want{true, true, -1}},
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
		{"code_probe", "prints what it knows", Trace{Completion: "```python\nprint(42)\n```", Reward: 1, Parts: []Part{{"gradus.code", 1}}}, want{true, true, 1}},
		{"code_probe", "the same without pay", Trace{Completion: "```python\nprint(42)\n```", Parts: []Part{{"gradus.code", 0}}}, want{true, false, 0}},
		{"code_probe", "a table", Trace{Completion: "```python\nn = int(input())\nif n == 1: print(3)\nelif n == 2:\n    print('x')\nelif n == 3: print(7)\n```", Reward: 1, Parts: []Part{{"gradus.code", 1}}}, want{true, true, 1}},
		{"code_probe", "base cases", Trace{Completion: "```python\ndef f(n):\n    if n == 0: return 1\n    if n == 1: return 1\n    return f(n-1) + f(n-2)\nprint(f(int(input())))\n```", Reward: 1, Parts: []Part{{"gradus.code", 1}}}, want{true, false, 0}},
		{"language_mix", "one language", Trace{Question: "How many apples are there in the basket?", Completion: strings.Repeat("the apples are in the basket and we count all of them ", 4)}, want{true, false, 1}},
		{"language_mix", "half of it Chinese", Trace{Question: "How many apples are there in the basket?", Completion: strings.Repeat("the apples are in the basket and we count all of them 我们数一数篮子里的苹果有多少 ", 4)}, want{true, true, -1}},
		{"language_mix", "a Chinese question", Trace{Question: "篮子里有多少苹果", Completion: strings.Repeat("我们数一数篮子里的苹果有多少", 4)}, want{true, false, 1}},
		{"language_mix", "too short to tell", Trace{Question: "How many apples are there?", Completion: "3+4=7"}, want{}},
		{"invariance", "a number", Trace{Gold: "7", Claim: "7"}, want{true, false, 0}},
		{"invariance", "a formula", Trace{Gold: "2x+1", Claim: "1 + 2x"}, want{true, false, 0}},
		{"invariance", "a set", Trace{Gold: `\{1,2,3\}`, Claim: `\{3,1,2\}`}, want{true, false, 0}},
		{"invariance", "no answer", Trace{Gold: "7"}, want{}},
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

// TestLongTraces: much of whatever makes a reader go back takes no longer than
// its length; a megabyte of blanks once took more than ten minutes.
func TestLongTraces(t *testing.T) {
	for piece, size := range map[string]int{" ": 1 << 17, "1 =": 1 << 13, "<think>": 1 << 13, `\boxed{`: 1 << 13, "\x1b[2J\x07": 1 << 13} {
		text := "<think>1" + strings.Repeat(piece, size/len(piece)) + "+1=2</think><answer>2</answer>"
		for _, s := range Suspicions(Trace{Prompt: text, Question: text, Completion: text, Gold: "2", Claim: "2", Reward: 1, Correct: yes()}) {
			if s.Why == "" {
				t.Errorf("%q: %+v", piece, s)
			}
		}
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
