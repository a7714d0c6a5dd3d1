package sandbox

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// TestExpected holds a machine that was set up for it (bench/emulate) to what
// it must yield: GRADUS_SANDBOX_EXPECT is a level, or "refuse", and
// GRADUS_SANDBOX_EXPECT_HOLD what bounds all processes together.
func TestExpected(t *testing.T) {
	want, hold := os.Getenv("GRADUS_SANDBOX_EXPECT"), os.Getenv("GRADUS_SANDBOX_EXPECT_HOLD")
	if want == "" {
		t.Skip("no machine set up for it: GRADUS_SANDBOX_EXPECT is not set")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r, err := Start(Options{Level: Auto, Keep: []string{self, Command}})
	if want == "refuse" {
		if !errors.Is(err, ErrUnisolated) || strings.Contains(err.Error(), "\n") {
			t.Fatalf("EXPECT refuse, in one line: %v", err)
		}
		t.Logf("EXPECT refuse: %v", err)
		if r, err = Start(Options{Level: None, Keep: []string{self, Command}}); err != nil {
			t.Fatal(err)
		}
	} else if err != nil {
		t.Fatalf("EXPECT %s: %v", want, err)
	} else if string(r.Level()) != want {
		t.Errorf("EXPECT %s, got %s", want, r.Level())
	}
	defer r.Close()
	for _, l := range r.Reports() {
		t.Logf("EXPECT %s: %v %s", l.Level, l.OK, l.Why)
	}
	got, why := r.Hold()
	t.Logf("EXPECT limits: %s (%s)", got, why)
	if string(got) != hold {
		t.Errorf("EXPECT %q, limits are held by %q: %s", hold, got, why)
	}
}
