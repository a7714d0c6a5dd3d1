package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// doctor runs 'gradus doctor' under an environment.
func doctor(t *testing.T, home string, env map[string]string) (int, string) {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{stdout: &out, stderr: &errs, now: time.Now, version: "test", getenv: func(k string) string {
		if k == "GRADUS_HOME" {
			return home
		}
		return env[k]
	}}
	return a.run(context.Background(), []string{"doctor"}), out.String()
}

// doctor says what a run would take of the machine, and why.
func TestDoctorSaysWhy(t *testing.T) {
	alone(t)
	home := filepath.Join(t.TempDir(), "home")
	for _, c := range []struct {
		env  map[string]string
		fail bool
		want []string
	}{
		{nil, false, []string{"device", "(the fastest path of this machine)", "threads", "dtype          float32", "memory", "GB for runs", "home"}},
		{map[string]string{"GRADUS_CPU": "generic", "GRADUS_THREADS": "1"}, false, []string{"cpu-generic, 1 thread", "(GRADUS_CPU=generic)", "threads        1  (GRADUS_THREADS)"}},
		{map[string]string{"GRADUS_THREADS": "none"}, true, []string{`--  threads`, `GRADUS_THREADS is "none"; give a number`}},
		{map[string]string{"GRADUS_CPU": "abacus"}, true, []string{`--  device`, `cpu path "abacus": no such path`, "this machine can run generic"}},
	} {
		code, out := doctor(t, home, c.env)
		if c.fail != (code == exitFailed) {
			t.Errorf("%v: exit code %d", c.env, code)
		}
		for _, want := range c.want {
			if !strings.Contains(out, want) {
				t.Errorf("%v: doctor does not say %q:\n%s", c.env, want, out)
			}
		}
	}
}

// A path or a number of threads that this machine has not ends a run at once,
// in one line that says what it has.
func TestRunRefusesWhatTheMachineLacks(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"GRADUS_CPU", "abacus", `cpu path "abacus": no such path`},
		{"GRADUS_THREADS", "1e3", `GRADUS_THREADS is "1e3"; give a number of threads from 1 to 256`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSession(t)
			recipe := filepath.Join(t.TempDir(), "tiny.toml")
			if err := os.WriteFile(recipe, []byte(tinyRecipe), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv(c.name, c.value)
			code, _, errs := s.do("run", recipe)
			if code != exitFailed || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 {
				t.Errorf("exit %d: %q, want %q", code, errs, c.want)
			}
		})
	}
}
