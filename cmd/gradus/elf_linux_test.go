//go:build cuda

package main

import (
	"debug/elf"
	"os"
	"regexp"
	"runtime/debug"
	"testing"
)

// glibc matches the libraries that every Linux system with glibc has, by the
// names that its versions give them.
var glibc = regexp.MustCompile(`^(lib(c|m|dl|pthread|rt|resolv)\.so\.[0-9]+|ld-linux[-a-z0-9_]*\.so\.[0-9]+)$`)

// One binary starts on any machine: with CUDA built in, it asks the loader for
// nothing but the C library. The test binary links what gradus links.
func TestBinaryNeedsOnlyLibc(t *testing.T) {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	needed, err := f.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	if len(needed) == 0 {
		t.Fatal("the binary names no library at all; cgo links the C library")
	}
	for _, lib := range needed {
		if !glibc.MatchString(lib) {
			t.Errorf("the binary needs %s; it would not start on a machine without it", lib)
		}
	}
	// go test strips the symbols, so ask the build information whether the
	// binding is in: without it the check above would prove nothing.
	info, ok := debug.ReadBuildInfo()
	if !ok {
		t.Fatal("no build information")
	}
	for _, m := range info.Deps {
		if m.Path == "gorgonia.org/cu" {
			return
		}
	}
	t.Error("gorgonia.org/cu is not linked in")
}
