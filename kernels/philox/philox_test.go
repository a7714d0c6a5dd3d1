package philox

import (
	"math"
	"testing"
)

// The three known-answer vectors for philox4x32-10 in the file kat_vectors of
// the Random123 distribution (Salmon et al., D. E. Shaw Research).
func TestBlockKnownAnswers(t *testing.T) {
	cases := []struct {
		counter [4]uint32
		key     [2]uint32
		want    [4]uint32
	}{
		{
			[4]uint32{0, 0, 0, 0}, [2]uint32{0, 0},
			[4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
		},
		{
			[4]uint32{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, [2]uint32{0xffffffff, 0xffffffff},
			[4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
		},
		{ // digits of pi
			[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, [2]uint32{0xa4093822, 0x299f31d0},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
		},
	}
	for _, c := range cases {
		if got := Block(c.counter, c.key); got != c.want {
			t.Errorf("Block(%08x, %08x) = %08x, want %08x", c.counter, c.key, got, c.want)
		}
	}
}

// The pi vector again through Words: low word first in every 64-bit number.
func TestWordsLayout(t *testing.T) {
	got := Words(0x299f31d0a4093822, 0x85a308d3243f6a88, 0x0370734413198a2e)
	want := [4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}
	if got != want {
		t.Errorf("Words = %08x, want %08x", got, want)
	}
}

func TestUniformIsTopBitsOfFirstWord(t *testing.T) {
	// First words of the zero and the all-ones vector.
	if got, want := Uniform(0, 0, 0), float32(0x6627e8)/(1<<24); got != want {
		t.Errorf("Uniform(0, 0, 0) = %v, want %v", got, want)
	}
	const ones = math.MaxUint64
	if got, want := Uniform(ones, ones, ones), float32(0x408f27)/(1<<24); got != want {
		t.Errorf("Uniform(max, max, max) = %v, want %v", got, want)
	}
}

// Counts in 64 equal bins along positions, streams and seeds: chi-square with
// 63 degrees of freedom is below 103.4 with probability 0.999.
func TestUniformIsUniform(t *testing.T) {
	const n, bins = 1 << 16, 64
	walks := map[string]func(i uint64) float32{
		"positions": func(i uint64) float32 { return Uniform(7, 11, i) },
		"streams":   func(i uint64) float32 { return Uniform(7, i, 3) },
		"seeds":     func(i uint64) float32 { return Uniform(i, 11, 3) },
		"high half": func(i uint64) float32 { return Uniform(7, i<<32, 3) },
	}
	for name, walk := range walks {
		var count [bins]int
		var sum, sumLag, prev float64
		for i := range uint64(n) {
			u := walk(i)
			if u < 0 || u >= 1 {
				t.Fatalf("%s: number %d is %v, want 0 <= u < 1", name, i, u)
			}
			count[int(u*bins)]++
			x := float64(u) - 0.5
			sum += x
			sumLag += x * prev
			prev = x
		}
		chi := 0.0
		for _, c := range count {
			d := float64(c) - n/bins
			chi += d * d / (n / bins)
		}
		if chi > 103.4 {
			t.Errorf("%s: chi-square of %d bins is %.1f, want below 103.4", name, bins, chi)
		}
		// Standard errors: sqrt(1/12/n) of the mean, 1/12/sqrt(n) of the lag-1 covariance.
		if z := sum / n / math.Sqrt(1.0/12/n); math.Abs(z) > 4 {
			t.Errorf("%s: mean is %.1f standard errors off 1/2", name, z)
		}
		if z := sumLag / n / (1.0 / 12 / math.Sqrt(n)); math.Abs(z) > 4 {
			t.Errorf("%s: lag-1 correlation is %.1f standard errors off 0", name, z)
		}
	}
}

// A changed bit of the counter or key flips half of the output bits on
// average (64 of 128).
func TestBlockAvalanche(t *testing.T) {
	base := Words(1, 2, 3)
	total, flips := 0, 0
	for bit := range 64 {
		for _, w := range [][4]uint32{Words(1^1<<bit, 2, 3), Words(1, 2^1<<bit, 3), Words(1, 2, 3^1<<bit)} {
			for i := range w {
				for x := w[i] ^ base[i]; x != 0; x &= x - 1 {
					flips++
				}
			}
			total++
		}
	}
	if mean := float64(flips) / float64(total); math.Abs(mean-64) > 2 {
		t.Errorf("one changed input bit flips %.1f of 128 output bits on average, want 64 +- 2", mean)
	}
}
