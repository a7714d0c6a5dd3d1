//go:build amd64 || arm64

package sandbox

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestOldLandlock: the first interfaces of Landlock know nothing of cutting
// files; a program still cannot cut those of the host, neither hidden ones nor
// those that it may read, and can cut its own.
func TestOldLandlock(t *testing.T) {
	const python = "/usr/bin/python3"
	if _, err := os.Stat(python); err != nil {
		t.Skip(err)
	}
	for _, first := range []int{2, 3, 4} { // the first interface to do without
		t.Run(fmt.Sprintf("interface %d", first-1), func(t *testing.T) {
			t.Setenv("GRADUS_SANDBOX_WITHOUT", fmt.Sprintf("userns,landlock.%d", first))
			r := start(t, Landlock)
			// Everybody may change these files: only the sandbox keeps a program away.
			dir, err := os.MkdirTemp("", "gradus-cut-")
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			shown := filepath.Join(dir, "shown")
			files := []string{filepath.Join(dir, "hidden"), filepath.Join(shown, "file")}
			if err := os.Mkdir(shown, 0o755); err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				if err := os.WriteFile(f, []byte("whole"), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(f, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			for _, d := range []string{dir, shown} {
				if err := os.Chmod(d, 0o777); err != nil {
					t.Fatal(err)
				}
			}
			p := shell("")
			p.Binds = []string{shown}
			p.Argv = []string{python, "-I", "-S", "-c", fmt.Sprintf(`
import os
for f in %q, %q:
    for cut in (lambda: os.truncate(f, 0), lambda: os.open(f, os.O_RDONLY | os.O_TRUNC), lambda: os.open(f, os.O_WRONLY | os.O_TRUNC)):
        try: cut()
        except OSError: pass
        else: print("ESCAPED", f)
open("own", "w").write("long"); open("own", "w").write("x"); print(open("own").read())`, files[0], files[1])}
			o, err := r.Run(context.Background(), p)
			if err != nil || o.Status != OK || string(o.Stdout) != "x\n" {
				t.Errorf("%s %s %q %q, %v", o.Status, o.Why, o.Stdout, o.Stderr, err)
			}
			for _, f := range files {
				if text, err := os.ReadFile(f); err != nil || string(text) != "whole" {
					t.Errorf("%s holds %q, %v", f, text, err)
				}
			}
		})
	}
}
