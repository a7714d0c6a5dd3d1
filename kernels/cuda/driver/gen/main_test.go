package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// The committed shim is the one that go generate makes.
func TestShimIsUpToDate(t *testing.T) {
	header, err := os.ReadFile("../../include/cuda.h")
	if err != nil {
		t.Fatal(err)
	}
	want, err := shim(header)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../shim.c")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("driver/shim.c is not what gen makes of include/cuda.h: run go generate ./kernels/cuda/driver")
	}
	// Every declaration of the header counts, however it is written.
	if declared, forwarded := strings.Count(string(header), "\nCUresult "), strings.Count(string(want), "\nCUresult ")+len(own); declared != forwarded {
		t.Errorf("the header declares %d functions, the shim has %d", declared, forwarded)
	}
}

func TestShim(t *testing.T) {
	for _, c := range []struct{ header, want, err string }{
		{header: "CUresult cuX(void);\n", want: "CUresult cuX(void) {\n\tCUresult (*f)(void) = gk_cuda_function(0);\n\treturn f ? f() : gk_cuda_missing();\n}\n"},
		{header: "CUresult cuX(const char *, CUdevice);\n", want: "CUresult cuX(const char *a0, CUdevice a1) {"},
		{header: "CUresult cuInit(unsigned);\nCUresult cuX(int *);\n", want: "gk_cuda_function(1)"},
		{header: "CUresult cuX(void);\nCUresult cuX(int);\n", err: "cuX is declared twice"},
		{header: "int cuX(void);\n", err: "no line declares a function"},
	} {
		got, err := shim([]byte(c.header))
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%q: error is %v, want %q", c.header, err, c.err)
			}
		case err != nil:
			t.Errorf("%q: %v", c.header, err)
		case !strings.Contains(string(got), c.want):
			t.Errorf("%q: got\n%s\nwant in it\n%s", c.header, got, c.want)
		}
	}
}
