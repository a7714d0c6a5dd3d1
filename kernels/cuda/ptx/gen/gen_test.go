package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// The committed PTX is what the pinned clang makes of the sources.
func TestCommitted(t *testing.T) {
	clang, err := find()
	if errors.Is(err, ErrNoClang) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	all, err := compileAll(clang, "../../src")
	if err != nil {
		t.Fatal(err)
	}
	committed, err := filepath.Glob("../*.ptx")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range committed {
		if all[filepath.Base(f)] == nil {
			t.Errorf("%s is made from no source; run make ptx", f)
		}
	}
	for name, want := range all {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Errorf("%s is not committed; run make ptx", name)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s is older than its source; run make ptx", name)
		}
	}
}

// The committed PTX was made after the last change of the sources: for machines
// without clang.
func TestSources(t *testing.T) {
	want, err := sums("../../src")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../" + SumsName)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the kernels have changed since their PTX was made; run make ptx where %s %s is installed\nnow:\n%smade from:\n%s", Clang, ClangVersion, want, got)
	}
}

func TestStrip(t *testing.T) {
	in := "//\n// Generated\n\n.version 8.3\n\tadd.s32 \t%r1, %r2, 1;   // comment\n$L__BB0_2: // %loop\n"
	want := ".version 8.3\n\tadd.s32 \t%r1, %r2, 1;\n$L__BB0_2:\n"
	if got := string(strip([]byte(in))); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
