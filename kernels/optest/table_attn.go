package optest

import (
	"fmt"
	"math"

	"gradus/kernels"
)

// ropeTables returns cosines and sines (maxPos, d/2) for base 10000.
func ropeTables(maxPos, d int) (cos, sin []float32) {
	for p := range maxPos {
		for i := range d / 2 {
			angle := float64(p) * math.Pow(10000, -2*float64(i)/float64(d))
			cos = append(cos, float32(math.Cos(angle)))
			sin = append(sin, float32(math.Sin(angle)))
		}
	}
	return cos, sin
}

// sequenceLengths are packed batches: one token alone, short ones, lengths
// around 64 and 128 where a kernel may cut blocks of keys.
var sequenceLengths = [...][]int{
	{1}, {1, 1, 2}, {5, 1, 33, 7}, {63, 64, 65}, {1, 127, 2, 129}, {300},
}

func sum(x []int) int {
	n := 0
	for _, v := range x {
		n += v
	}
	return n
}

func longest(x []int) int {
	n := 0
	for _, v := range x {
		n = max(n, v)
	}
	return n
}

// families are packed batches in which sequences continue others: the first
// number of each is the length of the prefix. A prefix of no rows, a sequence of
// none, a prefix that nobody continues, and lengths around a kernel's blocks.
var families = [...][][]int{
	{{1, 1}},
	{{5, 3, 1, 7}, {4}, {0, 2, 6}},
	{{31, 33, 64}, {16, 16}, {1, 65, 2, 1}},
	{{63, 2, 0, 130}, {0}, {127, 1, 2}},
}

// lengthsOf flattens families; prefix[s] is what sequence s continues, or -1.
func lengthsOf(families [][]int) (lengths, prefix []int) {
	for _, f := range families {
		root := len(lengths)
		for i, l := range f {
			lengths = append(lengths, l)
			if i == 0 {
				prefix = append(prefix, -1)
			} else {
				prefix = append(prefix, root)
			}
		}
	}
	return lengths, prefix
}

// longestOf is the length of the longest sequence with its prefix.
func longestOf(lengths, prefix []int) int {
	n := 0
	for s, l := range lengths {
		if prefix[s] >= 0 {
			l += lengths[prefix[s]]
		}
		n = max(n, l)
	}
	return n
}

// In bf16 heads have 64 or 128 numbers, and kernels work on tiles of 64 rows and
// keys: lengths around those, and 7 query heads to a key/value head.
var (
	headShapesBF16 = [...]headShape{
		{h: 2, kv: 1, d: 64, compute: kernels.BF16}, {h: 7, kv: 1, d: 64, compute: kernels.BF16}, {h: 1, kv: 1, d: 128, compute: kernels.BF16},
	}
	sequenceLengthsBF16 = [...][]int{{1, 2}, {5, 1, 33, 7}, {63, 64, 65}, {1, 130}}
	familiesBF16        = [...][][]int{{{5, 3, 1, 7}, {4}, {0, 2, 6}}, {{63, 2, 0, 20}, {65, 1}}}
)

// headShape is the shape of one attention, and the dtype of its factors.
type headShape struct {
	h, kv, d int
	compute  kernels.DType
}

func (hs headShape) qkvWidth() int { return (hs.h + 2*hs.kv) * hs.d }

// String is the shape as cases print it.
func (hs headShape) String() string {
	s := fmt.Sprintf("h=%d kv=%d d=%d", hs.h, hs.kv, hs.d)
	if hs.compute == kernels.BF16 {
		s += " bf16"
	}
	return s
}

// attnShapes are the shapes of attention in compute.
func attnShapes(compute kernels.DType) (shapes []headShape, lengths [][]int, fs [][][]int) {
	if compute == kernels.BF16 {
		return headShapesBF16[:], sequenceLengthsBF16[:], familiesBF16[:]
	}
	return headShapes[:], sequenceLengths[:], families[:]
}

// continuing declares Attn over families of sequences.
func continuing(s *tensors, hs headShape, lengths, prefix []int, spread float64) kernels.Attn {
	f := attention(s, hs, lengths, spread)
	f.Prefix = s.indices("Prefix", f.S, 1, func(_ *random, i int) int { return prefix[i] })
	f.MaxLen = longestOf(lengths, prefix)
	return f
}

// backward declares AttnBwd for f.
func backward(s *tensors, f kernels.Attn) kernels.AttnBwd {
	return kernels.AttnBwd{
		DQKV: s.out("DQKV", f.N, (f.H+2*f.KV)*f.D), DOut: s.rows("DOut", f.N, f.H*f.D, normal(1)),
		QKV: f.QKV, Out: f.Out, LSE: f.LSE, Start: f.Start, Prefix: f.Prefix,
		N: f.N, S: f.S, H: f.H, KV: f.KV, D: f.D, MaxLen: f.MaxLen, Compute: f.Compute,
	}
}

// attention declares Attn over packed sequences.
func attention(s *tensors, hs headShape, lengths []int, spread float64) kernels.Attn {
	return kernels.Attn{
		Out: s.out("Out", kernels.DimRows, hs.h*hs.d), LSE: s.out("LSE", kernels.DimRows, hs.h),
		QKV: s.rows("QKV", kernels.DimRows, hs.qkvWidth(), normal(spread)), Start: s.starts("Start", lengths),
		N: kernels.DimRows, S: kernels.DimSeqs, H: hs.h, KV: hs.kv, D: hs.d, MaxLen: longest(lengths), Compute: hs.compute,
	}
}

// attnCases are attention of factors in compute, forward and backward.
func attnCases(compute kernels.DType) []Case {
	var cases []Case
	both := func(i int, what string, lengths []int, declare func(s *tensors) kernels.Attn) {
		fwd := Case{
			Op: "attn", Shape: what, Args: kernels.Args{Rows: sum(lengths), Seqs: len(lengths)}, Spare: i % 3,
			build: func(s *tensors) ([]kernels.Op, error) { return one(declare(s)) },
		}
		bwd := fwd
		bwd.Op = "attn_bwd"
		bwd.build = func(s *tensors) ([]kernels.Op, error) {
			f := declare(s)
			if err := s.forward(f); err != nil {
				return nil, err
			}
			return one(backward(s, f))
		}
		cases = append(cases, fwd, bwd)
	}
	shapes, batches, fs := attnShapes(compute)
	for i, lengths := range batches {
		some := []headShape{shapes[(i+3)%len(shapes)], shapes[(i+4)%len(shapes)]}
		if compute == kernels.BF16 {
			some = some[:1]
		}
		for _, hs := range some {
			both(i, fmt.Sprintf("%s lengths=%v", hs, lengths), lengths, func(s *tensors) kernels.Attn { return attention(s, hs, lengths, 1) })
		}
	}
	for i, f := range fs {
		lengths, prefix := lengthsOf(f)
		hs := shapes[i%len(shapes)]
		both(i, fmt.Sprintf("%s families=%v", hs, f), lengths, func(s *tensors) kernels.Attn { return continuing(s, hs, lengths, prefix, 1) })
	}
	return cases
}

func cacheCases(compute kernels.DType) []Case {
	var cases []Case
	shapes, _, _ := attnShapes(compute)
	for i, hs := range shapes {
		n := oddRows[i%len(oddRows)]
		slots, capacity := 3+i, 9+n
		if compute == kernels.BF16 {
			slots, capacity = 1+i, 2+n
		}
		c := perRow("kv_write", n, fmt.Sprintf("%s slots=%d cap=%d", hs, slots, capacity),
			func(s *tensors) ([]kernels.Op, error) {
				place := s.random().shuffled(slots * capacity) // no two rows write one place
				return one(kernels.KVWrite{
					K:    s.cached("K", hs, slots, capacity),
					V:    s.cached("V", hs, slots, capacity),
					QKV:  s.rows("QKV", kernels.DimRows, hs.qkvWidth(), normal(1)),
					Slot: s.indices("Slot", kernels.DimRows, 1, func(_ *random, i int) int { return place[i] / capacity }),
					At:   s.indices("At", kernels.DimRows, 1, func(_ *random, i int) int { return place[i] % capacity }),
					N:    kernels.DimRows, H: hs.h, KV: hs.kv, D: hs.d, Slots: slots, Cap: capacity, Compute: hs.compute,
				})
			})
		c.Dim = 0
		cases = append(cases, c)
	}
	return cases
}

// cached adds a cache of keys or values of attention hs.
func (s *tensors) cached(name string, hs headShape, slots, capacity int) kernels.Ref {
	r := s.flat(name, slots*hs.kv*capacity*hs.d, normal(1))
	if hs.compute == kernels.BF16 {
		t := s.at(r)
		t.dtype = kernels.BF16
		for i, x := range t.real {
			t.real[i] = kernels.RoundBF16(x)
		}
	}
	return r
}

// decodeCases share prompt slots among rows; row 0 has no prompt, row 1 no
// tokens of its own and row 2 a full cache.
func decodeCases(compute kernels.DType) []Case {
	var cases []Case
	shapes, _, _ := attnShapes(compute)
	for i, hs := range shapes {
		n := oddRows[len(oddRows)-1-i%len(oddRows)]
		if compute == kernels.BF16 {
			n = oddRows[i%len(oddRows)]
		}
		pslots, pcap, slots, capacity := 2+i%2, []int{1, 17, 70, 130}[i%4], n+1, []int{1, 65, 33, 140}[i%4]
		shape := fmt.Sprintf("%s pslots=%d pcap=%d cap=%d", hs, pslots, pcap, capacity)
		cases = append(cases, perRow("attn_decode", n, shape, func(s *tensors) ([]kernels.Op, error) {
			r := &random{seed: s.seed, stream: 1 << 32}
			plen, length, own := make([]int, n), make([]int, n), r.shuffled(slots)
			for i := range n {
				plen[i] = r.below(pcap + 1)
				length[i] = plen[i] + 1 + r.below(capacity)
			}
			plen[0], length[0] = 0, 1+r.below(capacity)
			if n > 2 {
				plen[1], length[1] = pcap, pcap
				plen[2], length[2] = pcap, pcap+capacity
			}
			at := func(x []int) func(*random, int) int { return func(_ *random, i int) int { return x[i] } }
			return one(kernels.AttnDecode{
				Out: s.out("Out", kernels.DimRows, hs.h*hs.d),
				QKV: s.rows("QKV", kernels.DimRows, hs.qkvWidth(), normal(1)),
				PK:  s.cached("PK", hs, pslots, pcap), PV: s.cached("PV", hs, pslots, pcap),
				K: s.cached("K", hs, slots, capacity), V: s.cached("V", hs, slots, capacity),
				PSlot: s.indices("PSlot", kernels.DimRows, 1, func(_ *random, i int) int { return i % pslots }),
				PLen:  s.indices("PLen", kernels.DimRows, 1, at(plen)),
				Slot:  s.indices("Slot", kernels.DimRows, 1, at(own)),
				Len:   s.indices("Len", kernels.DimRows, 1, at(length)),
				N:     kernels.DimRows, H: hs.h, KV: hs.kv, D: hs.d,
				PSlots: pslots, PCap: pcap, Slots: slots, Cap: capacity, Compute: hs.compute,
			})
		}))
	}
	return cases
}
