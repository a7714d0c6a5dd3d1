package optest

import (
	"fmt"
	"math"

	"gradus/kernels"
)

// building makes the inputs of a case and its ops.
type building = func(s *tensors) ([]kernels.Op, error)

// inSequences cuts rows into sequences of about the same length.
func inSequences(rows, seqs int) []int {
	lengths := make([]int, seqs)
	for i := range lengths {
		lengths[i] = (i+1)*rows/seqs - i*rows/seqs
	}
	return lengths
}

// AttnPerfCases are attention in the shapes of Qwen2.5-0.5B and 1.5B, with factors
// of f32 and of bf16: forward and backward over so many rows in sequences of
// length, and decoding of as many rows as `decoding`, eight to a prompt, with
// `cached` keys each, of which a half is the prompt's.
func AttnPerfCases(rows, length, decoding, cached int, seed uint64) []Case {
	seqs := max(1, rows/length)
	var cases []Case
	for _, hs := range []headShape{{h: 14, kv: 2, d: 64}, {h: 12, kv: 2, d: 128}} {
		for _, compute := range []kernels.DType{kernels.F32, kernels.BF16} {
			hs.compute = compute
			attnPerf(func(op kernels.Kind, shape string, build building) {
				cases = append(cases, Case{
					Op: op, Shape: fmt.Sprintf("n=%d %s", rows, shape), Args: kernels.Args{Rows: rows, Seqs: seqs}, Seed: seed + uint64(len(cases)), build: build,
				})
			}, hs, inSequences(rows, seqs), decoding, cached/2, cached-cached/2)
		}
	}
	return cases
}

// attnPerf adds attention over sequences of those lengths, and decoding with caches
// that are full.
func attnPerf(add func(op kernels.Kind, shape string, build building), hs headShape, lengths []int, decoding, prompt, own int) {
	n := kernels.DimRows
	add("attn", fmt.Sprintf("%s s=%d", hs, len(lengths)), func(s *tensors) ([]kernels.Op, error) {
		return one(attention(s, hs, lengths, 1))
	})
	add("attn_bwd", fmt.Sprintf("%s s=%d", hs, len(lengths)), func(s *tensors) ([]kernels.Op, error) {
		f := attention(s, hs, lengths, 1)
		// The time does not depend on the numbers; Out and LSE of the
		// right size keep the exponentials in range.
		f.Out, f.LSE = s.rows("Out", n, hs.h*hs.d, normal(1)), s.rows("LSE", n, hs.h, func(*random) float32 { return float32(math.Log(float64(longest(lengths)))) })
		return one(backward(s, f))
	})
	add("attn_decode", fmt.Sprintf("%s rows=%d cached=%d", hs, decoding, prompt+own), func(s *tensors) ([]kernels.Op, error) {
		full := func(x int) func(*random, int) int { return func(*random, int) int { return x } }
		each := kernels.Dim(decoding)
		groups := max(1, decoding/8)
		return one(kernels.AttnDecode{
			Out: s.out("Out", each, hs.h*hs.d), QKV: s.rows("QKV", each, hs.qkvWidth(), normal(1)),
			PK: s.cached("PK", hs, groups, prompt), PV: s.cached("PV", hs, groups, prompt),
			K: s.cached("K", hs, decoding, own), V: s.cached("V", hs, decoding, own),
			PSlot: s.indices("PSlot", each, 1, func(_ *random, i int) int { return i % groups }),
			PLen:  s.indices("PLen", each, 1, full(prompt)),
			Slot:  s.indices("Slot", each, 1, func(_ *random, i int) int { return i }),
			Len:   s.indices("Len", each, 1, full(prompt+own)),
			N:     each, H: hs.h, KV: hs.kv, D: hs.d, PSlots: groups, PCap: prompt, Slots: decoding, Cap: own, Compute: hs.compute,
		})
	})
}
