package cpu

import (
	"os"
	"testing"
	"time"
)

// With a clock that moves one second at each look, a ceiling is the work of
// one measurement in units of 1e9: 0.8 GFLOP for each thread, 128 MiB.
func TestCeilings(t *testing.T) {
	if testing.Short() {
		t.Skip("billions of operations: minutes on an emulated CPU")
	}
	now := time.Unix(0, 0)
	clock := func() time.Time {
		now = now.Add(time.Second)
		return now
	}
	for _, p := range testPaths(t) {
		if p.Name == "amxref" && os.Getenv("GRADUS_FAULTS") != "full" {
			continue // tiles in software take ten times as long as all else
		}
		c, err := Ceilings(openPath(t, p, 2), clock)
		if err != nil {
			t.Fatal(err)
		}
		near := func(got, want float64) bool { return got >= want && got < 1.001*want }
		if !near(c.FMA1, 0.8) || !near(c.FMA, 1.6) || c.Read1 != 0.134217728 || c.Read != c.Read1 {
			t.Errorf("%s: %+v", p.Name, c)
		}
		if tiles := p.products != nil; tiles != near(c.Tile1, 0.2) || tiles != near(c.Tile, 0.4) {
			t.Errorf("%s: tiles %v, %+v", p.Name, tiles, c)
		}
	}
}
