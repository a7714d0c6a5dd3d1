package bench

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"gradus/kernels"
	"gradus/kernels/cpu"
	"gradus/kernels/ref"
	"gradus/model"
)

func TestProfileRows(t *testing.T) {
	lin := func(o, k int) kernels.Op { return kernels.Linear{O: o, K: k} }
	got := profileRows("grpo", []kernels.OpTime{
		{Program: "decode", Op: lin(8, 4), Runs: 2, Seconds: 0.5, Work: kernels.Work{Flops: 3e9, Bytes: 1e9}},
		{Program: "decode", Op: lin(8, 4), Runs: 1, Seconds: 0.5, Work: kernels.Work{Flops: 1e9, Bytes: 1e9}},
		{Program: "decode", Op: lin(9, 4), Runs: 1, Seconds: 0.25},
		{Program: "train", Op: lin(8, 4), Runs: 1, Seconds: 2},
	}, 4, cpu.Ceiling{FMA: 16, Read: 8})
	want := []ProfileRow{
		{Program: "train", Op: "linear", Shape: "8x4", Runs: 1, Seconds: 2, Share: 0.5},
		{Program: "decode", Op: "linear", Shape: "8x4", Runs: 3, Seconds: 1, Share: 0.25, GFLOPS: 4, OfFMA: 0.25, GBps: 2, OfRead: 0.25},
		{Program: outside, Seconds: 0.75, Share: 0.1875},
		{Program: "decode", Op: "linear", Shape: "9x4", Runs: 1, Seconds: 0.25, Share: 0.0625},
	}
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d: %+v", len(got), len(want), got)
	}
	for i := range want {
		want[i].Step = "grpo"
		if got[i] != want[i] {
			t.Errorf("row %d: %+v\nwant %+v", i, got[i], want[i])
		}
	}
}

// The shares of a real step add up to all of it, and each pass of the model is
// among them.
func TestProfileGRPOStep(t *testing.T) {
	tiny := Shape{Name: "tiny", Config: model.Config{VocabSize: 32, HiddenSize: 8, IntermediateSize: 16, NumHiddenLayers: 1, NumAttentionHeads: 1, NumKeyValueHeads: 1, MaxPositionEmbeddings: 128, RopeTheta: 1e4, RMSNormEps: 1e-5, TieWordEmbeddings: true}}
	dev, err := cpu.Open(cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	rows, err := ProfileGRPOStep(context.Background(), dev, tiny, cpu.Ceiling{FMA: 1, Read: 1}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	share, seen := 0.0, map[string]bool{}
	for _, r := range rows {
		share += r.Share
		seen[r.Program] = true
	}
	if math.Abs(share-1) > 1e-3 {
		t.Errorf("the shares add up to %g", share)
	}
	for _, program := range []string{"pack", "prefill", "decode", "train forward", "train backward", "optimizer", outside} {
		if !seen[program] {
			t.Errorf("no row of program %q", program)
		}
	}
	rows, err = ProfileDecode(context.Background(), dev, tiny, cpu.Ceiling{FMA: 1, Read: 1}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	share, seen = 0, map[string]bool{}
	for _, r := range rows {
		share += r.Share
		seen[r.Program] = true
	}
	if math.Abs(share-1) > 1e-3 || !seen["decode"] || !seen["prefill"] || seen["train forward"] || rows[0].Step != tiny.DecodeFigure() {
		t.Errorf("profile of sampling: shares add up to %g, programs %v", share, seen)
	}
	if _, err := ProfileGRPOStep(context.Background(), ref.New(), tiny, cpu.Ceiling{}, time.Now); err == nil || !strings.Contains(err.Error(), "cannot time") {
		t.Errorf("profile on the reference device: %v", err)
	}
}
