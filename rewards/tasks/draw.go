package tasks

import (
	"fmt"
	"math/rand/v2"
)

// heldOutBuckets is the denominator of the held-out share: a problem whose
// canonical text falls into bucket 0 of heldOutBuckets is held out.
const heldOutBuckets = 8

// maxDraws bounds the redraws until a problem falls on the wanted side. A
// draw is held out with probability 1/8, so 2000 misses have probability
// below 1e-115 unless a level has hardly any problems.
const maxDraws = 2000

// fnv1a is the 64-bit FNV-1a hash (Fowler, Noll, Vo).
func fnv1a(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(s); i++ {
		h ^= uint64(s[i])
		h *= 1099511628211
	}
	return h
}

// mix64 is the finaliser of splitmix64 (Steele, Lea, Flood 2014).
func mix64(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// splitOf says on which side a problem is, by its canonical text.
//
// The finaliser matters. Bit 0 of FNV-1a alone is the xor of bit 0 of all
// bytes, so "hash mod 8" of a sum's text would fix the parity of its answer:
// held-out answers would be all even, and a guess worth twice as much.
func splitOf(canonical string) Split {
	if mix64(fnv1a(canonical))%heldOutBuckets == 0 {
		return HeldOut
	}
	return Train
}

// problemRand is the random source of one problem: a PCG keyed by everything
// that names the problem, so no problem depends on another.
func problemRand(task string, split Split, seed uint64, index, level int) *rand.Rand {
	a := mix64(seed ^ fnv1a(task+"/"+split.String()))
	b := mix64(uint64(index)<<8 ^ uint64(level) ^ a)
	return rand.New(rand.NewPCG(a, b))
}

// problemID names a problem of a generator: "countdown/3/17:42" is level 3,
// seed 17, index 42; "countdown/3/held_out/17:42" is its held-out sibling.
func problemID(task string, split Split, seed uint64, index, level int) string {
	if split == HeldOut {
		return fmt.Sprintf("%s/%d/held_out/%d:%d", task, level, seed, index)
	}
	return fmt.Sprintf("%s/%d/%d:%d", task, level, seed, index)
}

// checkArgs refuses arguments outside the generator's range.
func checkArgs(s Spec, index, level int) error {
	if level < s.MinLevel || level > s.MaxLevel {
		return fmt.Errorf("task %s has levels %d to %d, not %d", s.Name, s.MinLevel, s.MaxLevel, level)
	}
	if index < 0 {
		return fmt.Errorf("task %s: problem index %d is negative; indices start at 0", s.Name, index)
	}
	return nil
}

// noDraw says that a level has no problem on a side.
func noDraw(s Spec, split Split, level int) error {
	return fmt.Errorf("task %s level %d: no %s problem in %d draws; choose another level", s.Name, level, split, maxDraws)
}
