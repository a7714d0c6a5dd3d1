package langdetect

import (
	"math"
	"math/bits"
)

// twister is Python's random.Random: the Mersenne Twister MT19937 (Matsumoto
// and Nishimura 1998), seeded with a whole number.
type twister struct {
	state  [624]uint32
	at     int
	second float64 // of the pair that gauss makes
	has    bool
}

// newTwister is random.Random(seed).
func newTwister(seed uint32) *twister {
	t := &twister{at: 624}
	t.state[0] = 19650218
	for i := 1; i < len(t.state); i++ {
		t.state[i] = 1812433253*(t.state[i-1]^t.state[i-1]>>30) + uint32(i)
	}
	i := 1
	step := func(factor, add uint32, minus bool) {
		mixed := t.state[i] ^ (t.state[i-1]^t.state[i-1]>>30)*factor
		if minus {
			mixed -= uint32(i)
		}
		t.state[i] = mixed + add
		if i++; i == len(t.state) {
			t.state[0], i = t.state[len(t.state)-1], 1
		}
	}
	for range t.state {
		step(1664525, seed, false) // the key is the seed alone
	}
	for range len(t.state) - 1 {
		step(1566083941, 0, true)
	}
	t.state[0] = 1 << 31
	return t
}

// next is 32 random bits.
func (t *twister) next() uint32 {
	if t.at == len(t.state) {
		for i := range t.state {
			y := t.state[i]&(1<<31) | t.state[(i+1)%624]&(1<<31-1)
			t.state[i] = t.state[(i+397)%624] ^ y>>1
			if y&1 == 1 {
				t.state[i] ^= 0x9908b0df
			}
		}
		t.at = 0
	}
	y := t.state[t.at]
	t.at++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// uniform is random().
func (t *twister) uniform() float64 {
	a, b := t.next()>>5, t.next()>>6
	return (float64(a)*67108864 + float64(b)) / 9007199254740992
}

// below is choice(range(n)), for n below 2³².
func (t *twister) below(n int) int {
	shift := 32 - bits.Len32(uint32(n))
	for {
		if v := int(t.next() >> shift); v < n {
			return v
		}
	}
}

// gauss is gauss(0, 1), two of a pair after another.
func (t *twister) gauss() float64 {
	if t.has {
		t.has = false
		return t.second
	}
	angle := t.uniform() * 2 * math.Pi
	radius := math.Sqrt(-2 * math.Log(1-t.uniform()))
	t.second, t.has = math.Sin(angle)*radius, true
	return math.Cos(angle) * radius
}
