package optest

import (
	"testing"

	"gradus/kernels/ref"
)

// The reference passes the proof, in which every kind of op has a case that is
// small enough; in f32 attn_decode stands beside attn instead.
func TestProof(t *testing.T) {
	if err := Proof(ref.New()); err != nil {
		t.Error(err)
	}
	few, err := Few(Cases(1), 1500, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(kinds(few)), len(kinds(Cases(1))); got != want {
		t.Errorf("the proof has %d kinds of op, want %d: %v", got, want, kinds(few))
	}
}
