package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The life of a layer at the command line: scored, listed, shown beside the
// traces, and there after a rebuild.
func TestRescoreCommand(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("trains a small run")
	}
	s := newSession(t)
	s.must("run", s.tiny(), "--follow")
	var res struct {
		Layer           *struct{ N, Traces, Changed int }
		Traces, Changed int
		Advantage       struct {
			MaxAbsChange float64 `json:"max_abs_change"`
		}
		Changes []struct{ Sample int64 }
	}
	if err := json.Unmarshal([]byte(s.must("rescore", "tiny", "--json")), &res); err != nil {
		t.Fatal(err)
	}
	if res.Layer == nil || res.Layer.N != 1 || res.Traces != 3*8+2*24 || res.Changed != 0 || res.Advantage.MaxAbsChange != 0 {
		t.Errorf("the run's own rewards say something else now: %+v", res)
	}
	out := s.must("rescore", "tiny", "--reward", "openr1.length", "--label", "other", "--phase", "train", "--changes", "1")
	if !strings.Contains(out, "stored as layer 2") || !strings.Contains(out, "24 traces in 6 groups") {
		t.Errorf("%s", out)
	}
	if out = s.must("rescore", "tiny", "--setup", "open-r1", "--dry-run"); !strings.Contains(out, "openr1.accuracy 1.0.0 x 1  openr1.format 1.0.0 x 1  openr1.tag_count 1.0.0 x 1") {
		t.Errorf("%s", out)
	}
	if code, _, errs := s.do("rescore", "tiny", "--setup", "open-r1", "--reward", "openr1.format"); code != exitUsage || !strings.Contains(errs, "give one of them") {
		t.Errorf("exit %d, %s", code, errs)
	}
	if out = s.must("rescore", "tiny", "--dry-run"); strings.Contains(out, "stored") {
		t.Errorf("%s", out)
	}
	s.must("db", "rebuild", "tiny")
	if out = s.must("rescore", "tiny", "--layers"); strings.Count(out, "\n") != 2 || !strings.Contains(out, "openr1.length@1.0.0") {
		t.Errorf("%s", out)
	}
	if out = s.must("runs", "--suspects"); !strings.Contains(out, "suspects: 0 of 1 run looked at") {
		t.Errorf("%s", out)
	}
	broken := filepath.Join(s.home, "runs", "01JHM000000000000000000021")
	if err := os.Mkdir(broken, 0o700); err != nil {
		t.Fatal(err)
	}
	code, out, errs := s.do("runs", "--suspects")
	if code != exitFailed || !strings.Contains(out, "suspects: 0 of 1 run looked at") || !strings.Contains(errs, "1 of the runs could not be read") {
		t.Errorf("with a run that cannot be read: exit %d\n%s%s", code, out, errs)
	}
	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	var trace struct {
		ID    int64
		Layer *struct {
			Sample  int64
			Rewards []struct{ Name string }
		}
	}
	line, _, _ := strings.Cut(s.must("traces", "tiny", "--layer", "2", "--phase", "train", "--limit", "1", "--json"), "\n")
	if err := json.Unmarshal([]byte(line), &trace); err != nil || trace.Layer == nil || trace.Layer.Sample != trace.ID || trace.Layer.Rewards[0].Name != "openr1.length" {
		t.Errorf("%s: %v", line, err)
	}
	if out = s.must("traces", "tiny", "--layer", "2", "--id", "25"); !strings.Contains(out, "LAYER 2") {
		t.Errorf("%s", out)
	}
	for _, bad := range [][]string{
		{"rescore", "tiny", "--reward", "no.such"}, {"rescore", "tiny", "--reward", "gradus.cosine"}, {"rescore", "tiny", "--reward", "gradus.format=x"}, {"rescore", "tiny", "--phase", "x"},
		{"rescore", "tiny", "--min-step", "1000"}, {"rescore", "tiny", "--set", "seed=1"}, {"rescore", "tiny", "--reward", "a", "--recipe", "demo"},
		{"rescore", "nothing"}, {"traces", "tiny", "--layer", "9"}, {"traces", "tiny", "--changed"}, {"traces", "tiny", "--layer", "0"},
		{"traces", "tiny", "--suspects", "--count"}, {"traces", "tiny", "--layer", "1", "--changed", "--count"}, {"traces", "tiny", "--id", "1", "--suspects"},
	} {
		if code, _, errs := s.do(bad...); code != exitUsage || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: exit %d, %q", bad, code, errs)
		}
	}
}
