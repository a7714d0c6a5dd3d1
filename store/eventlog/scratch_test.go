package eventlog

import (
	"os"
	"testing"
)

// scratch is a temporary directory in memory where the system has one: these
// tests make thousands of files and do not ask what a disk keeps.
func scratch(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "eventlog")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
