package rules

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// plainDifferent counts different n-grams by their texts.
func plainDifferent(ids []int32, n int) int {
	seen := map[string]bool{}
	for i := 0; i+n <= len(ids); i++ {
		seen[fmt.Sprint(ids[i:i+n])] = true
	}
	return len(seen)
}

// TestNgrams: the counts are those of the texts of the n-grams, whatever the
// ids and n are, in tables used before for other completions.
func TestNgrams(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	counters := map[int]*ngrams{}
	rounds := 3000
	if testing.Short() {
		rounds = 500
	}
	for round := range rounds {
		n := 1 + rng.IntN(5)
		switch rng.IntN(20) {
		case 0:
			n = 31 + rng.IntN(4)
		case 1:
			n = 63 + rng.IntN(3)
		}
		// Vocabularies whose n-grams just fit into the 63 bits, and just not.
		top := []int64{1, 2, 3, 60, 150_000, 1 << 21, 1<<21 + 1, 1 << 31, 1 << 32}[rng.IntN(9)]
		ids := make([]int32, rng.IntN(200))
		for i := range ids {
			ids[i] = int32(uint32(rng.Int64N(top)))
			if i > 0 && rng.IntN(3) == 0 {
				ids[i] = ids[rng.IntN(i)]
			}
			if top == 1<<32 && rng.IntN(4) == 0 {
				ids[i] = []int32{math.MinInt32, -1, math.MaxInt32}[rng.IntN(3)]
			}
		}
		if k := len(ids) / 2; rng.IntN(2) == 0 { // half of it again
			ids = append(ids, ids[:k]...)
		}
		if counters[n] == nil {
			counters[n] = newNgrams(n)
		}
		before := slices.Clone(ids)
		if got, want := counters[n].different(ids), plainDifferent(ids, n); got != want {
			t.Fatalf("round %d: %d different of %d, want %d: %v", round, got, n, want, ids)
		}
		if !slices.Equal(ids, before) {
			t.Fatal("the ids were changed")
		}
	}
}

func FuzzNgrams(f *testing.F) {
	f.Add([]byte("abcabcabc"), 3, uint8(0))
	f.Add([]byte{0, 0, 0, 0, 1}, 2, uint8(31))
	f.Add([]byte{0, 1, 2, 0, 1, 2}, 3, uint8(14))
	f.Fuzz(func(t *testing.T, text []byte, n int, shift uint8) {
		if n < 1 || n > 80 || len(text) > 1<<10 {
			return
		}
		ids := make([]int32, len(text))
		for i, b := range text {
			ids[i] = int32(uint32(b) << (shift % 32))
		}
		if got, want := newNgrams(n).different(ids), plainDifferent(ids, n); got != want {
			t.Fatalf("%d different, want %d", got, want)
		}
	})
}
