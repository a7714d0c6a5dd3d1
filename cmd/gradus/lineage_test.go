package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A checkpoint is followed back through the run that it was started from, by
// path, to random weights, and forward to what was made of it.
func TestLineage(t *testing.T) {
	t.Parallel()
	alone(t)
	s := newSession(t)
	type started struct{ ID string }
	recipeFile := ""
	run := func(recipe string, sets ...string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "r.toml")
		if err := os.WriteFile(path, []byte(recipe), 0o600); err != nil {
			t.Fatal(err)
		}
		recipeFile = path
		out := s.must(append([]string{"run", path, "--json", "--follow"}, sets...)...)
		var v started
		if err := json.Unmarshal([]byte(out[:strings.IndexByte(out, '\n')]), &v); err != nil {
			t.Fatal(err)
		}
		return v.ID
	}
	const stage = "\n[[stage]]\nkind = \"sft\"\nsteps = 4\nbatch_size = 4\n[checkpoint]\nsave_steps = 2\n[eval]\nmax_completion_length = 32\n"
	first := run("name = \"first\"\nthreads = 1\n" + tinyPolicy + stage)
	folder := filepath.Join(s.home, "runs", first, "ckpt", "step-000004")
	second := run("name = \"second\"\nthreads = 1\n[model]\nfrom = \"" + folder + "\"\n[limits]\nmax_prompt_length = 32\n[task]\nname = \"digit_walk\"\ntemplate = \"short\"\n[[reward]]\nname = \"gradus.accuracy\"\n" + stage)
	ask := func(args ...string) lineageOf {
		t.Helper()
		var o lineageOf
		if err := json.Unmarshal([]byte(s.must(append([]string{"lineage", "--json"}, args...)...)), &o); err != nil {
			t.Fatal(err)
		}
		return o
	}
	var chain []string
	for _, e := range ask("second").Ancestors {
		if e.Parent.Kind == "dataset" {
			if e.Parent.Name != "task:digit_walk" || !strings.Contains(string(e.Detail), `"kind":"sft"`) {
				t.Errorf("data %+v", e)
			}
			continue
		}
		if e.Parent.Kind == "ckpt" && len(e.Hash) != 64 {
			t.Errorf("no hash: %+v", e)
		}
		chain = append(chain, strings.ReplaceAll(strings.ReplaceAll(e.Parent.Name, first, "first"), second, "second"))
	}
	if got := strings.Join(chain, " < "); !strings.HasPrefix(got, "second@2 < first@4 < first@2 < random weights, ") {
		t.Errorf("chain %s", got)
	}
	var down []string
	for _, e := range ask("first@2").Descendants {
		down = append(down, e.Child.Name)
	}
	if got, want := strings.Join(down, " "), first+"@4 "+second+"@2 "+second+"@4"; got != want {
		t.Errorf("descendants %s, want %s", got, want)
	}
	if o := ask("--data", "task:digit_walk"); len(o.Descendants) < 4 {
		t.Errorf("trained on the task: %+v", o.Descendants)
	}
	if out := s.must("lineage", "first@2"); !strings.Contains(out, "<- started_from  model random weights") || !strings.Contains(out, "-> started_from  ckpt "+second+"@2") {
		t.Errorf("printed:\n%s", out)
	}
	// One that is no longer on disk.
	if err := os.RemoveAll(filepath.Join(s.home, "runs", first, "ckpt", "step-000002")); err != nil {
		t.Fatal(err)
	}
	if o := ask("first@2"); len(o.Ancestors) != 2 {
		t.Errorf("%+v", o)
	}
	// A student of traces that name their policy, and of a teacher by name.
	data := filepath.Join(t.TempDir(), "traces.jsonl")
	rows := ""
	for i := range 16 {
		rows += fmt.Sprintf(`{"question":"Q%d","answer":"%d","solution":"because","run":"%s","policy_version":%d}`+"\n", i, i, first, 3+i%2)
	}
	if err := os.WriteFile(data, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	const student = "\n[gate]\ndata = \"off\"\n[limits]\nmax_prompt_length = 32\n[model]\nhidden_size = 8\nnum_hidden_layers = 1\nnum_attention_heads = 1\n[[reward]]\nname = \"gradus.accuracy\"\n" + stage
	third := run("name = \"third\"\nthreads = 1\n[task]\nname = \"jsonl\"\ntemplate = \"short\"\nquestion = \"question\"\nanswer = \"answer\"\nfile = \"" + data +
		"\"\nlicence = \"CC-BY-4.0\"\nfilter = \"the right ones\"\nteacher = \"deepseek-ai/DeepSeek-R1\"\nteacher_licence = \"MIT\"" + student)
	have := map[string]string{}
	o := ask("third@2")
	for _, e := range o.Ancestors {
		if e.Child.Name == third+"@2" {
			have[e.How+" "+e.Parent.Kind+" "+e.Parent.Name] = e.Licence + " " + fmt.Sprint(len(e.Hash))
		}
	}
	for edge, want := range map[string]string{
		"trained_on dataset " + data:                     "CC-BY-4.0 64",
		"filtered_by filter the right ones":              " 0",
		"distilled_from teacher deepseek-ai/DeepSeek-R1": "MIT 0",
		"distilled_from ckpt " + first + "@4":            " 64",
	} {
		if got, ok := have[edge]; !ok || got != want {
			t.Errorf("%s: %q %v, want %q; there are %v", edge, got, ok, want, have)
		}
	}
	if len(o.Licences["MIT"]) != 1 || len(o.Licences["CC-BY-4.0"]) != 1 || len(o.Unlicensed) != 0 {
		t.Errorf("licences %v, none of %v", o.Licences, o.Unlicensed)
	}
	if got := fmt.Sprint(ask("first@4").Descendants); !strings.Contains(got, third+"@2} {ckpt "+first+"@4} distilled_from") {
		t.Errorf("what was made of the teacher: %s", got)
	}
	if o := ask("--data", "deepseek-ai/DeepSeek-R1"); len(o.Descendants) != 3 {
		t.Errorf("students %+v", o.Descendants)
	}
	// The same of files that were handed over, where there is no folder of runs.
	shared := t.TempDir()
	s.must("share", "third", "--also", "first", "-o", shared)
	reader := newSession(t)
	reader.home = filepath.Join(data, "home") // cannot be made
	thirdDB, firstDB := filepath.Join(shared, third+".db"), filepath.Join(shared, first+".db")
	if out := reader.must("lineage", thirdDB+"@2"); !strings.Contains(out, "<- distilled_from  ckpt "+first+"@4  sha256 ") || !strings.Contains(out, "licence MIT: deepseek-ai/DeepSeek-R1") || strings.Contains(out, "random weights, 0") {
		t.Errorf("of a file:\n%s", out)
	}
	if out := reader.must("lineage", firstDB, "--in", thirdDB); !strings.Contains(out, first+"@4  -> distilled_from  ckpt "+third+"@4") {
		t.Errorf("of two files:\n%s", out)
	}
	if out := reader.must("traces", thirdDB, "--count"); out != "0\n" {
		t.Errorf("traces of a file: %q", out)
	}
	if out := reader.must("cost", thirdDB); !strings.Contains(out, "ATTEMPT") {
		t.Errorf("cost of a file: %q", out)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"lineage", filepath.Join(shared, "none.db")}, exitUsage, "no such file"},
		{[]string{"traces", filepath.Join(shared, "none.db")}, exitUsage, "no such file"},
		{[]string{"lineage", thirdDB + "@best"}, exitUsage, "FILE@last"},
		{[]string{"lineage", "third"}, exitFailed, "GRADUS_HOME"},
		{[]string{"note", "add", thirdDB, "well done"}, exitFailed, "notes on a file are kept in the folder of runs"},
	} {
		if code, _, errs := reader.do(c.args...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("gradus %s: exit %d, %q", strings.Join(c.args, " "), code, errs)
		}
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"lineage", "fourth"}, exitUsage, "fits nothing"},
		{[]string{"run", recipeFile, "--set", "task.teacher=nobody@3"}, exitFailed, "task.teacher: run \"nobody\" fits nothing"},
		{[]string{"lineage"}, exitUsage, "wants CKPT"},
		{[]string{"lineage", "first", "--data", "x"}, exitUsage, "not both"},
		{[]string{"lineage", "--data", "nothing.jsonl"}, exitFailed, "no run was trained on"},
	} {
		if code, _, errs := s.do(c.args...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("gradus %s: exit %d, %q", strings.Join(c.args, " "), code, errs)
		}
	}
}
