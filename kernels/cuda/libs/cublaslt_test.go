//go:build cuda && linux

package libs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What is no library of products is told so, and nothing is loaded.
func TestCublasLtMissing(t *testing.T) {
	for path, want := range map[string]string{
		"off":             "switched off by GRADUS_LIBCUBLASLT=off",
		"/nowhere/lib.so": "/nowhere/lib.so",
		library(t):        "has no function cublasLtGetVersion",
	} {
		if _, err := OpenCublasLt(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

// includes are folders with NVIDIA's headers: those of GRADUS_CUBLAS_INCLUDE,
// separated by colons, a toolkit's, or those of Python's packages.
func includes(t *testing.T) []string {
	if list := os.Getenv("GRADUS_CUBLAS_INCLUDE"); list != "" {
		return strings.Split(list, ":")
	}
	var all []string
	for _, pattern := range []string{"/usr/local/cuda*/include", "/usr/local/lib/python3*/*-packages/nvidia/*/include", "/usr/local/lib/python3*/*-packages/triton/backends/nvidia/include"} {
		found, _ := filepath.Glob(pattern)
		all = append(all, found...)
	}
	for _, folder := range all {
		if _, err := os.Stat(filepath.Join(folder, "cublasLt.h")); err == nil {
			return all
		}
	}
	t.Skip("the headers of cuBLAS are not here; GRADUS_CUBLAS_INCLUDE names their folders")
	return nil
}

// Our numbers, layouts and prototypes are those of the library's own header.
func TestCublasLtHeader(t *testing.T) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("there is no cc here")
	}
	args := []string{"-std=c11", "-fsyntax-only"}
	for _, folder := range includes(t) {
		args = append(args, "-I", folder, "-I", filepath.Join(folder, "cccl"))
	}
	if out, err := exec.Command(cc, append(args, "testdata/cublaslt_layout.c")...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// The real library, where it is installed: it has all functions, tells its
// version, and without a GPU says so and harms nothing.
func TestCublasLtReal(t *testing.T) {
	l, err := OpenCublasLt(os.Getenv("GRADUS_LIBCUBLASLT"))
	if err != nil {
		t.Skip(err)
	}
	t.Log(l)
	if s := l.String(); !strings.HasPrefix(s, "cuBLASLt 1") {
		t.Errorf("version %q", s)
	}
	if err := l.Start(); err == nil {
		t.Log("there is a GPU here")
	} else if err.Error() != "cublasLtCreate(): CUBLAS_NOT_INITIALIZED (1)" {
		t.Error(err)
	}
	// Descriptors need no GPU; an algorithm does.
	m, err := l.Plan(Product{Rows: 256, Cols: 128, Depth: 64, WorkspaceBytes: 1 << 20})
	if err == nil {
		t.Log(m)
		err = m.Free()
	} else if !strings.Contains(err.Error(), "a product of 256 x 128 over 64: CUBLAS_") {
		t.Error(err)
	} else {
		err = nil
	}
	if err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
