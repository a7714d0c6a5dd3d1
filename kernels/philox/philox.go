// Package philox is the counter-based random generator Philox4x32-10 of
// Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3" (SC 2011).
// A number is a pure function of (seed, stream, position): neither batching
// nor threads can change it, and nothing but the seed needs saving.
package philox

import "math/bits"

const (
	mul0, mul1   = 0xD2511F53, 0xCD9E8D57
	weyl0, weyl1 = 0x9E3779B9, 0xBB67AE85
)

// Block returns the four 32-bit words for counter c under key k.
func Block(c [4]uint32, k [2]uint32) [4]uint32 {
	for round := 0; round < 10; round++ {
		hi0, lo0 := bits.Mul32(mul0, c[0])
		hi1, lo1 := bits.Mul32(mul1, c[2])
		c = [4]uint32{hi1 ^ c[1] ^ k[0], lo1, hi0 ^ c[3] ^ k[1], lo0}
		k[0] += weyl0
		k[1] += weyl1
	}
	return c
}

// Words returns the block of (seed, stream, pos): the seed is the key, the
// stream the low and the position the high half of the counter.
func Words(seed, stream, pos uint64) [4]uint32 {
	return Block(
		[4]uint32{uint32(stream), uint32(stream >> 32), uint32(pos), uint32(pos >> 32)},
		[2]uint32{uint32(seed), uint32(seed >> 32)},
	)
}

// Uniform returns a number in [0, 1) with 24 random bits, exact in float32:
// the top 24 bits of the first word times 2^-24.
func Uniform(seed, stream, pos uint64) float32 {
	return float32(Words(seed, stream, pos)[0]>>8) * 0x1p-24
}
