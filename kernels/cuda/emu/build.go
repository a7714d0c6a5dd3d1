//go:build cuda && linux

package emu

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// ErrNoCompiler is returned by Build where there is no g++.
var ErrNoCompiler = errors.New("emu: there is no g++ here to compile the kernels for the CPU")

// flags: no product and sum are fused unless the source says so, as on the GPU;
// and nothing of the C++ library is needed.
var flags = []string{
	"-x", "c++", "-std=c++17", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-fvisibility=hidden", "-march=native", "-ffp-contract=off",
	"-fno-math-errno", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-DGK_EMU",
}

// Build compiles the kernels of dir (the folder kernels/cuda, with src and
// emu/runtime in it) to one shared object and returns its path. The object lies
// in the user's cache folder under the hash of what it was made from, so a
// second call compiles only what has changed.
func Build(dir string) (string, error) {
	return build(dir, "src/*.cu", "emu/runtime/*.cc")
}

// build compiles the sources of dir that the patterns name.
func build(dir string, patterns ...string) (string, error) {
	cxx, err := exec.LookPath("g++")
	if err != nil {
		return "", ErrNoCompiler
	}
	version, err := exec.Command(cxx, "-Q", "--help=target", "-march=native", "--version").Output()
	if err != nil {
		return "", fmt.Errorf("emu: %s does not tell its version: %w", cxx, err)
	}
	common, err := hashed(version, []byte(strings.Join(flags, " ")), dir, "abi.h", "src/*.h", "emu/runtime/*.h")
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, "gradus-emu")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("emu: %w", err)
	}
	sources, err := match(dir, patterns...)
	if err != nil {
		return "", err
	}
	objects, errs := make([]string, len(sources)), make([]error, len(sources))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i, s := range sources {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			objects[i], errs[i] = compile(cxx, cache, common, s)
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return "", err
	}
	so := filepath.Join(cache, fmt.Sprintf("emu-%.16x.so", sha256.Sum256([]byte(strings.Join(objects, " ")))))
	if _, err := os.Stat(so); err == nil {
		return so, nil
	}
	return so, produce(so, cxx, append([]string{"-shared"}, objects...))
}

// compile returns the object of one source.
func compile(cxx, cache string, common []byte, source string) (string, error) {
	text, err := os.ReadFile(source)
	if err != nil {
		return "", fmt.Errorf("emu: %w", err)
	}
	sum := sha256.New()
	sum.Write(common)
	sum.Write(text)
	object := filepath.Join(cache, fmt.Sprintf("%s-%.16x.o", filepath.Base(source), sum.Sum(nil)))
	if _, err := os.Stat(object); err == nil {
		return object, nil
	}
	return object, produce(object, cxx, append(append([]string{}, flags...), "-c", source))
}

// produce runs the compiler and puts its output at path in one step, so that
// tests of several packages may build at once.
func produce(path, cxx string, args []string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "making-*")
	if err != nil {
		return fmt.Errorf("emu: %w", err)
	}
	f.Close()
	defer os.Remove(f.Name())
	if out, err := exec.Command(cxx, append(args, "-o", f.Name())...).CombinedOutput(); err != nil {
		return fmt.Errorf("emu: %s %s: %w\n%s", cxx, strings.Join(args, " "), err, out)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("emu: %w", err)
	}
	return nil
}

func match(dir string, patterns ...string) ([]string, error) {
	var all []string
	for _, p := range patterns {
		found, err := filepath.Glob(filepath.Join(dir, p))
		if err != nil || len(found) == 0 {
			return nil, fmt.Errorf("emu: no %s in %s: it is not the folder kernels/cuda of the sources", p, dir)
		}
		all = append(all, found...)
	}
	return all, nil
}

// hashed returns the hash of what every object depends on.
func hashed(version, flags []byte, dir string, patterns ...string) ([]byte, error) {
	sum := sha256.New()
	sum.Write(version)
	sum.Write(flags)
	files, err := match(dir, patterns...)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("emu: %w", err)
		}
		fmt.Fprintf(sum, "%s %d\n", filepath.Base(f), len(text))
		sum.Write(text)
	}
	return sum.Sum(nil), nil
}
