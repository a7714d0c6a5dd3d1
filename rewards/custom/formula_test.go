package custom

import (
	"strings"
	"testing"

	"gradus/rewards"
)

func TestFormula(t *testing.T) {
	s := rewards.Sample{Completion: "<think>é</think><answer>42</answer>", TokenIDs: make([]int32, 300), Step: 3, Problem: rewards.Problem{Gold: "42"},
		Earlier: map[string]rewards.Result{"gradus.accuracy": {Score: 1}, "gradus.format": {Score: 0.5}, "mine": {Score: -2}, "shy": {Status: rewards.Skipped}}}
	for _, c := range []struct {
		source string
		want   float64
		absent string
		err    string
	}{
		{"0.9*gradus.accuracy + 0.1*(gradus.format > 0 ? 1 : 0) - 0.2*max(0, (tokens-256)/256)", 1 - 0.2*44/256, "", ""},
		{"mine * 2", -4, "", ""},
		{"answer == gold", 1, "", ""},
		{"let over = tokens - 256; let share = over / 256; gradus.accuracy - share", 1 - 44.0/256, "", ""},
		{"answer == gold && truncated", 0, "", ""},
		{"characters + len(think) + step", 35 + 1 + 3, "", ""},
		{"shy + 1", 0, "shy", ""},
		{"gradus.acuracy", 0, "", `"gradus.acuracy" is neither`},
		{"completion", 0, "", "gives a string"},
		{"1/0", 0, "", "+Inf"},
		{"0/0", 0, "", "NaN"},
		{`completion matches "["`, 0, "", ""},
		{"sum(map(1..1000000, #))", 0, "", "memory budget"},
		{"len(reduce(1..60, #acc + #acc, completion))", 0, "", "64 MiB of text"},
		{"len(repeat(completion, 100000000))", 0, "", "64 MiB of text"},
		{`len(replace(completion, "", repeat("x", 10000000)))`, 0, "", "64 MiB of text"},
		{`len(join(map(1..10000, repeat(completion, 1000)), ","))`, 0, "", "64 MiB of text"},
		{"len(reduce(1..60, concat(#acc, #acc), [1]))", 0, "", "64 MiB of text"},
		{"len(map(1..100000, completion + repeat(gold, 1000)))", 0, "", "64 MiB of text"},
		{`len("a" + gold + 'b') + (1 + 2) + (0.5 + 1) + len(concat([1, 2], split("a,b", ",")))`, 4 + 3 + 1.5 + 4, "", ""},
		{`join(["a", "b"], "-") == "a-b" && join(split("ab", "")) == "ab" && replace("aXbX", "X", "") == "ab" && replace("aXbX", "X", "y", 1) == "aybX" && repeat("ab", 2) == "abab"`, 1, "", ""},
		{`"a" + 1 == "a1" ? 1 : 0`, 0, "", "invalid operation"},
	} {
		f, err := Compile(c.source)
		if err != nil {
			if c.source != `completion matches "["` {
				t.Errorf("%s: %v", c.source, err)
			}
			continue
		}
		got, absent, err := f.Value(s)
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want %q", c.source, err, c.err)
			}
		case err != nil || absent != c.absent || got-c.want > 1e-12 || c.want-got > 1e-12:
			t.Errorf("%s = %v (absent %q, %v), want %v (absent %q)", c.source, got, absent, err, c.want, c.absent)
		}
	}
}

func TestFormulaParts(t *testing.T) {
	f, err := Compile("0.5*gradus.accuracy + mine - tokens + len(completion) + max(other.part, 1)")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(f.Parts(), " "); got != "gradus.accuracy mine other.part" {
		t.Errorf("parts %q", got)
	}
}

func FuzzFormula(f *testing.F) {
	for _, s := range []string{"1", "gradus.accuracy*2", "all(1..9, # > 2)", "{a: 1}.a", "completion[1:2] == 'x'", "a?.b ?? 1", "let x = 1; x"} {
		f.Add(s)
	}
	sample := rewards.Sample{Completion: "<think>a</think><answer>b</answer>"}
	f.Fuzz(func(t *testing.T, source string) {
		formula, err := Compile(source)
		if err != nil {
			return
		}
		s := sample
		s.Earlier = map[string]rewards.Result{}
		for _, p := range formula.Parts() {
			s.Earlier[p] = rewards.Result{Score: 1}
		}
		formula.Value(s)
	})
}
