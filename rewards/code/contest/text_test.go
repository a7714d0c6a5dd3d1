package contest

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gradus/rewards/code/piston"
)

// shell runs the package's own line for a piece of text, as the oracle.
func shell(t *testing.T, script string, texts ...string) string {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("bash is not installed")
	}
	dir := t.TempDir()
	for i, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, string(rune('a'+i))), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command("bash", "-c", script)
	c.Dir, c.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return string(out)
}

// TestTextAgainstTheTools: texts of random pieces come out as from sed, tr,
// bash and diff.
func TestTextAgainstTheTools(t *testing.T) {
	pieces := []string{"yes", "NO", "No", "yesno", "_no", "no-", "\u00e9no", "1", "2", " ", "  ", "\t", "\v", "\f", "\r", "\r\n", "\n", "\n", "\n\n", "-n", "-e", "\\n", "\xff", "a"}
	random := rand.New(rand.NewPCG(3, 4))
	for range 25 {
		text := func() string {
			var b strings.Builder
			for range random.IntN(9) {
				b.WriteString(pieces[random.IntN(len(pieces))])
			}
			return b.String()
		}
		a, b := text(), text()
		if random.IntN(2) == 0 {
			b = strings.ReplaceAll(a, " ", "\t \t")
		}
		all := []struct{ name, got, script string }{
			{"uncarriage", uncarriage(a), `sed 's/\r$//' a`},
			{"unblank", unblank(a), `sed '/^$/d' a`},
			{"echoed", echoed(substituted(a)), `x=$(<a); echo "$x"`},
			{"words", words(a), `<a sed -E 's/\b(yes)\b/YES/ig; s/\b(no)\b/NO/ig' | tr '\n' ' ' | tr -s '[:space:]' ' ' | sed 's/^ //;s/ $//'`},
			{"sameLines", map[bool]string{true: "same\n", false: "other\n"}[sameLines(a, b)], `if diff -bq a b >/dev/null; then echo same; else echo other; fi`},
		}
		script := ""
		for _, tt := range all {
			script += tt.script + "\nprintf '\\1'\n"
		}
		want := strings.Split(shell(t, script, a, b), "\x01")
		for i, tt := range all {
			if tt.got != want[i] {
				t.Errorf("%s of %q, %q: %q, want %q", tt.name, a, b, tt.got, want[i])
			}
		}
	}
}

func TestSetting(t *testing.T) {
	const text = `{"task_type": "Batch","code":"add", "time_limit":2.5,"memory_limit": 268435456,
"task_type_parameters_Communication_num_processes":2}`
	for name, want := range map[string]string{"task_type": "Batch", "code": "add", "time_limit": "2.5", "memory_limit": "268435456", "task_type_parameters_Communication_num_processes": "2", "user_io": ""} {
		if got := setting(text, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for files, want := range map[string]string{"b.h a.h testlib.h": "a", "testlib.h": "?", "": "?", "x/a.h b.h": "b"} {
		var list []piston.File
		for f := range strings.FieldsSeq(files) {
			list = append(list, piston.File{Name: "graders/" + f})
		}
		if got := taskName(list); got != want {
			t.Errorf("the task of %q is %q, want %q", files, got, want)
		}
	}
}

// FuzzText: no bytes make these panic, and what is put in order stays so.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "yes\r\nNo\n\n", "-n", "\x00\xff", "TIME_LIMIT=1e9\nMEMORY_LIMIT=nan\nINPUT_MODE=file", `{"time_limit": "1`, `"a":"b"c,"a":`} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if w := words(a); words(w) != w || strings.ContainsAny(w, "\n\r\t\v\f") || strings.Contains(w, "  ") {
			t.Errorf("words of %q are %q", a, w)
		}
		if u := unblank(a); unblank(u) != u || strings.Contains(u, "\n\n") {
			t.Errorf("unblank of %q is %q", a, u)
		}
		if sameLines(a, b) != sameLines(b, a) || !sameLines(a, a) {
			t.Errorf("%q and %q are not compared alike", a, b)
		}
		if c := readConfig(a); c.time < 0 || c.memory < 0 || c.memory > 1<<50 {
			t.Errorf("%q is %+v", a, c)
		}
		if strings.ContainsAny(printed(a), " \n\x00") {
			t.Errorf("%q is printed as %q", a, printed(a))
		}
		setting(a, "a")
		setting(a, b)
		echoed(substituted(a))
		taskName([]piston.File{{Name: a}, {Name: b}})
	})
}
