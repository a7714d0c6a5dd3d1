package tasks

import "math/bits"

// permute maps i to its place in a permutation of 0..n-1 chosen by key: a
// four-round Feistel network over the smallest even number of bits that holds
// n, walked until it lands below n (Black and Rogaway 2002).
func permute(i, n, key uint64) uint64 {
	half := max(1, (bits.Len64(n-1)+1)/2)
	mask := uint64(1)<<half - 1
	for {
		l, r := i>>half, i&mask
		for round := uint64(0); round < 4; round++ {
			l, r = r, l^mix64(r^key^round<<56)&mask
		}
		i = l<<half | r
		if i < n {
			return i
		}
	}
}
