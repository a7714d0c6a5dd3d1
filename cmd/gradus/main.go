// Command gradus is a terminal workbench for RL reasoning experiments in the
// style of DeepSeek-R1. Each command has a file of its own here and is thin:
// it parses, calls a package, and prints.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// version is set by the Makefile from git.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	a := &app{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		getenv: os.Getenv, now: time.Now, version: version, workAfter: 2 * time.Second,
	}
	code := a.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}
