//go:build cuda

package driver_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/cu"

	"gradus/kernels/cuda/driver"
)

// The library is found once for a process, so every case is a process of its
// own: this binary again, which says what it found.
func TestMain(m *testing.M) {
	if os.Getenv("GRADUS_TEST_LOAD") == "" {
		os.Exit(m.Run())
	}
	lib, err := driver.Load()
	n, countErr := cu.NumDevices()
	_, getErr := cu.GetDevice(0)
	streamErr := cu.Stream{}.Synchronize()
	if missing := driver.Missing(); len(missing) > 0 {
		fmt.Printf("missing=%d %v\n", len(missing), missing[:1])
	}
	fmt.Printf("path=%s\nversion=%d\nerr=%v\ncount=%d %v\nget=%v\nstream=%v\n", filepath.Base(lib.Path), lib.Version, err, n, countErr, getErr, streamErr)
	var off *driver.Off
	if err != nil && !errors.As(err, &off) {
		fmt.Println("the error is no *driver.Off")
		os.Exit(1)
	}
}

// library compiles C into a shared library.
func library(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	c, so := filepath.Join(dir, "lib.c"), filepath.Join(dir, "libcuda.so.1")
	if err := os.WriteFile(c, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cc", "-shared", "-fPIC", "-o", so, c).CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	return so
}

const (
	working = `
int cuInit(unsigned f) { return 0; }
int cuDriverGetVersion(int *v) { *v = 12040; return 0; }
int cuDeviceGetCount(int *n) { *n = 3; return 0; }
int cuDeviceGet(int *d, int i) { *d = i; return 0; }
`
	failing = `
int cuInit(unsigned f) { return CODE; }
int cuDriverGetVersion(int *v) { *v = 13000; return 0; }
int cuDeviceGetCount(int *n) { *n = 3; return 0; }
int cuGetErrorName(int c, const char **s) { *s = "CUDA_ERROR_SOMETHING"; return 0; }
int cuGetErrorString(int c, const char **s) { *s = "in the driver's words"; return 0; }
`
)

func failingWith(code int) string { return strings.Replace(failing, "CODE", fmt.Sprint(code), 1) }

func TestLoad(t *testing.T) {
	const off = "\ncount=0 <nil>\nget=NotInitialized"
	for name, c := range map[string]struct {
		source string // of the library, "" for none
		env    string // instead of the library's path
		want   []string
	}{
		"switched off":  {env: "off", want: []string{"err=switched off by GRADUS_LIBCUDA=off\n", off}},
		"no such file":  {env: "/nonexistent/libcuda.so.1", want: []string{"err=no NVIDIA driver: /nonexistent/libcuda.so.1: cannot open", "GRADUS_LIBCUDA", off}},
		"not a library": {env: "/etc/passwd", want: []string{"err=no NVIDIA driver: /etc/passwd: ", off}},
		"no driver":     {source: "int x;", want: []string{"libcuda.so.1 is no CUDA driver: it has no function cuInit", off}},
		"working":       {source: working, want: []string{"missing=191 [cuGetErrorName]\n", "path=libcuda.so.1\nversion=12040\nerr=<nil>\ncount=3 <nil>\nget=<nil>\nstream=NotSupported"}},
		"no device":     {source: failingWith(100), want: []string{"(CUDA 13.0) returned 100, CUDA_ERROR_SOMETHING: in the driver's words; no GPU is visible: see nvidia-smi, CUDA_VISIBLE_DEVICES", off}},
		"a stub":        {source: failingWith(34), want: []string{"returned 34", "toolkit's stub", off}},
		"mismatch":      {source: failingWith(803), want: []string{"returned 803", "restart the machine", off}},
		"not ready":     {source: failingWith(802), want: []string{"returned 802", "fabricmanager", off}},
		"unknown":       {source: failingWith(999), want: []string{"returned 999", "kernel module", off}},
		"any other":     {source: failingWith(46), want: []string{"returned 46", "see nvidia-smi", off}},
		"no words":      {source: "int cuInit(unsigned f) { return 5; }", want: []string{"of unknown version) returned 5, unknown result: no text", off}},
	} {
		t.Run(name, func(t *testing.T) {
			path := c.env
			if c.source != "" {
				path = library(t, c.source)
			}
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "GRADUS_TEST_LOAD=1", "GRADUS_LIBCUDA="+path)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, want := range c.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("got\n%s\nwant in it %q", out, want)
				}
			}
		})
	}
}

func TestVersionString(t *testing.T) {
	for v, want := range map[int]string{12060: "12.6", 11040: "11.4", 13000: "13.0", 0: "of unknown version"} {
		if got := driver.VersionString(v); got != want {
			t.Errorf("VersionString(%d) = %q, want %q", v, got, want)
		}
	}
}
