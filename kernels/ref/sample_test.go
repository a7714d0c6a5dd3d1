package ref_test

import (
	"math"
	"testing"

	"gradus/kernels"
	"gradus/kernels/philox"
	"gradus/kernels/ref"
)

// logs returns the logarithms of masses.
func logs(p ...float64) []float64 {
	z := make([]float64, len(p))
	for i, x := range p {
		z[i] = math.Log(x)
	}
	return z
}

func TestDraw(t *testing.T) {
	ascending := logs(1, 2, 4, 1) // eighths: 1/8, 2/8, 4/8, 1/8
	cases := []struct {
		name  string
		z     []float64
		topK  int
		topP  float64
		u     float64
		token int
	}{
		{"start of the first", ascending, 0, 1, 0, 0},
		{"end of the first", ascending, 0, 1, 0.1249, 0},
		{"second", ascending, 0, 1, 0.126, 1},
		{"end of the third", ascending, 0, 1, 0.874, 2},
		{"last", ascending, 0, 1, 0.876, 3},
		{"largest u", ascending, 0, 1, 1 - 0x1p-24, 3},
		{"top-k 1 keeps the largest", ascending, 1, 1, 0.999, 2},
		{"top-k 2 keeps ids 1 and 2 in thirds", ascending, 2, 1, 0.33, 1},
		{"top-k 2, upper part", ascending, 2, 1, 0.34, 2},
		{"top-k 3 breaks the tie of 0 and 3 by id", ascending, 3, 1, 0.99, 2},
		{"top-k 3 keeps 0", ascending, 3, 1, 0.1, 0},
		{"top-k beyond the vocabulary", ascending, 9, 1, 0.99, 3},
		{"top-p within the largest", ascending, 0, 0.4, 0.999, 2},
		{"top-p reached before the second", ascending, 0, 0.4999, 0.001, 2},
		{"top-p crossed by the second", ascending, 0, 0.51, 0.3, 1},
		{"top-p crossed by the second, upper part", ascending, 0, 0.51, 0.34, 2},
		{"top-p tie broken by id", ascending, 0, 0.8, 0.1, 0},
		{"top-p tie leaves 3 out", ascending, 0, 0.8, 0.999, 2},
		{"top-k cuts before top-p", ascending, 1, 0.9, 0.999, 2},
		{"top-p cuts before top-k", ascending, 3, 0.6, 0.01, 1},
		{"equal logits", logs(1, 1, 1, 1), 0, 0.5, 0.6, 1},
		{"top-p reached exactly stops there", logs(1, 1, 1, 1), 0, 0.5, 0.9, 1},
		{"a boundary belongs to the next token", logs(1, 1), 0, 1, 0.5, 1},
		{"ties in a long list keep the smallest ids", make([]float64, 100), 3, 1, 0.999, 2},
		{"a token without mass is never drawn", []float64{math.Inf(-1), 0, math.Inf(-1)}, 0, 1, 0, 1},
		{"nor at the end", []float64{math.Inf(-1), 0, math.Inf(-1)}, 0, 1, 1 - 0x1p-24, 1},
		{"one token", []float64{-3}, 0, 1, 0.5, 0},
		{"huge logits", []float64{1e4, 1e4 - 1}, 0, 1, 0.9, 1},
	}
	for _, c := range cases {
		if got := ref.Draw(c.z, c.topK, c.topP, c.u); got != c.token {
			t.Errorf("%s: token %d, want %d", c.name, got, c.token)
		}
	}
}

// 20,000 draws from 1/10, 2/10, 3/10, 4/10 at temperature 1 and from the same
// probabilities squared at temperature 1/2: chi-square with three degrees of
// freedom is below 16.3 with probability 0.999. LogP and Ent are those of the
// whole distribution also when top-k cuts it.
func TestSampleFrequencies(t *testing.T) {
	const n = 20000
	for _, c := range []struct {
		temperature float32
		topK        int
		mass        []float64 // kept, unnormalised
		full        []float64
	}{
		{1, 0, []float64{1, 2, 3, 4}, []float64{1, 2, 3, 4}},
		{0.5, 0, []float64{1, 4, 9, 16}, []float64{1, 4, 9, 16}},
		{1, 2, []float64{0, 0, 3, 4}, []float64{1, 2, 3, 4}},
	} {
		b := newBench(t, kernels.Args{Picks: n})
		var logits []float64
		var stream, pos []int32
		for i := range n {
			logits = append(logits, logs(1, 2, 3, 4)...)
			stream, pos = append(stream, int32(i%200), -1), append(pos, int32(i/200))
		}
		tok, logp, ent := b.index("Tok", make([]int32, n)...), b.room("LogP", n), b.room("Ent", n)
		b.run(kernels.Args{Picks: n, Temperature: c.temperature, TopK: c.topK, TopP: 1, Seed: 99}, kernels.Sample{
			Tok: tok, LogP: logp, Ent: ent, Logits: b.real("Logits", logits...),
			Stream: b.index("Stream", stream...), Pos: b.index("Pos", pos...), N: kernels.DimPicks, V: 4,
		})
		count, kept, total, entropy := make([]int, 4), 0.0, 0.0, 0.0
		for v := range 4 {
			kept, total = kept+c.mass[v], total+c.full[v]
		}
		for v := range 4 {
			entropy -= c.full[v] / total * math.Log(c.full[v]/total)
		}
		for i, v := range ref.Indices(b.p.Bufs[tok].Buf) {
			count[v]++
			if want := math.Log(c.full[v] / total); math.Abs(b.got(logp)[i]-want) > 1e-12 {
				t.Fatalf("T=%g top-k %d: LogP of token %d is %g, want %g", c.temperature, c.topK, v, b.got(logp)[i], want)
			}
			if math.Abs(b.got(ent)[i]-entropy) > 1e-12 {
				t.Fatalf("T=%g: Ent is %g, want %g", c.temperature, b.got(ent)[i], entropy)
			}
		}
		chi := 0.0
		for v, k := range count {
			if c.mass[v] == 0 {
				if k > 0 {
					t.Errorf("top-k %d: token %d drawn %d times", c.topK, v, k)
				}
				continue
			}
			want := n * c.mass[v] / kept
			chi += (float64(k) - want) * (float64(k) - want) / want
		}
		if chi > 16.3 {
			t.Errorf("T=%g top-k %d: chi-square is %.1f for counts %v", c.temperature, c.topK, chi, count)
		}
	}
}

// A draw depends on seed, stream and position and not on the row.
func TestSampleIsCounterBased(t *testing.T) {
	draw := func(seed uint64, stream [2]int32, pos int32) int32 {
		b := newBench(t, kernels.Args{Picks: 1})
		tok := b.index("Tok", 0)
		b.run(kernels.Args{Picks: 1, Temperature: 1, TopP: 1, Seed: seed}, kernels.Sample{
			Tok: tok, LogP: b.room("LogP", 1), Ent: b.room("Ent", 1), Logits: b.room("Logits", 1000),
			Stream: b.index("Stream", stream[0], stream[1]), Pos: b.index("Pos", pos), N: kernels.DimPicks, V: 1000,
		})
		return ref.Indices(b.p.Bufs[tok].Buf)[0]
	}
	base := draw(1, [2]int32{2, 3}, 4)
	if again := draw(1, [2]int32{2, 3}, 4); again != base {
		t.Errorf("the same counter gives %d and %d", base, again)
	}
	// Of 1000 equal masses the drawn one is the uniform number's.
	if want := int32(1000 * philox.Uniform(1, 3<<32|2, 4)); base != want {
		t.Errorf("token %d, want %d", base, want)
	}
	if got := ref.StreamID(-1, 1); got != 0x1ffffffff {
		t.Errorf("StreamID(-1, 1) = %x, want 1ffffffff", got)
	}
	for name, got := range map[string]int32{
		"seed":           draw(1<<32|1, [2]int32{2, 3}, 4),
		"stream, low":    draw(1, [2]int32{-2, 3}, 4),
		"stream, high":   draw(1, [2]int32{2, -3}, 4),
		"position":       draw(1, [2]int32{2, 3}, 5),
		"position, sign": draw(1, [2]int32{2, 3}, -4),
	} {
		if got == base {
			t.Errorf("another %s gives token %d again", name, got)
		}
	}
}
