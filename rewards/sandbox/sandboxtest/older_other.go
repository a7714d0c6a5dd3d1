//go:build !linux

package sandboxtest

import "errors"

const olderCommand = "_sandbox_older"

func becomeOlder(string) error { return errors.New("filters of system calls are Linux's") }
