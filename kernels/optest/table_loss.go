package optest

import (
	"fmt"
	"math"

	"gradus/kernels"
)

// lossShape is the shape of one loss.
type lossShape struct {
	n, c, v, chunk int
	temperature    float32
	spread         float64 // standard deviation of the logits
	entropy        bool
}

// lossShapes: one token in the vocabulary, chunks that divide the rows and
// chunks that do not, one chunk for all, and a peaked distribution as a
// trained model has it.
var lossShapes = [...]lossShape{
	{1, 8, 1, 1, 1, 1, true},
	{2, 16, 5, 1, 1, 1, false},
	{5, 33, 97, 2, 0.7, 1, true},
	{7, 64, 256, 7, 1, 2, true},
	{33, 32, 50, 8, 1.3, 1, false},
	{33, 64, 130, 16, 1, 2, true},
	{9, 24, 4100, 4, 1, 2, true},
	{7, 64, 64, 3, 0.25, 5, true},
}

// loss declares LossRows over n picked rows.
func loss(s *tensors, c, v, chunk int, spread float64, compute kernels.DType) kernels.LossRows {
	d := kernels.DimPicks
	hidden, weight := normal(1), normal(spread/math.Sqrt(float64(c)))
	if v == 1 { // exact logits: LogP, entropy and gradients are 0 to the bit
		hidden, weight = integer, integer
	}
	return kernels.LossRows{
		LogP: s.out("LogP", d, 1), Ent: s.out("Ent", d, 1), LSE: s.out("LSE", d, 1),
		H: s.rows("H", d, c, hidden), W: s.flat("W", v*c, weight),
		Pack:    s.packed("Pack", v, c, compute),
		Target:  s.indices("Target", d, 1, func(r *random, _ int) int { return r.below(v) }),
		Scratch: s.work("Scratch", int64(chunk)*int64(v)),
		N:       d, C: c, V: v, Chunk: chunk, Compute: compute,
	}
}

// lossCases have factors in compute.
func lossCases(compute kernels.DType) []Case {
	var cases []Case
	for i, z := range lossShapes {
		fwd := Case{
			Op:    "loss_rows",
			Shape: fmt.Sprintf("n=%d c=%d v=%d chunk=%d T=%g spread=%g", z.n, z.c, z.v, z.chunk, z.temperature, z.spread),
			Args:  kernels.Args{Picks: z.n, Temperature: z.temperature}, Spare: i % 3, Dim: kernels.DimPicks,
			Condition: harsh(z.spread / float64(z.temperature) / 2),
			build: func(s *tensors) ([]kernels.Op, error) {
				o := loss(s, z.c, z.v, z.chunk, z.spread, compute)
				return one(kernels.Pack{Dst: o.Pack, W: o.W, O: z.v, K: z.c, Compute: compute}, o)
			},
		}
		if compute != kernels.F32 {
			fwd.Shape += " " + compute.String()
		}
		bwd := fwd
		bwd.Condition = harsh(z.spread / float64(z.temperature))
		bwd.Op, bwd.Shape = "loss_rows_bwd", fmt.Sprintf("%s entropy=%t", fwd.Shape, z.entropy)
		bwd.build = func(s *tensors) ([]kernels.Op, error) {
			f := loss(s, z.c, z.v, z.chunk, z.spread, compute)
			pack := kernels.Pack{Dst: f.Pack, W: f.W, O: z.v, K: z.c, Compute: compute}
			back := kernels.Pack{Dst: s.packed("PackBack", z.c, z.v, compute), W: f.W, O: z.v, K: z.c, Back: true, Compute: compute}
			if err := s.forward(pack, f); err != nil {
				return nil, err
			}
			o := kernels.LossRowsBwd{
				DH: s.out("DH", f.N, z.c), DW: s.flat("DW", z.v*z.c, normal(1)),
				H: f.H, W: f.W, Pack: f.Pack, PackBack: back.Dst, Target: f.Target, LSE: f.LSE, Ent: f.Ent,
				Coef: s.rows("Coef", f.N, 1, normal(1)), Scratch: f.Scratch,
				N: f.N, C: z.c, V: z.v, Chunk: z.chunk, Compute: compute,
			}
			if z.entropy {
				o.EntCoef = s.rows("EntCoef", f.N, 1, normal(0.5))
			}
			return one(pack, back, o)
		}
		cases = append(cases, fwd, bwd)
	}
	return cases
}

// harsh is the Condition of gradients through logits of the given spread: exp
// turns their absolute error, spread times a few f32 roundings, into a
// relative one. Sums over the vocabulary halve it in the forward pass.
func harsh(spread float64) float64 { return max(1, spread) }

func sampleCases() []Case {
	var cases []Case
	for i, z := range []struct {
		n, v        int
		temperature float32
		topK        int
		topP        float32
		spread      float64
	}{
		{1, 1, 1, 0, 1, 1},
		{2, 5, 1, 0, 1, 1},
		{33, 7, 0.7, 0, 1, 2},
		{7, 97, 1, 10, 1, 2},
		{33, 97, 1, 0, 0.9, 2},
		{33, 256, 1.3, 20, 0.6, 2},
		{5, 130, 1, 1, 1, 1},
		{7, 130, 1, 500, 1, 1},
		{33, 64, 1, 0, 0.001, 1},
		{33, 4100, 1, 0, 0.95, 2},
		{33, 64, 0.25, 0, 1, 5},
	} {
		cases = append(cases, Case{
			Op:    "sample",
			Shape: fmt.Sprintf("n=%d v=%d T=%g topk=%d topp=%g spread=%g", z.n, z.v, z.temperature, z.topK, z.topP, z.spread),
			Args:  kernels.Args{Picks: z.n, Temperature: z.temperature, TopK: z.topK, TopP: z.topP, Seed: 0x1234567890abcdef + uint64(i)},
			Spare: i % 3, Dim: kernels.DimPicks,
			build: func(s *tensors) ([]kernels.Op, error) { return one(sampling(s, z.v, z.spread)) },
		})
	}
	return cases
}

// sampling declares Sample over the picked rows. Stream ids and positions use
// the high bits too.
func sampling(s *tensors, v int, spread float64) kernels.Sample {
	d := kernels.DimPicks
	anyIndex := func(r *random, _ int) int { return int(int32(uint32(r.below(1 << 32)))) }
	logits := s.rows("Logits", d, v, normal(spread))
	for i := 3; i < len(s.at(logits).real) && v > 2; i += v { // ties
		s.at(logits).real[i-1] = s.at(logits).real[i-2]
	}
	return kernels.Sample{
		Tok:  s.indices("Tok", d, 1, func(*random, int) int { return -1 }),
		LogP: s.out("LogP", d, 1), Ent: s.out("Ent", d, 1), Logits: logits,
		Stream: s.indices("Stream", d, 2, anyIndex), Pos: s.indices("Pos", d, 1, anyIndex),
		N: d, V: v,
	}
}

// advanceCases hold rows that go on, rows that stop at a stop token or for want
// of room, rows at rest, and counts outside of the record.
func advanceCases() []Case {
	const steps = 3
	var cases []Case
	for i, n := range append(oddRows[:], 300) {
		stops := []int{1, 2, 16}[i%3]
		cases = append(cases, perRow("advance", n, fmt.Sprintf("steps=%d stops=%d", steps, stops), func(s *tensors) ([]kernels.Op, error) {
			d := kernels.DimRows
			below := func(lo, hi int) func(*random, int) int {
				return func(r *random, _ int) int { return lo + r.below(hi-lo) }
			}
			stop := make([]int32, stops)
			for i := range stop {
				stop[i] = int32(3*i) - 3 // the first is none
			}
			o := kernels.Advance{
				Tokens: s.indices("Tokens", d, steps, below(0, 50)),
				LogPs:  s.rows("LogPs", d, steps, normal(1)), Ents: s.rows("Ents", d, steps, normal(1)),
				Tok: s.indices("Tok", d, 1, below(0, 50)), Pos: s.indices("Pos", d, 1, below(0, 90)),
				At: s.indices("At", d, 1, below(0, 90)), Len: s.indices("Len", d, 1, below(1, 90)),
				Count: s.indices("Count", d, 1, below(-1, steps+2)), Left: s.indices("Left", d, 1, below(-1, 4)),
				Drawn: s.indices("Drawn", d, 1, below(0, 9)),
				LogP:  s.rows("LogP", d, 1, normal(1)), Ent: s.rows("Ent", d, 1, normal(1)),
				Stop: s.add(tensor{name: "Stop", dtype: kernels.I32, index: stop}),
				N:    d, Steps: steps, Stops: stops,
			}
			return one(o)
		}))
	}
	return cases
}
