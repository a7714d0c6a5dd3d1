//go:build cuda && linux

// Command standin compiles what stands in for a GPU into a folder: a
// libcuda.so.1 and a libnvidia-ml.so.1 with known answers, and emu.so, the
// kernels for the CPU. bench/gpu/check.sh --dry runs with them.
//
//	go run -tags cuda ./kernels/cuda/fake/standin FOLDER
//
// It runs in the root of the repository and needs gcc and g++.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"gradus/kernels/cuda/emu"
	"gradus/kernels/cuda/fake"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: standin FOLDER")
		os.Exit(2)
	}
	if err := build("kernels/cuda", os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "standin:", err)
		os.Exit(1)
	}
}

// build compiles from dir, the folder kernels/cuda, into out.
func build(dir, out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	so, err := emu.Build(dir)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(so)
	if err != nil {
		return err
	}
	nvml := exec.Command("cc", "-shared", "-fPIC", "-o", filepath.Join(out, "libnvidia-ml.so.1"), filepath.Join(dir, "libs", "testdata", "nvml.c"))
	nvml.Stderr = os.Stderr
	return errors.Join(os.WriteFile(filepath.Join(out, "emu.so"), text, 0o755), fake.Build(dir, filepath.Join(out, "libcuda.so.1")), nvml.Run())
}
