package rules

import (
	"math/bits"
	"slices"
	"sync"
)

// ngrams counts different n-grams of ids. Its tables are used again for the
// next completion; several goroutines may use one ngrams.
type ngrams struct {
	n    int
	pool sync.Pool // of *ngramTables
}

// ngramTables are hash tables with open addresses.
type ngramTables struct {
	packed []uint64 // n-grams themselves, + 1
	places []int32  // where n-grams were first seen, + 1
}

// maxKeptNgrams bounds the entries of the tables that are kept for the next
// completion: 8 MB.
const maxKeptNgrams = 1 << 20

func newNgrams(n int) *ngrams {
	return &ngrams{n: n, pool: sync.Pool{New: func() any { return new(ngramTables) }}}
}

// different counts the different n-grams. Those whose ids fit together into 63
// bits, as three of any vocabulary below two million do, are told apart by
// these bits; others by looking at the place where the like was first seen.
func (g *ngrams) different(ids []int32) int {
	total := len(ids) - g.n + 1
	if total < 1 {
		return 0
	}
	t := g.pool.Get().(*ngramTables)
	size := 1 << bits.Len(uint(2*total)) // at most half full
	var all uint32
	for _, id := range ids {
		all |= uint32(id)
	}
	var different int
	if width := max(1, bits.Len32(all)); g.n <= 63/width {
		t.packed = emptied(t.packed, size)
		different = differentPacked(t.packed, ids, g.n, width)
	} else {
		t.places = emptied(t.places, size)
		different = differentPlaced(t.places, ids, g.n)
	}
	if size <= maxKeptNgrams {
		g.pool.Put(t)
	}
	return different
}

// emptied returns a table of zeros, in the same memory where it is enough.
func emptied[E any](table []E, size int) []E {
	if size > cap(table) {
		return make([]E, size)
	}
	table = table[:size]
	clear(table)
	return table
}

// differentPacked counts in a table of n-grams packed into width bits an id.
func differentPacked(table []uint64, ids []int32, n, width int) (different int) {
	mask := uint64(1)<<(n*width) - 1
	step := uint64(1) << width // a product with it shifts by width
	last := uint64(len(table) - 1)
	var run uint64
	for _, id := range ids[:n-1] {
		run = run*step | uint64(uint32(id))
	}
	for _, id := range ids[n-1:] {
		run = (run*step | uint64(uint32(id))) & mask
		h := run * 0x9e3779b97f4a7c15
		at := (h ^ h>>32) * 0xff51afd7ed558ccd >> 32 & last
		seen := table[at]
		for seen != 0 && seen != run+1 {
			at = (at + 1) & last
			seen = table[at]
		}
		// Whether the place was empty cannot be foreseen: count, do not branch.
		different += int((seen - 1) >> 63)
		table[at] = run + 1
	}
	return different
}

// differentPlaced counts in a table of where each n-gram was first seen.
func differentPlaced(table []int32, ids []int32, n int) (different int) {
next:
	for i := range len(ids) - n + 1 {
		run := ids[i : i+n]
		h := uint64(n)
		for _, id := range run {
			h = (h ^ uint64(uint32(id))) * 0x9e3779b97f4a7c15
			h ^= h >> 32
		}
		at := int(h) & (len(table) - 1)
		for ; table[at] != 0; at = (at + 1) & (len(table) - 1) {
			if seen := int(table[at] - 1); slices.Equal(ids[seen:seen+n], run) {
				continue next
			}
		}
		table[at] = int32(i + 1)
		different++
	}
	return different
}
