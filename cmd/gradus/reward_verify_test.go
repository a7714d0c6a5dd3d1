package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRewardVerify: every row comes back, in order, with its fields and a
// verdict; a bad one is named and loses nothing but itself.
func TestRewardVerify(t *testing.T) {
	t.Parallel()
	alone(t)
	s := newSession(t)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.jsonl"), filepath.Join(dir, "out.jsonl")
	rows := []string{
		`{"id":1,"gold":"1/2","pred":"0.50","note":{"b":1,"a":[2.50]}}`,
		`{"z":1,"gold":42,"completion":"<think>41</think><answer>42</answer>","a":null}`,
		`{"gold":["2","3"],"pred":"3"}`,
		``,
		`not JSON`,
		`[1,2]`,
		`{"id":6,"pred":"3"}`,
		`{"gold":"1","pred":{"a":1}}`,
		`{"gold":"1","pred":"1","verdict":"old"}`,
		`{"gold":"x<3","pred":"` + strings.Repeat("y", maxAnswerLine) + `"}`,
		`{"gold":"1","pred":"2"} trailing`,
		"{\"gold\":\"1\",\"pred\":\"\\u001b[31m2\"}",
		`{"gold":"1","pred":"1"}`,
	}
	if err := os.WriteFile(in, []byte(strings.Join(rows, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs := s.do("reward", "verify", "--policy", "r1", "--in", in, "--out", out)
	if code != exitFailed || strings.Count(errs, "gradus: line ") != 6 || !strings.Contains(errs, "6 rows could not be judged") || strings.Contains(errs, "\x1b") {
		t.Errorf("exit %d, errors %q", code, errs)
	}
	written, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(written)), "\n")
	want := []struct {
		status string
		prefix string
	}{
		{"equal", `{"id":1,"gold":"1/2","pred":"0.50","note":{"b":1,"a":[2.50]},"verdict":`},
		{"equal", `{"z":1,"gold":42,`},
		{"equal", `{"gold":["2","3"]`},
		{"error", `{"line":5,"verdict":`},
		{"error", `{"line":6,"verdict":`},
		{"error", `{"id":6,"pred":"3","verdict":`},
		{"error", `{"gold":"1","pred":{"a":1},"verdict":`},
		{"equal", `{"gold":"1","pred":"1","verdict":{`},
		{"error", `{"line":10,"verdict":`},
		{"error", `{"line":11,"verdict":`},
		{"pred_unparsed", `{"gold":"1"`},
		{"equal", `{"gold":"1","pred":"1","verdict":`},
	}
	if len(lines) != len(want) {
		t.Fatalf("%d rows, want %d:\n%.2000s", len(lines), len(want), written)
	}
	for i, w := range want {
		var row struct {
			Verdict struct {
				Status, Rung, Why string
				Equal             *bool
			}
		}
		if err := json.Unmarshal([]byte(lines[i]), &row); err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
		v := row.Verdict
		if v.Status != w.status || !strings.HasPrefix(lines[i], w.prefix) || v.Equal == nil || *v.Equal != (w.status == "equal") || v.Why == "" {
			t.Errorf("row %d: %.300s, want status %s and %s…", i, lines[i], w.status, w.prefix)
		}
	}
}

func TestRewardVerifyParameters(t *testing.T) {
	s := newSession(t)
	in := filepath.Join(t.TempDir(), "in.jsonl")
	rows := `{"gold":"$\\frac13$","pred":"$0.33$"}
{"gold":"$\\frac13$","pred":"$0.33$","precision":2}
{"gold":"$f(x)$","pred":"$f(y)$","strict":false}
{"gold":"$[0,1]$","pred":"$0\\le x\\le 1$","allow_set_relation_comp":true}
{"gold":"9","pred":"it is 9","match_types":["latex"]}
{"gold":"$\\frac13$","pred":"$0.33$","precision":2.0,"strict":null,"match_types":null,"allow_set_relation_comp":null}
{"gold":"0.3333333","pred":"0.33333331","precision":null}
{"gold":"1.4","pred":"1.2","precision":0}
`
	if err := os.WriteFile(in, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	out := s.must("reward", "verify", "--policy", "mathverify", "--in", in)
	for i, want := range []string{`"equal":false`, `"equal":true`, `"equal":true`, `"equal":true`, `"equal":false`, `"equal":true`, `"equal":true`, `"equal":true`} {
		if line := strings.Split(out, "\n")[i]; !strings.Contains(line, want) {
			t.Errorf("row %d: %s, want %s", i, line, want)
		}
	}
	wrong := []string{`"precision":"2"`, `"precision":-1`, `"precision":1.5`, `"strict":"no"`, `"allow_set_relation_comp":1`, `"match_types":"latex"`}
	if err := os.WriteFile(in, []byte(`{"gold":"1","pred":"1",`+strings.Join(wrong, "}\n{\"gold\":\"1\",\"pred\":\"1\",")+"}"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs := s.do("reward", "verify", "--policy", "mathverify", "--in", in)
	if code != exitFailed || strings.Count(errs, "; want ") != len(wrong) || !strings.Contains(errs, "6 rows could not be judged") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func TestRewardVerifyWrongUse(t *testing.T) {
	s := newSession(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"reward", "verify", "--policy", "nosuch"}, "r1, gsm8k, mathverify, lenient"},
		{[]string{"reward", "verify", "--in", "/nosuch/file"}, "no such file"},
		{[]string{"reward", "fuzz", "--policy", "nosuch"}, "there is no policy"},
		{[]string{"reward", "fuzz", "--examples", "-1"}, "--examples"},
		{[]string{"reward", "fuzz", "--in", "/nosuch/file"}, "no such file"},
		{[]string{"reward", "fuzz", "--reward", "gradus.acuracy"}, "gradus.accuracy"},
		{[]string{"reward", "fuzz", "--reward", "gradus.accuracy", "--setup", "r1"}, "give one of them"},
		{[]string{"reward", "fuzz", "--reward", "gradus.accuracy", "--policy", "r1"}, "of the verifier alone"},
		{[]string{"reward", "fuzz", "--reward", "gradus.accuracy", "--set", "seed=2"}, "--recipe"},
		{[]string{"reward", "fuzz", "--reward", "gradus.accuracy", "--problems", "0"}, "--problems is 0"},
		{[]string{"reward", "fuzz", "--reward", "gradus.accuracy", "--task", "chain_sum", "--in", "x.jsonl"}, "give one of them"},
		{[]string{"reward", "fuzz", "--reward", "gradus.accuracy", "--task", "chainsum"}, "chain_sum"},
		{[]string{"reward", "fuzz", "--setup", "tinyzero"}, "no number for honest completions of these problems: tinyzero.countdown: problem fuzz/0 is no countdown"},
		{[]string{"reward", "fuzz", "--task", "chain_sum"}, "name one with --reward"},
		{[]string{"reward", "fuzz", "--problems", "5"}, "--problems is of attacks on a reward"},
		{[]string{"reward", "fuzz", "--layout", "{think}{answer}"}, "--layout is of attacks on a reward"},
		{[]string{"reward", "fuzz", "--reward", "gradus.accuracy", "--level", "2"}, "--level is of a task's problems"},
		{[]string{"reward", "fuzz", "--reward", "gradus.accuracy", "--problems", "2"}, "are all used"},
		{[]string{"reward", "fuzz", "--reward", "gradus.accuracy", "--in", "/dev/null"}, "/dev/null holds no gold answer"},
		{[]string{"reward", "fuzz", "--setup", "light-r1", "--task", "chain_sum"}, "prompts with --template"},
		{[]string{"reward", "fuzz", "--setup", "light-r1", "--template", "no question"}, "{question}"},
		{[]string{"reward", "verify", "--in", "/dev/null"}, "/dev/null holds no rows"},
		{[]string{"reward", "score", "--reward", "r1.format", "--in", "/dev/null"}, "/dev/null holds no rows"},
		{[]string{"bench", "verify", "--repeats", "0"}, "--repeats"},
	} {
		code, _, errs := s.do(c.args...)
		if code != exitUsage || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit %d, %q, want %q", c.args, code, errs, c.want)
		}
	}
	code, _, errs := s.do("reward", "fuzz", "--reward", "gradus.code")
	if code != exitFailed || !strings.Contains(errs, "fails on honest completions") || !strings.Contains(errs, "column test_cases") {
		t.Errorf("a reward that fails: exit %d, %q", code, errs)
	}
}

// TestRewardFuzz: the built-in answers are judged without a false positive,
// and the rows that are written can be judged again.
func TestRewardFuzz(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it only computes")
	}
	s := newSession(t)
	rows := filepath.Join(t.TempDir(), "rows.jsonl")
	for _, policy := range []string{"r1", "gsm8k", "mathverify", "lenient"} {
		var report struct {
			Golds, Same, Changed           int
			FalsePositives, FalseNegatives int `json:"-"`
			FP                             int `json:"false_positives"`
			FN                             int `json:"false_negatives"`
		}
		decode(t, s.must("reward", "fuzz", "--policy", policy, "--rows", rows, "--json"), &report)
		if report.Golds < 40 || report.Same < 150 || report.Changed < 150 || report.FP > 0 || report.FN*50 > report.Same {
			t.Errorf("%s: %+v", policy, report)
		}
	}
	judged := s.must("reward", "verify", "--policy", "mathverify", "--in", rows)
	if n := strings.Count(judged, `"verdict":`); n < 400 {
		t.Errorf("%d rows judged", n)
	}
}

// TestRewardFuzzReward: a whole reward is attacked; what is known of a published
// one is found, and told with the part that pays it.
func TestRewardFuzzReward(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	var report struct {
		Cases     int
		Right     float64
		Wrong     float64
		Separates bool
		Attempts  []struct {
			Name    string
			N       int
			AsRight int `json:"as_right"`
			By      []string
		}
	}
	decode(t, s.must("reward", "fuzz", "--setup", "open-r1", "--task", "chain_sum", "--problems", "4", "--json"), &report)
	if report.Cases != 4 || report.Right != 3 || report.Wrong != 2 || !report.Separates {
		t.Errorf("%+v", report)
	}
	found := false
	for _, a := range report.Attempts {
		if a.Name == "question" { // the sum itself is worth its value to Math-Verify
			found = a.N == 4 && a.AsRight == 4 && len(a.By) == 1 && a.By[0] == "openr1.accuracy"
		}
	}
	if !found {
		t.Errorf("an echo of the question is not found to be paid by openr1.accuracy: %+v", report.Attempts)
	}
	// Light-R1's reward wants a prompt that has opened the thinking.
	decode(t, s.must("reward", "fuzz", "--setup", "light-r1", "--task", "chain_sum", "--problems", "2", "--template", "Q: {question} A: <think>", "--json"), &report)
	if report.Cases != 2 || report.Right != 1 || report.Wrong != 0 {
		t.Errorf("%+v", report)
	}
	out := s.must("reward", "fuzz", "--recipe", "countdown", "--problems", "4", "--examples", "1")
	for _, want := range []string{"problems of countdown", "WRONG ANSWERS", "BROKEN FORMS", "second_turn", "as they deserve", "attacks are paid"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestBenchVerify(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it only computes")
	}
	out := newSession(t).must("bench", "verify", "--json", "--repeats", "1")
	for _, want := range []string{`"name":"verify.median"`, `"unit":"µs"`, `"name":"verify.max"`, `"unit":"ms"`} {
		if !strings.Contains(out, want) {
			t.Errorf("%s\nlacks %s", out, want)
		}
	}
}
