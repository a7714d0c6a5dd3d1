//go:build cuda && linux

package fake

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
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
