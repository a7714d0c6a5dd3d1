//go:build cuda && linux

package fake

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// ErrNoCompiler is returned by Build where there is no C compiler.
var ErrNoCompiler = errors.New("fake: there is no cc here to compile the driver's stand-in")

// Build compiles lib/*.c into out, as a shared library. dir is the folder
// kernels/cuda.
func Build(dir, out string) error {
	cc, err := exec.LookPath("cc")
	if err != nil {
		return ErrNoCompiler
	}
	sources, err := filepath.Glob(filepath.Join(dir, "fake", "lib", "*.c"))
	if err != nil || len(sources) == 0 {
		return fmt.Errorf("fake: no fake/lib/*.c in %s: it is not the folder kernels/cuda", dir)
	}
	args := append([]string{"-shared", "-fPIC", "-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-I" + filepath.Join(dir, "include"), "-o", out}, sources...)
	args = append(args, "-ldl", "-pthread")
	if text, err := exec.Command(cc, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("fake: %s: %w\n%s", cc, err, text)
	}
	return nil
}

// Main runs the tests of a package against the stand-in, which is built from
// dir (the folder kernels/cuda) before any of them: a process chooses the
// driver's library once. use gets the controls; it is not called where there
// is no compiler, or when GRADUS_TEST_GPU leaves the machine's own driver in
// place. The result is the exit code.
func Main(m *testing.M, dir string, use func(*Driver)) int {
	if OnGPU() {
		return m.Run()
	}
	folder, err := os.MkdirTemp("", "gradus-fake-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "libcuda.so.1")
	switch err := Build(dir, path); {
	case errors.Is(err, ErrNoCompiler):
		return m.Run()
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := os.Setenv("GRADUS_LIBCUDA", path); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	d, err := Open(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	use(d)
	return m.Run()
}

// OnGPU says whether tests run on the machine's own driver: GRADUS_TEST_GPU=1.
func OnGPU() bool { return os.Getenv("GRADUS_TEST_GPU") != "" }
