// Package sandboxtest lets a test binary be the keeper of the sandbox that its
// own tests start, as gradus is of its rewards.
package sandboxtest

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"gradus/rewards/sandbox"
)

// Main is what TestMain of such a package calls: the keeper when the binary is
// started with its hidden command, and otherwise the tests. It does not return.
func Main(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == sandbox.Command {
		if err := sandbox.Serve(os.Stdin, os.Stdout, os.Getenv); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) == 3 && os.Args[1] == olderCommand {
		fmt.Fprintln(os.Stderr, becomeOlder(os.Args[2])) // it returns only when it fails
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// Slower is the factor on limits of time for a machine that is known to be slow
// (GRADUS_SANDBOX_SLOWER), as an emulated one; 1 elsewhere.
func Slower() int {
	n, err := strconv.Atoi(os.Getenv("GRADUS_SANDBOX_SLOWER"))
	if err != nil || n < 1 {
		return 1
	}
	return n
}

// Keep is the command line that starts this test binary as a keeper, for
// sandbox.Options and code.Options.
func Keep(t testing.TB) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{self, sandbox.Command}
}
