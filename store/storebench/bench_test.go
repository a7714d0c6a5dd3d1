package storebench

import (
	"context"
	"testing"
	"time"
)

// Every figure that is promised comes, with a value; sizes are small here.
func TestRun(t *testing.T) {
	found := map[string]bool{}
	o := Options{Dir: t.TempDir(), Traces: 2000, RunTraces: 3000, Runs: 5, Repeats: 2, Now: time.Now}
	err := Run(context.Background(), o, func(r Result) error {
		found[r.Name] = true
		for _, v := range r.Repeats {
			if v <= 0 {
				t.Errorf("%s is %v", r.Name, v)
			}
		}
		if len(r.Repeats) == 0 {
			t.Errorf("%s was not measured", r.Name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"append.traces.1000", "ingest.traces.1000", "index.traces", "db.per_plain", "fts.rare.2k", "open.run.3k", "open.runs.5"} {
		if !found[name] {
			t.Errorf("no figure %s", name)
		}
	}
	if short(100_000) != "100k" || short(1_000_000) != "1m" {
		t.Error("the names of the figures")
	}
}
