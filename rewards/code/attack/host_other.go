//go:build !linux

package attack

import "os/exec"

func asNobody(*exec.Cmd) {}

func stopped(int) bool { return false }

func running(string) int { return 0 }
