package ref

import (
	"math"
	"sort"

	"gradus/kernels"
	"gradus/kernels/philox"
)

// Draw returns the token that kernels.Sample draws from the scaled logits z
// at the uniform number u in [0, 1): topK = 0 and topP = 1 are off.
//
// The kept tokens are a prefix of the descending order of z (equal logits in
// ascending id): at most topK of them, and none after their mass under the
// full softmax(z) has reached topP. Among them the first in ascending id whose
// cumulative mass exceeds u times the kept mass is drawn.
func Draw(z []float64, topK int, topP, u float64) int {
	order := make([]int, len(z))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return z[order[a]] > z[order[b]] })
	if topK > 0 && topK < len(order) {
		order = order[:topK]
	}
	lse, mass, kept := logSumExp(z), 0.0, 0
	for _, v := range order {
		mass += math.Exp(z[v] - lse)
		kept++
		if topP < 1 && mass >= topP {
			break
		}
	}
	order = order[:kept]
	sort.Ints(order)
	last, sum := order[0], 0.0
	for _, v := range order {
		p := math.Exp(z[v] - lse)
		if p == 0 {
			continue // never drawn, not even when rounding leaves the sum short
		}
		last, sum = v, sum+p
		if sum > u*mass {
			break
		}
	}
	return last
}

func (m *memory) sample(o kernels.Sample) {
	tok, logp, ent := m.index(o.Tok), m.real(o.LogP), m.real(o.Ent)
	logits, stream, pos := m.real(o.Logits), m.index(o.Stream), m.index(o.Pos)
	z := make([]float64, o.V)
	for n := range m.rows(o.N) {
		for v, l := range row(logits, n, o.V) {
			z[v] = l / float64(m.args.Temperature)
		}
		u := philox.Uniform(m.args.Seed, StreamID(stream[2*n], stream[2*n+1]), uint64(uint32(pos[n])))
		lse := logSumExp(z)
		t := Draw(z, m.args.TopK, float64(m.args.TopP), float64(u))
		tok[n] = int32(t)
		logp[n] = z[t] - lse
		ent[n] = entropy(z, lse)
	}
}

// StreamID joins the halves of a row of kernels.Sample.Stream.
func StreamID(low, high int32) uint64 { return uint64(uint32(high))<<32 | uint64(uint32(low)) }
