package ref_test

import (
	"math"
	"testing"

	"gradus/kernels"
)

// The forward ops on numbers worked out by hand; their backward ops are held
// to them by central differences in package optest.

func TestRMSNormByHand(t *testing.T) {
	b := newBench(t, kernels.Args{})
	// mean square of (3, 4) is 12.5; of (1, -1) with Eps 3 it is 1+3.
	y, r := b.room("Y", 2), b.room("RStd", 1)
	b.run(kernels.Args{}, kernels.RMSNorm{Y: y, RStd: r, X: b.real("X", 3, 4), G: b.real("G", 1, 10), N: 1, C: 2})
	b.want(r, 1e-15, 1/math.Sqrt(12.5))
	b.want(y, 1e-14, 3/math.Sqrt(12.5), 40/math.Sqrt(12.5))
	b.run(kernels.Args{}, kernels.RMSNorm{Y: y, RStd: r, X: b.real("X", 1, -1), G: b.real("G", 1, 2), N: 1, C: 2, Eps: 3})
	b.want(r, 1e-15, 0.5)
	b.want(y, 1e-15, 0.5, -1)
}

func TestLinearByHand(t *testing.T) {
	b := newBench(t, kernels.Args{})
	w := b.real("W", 1, 2, 3, 4, 5, 6) // (3, 2)
	pack := b.room("Pack", int(kernels.PackLen(3, 2)))
	x, y := b.real("X", 1, 10, -1, 0), b.real("Y", 100, 200, 300, 400, 500, 600)
	b.run(kernels.Args{}, kernels.Pack{Dst: pack, W: w, O: 3, K: 2},
		kernels.Linear{Y: y, X: x, W: w, Pack: pack, Res: y, N: 2, O: 3, K: 2})
	b.want(y, 0, 121, 243, 365, 399, 497, 595)

	dy, dx, dw := b.real("DY", 1, 0, -1, 2, 1, 0), b.real("DX", 1, 1, 1, 1), b.real("DW", 0, 0, 0, 0, 0, 1)
	back := b.room("PackBack", int(kernels.PackBackLen(3, 2)))
	b.run(kernels.Args{}, kernels.Pack{Dst: back, W: w, O: 3, K: 2, Back: true},
		kernels.LinearDX{DX: dx, DY: dy, W: w, Pack: back, N: 2, O: 3, K: 2},
		kernels.LinearDW{DW: dw, DY: dy, X: x, N: 2, O: 3, K: 2})
	b.want(dx, 0, 1-5, 2-6, 2+3, 4+4)
	b.want(dw, 0, 1-2, 10, -1, 0, -1, -10+1)
	b.run(kernels.Args{}, kernels.LinearDX{DX: dx, DY: dy, W: w, Pack: back, N: 2, O: 3, K: 2, Acc: true})
	b.want(dx, 0, -8, -8, 10, 16)
}

// silu(1) = sigmoid(1) = 0.7310585786..., silu(0) = 0.
func TestSwiGLUByHand(t *testing.T) {
	b := newBench(t, kernels.Args{})
	y := b.room("Y", 3)
	b.run(kernels.Args{}, kernels.SwiGLU{Y: y, GU: b.real("GU", 1, 0, -1, 2, 5, 3), N: 1, F: 3})
	b.want(y, 1e-15, 2*0.7310585786300049, 0, -3*0.2689414213699951)
}

// A quarter turn takes (1, 0) to (0, 1); values are not turned; the inverse
// turns back. D = 4 has the pairs (0, 2) and (1, 3).
func TestRoPEByHand(t *testing.T) {
	b := newBench(t, kernels.Args{})
	cos, sin := b.real("Cos", 1, 1, 0, -1), b.real("Sin", 0, 0, 1, 0) // position 1: 90 and 180 degrees
	qkv := b.real("QKV", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
	o := kernels.RoPE{QKV: qkv, Cos: cos, Sin: sin, Pos: b.index("Pos", 1), N: 1, H: 1, KV: 1, D: 4, MaxPos: 2}
	b.run(kernels.Args{}, o)
	b.want(qkv, 0, -3, -2, 1, -4, -7, -6, 5, -8, 9, 10, 11, 12)
	o.Inverse = true
	b.run(kernels.Args{}, o)
	b.want(qkv, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
}

// Scores after rotation depend on the distance of the positions only
// (Su et al. 2021, Section 3.1).
func TestRoPEScoresAreRelative(t *testing.T) {
	const d, maxPos = 8, 30
	b := newBench(t, kernels.Args{})
	var cos, sin []float64
	for p := range maxPos {
		for i := range d / 2 {
			angle := float64(p) * math.Pow(10000, -2*float64(i)/d)
			cos, sin = append(cos, math.Cos(angle)), append(sin, math.Sin(angle))
		}
	}
	c, s := b.real("Cos", cos...), b.real("Sin", sin...)
	score := func(m, n int32) float64 {
		x := make([]float64, 2*3*d)
		for i := range d {
			x[i], x[3*d+d+i] = math.Sin(float64(i)+1), math.Cos(2*float64(i)) // query of row 0, key of row 1
		}
		qkv := b.real("QKV", x...)
		b.run(kernels.Args{}, kernels.RoPE{QKV: qkv, Cos: c, Sin: s, Pos: b.index("Pos", m, n), N: 2, H: 1, KV: 1, D: d, MaxPos: maxPos})
		sum, y := 0.0, b.got(qkv)
		for i := range d {
			sum += y[i] * y[3*d+d+i]
		}
		return sum
	}
	if a, c := score(5, 2), score(29, 26); math.Abs(a-c) > 1e-12 {
		t.Errorf("score at (5, 2) is %g, at (29, 26) %g", a, c)
	}
	if a, c := score(5, 2), score(5, 3); math.Abs(a-c) < 1e-3 {
		t.Errorf("score does not depend on the distance: %g and %g", a, c)
	}
}

// Two sequences of 3 and 1 rows, H = 2 query heads on one key/value head,
// D = 1. Zero queries weigh all visible rows alike; a query of ln 3 on keys
// 0 and 1 weighs them 1 : 3.
func TestAttnByHand(t *testing.T) {
	ln3 := math.Log(3)
	b := newBench(t, kernels.Args{Rows: 4, Seqs: 2})
	qkv := b.real("QKV",
		0, 0, 0, 6, // q0 q1 k v
		0, ln3, 1, 10,
		0, 0, 5, 2,
		7, 7, 7, -1)
	out, lse := b.room("Out", 8), b.room("LSE", 8)
	o := kernels.Attn{
		Out: out, LSE: lse, QKV: qkv, Start: b.index("Start", 0, 3, 4),
		N: kernels.DimRows, S: kernels.DimSeqs, H: 2, KV: 1, D: 1, MaxLen: 3,
	}
	b.run(kernels.Args{Rows: 4, Seqs: 2}, o)
	b.want(out, 1e-12, 6, 6, 8, 9, 6, 6, -1, -1)
	b.want(lse, 1e-12, 0, 0, math.Log(2), math.Log(4), math.Log(3), math.Log(3), 49, 49)
}

// With D = 4 a score of 2 counts 1 after the scale of 1/sqrt(4); query heads
// 0, 1 read key/value head 0 and heads 2, 3 read head 1.
func TestAttnScaleAndGroups(t *testing.T) {
	b := newBench(t, kernels.Args{Rows: 2, Seqs: 1})
	head := func(x float64) []float64 { return []float64{x, 0, 0, 0} }
	var qkv []float64
	for _, rowHeads := range [][]float64{{0, 0, 0, 0, 0, 0, 1, 100}, {2, 0, 2, 0, 1, -1, 3, 300}} {
		for _, x := range rowHeads {
			qkv = append(qkv, head(x)...)
		}
	}
	out, lse := b.room("Out", 32), b.room("LSE", 8)
	b.run(kernels.Args{Rows: 2, Seqs: 1}, kernels.Attn{
		Out: out, LSE: lse, QKV: b.real("QKV", qkv...), Start: b.index("Start", 0, 2),
		N: 2, S: 1, H: 4, KV: 2, D: 4, MaxLen: 2,
	})
	e := math.E
	for h, want := range []float64{(1 + 3*e) / (1 + e), 2, (100 + 300/e) / (1 + 1/e), 200} {
		if got := b.got(out)[16+4*h]; math.Abs(got-want) > 1e-12*want {
			t.Errorf("head %d of row 1 is %g, want %g", h, got, want)
		}
	}
}

// KVWrite's layout is (Slots, KV, Cap, D).
func TestKVWriteLayout(t *testing.T) {
	const slots, kv, capacity, d = 3, 2, 4, 2
	b := newBench(t, kernels.Args{Rows: 1})
	k, v := b.room("K", slots*kv*capacity*d), b.room("V", slots*kv*capacity*d)
	b.run(kernels.Args{Rows: 1}, kernels.KVWrite{
		K: k, V: v, QKV: b.real("QKV", 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8), Slot: b.index("Slot", 2), At: b.index("At", 3),
		N: kernels.DimRows, H: 2, KV: kv, D: d, Slots: slots, Cap: capacity,
	})
	for g := range kv {
		for i := range d {
			at := ((2*kv+g)*capacity+3)*d + i
			if got := b.got(k)[at]; got != float64(1+2*g+i) {
				t.Errorf("K[2, %d, 3, %d] = %g", g, i, got)
			}
			if got := b.got(v)[at]; got != float64(5+2*g+i) {
				t.Errorf("V[2, %d, 3, %d] = %g", g, i, got)
			}
		}
	}
}

// softmax(0, ln 3) = (1/4, 3/4); its entropy is 0.5623351446188083 nats. At
// temperature 2 the logits 0, 2 ln 3 give the same. The second row has equal
// logits: log-prob -ln 2, entropy ln 2.
func TestLossRowsByHand(t *testing.T) {
	ln3 := math.Log(3)
	b := newBench(t, kernels.Args{Picks: 2})
	w := b.real("W", 0, 0, 2*ln3, 0) // (2, 2)
	pack := b.room("Pack", int(kernels.PackLen(2, 2)))
	logp, ent, lse := b.room("LogP", 2), b.room("Ent", 2), b.room("LSE", 2)
	b.run(kernels.Args{Picks: 2, Temperature: 2}, kernels.Pack{Dst: pack, W: w, O: 2, K: 2}, kernels.LossRows{
		LogP: logp, Ent: ent, LSE: lse, H: b.real("H", 1, 5, 0, 5), W: w, Pack: pack,
		Target: b.index("Target", 0, 1), Scratch: b.room("Scratch", 2), N: kernels.DimPicks, C: 2, V: 2, Chunk: 1,
	})
	b.want(logp, 1e-12, math.Log(0.25), -math.Ln2)
	b.want(ent, 1e-12, 0.5623351446188083, math.Ln2)
	b.want(lse, 1e-12, math.Log(4), math.Ln2)
}

// The first step of Adam moves a weight by LR times the gradient's sign, as
// both corrected moments are powers of the gradient; decay adds LR*lambda*w
// (Loshchilov and Hutter 2019, Algorithm 2, line 12).
func TestAdamWFirstStep(t *testing.T) {
	b := newBench(t, kernels.Args{})
	w, m, v := b.real("W", 1, -2, 3), b.room("M", 3), b.room("V", 3)
	a := kernels.Args{LR: 0.125, BetaCorr1: 0.5, BetaCorr2: 0.25, GradScale: 2}
	b.run(a, kernels.AdamW{W: w, G: b.real("G", 0.5, -40, 0), M: m, V: v, Len: 3, Beta1: 0.5, Beta2: 0.75, Eps: 0, WeightDecay: 0.25})
	decay := 1 - 0.125*0.25
	b.want(m, 1e-15, 0.5, -40, 0)
	b.want(v, 1e-12, 0.25, 1600, 0)
	if got := b.got(w)[:2]; math.Abs(got[0]-(decay-0.125)) > 1e-15 || math.Abs(got[1]-(-2*decay+0.125)) > 1e-15 {
		t.Errorf("W = %v, want %g and %g", got, decay-0.125, -2*decay+0.125)
	}
}

// Three steps in exact binary fractions, worked out by hand with g = 1, 1, -1:
// m = 1/2, 3/4, -1/8; v = 1/4, 7/16, 37/64; corrections 1/2, 3/4, 7/8 and
// 1/4, 7/16, 37/64. Corrected: 1, 1, -1/7 over 1, 1, 1.
func TestAdamWMoments(t *testing.T) {
	b := newBench(t, kernels.Args{})
	w, g, m, v := b.real("W", 0), b.real("G", 0), b.room("M", 1), b.room("V", 1)
	for step, x := range []float64{1, 1, -1} {
		b.got(g)[0] = x
		b1, b2 := math.Pow(0.5, float64(step+1)), math.Pow(0.75, float64(step+1))
		b.run(kernels.Args{LR: 1, BetaCorr1: float32(1 - b1), BetaCorr2: float32(1 - b2), GradScale: 1},
			kernels.AdamW{W: w, G: g, M: m, V: v, Len: 1, Beta1: 0.5, Beta2: 0.75})
	}
	b.want(m, 1e-15, -0.125)
	b.want(v, 1e-15, 37.0/64)
	b.want(w, 1e-15, -1-1+1.0/7)
}

// Eps stands outside the root: a gradient of 3 moves the weight by
// 3/(3 + 1), not by 3/sqrt(9 + 1).
func TestAdamWEps(t *testing.T) {
	b := newBench(t, kernels.Args{})
	w := b.real("W", 0)
	b.run(kernels.Args{LR: 1, BetaCorr1: 0.5, BetaCorr2: 0.5, GradScale: 1},
		kernels.AdamW{W: w, G: b.real("G", 3), M: b.room("M", 1), V: b.room("V", 1), Len: 1, Beta1: 0.5, Beta2: 0.5, Eps: 1})
	b.want(w, 1e-15, -0.75)
}

func TestRowsByHand(t *testing.T) {
	b := newBench(t, kernels.Args{Rows: 3, Picks: 2})
	a := kernels.Args{Rows: 3, Picks: 2}
	x, idx := b.real("X", 1, 2, 3, 4, 5, 6), b.index("Idx", 2, 0)
	y, back := b.room("Y", 4), b.real("Back", 9, 9, 9, 9, 9, 9)
	sum, copied := b.room("Sum", 1), b.room("Copy", 4)
	b.run(a,
		kernels.GatherRows{Y: y, X: x, Idx: idx, N: kernels.DimPicks, M: kernels.DimRows, C: 2},
		kernels.ScatterRows{Y: back, X: y, Idx: idx, N: kernels.DimPicks, M: kernels.DimRows, C: 2},
		kernels.SumSq{Out: sum, X: x, Len: 5},
		kernels.Copy{Y: copied, X: y, N: 2, C: 2},
		kernels.Zero{X: y, N: 1, C: 2})
	b.want(back, 0, 1, 2, 0, 0, 5, 6)
	b.want(sum, 0, 1+4+9+16+25)
	b.want(copied, 0, 5, 6, 1, 2)
	b.want(y, 0, 0, 0, 1, 2)

	tok := b.index("Tok", 1, 1, 0)
	out, dw := b.room("Out", 6), b.real("DW", 1, 1, 1, 1)
	b.run(a,
		kernels.Embed{Out: out, W: b.real("W", 1, 2, 3, 4), Tok: tok, N: 3, V: 2, C: 2},
		kernels.EmbedBwd{DW: dw, DOut: x, Tok: tok, N: 3, V: 2, C: 2})
	b.want(out, 0, 3, 4, 3, 4, 1, 2)
	b.want(dw, 0, 1+5, 1+6, 1+1+3, 1+2+4)
}
