package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"gradus/runner/recipe"
	"gradus/tui/text"
)

// Exit codes of every command.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitTryAgain = 75
)

// app is what commands see of the world outside.
type app struct {
	stdin          *os.File
	stdout, stderr io.Writer
	getenv         func(string) string
	now            func() time.Time
	version        string
	readOnly       bool                  // --read-only: the workbench changes no run
	workAfter      time.Duration         // how long work on small databases goes on untold; 0: for ever
	unwritten      atomic.Pointer[error] // the first error of printf
}

// exitError gives an error an exit code of its own.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// usage marks an error as wrong use of a command.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{exitUsage, err}
}

// run executes one command line and returns the exit code. An error is
// printed once, as one line (a recipe's problems: one line each).
func (a *app) run(ctx context.Context, args []string) int {
	root := a.rootCommand()
	root.SetArgs(args)
	err := root.ExecuteContext(a.watchWork(ctx))
	if unwritten := a.unwritten.Load(); err == nil && unwritten != nil {
		err = *unwritten
	}
	if err == nil {
		return exitDone
	}
	var problems recipe.Problems
	var coded *exitError
	switch {
	case errors.As(err, &coded):
		a.complain(coded.err)
		return coded.code
	case errors.As(err, &problems):
		a.complain(err)
		return exitUsage
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errors.New(strings.ReplaceAll(err.Error(), context.Canceled.Error(), "interrupted"))
	}
	a.complain(err)
	return exitFailed
}

// complain prints an error. Its text may quote foreign bytes.
func (a *app) complain(err error) {
	for _, line := range strings.Split(strings.TrimRight(err.Error(), "\n"), "\n") {
		fmt.Fprintf(a.stderr, "gradus: %s\n", text.Line(line))
	}
}

// interactive says whether a person sees stdout and can type, on a terminal
// that has a cursor to move: TERM=dumb has none.
func (a *app) interactive() bool {
	if a.getenv("TERM") == "dumb" {
		return false
	}
	out, ok := a.stdout.(*os.File)
	return ok && isatty.IsTerminal(out.Fd()) && a.stdin != nil && isatty.IsTerminal(a.stdin.Fd())
}

// printJSON writes v as one line of JSON.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// printf writes a line for a person; foreign text in args must have passed
// text.Clean or text.Line. What cannot be written, as on a full disk, run tells
// at the end.
func (a *app) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(a.stdout, format, args...); err != nil {
		a.unwritten.CompareAndSwap(nil, &err)
	}
}

// exactArgs is cobra.ExactArgs with exit code 2 and a word of what is missing.
func exactArgs(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		want := "no arguments"
		if len(names) > 0 {
			want = strings.Join(names, " ")
		}
		return usage(fmt.Errorf("%s wants %s, got %d; example: %s", cmd.CommandPath(), want, len(args), firstExample(cmd)))
	}
}

func firstExample(cmd *cobra.Command) string {
	line, _, _ := strings.Cut(strings.TrimSpace(cmd.Example), "\n")
	return strings.TrimSpace(line)
}
