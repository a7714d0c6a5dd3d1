package optest

import (
	"math"

	"gradus/kernels/philox"
)

// random is a stream of numbers that depends on (seed, stream) only.
type random struct {
	seed, stream, pos uint64
	words             [4]uint32
	spare             float64 // the second normal number of a pair
	hasSpare          bool
}

// uniform returns a number in [0, 1) with 53 random bits, two from each block.
func (r *random) uniform() float64 {
	half := r.pos % 2 * 2
	if half == 0 {
		r.words = philox.Words(r.seed, r.stream, r.pos/2)
	}
	r.pos++
	return float64((uint64(r.words[half])<<32|uint64(r.words[half+1]))>>11) * 0x1p-53
}

// normal returns a standard normal number (Box and Muller 1958).
func (r *random) normal() float64 {
	if r.hasSpare {
		r.hasSpare = false
		return r.spare
	}
	radius := math.Sqrt(-2 * math.Log(1-r.uniform()))
	sin, cos := math.Sincos(2 * math.Pi * r.uniform())
	r.spare, r.hasSpare = radius*sin, true
	return radius * cos
}

// below returns an integer in 0..n-1.
func (r *random) below(n int) int { return int(r.uniform() * float64(n)) }

// shuffled returns 0..n-1 in random order.
func (r *random) shuffled(n int) []int {
	p := make([]int, n)
	for i := range p {
		j := r.below(i + 1)
		p[i], p[j] = p[j], i
	}
	return p
}

// fill makes the elements of one input.
type fill func(r *random) float32

func normal(std float64) fill {
	return func(r *random) float32 { return float32(std * r.normal()) }
}

// around is normal with mean 1, as norm gains are.
func around(std float64) fill { return centred(1, std) }

// centred is normal with the given mean.
func centred(mean, std float64) fill {
	return func(r *random) float32 { return float32(mean + std*r.normal()) }
}

// squared is the square of normal, as second moments are.
func squared(std float64) fill {
	return func(r *random) float32 {
		x := std * r.normal()
		return float32(x * x)
	}
}

// awayFromZero is uniform in 0.5..1.5 with a random sign.
func awayFromZero(r *random) float32 {
	x := 0.5 + r.uniform()
	if r.uniform() < 0.5 {
		x = -x
	}
	return float32(x)
}

// integer is one of -2..2: short sums of products of integers are exact in f32.
func integer(r *random) float32 { return float32(r.below(5) - 2) }
