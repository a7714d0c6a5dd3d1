package sandbox

import (
	"context"
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == Command {
		if err := Serve(os.Stdin, os.Stdout, os.Getenv); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestLevels: the level that is chosen runs a program and says what it printed.
func TestLevels(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r, err := Start(Options{Level: Auto, Keep: []string{self, Command}})
	if err != nil {
		t.Skipf("no sandbox here: %v", err)
	}
	defer r.Close()
	out, err := r.Run(context.Background(), Program{Argv: []string{"/bin/echo", "hello"}, Limits: DefaultLimits()})
	if err != nil || out.Status != OK || string(out.Stdout) != "hello\n" || out.Isolation != r.Level() {
		t.Errorf("%+v, %v", out, err)
	}
}
