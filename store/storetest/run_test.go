package storetest

import (
	"context"
	"encoding/json"
	"testing"
)

func TestSameSpecSameBytes(t *testing.T) {
	one, err := json.Marshal(Records(Spec{Seed: 5, RewindAt: 20, Hostile: true}))
	if err != nil {
		t.Fatal(err)
	}
	two, err := json.Marshal(Records(Spec{Seed: 5, RewindAt: 20, Hostile: true}))
	if err != nil {
		t.Fatal(err)
	}
	if string(one) != string(two) {
		t.Fatal("the same spec gave different records")
	}
}

func TestOpen(t *testing.T) {
	db, _ := Open(t, Spec{Seed: 1, RewindAt: 20, Hostile: true})
	c, err := db.Counts(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	// 25 steps of attempt 1 and 20 of attempt 2, 8 completions each, and two
	// evaluations of 16 prompts.
	if c.Samples != 45*8+2*16 || c.EvalSamples != 32 || c.Steps != 45 || c.Evals != 2 {
		t.Fatalf("counts: %+v", c)
	}
}
