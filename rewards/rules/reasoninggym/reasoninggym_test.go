package reasoninggym

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"gradus/rewards"
	"gradus/rewards/rules/rule/ruletest"
)

// testdata/published.jsonl holds scores that reasoning-gym's own functions
// returned (49b0713, sympy 1.14.0, numpy 2.4.6, Python 3.11).
func TestPublished(t *testing.T) {
	file, err := os.Open("testdata/published.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	names := map[string]bool{}
	n := 0
	for d := json.NewDecoder(file); d.More(); n++ {
		var row struct {
			Reward     string
			Params     map[string]any
			Columns    map[string]json.RawMessage
			Completion string
			Want       float64
		}
		if err := d.Decode(&row); err != nil {
			t.Fatal(err)
		}
		names[row.Reward] = true
		r := ruletest.New(t, Rules(), row.Reward, row.Params)
		got := ruletest.Score(t, r, rewards.Sample{Completion: row.Completion, Columns: row.Columns})
		if got.Status != rewards.OK || math.Abs(got.Score-row.Want) > 1e-15 {
			t.Errorf("%s of %q for %s: %v, %v (%s); want %v", row.Reward, row.Completion, row.Columns, got.Status, got.Score, got.Why, row.Want)
		}
		if high := r.Spec().Range[1]; got.Score > high {
			t.Errorf("%s: %v above %v", row.Reward, got.Score, high)
		}
	}
	if n < 340 || len(names) < 70 {
		t.Errorf("%d rows of %d functions", n, len(names))
	}
}

// What float(parse_expr(text)) and int(parse_expr(text)) are (sympy 1.14.0);
// refused where Python raises.
func TestSympy(t *testing.T) {
	const refused = -12345
	for text, want := range map[string][2]float64{
		"3+5": {8, 8}, "3^5": {6, 6}, "3!": {6, 6}, "(1+2)!": {6, 6}, "3!!": {3, 3}, "sqrt(16)": {4, 4}, "sqrt(4)!": {2, 2}, "2**0.5": {math.Sqrt2, 1},
		"5/(1/0)": {0, 0}, "5%3": {2, 2}, "-5%3": {1, 1}, "5//2": {2, 2}, "-5//2": {-3, -3}, "5.5//2": {2, 2}, "5.5%2": {1.5, 1}, "3 # c": {3, 3}, "(3+\n5)": {8, 8}, "3+5\n": {8, 8},
		"3==3": {1, 1}, "True": {1, 1}, "False": {0, 0}, "pi": {math.Pi, 3}, "E": {math.E, 2}, "1e3": {1000, 1000}, "1_000": {1000, 1000}, "0x10": {16, 16}, "0b11": {3, 3}, "0o7": {7, 7}, "00": {0, 0}, "3.": {3, 3}, ".5": {0.5, 0},
		"abs(-3)": {3, 3}, "Abs(-3)": {3, 3}, "factorial(3)": {6, 6}, "+3": {3, 3}, "--3": {3, 3}, "# a\n3+5": {8, 8}, "2**3**2": {512, 512}, "-2**2": {-4, -4}, "2**-1": {0.5, 0}, "(1/2)**-2": {4, 4}, "4**(1/2)": {2, 2}, "8**(1/3)": {2, 2},
		"0**0": {1, 1}, "0**(1/2)": {0, 0}, "0.0**0": {1, 1}, "3.5+1/2": {4, 4}, "100!/98!": {9900, 9900}, "10000000000000000000000000+1-10000000000000000000000000": {1, 1}, "1/3": {1. / 3, 0}, "True+1": {2, 2}, "2.5!": {3.3233509704478426, 3},
		"(-8)**(1/3)": {refused, refused}, "1/0": {refused, refused}, "5//0": {refused, refused}, "5%0": {refused, refused}, "0**-1": {refused, refused}, "3+\n5": {refused, refused}, "3=3": {refused, refused}, "None": {refused, refused}, "I": {refused, refused},
		"x": {refused, refused}, "007": {refused, refused}, "3..": {refused, refused}, "3.5.1": {refused, refused}, "2(3)": {refused, refused}, "3 5": {refused, refused}, "3x": {refused, refused}, "[3]": {refused, refused}, "3,5": {refused, refused}, "3j": {refused, refused},
		"3×5": {refused, refused}, "": {refused, refused}, "()": {refused, refused}, "$3$": {refused, refused}, "*3": {refused, refused}, "1__0": {refused, refused}, "1e": {refused, refused}, "#": {refused, refused}, "(3": {refused, refused}, "3)": {refused, refused},
		"(-1)**(1/2)": {refused, refused}, "(-4)**0.5": {refused, refused}, "5/0.0": {refused, refused}, "5//0.0": {refused, refused}, "(-1)!": {refused, refused}, `\frac{1}{2}`: {refused, refused}, "0/0": {math.NaN(), refused}, "1/0-1/0": {math.NaN(), refused},
		"10**400": {math.Inf(1), refused}, "9**9**9": {refused, refused}, "5001!": {refused, refused}, // these two over the budget
	} {
		v, err := sympy(text)
		f, ok := 0.0, false
		if err == nil {
			f, ok = v.float()
		}
		if refuses := err != nil || !ok; refuses != (want[0] == refused) || !refuses && !(math.Abs(f-want[0]) < 1e-12 || f == want[0] || math.IsNaN(f) && math.IsNaN(want[0])) {
			t.Errorf("float of %q: %v, %v, want %v", text, f, err, want[0])
		}
		if err != nil || math.IsInf(want[0], 0) {
			continue
		}
		z, ok := v.integer()
		if ok != (want[1] != refused) || ok && z.Int64() != int64(want[1]) {
			t.Errorf("int of %q: %v, want %v", text, z, want[1])
		}
	}
}

// What Python 3.11's Decimal reads, and equals.
func TestDecimal(t *testing.T) {
	for s, want := range map[string]string{"1": "1.0", "+01000": "1e3", "1_0": "10", "_1_": "1", "1E+5": "100000", " 1\u00a0": "1", "inf": "Infinity", "-inf": "-Infinity", "٣": "3", ".5": "0.50", "5.": "5", "-0": "0", "0e9": "0",
		"1e999999999999999999": "10e999999999999999998", "1e_5": "1e5"} {
		if !sameDecimal(s, want) {
			t.Errorf("%q is not %q", s, want)
		}
	}
	for _, s := range []string{"1 2", "nan", "snan", "1e9999999999999999999", "1e1000000000000000000", "", "+", ".", "1e", "e1", "1e1.5", "--1", "infinit", "0x1"} {
		if d, ok := readDecimal(s); ok {
			t.Errorf("%q is %+v", s, d)
		}
	}
	for _, tt := range [][2]string{{"1", "-1"}, {"1", "10"}, {"1", "1.01"}, {"inf", "-inf"}} {
		if sameDecimal(tt[0], tt[1]) {
			t.Errorf("%q is %q", tt[0], tt[1])
		}
	}
}

// Where the item may stand.
func TestReadEntry(t *testing.T) {
	const item = `{"question":"q","answer":"12","metadata":{"source_dataset":"gcd"}}`
	for name, s := range map[string]rewards.Sample{
		"item":                  {Columns: map[string]json.RawMessage{"item": json.RawMessage(item)}},
		"metadata with it all":  {Columns: map[string]json.RawMessage{"metadata": json.RawMessage(item)}},
		"columns":               {Columns: map[string]json.RawMessage{"answer": json.RawMessage(`"12"`), "metadata": json.RawMessage(`{"source_dataset":"gcd","answer":"no"}`)}},
		"a row's columns":       {Problem: rewards.Problem{Gold: "12", Data: json.RawMessage(`{"metadata":{"source_dataset":"gcd"}}`)}},
		"a row's answer column": {Problem: rewards.Problem{Gold: item}},
	} {
		e, err := readEntry(s)
		var source string
		if err != nil || e.answer != "12" || e.meta("source_dataset", &source) != nil || source != "gcd" {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

// A row that lacks what a function needs is no 0.
func TestRowsThatCannotBeScored(t *testing.T) {
	for _, tt := range []struct {
		name, columns string
		status        rewards.Status
	}{
		{"reasoninggym.default", `{}`, rewards.Skipped},
		{"reasoninggym.accuracy", `{"answer":"3"}`, rewards.Skipped},
		{"reasoninggym.accuracy", `{"item":{"answer":"3","metadata":{"source_dataset":"rubiks_cube"}}}`, rewards.Skipped},
		{"reasoninggym.accuracy", `{"item":{"answer":"3","metadata":{"source_dataset":"no_such_set"}}}`, rewards.Skipped},
		{"reasoninggym.default", `{"item":{"answer":null,"metadata":{}}}`, rewards.Skipped},
		{"reasoninggym.boxnet", `{"item":{"answer":null,"metadata":{"initial_state":{"0.5_0.5":["box_red"]}}}}`, rewards.Error},
		{"reasoninggym.boxnet", `{"item":{"answer":null,"metadata":{"initial_state":{"0.5_0.5":[]}}}}`, rewards.Skipped},
		{"reasoninggym.rubiks_cube", `{"item":{"answer":null,"metadata":{"cube_size":1000000,"scramble_moves":""}}}`, rewards.Skipped},
		{"reasoninggym.rubiks_cube", `{"item":{"answer":null,"metadata":{"cube_size":3,"scramble_moves":"Q"}}}`, rewards.Skipped},
		{"reasoninggym.word_ladder", `{"item":{"answer":"","metadata":{"start_word":"COLDER","end_word":"WARMER"}}}`, rewards.Skipped},
		{"reasoninggym.tower_of_hanoi", `{"item":{"answer":"","metadata":{"num_disks":3,"num_pegs":3,"start_peg":4,"target_peg":1}}}`, rewards.Skipped},
		{"reasoninggym.bitwise_arithmetic", `{"item":{"answer":"","metadata":{"problem":"__import__('os')"}}}`, rewards.Skipped},
		{"reasoninggym.graph_color", `{"item":{"answer":null,"metadata":{"puzzle":{"vertices":[0]}}}}`, rewards.Skipped},
		{"reasoninggym.survo", `{"item":{"answer":"","metadata":{"solution":[[1]],"board_size":2}}}`, rewards.Skipped},
		{"reasoninggym.polynomial_multiplication", `{"item":{"answer":"sin(x)","metadata":{}}}`, rewards.Skipped},
		{"reasoninggym.game_of_life", `{"item":{"answer":"[1]","metadata":{}}}`, rewards.Error},
		{"reasoninggym.reward", `{"item":{"answer":"3","metadata":{"source_dataset":"no_such_set"}}}`, rewards.Skipped},
		{"reasoninggym.countdown", `{"answer":"3","metadata":{"numbers":[3]}}`, rewards.Skipped},
		{"reasoninggym.countdown", `{"answer":"3","metadata":{"numbers":[3.5],"target":3}}`, rewards.Error},
		{"reasoninggym.number_sorting", `{"answer":"x","metadata":{"direction":"ascending"}}`, rewards.Error},
		{"reasoninggym.shortest_path", `{"answer":"up","metadata":{"matrix":[["*"]]}}`, rewards.Skipped},
		{"reasoninggym.mini_sudoku", `{"answer":"1","metadata":{"solution":[]}}`, rewards.Error},
		{"reasoninggym.propositional_logic", `{"answer":null,"metadata":{"premises":["("],"variables":["P"]}}`, rewards.OK},
		{"reasoninggym.propositional_logic", `{"answer":null,"metadata":{"premises":[""],"variables":["P"]}}`, rewards.Error},
	} {
		s := rewards.Sample{Completion: "<answer>3</answer>"}
		if err := json.Unmarshal([]byte(tt.columns), &s.Columns); err != nil {
			t.Fatal(err)
		}
		if got := ruletest.Score(t, ruletest.New(t, Rules(), tt.name, nil), s); got.Status != tt.status {
			t.Errorf("%s of %s: %+v", tt.name, tt.columns, got)
		}
	}
	for _, r := range Rules() {
		ruletest.Refused(t, Rules(), r.Name, map[string]any{"nonsense": 1})
	}
	ruletest.Refused(t, Rules(), "reasoninggym.format", map[string]any{"scaling_factor": 1e300})
	ruletest.Refused(t, Rules(), "reasoninggym.length", map[string]any{"max_output_length": 0})
	ruletest.Refused(t, Rules(), "reasoninggym.cosine", map[string]any{"scaling_factor": math.Inf(1)})
	ruletest.Refused(t, Rules(), "reasoninggym.reward", map[string]any{"secondary_rewards": []any{map[string]any{"name": "brevity"}}})
	ruletest.Refused(t, Rules(), "reasoninggym.reward", map[string]any{"secondary_rewards": []any{map[string]any{"name": "cosine", "kwargs": map[string]any{"max_len": 9}}}})
}

// everything has all that any of the functions reads.
const everything = `{"answer":"[1, 2]","metadata":{"source_dataset":"gcd","numbers":[9,9],"target":18,"direction":"ascending","sorted_words":["a","b"],"letters":["a"],
	"matrix":[["*","O"],["X","#"]],"solution":[[1,2],[2,1]],"variables":["P","Q"],"premises":["P","(P → Q)"],"result":[1,2],"valid_answers":["_ Q\\nQ _"],"output":[[1,2]],"row_sums":[1,2],"col_sums":[1,2],"n_rows":2,"n_cols":2,"board_size":2,
	"puzzle":{"vertices":[0,1],"edges":[[0,1]],"color_options":[1,2],"jug_capacities":[3,5],"target":4},"start_word":"COLD","end_word":"WARM","words_letters":["AB"],"result_letters":"AB",
	"initial_value":0,"target_value":4,"initial_state":"red","buttons":[{"name":"A","type":"multiply","value":3,"active_state":"any"}],"board_config":"oBBBoJooxDDJAAoHIooooHIoEEFFIooooGGo","num_disks":3,"num_pegs":3,"start_peg":1,"target_peg":2,
	"is_possible":true,"board":{"A1":["B3"]},"pieces":{"A1":"w","B3":null},"start_turn":"w","gamestr":"+++\\n+*+\\n+++","cube_size":3,"scramble_moves":"R U","task":"count_days","task_type":"angle_measure",
	"numerator":4,"denominator":6,"simplified_numerator":2,"simplified_denominator":3,"problem":"(0x10 << 2)","variable":"x","integrand":"2*x"}}`

// No text makes a function hang.
func TestHostileAnswers(t *testing.T) {
	for name, text := range map[string]string{
		"power tower": "9**9**9**9", "parentheses": strings.Repeat("(", 1<<14), "signs": strings.Repeat("-", 1<<14) + "9", "digits": strings.Repeat("9", 1<<14), "factorials": strings.Repeat("9!*", 3000) + "9",
		"negations": strings.Repeat("¬", 1<<14) + "P", "implications": strings.Repeat("P→", 1<<14) + "P", "names": "a∧b∧c∧d∧e∧f∧g∧h∧i∧j∧k∧l∧m∧n∧o∧p∧q∧r∧s∧t∧u∧v∧w∧x∧y∧z", "lists": strings.Repeat("[", 1<<14), "factors": strings.Repeat("9×", 1<<14),
		"lines": strings.Repeat("12\n", 1<<13), "exponent": "1e" + strings.Repeat("9", 1<<10), "bytes": "\xff\xfe\x00", "commas": strings.Repeat(",", 1<<14), "powers": "1.5**" + strings.Repeat("2**", 180) + "2",
	} {
		for _, r := range Rules() {
			s := rewards.Sample{Completion: "<think></think><answer>" + text + "</answer>", Columns: map[string]json.RawMessage{"item": json.RawMessage(everything)}}
			reward := ruletest.New(t, Rules(), r.Name, nil)
			if got := ruletest.Score(t, reward, s); got.Status == rewards.OK && !(got.Score >= 0 && got.Score <= reward.Spec().Range[1]) {
				t.Errorf("%s of %s: %+v", r.Name, name, got)
			}
		}
	}
}

func FuzzSympy(f *testing.F) {
	for _, s := range []string{"3!+sqrt(4)", "1e3//0.5%7", "(-1)**(1/2)", "0x1f^3", "5==5.0 # x", "2**-1**2", "9!!", "1/0*0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := sympy(s)
		if err == nil && v.kind == exact && !small(v.r) {
			t.Fatalf("%q is over the budget", s)
		}
	})
}

func FuzzScores(f *testing.F) {
	f.Add("[1, NaN]")
	f.Add("P → (Q ∧ ¬P)")
	f.Add("up\tdown")
	f.Fuzz(func(t *testing.T, answer string) {
		for _, r := range Rules() {
			s := rewards.Sample{Completion: "<answer>" + answer + "</answer>", Columns: map[string]json.RawMessage{"item": json.RawMessage(everything)}}
			reward := ruletest.New(t, Rules(), r.Name, nil)
			if got := ruletest.Score(t, reward, s); got.Status == rewards.OK && (got.Score < 0 || got.Score > reward.Spec().Range[1]) {
				t.Fatalf("%s: %+v", r.Name, got)
			}
		}
	})
}
