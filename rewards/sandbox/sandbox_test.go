package sandbox_test

import (
	"testing"

	"gradus/rewards/sandbox/sandboxtest"
)

// The keeper of these tests is this test binary.
func TestMain(m *testing.M) { sandboxtest.Main(m) }
