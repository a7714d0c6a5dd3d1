package cpu

import (
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	all := []Path{{Name: "generic", Available: true}, {Name: "avx2", Available: true}, {Name: "avx512", Why: "this CPU has no avx512f"}, {Name: "neon", Why: "not part of a build for this architecture"}}
	for _, c := range []struct {
		paths      []Path
		name, want string
		err        []string // what the error must contain
	}{
		{all, "", "avx2", nil},
		{all[:1], "", "generic", nil},
		{all, "generic", "generic", nil},
		{all, "avx512", "", []string{`"avx512"`, "no avx512f", "can run generic, avx2"}},
		{all, "neon", "", []string{`"neon"`, "not part of a build", "can run generic, avx2"}},
		{all, "sve", "", []string{`"sve"`, "no such path among generic, avx2, avx512, neon", "can run generic, avx2"}},
		{all, "AVX2", "", []string{`"AVX2"`, "no such path"}},
	} {
		p, err := choose(c.paths, c.name)
		if c.err == nil && (err != nil || p.Name != c.want) {
			t.Errorf("choose %q: %q, %v, want %q", c.name, p.Name, err, c.want)
		}
		for _, part := range c.err {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("choose %q: error %v, want it to contain %q", c.name, err, part)
			}
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, o := range []Options{{Path: "sse9"}, {Threads: -1}, {Threads: MaxThreads + 1}} {
		if d, err := Open(o); err == nil {
			d.Close()
			t.Errorf("Open(%+v) succeeded", o)
		}
	}
}

func TestFromEnv(t *testing.T) {
	for in, want := range map[string]string{"": "", "avx2": "avx2", " AVX512\n": "avx512"} {
		if got := FromEnv(func(name string) string {
			if name != "GRADUS_CPU" {
				t.Errorf("asked for %q", name)
			}
			return in
		}); got != want {
			t.Errorf("FromEnv of %q: %q, want %q", in, got, want)
		}
	}
}

// The generic path always runs, and a path is either available or says why not.
func TestPaths(t *testing.T) {
	paths := Paths()
	if paths[0].Name != "generic" || !paths[0].Available {
		t.Errorf("first path %+v, want an available generic", paths[0])
	}
	for _, p := range paths {
		if p.Why == "" || p.Available && p.table == nil {
			t.Errorf("path %+v", p)
		}
	}
}
