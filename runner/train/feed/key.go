// Package feed says which problem, which cold-start trace and which random
// numbers belong to a place in a run. Everything in it is a function of a seed
// and a position, so a resumed run needs no state to go on with the same data.
package feed

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"

	"gradus/kernels/philox"
)

// Key derives a 64-bit number from a seed, a purpose and positions. Different
// purposes never share random numbers.
func Key(seed uint64, purpose string, at ...uint64) uint64 {
	b := binary.LittleEndian.AppendUint64(nil, seed)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(purpose)))
	b = append(b, purpose...)
	for _, v := range at {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	sum := sha256.Sum256(b)
	return binary.LittleEndian.Uint64(sum[:])
}

// Stream is the random stream of completion index of prompt number prompt in
// step (counted over the run) of a stage. The generator's key is the seed, so
// it is not mixed in.
func Stream(stage, step, prompt, index int) uint64 {
	return Key(0, "rollout", uint64(stage), uint64(step), uint64(prompt), uint64(index))
}

// EvalStream is the random stream of sample index of the prompt with the given
// number in a suite: the same for every checkpoint, so that two checkpoints
// are compared under common random numbers.
func EvalStream(prompt, index int) uint64 {
	return Key(0, "eval", uint64(prompt), uint64(index))
}

// Shuffle returns a permutation of 0..n-1 (Fisher and Yates), a function of
// key alone.
func Shuffle(key uint64, n int) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	for i := n - 1; i > 0; i-- {
		w := philox.Words(key, 0, uint64(i))
		// High word of a product: uniform up to 2^-40 for any list that fits memory.
		j, _ := bits.Mul64(uint64(w[0])<<32|uint64(w[1]), uint64(i)+1)
		p[i], p[j] = p[j], p[i]
	}
	return p
}

// Order visits 0..n-1 again and again, each pass in an order of its own.
type Order struct {
	key  uint64
	n    int
	pass int64
	perm []int
}

// NewOrder visits n things, n >= 1.
func NewOrder(key uint64, n int) *Order { return &Order{key: key, n: n, pass: -1} }

// At is which thing stands at a position, counted from 0 over all passes.
func (o *Order) At(position int64) int {
	pass := position / int64(o.n)
	if pass != o.pass {
		o.perm, o.pass = Shuffle(Key(o.key, "pass", uint64(pass)), o.n), pass
	}
	return o.perm[position%int64(o.n)]
}
