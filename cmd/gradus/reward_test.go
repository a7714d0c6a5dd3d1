package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gradus/rewards/rules"
	"gradus/rewards/setups"
	"gradus/runner/recipe"
)

// TestRewardScore: rows in, rows out, in order; a bad row is named and loses
// only itself.
func TestRewardScore(t *testing.T) {
	s := newSession(t)
	in := filepath.Join(t.TempDir(), "rows.jsonl")
	rows := `{"id":1,"completions":[[{"role":"assistant","content":"<think>a</think>b"}],"x"]}

not json
{"id":2,"completions":["<think></think>"],"kwargs":{"solution":["3"]}}
`
	if err := os.WriteFile(in, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := s.do("reward", "score", "--reward", "trl.think_format_reward", "--in", in)
	if code != exitFailed || !strings.Contains(errs, "line 3 of") || !strings.Contains(errs, "1 of 3 rows") {
		t.Errorf("exit %d, errors %q", code, errs)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d rows: %s", len(lines), out)
	}
	for i, want := range map[int]string{0: `"scores":[1,0]`, 1: `"error":"line 3 of`, 2: `"scores":[1]`} {
		if !strings.Contains(lines[i], want) || !json.Valid([]byte(lines[i])) {
			t.Errorf("row %d: %s, want %s in it", i+1, lines[i], want)
		}
	}
}

// TestRewardSetup: every setup prints as a part of a recipe, and one scores
// rows with all of its functions.
func TestRewardSetup(t *testing.T) {
	s := newSession(t)
	list, err := setups.List()
	if err != nil || len(list) == 0 {
		t.Fatal(list, err)
	}
	all := s.must("reward", "setup")
	for _, setup := range list {
		if !strings.Contains(all, setup.Name+" ") {
			t.Errorf("%s is not listed", setup.Name)
		}
		printed := s.must("reward", "setup", setup.Name)
		r, err := recipe.Parse("r.toml", []byte(printed+"[task]\nname = \"chain_sum\"\n[[stage]]\nkind = \"eval\"\n"))
		if err != nil {
			t.Fatalf("%s: %v\n%s", setup.Name, err, printed)
		}
		if want, err := recipe.SetupRewards(setup.Name); err != nil || len(r.Rewards) != len(want) || r.Rewards[0].PartName() != want[0].PartName() {
			t.Errorf("%s prints %+v, is %+v, %v", setup.Name, r.Rewards, want, err)
		}
	}
	in := filepath.Join(t.TempDir(), "rows.jsonl")
	rows := `{"id":1,"completions":["<think>\na\n</think>\n<answer>\n$\\boxed{3}$\n</answer>","x"],"kwargs":{"solution":["$3$","$3$"]}}
{"completions":["x"],"kwargs":{"solution":["$3$"]},"params":{"openr1.cosine":{}}}
{"completions":["x"],"kwargs":{"solution":["$3$"]},"params":{"openr1.format":{"a":1}}}
{"completions":["x"]}
{"completions":[]}
`
	if err := os.WriteFile(in, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := s.do("reward", "score", "--setup", "open-r1", "--in", in)
	got := strings.Split(strings.TrimSpace(out), "\n")
	if code != exitFailed || len(got) != 5 || !strings.Contains(errs, "3 of 5 rows") {
		t.Fatalf("exit %d, %s\n%s", code, out, errs)
	}
	for i, want := range []string{`"scores":[3,0]`, "params.openr1.cosine is of none", `no parameter`, `kwargs has no`, `"scores":[]`} {
		if !strings.Contains(got[i], want) && !strings.Contains(errs, want) {
			t.Errorf("row %d: %s, want %s", i+1, got[i], want)
		}
	}
	var answer struct {
		Parts []struct {
			Name    string
			Weight  float64
			Scores  []*float64
			Results []struct{ Reason string }
		}
	}
	if err := json.Unmarshal([]byte(got[0]), &answer); err != nil || len(answer.Parts) != 3 || answer.Parts[1].Name != "openr1.format" || *answer.Parts[1].Scores[0] != 1 || answer.Parts[0].Results[1].Reason != "accuracy.no_answer" {
		t.Errorf("%v: %s", err, got[0])
	}
}

// TestRewardShow: every reward can be shown, with the defaults of its parameters.
func TestRewardShow(t *testing.T) {
	s := newSession(t)
	for _, rule := range rules.Catalogue() {
		var row struct {
			Name       string
			Parameters map[string]any
		}
		decode(t, s.must("reward", "show", rule.Name, "--json"), &row)
		if row.Name != rule.Name || len(row.Parameters) != len(rule.Params()) {
			t.Errorf("%s: %+v, of %v", rule.Name, row, rule.Params())
		}
	}
	for name, want := range map[string][]string{
		"python":              {"deadline_ms            5000\n", `python                 "python3"`, "range                  any finite number\n"},
		"http":                {"retries                2\n", "parallel               4\n"},
		"expr":                {`"tokens > 200 ? -0.5 : 0"  (must be given; an example)`},
		"reasoninggym.reward": {"scores are any finite numbers"},
		"gradus.format":       {"scores from 0 to 1"},
	} {
		out := s.must("reward", "show", name)
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: no %q in\n%s", name, w, out)
			}
		}
	}
}

func TestRewardWrongUse(t *testing.T) {
	s := newSession(t)
	if out := s.must("reward", "list", "tiny"); !strings.HasPrefix(out, "tinyzero.countdown") || strings.Count(out, "\n") != strings.Count("\n"+out, "\ntinyzero.") {
		t.Errorf("%s", out)
	}
	if out := s.must("reward", "list", "trl.rewards.think_format_reward"); !strings.HasPrefix(out, "trl.think_format") {
		t.Errorf("%s", out)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"reward", "show", "openr1.formt"}, `did you mean "openr1.format"`},
		{[]string{"reward", "score", "--reward", "openr1.format"}, "--in FILE.jsonl"},
		{[]string{"reward", "score", "--reward", "openr1.format", "--setup", "open-r1", "--in", "x"}, "--reward NAME or --setup NAME"},
		{[]string{"reward", "score", "--setup", "open-r", "--in", "x"}, `did you mean "open-r1"`},
		{[]string{"reward", "list", "tinyzer.countdown"}, `did you mean "tinyzero.countdown"`},
		{[]string{"reward", "setup", "open-r"}, `did you mean "open-r1"`},
		{[]string{"reward", "score", "--reward", "nonesuch", "--in", "x"}, "is unknown"},
		{[]string{"reward", "score", "--reward", "openr1.format", "--in", filepath.Join(t.TempDir(), "absent")}, "no such file"},
	} {
		if code, _, errs := s.do(c.args...); code != exitUsage || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit %d, %q, want 2 and %q", c.args, code, errs, c.want)
		}
	}
}
