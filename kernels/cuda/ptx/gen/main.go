// Command gen compiles the CUDA kernels to PTX: it writes ../*.ptx from
// ../../src. Run it by go generate in the folder above, or make ptx.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := write("../src", "."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// write compiles the sources in src to dir, and removes what no source makes.
func write(src, dir string) error {
	clang, err := find()
	if err != nil {
		return err
	}
	all, err := compileAll(clang, src)
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(dir, "*.ptx"))
	if err != nil {
		return err
	}
	for _, f := range old {
		if all[filepath.Base(f)] == nil {
			if err := os.Remove(f); err != nil {
				return err
			}
		}
	}
	for name, text := range all {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	made, err := sums(src)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, SumsName), made, 0o644)
}
