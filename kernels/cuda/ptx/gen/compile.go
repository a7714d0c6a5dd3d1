package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// Clang is the pinned compiler: another version schedules and numbers
// registers in another way, and the committed files would change for nothing.
const (
	Clang        = "clang-22"
	ClangVersion = "22.1.8"
)

// ErrNoClang is returned where the pinned compiler is not installed.
var ErrNoClang = errors.New("gen: " + Clang + " " + ClangVersion + " is not here (Debian: apt install " + Clang + ")")

// flags: PTX ISA 8.0, the oldest with all that Hopper has, so that drivers from CUDA
// 12.0 on take it; no header and no library of a CUDA toolkit; and no
// product and sum fused unless the source says so, which clang writes down as
// mul.rn and add.rn so that the driver's assembler keeps them apart too.
var flags = []string{
	"-x", "cuda", "-nocudainc", "-nocudalib", "--cuda-device-only", "--cuda-feature=+ptx80",
	"-std=c++17", "-O3", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-S", "-o", "-",
}

// find returns the pinned clang.
func find() (string, error) {
	path, err := exec.LookPath(Clang)
	if err != nil {
		return "", ErrNoClang
	}
	out, err := exec.Command(path, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("gen: %s --version: %w", path, err)
	}
	if !strings.Contains(string(out), "version "+ClangVersion) {
		first, _, _ := strings.Cut(string(out), "\n")
		return "", fmt.Errorf("%w; here is %s", ErrNoClang, first)
	}
	return path, nil
}

// arch is the GPU that a source is compiled for: sm_80, whose code runs on every
// later one, or sm_90a, whose code runs there alone, if the source says so.
func arch(source []byte) string {
	if bytes.Contains(source, []byte("GK_ONLY_SM_90A")) {
		return "sm_90a"
	}
	return "sm_80"
}

// compileAll returns the PTX of every source in dir by file name.
func compileAll(clang, dir string) (map[string][]byte, error) {
	sources, err := filepath.Glob(filepath.Join(dir, "*.cu"))
	if err != nil || len(sources) == 0 {
		return nil, fmt.Errorf("gen: no .cu files in %s", dir)
	}
	all := map[string][]byte{}
	for _, s := range sources {
		text, err := os.ReadFile(s)
		if err != nil {
			return nil, fmt.Errorf("gen: %w", err)
		}
		gpu := arch(text)
		cmd := exec.Command(clang, append(append([]string{"--cuda-gpu-arch=" + gpu}, flags...), filepath.Base(s))...)
		var out, complaints bytes.Buffer
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &complaints
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("gen: %s: %w\n%s", strings.Join(cmd.Args, " "), err, complaints.Bytes())
		}
		all[strings.TrimSuffix(filepath.Base(s), ".cu")+"."+gpu+".ptx"] = strip(out.Bytes())
	}
	return all, nil
}

var comment = regexp.MustCompile(`[ \t]*//.*`)

// strip leaves out comments and empty lines.
func strip(text []byte) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		line = bytes.TrimRight(comment.ReplaceAll(line, nil), " \t\n")
		if len(line) > 0 {
			out.Write(line)
			out.WriteByte('\n')
		}
	}
	return out.Bytes()
}

// SumsName is the file that tells from which sources the committed PTX was made.
const SumsName = "sources.sum"

// sums lists the SHA-256 of all that the PTX is made from: dir's sources, the
// headers they include, and the flags.
func sums(dir string) ([]byte, error) {
	var out bytes.Buffer
	for _, pattern := range []string{"*.cu", "*.h", "../abi.h"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(files) == 0 {
			return nil, fmt.Errorf("gen: no %s in %s", pattern, dir)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				return nil, fmt.Errorf("gen: %w", err)
			}
			fmt.Fprintf(&out, "%x  %s\n", sha256.Sum256(text), filepath.Base(f))
		}
	}
	fmt.Fprintf(&out, "%x  %s %s\n", sha256.Sum256([]byte(strings.Join(flags, " "))), Clang, ClangVersion)
	return out.Bytes(), nil
}
