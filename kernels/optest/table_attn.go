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

// continuing declares Attn over families of sequences.
func continuing(s *tensors, h, kv, d int, lengths, prefix []int, spread float64) kernels.Attn {
	f := attention(s, h, kv, d, lengths, spread)
	f.Prefix = s.indices("Prefix", f.S, 1, func(_ *random, i int) int { return prefix[i] })
	f.MaxLen = longestOf(lengths, prefix)
	return f
}

// backward declares AttnBwd for f.
func backward(s *tensors, f kernels.Attn) kernels.AttnBwd {
	return kernels.AttnBwd{
		DQKV: s.out("DQKV", f.N, (f.H+2*f.KV)*f.D), DOut: s.rows("DOut", f.N, f.H*f.D, normal(1)),
		QKV: f.QKV, Out: f.Out, LSE: f.LSE, Start: f.Start, Prefix: f.Prefix,
		N: f.N, S: f.S, H: f.H, KV: f.KV, D: f.D, MaxLen: f.MaxLen,
	}
}

// attention declares Attn over packed sequences.
func attention(s *tensors, h, kv, d int, lengths []int, spread float64) kernels.Attn {
	return kernels.Attn{
		Out: s.out("Out", kernels.DimRows, h*d), LSE: s.out("LSE", kernels.DimRows, h),
		QKV: s.rows("QKV", kernels.DimRows, (h+2*kv)*d, normal(spread)), Start: s.starts("Start", lengths),
		N: kernels.DimRows, S: kernels.DimSeqs, H: h, KV: kv, D: d, MaxLen: longest(lengths),
	}
}

func attnCases() []Case {
	var cases []Case
	for i, lengths := range sequenceLengths {
		for _, hs := range []struct{ h, kv, d int }{headShapes[(i+3)%len(headShapes)], headShapes[(i+4)%len(headShapes)]} {
			fwd := Case{
				Op: "attn", Shape: fmt.Sprintf("h=%d kv=%d d=%d lengths=%v", hs.h, hs.kv, hs.d, lengths),
				Args: kernels.Args{Rows: sum(lengths), Seqs: len(lengths)}, Spare: i % 3,
				build: func(s *tensors) ([]kernels.Op, error) {
					return one(attention(s, hs.h, hs.kv, hs.d, lengths, 1))
				},
			}
			bwd := fwd
			bwd.Op = "attn_bwd"
			bwd.build = func(s *tensors) ([]kernels.Op, error) {
				f := attention(s, hs.h, hs.kv, hs.d, lengths, 1)
				if err := s.forward(f); err != nil {
					return nil, err
				}
				return one(backward(s, f))
			}
			cases = append(cases, fwd, bwd)
		}
	}
	for i, fs := range families {
		lengths, prefix := lengthsOf(fs)
		hs := headShapes[i%len(headShapes)]
		fwd := Case{
			Op: "attn", Shape: fmt.Sprintf("h=%d kv=%d d=%d families=%v", hs.h, hs.kv, hs.d, fs),
			Args: kernels.Args{Rows: sum(lengths), Seqs: len(lengths)}, Spare: i % 3,
			build: func(s *tensors) ([]kernels.Op, error) {
				return one(continuing(s, hs.h, hs.kv, hs.d, lengths, prefix, 1))
			},
		}
		bwd := fwd
		bwd.Op = "attn_bwd"
		bwd.build = func(s *tensors) ([]kernels.Op, error) {
			f := continuing(s, hs.h, hs.kv, hs.d, lengths, prefix, 1)
			if err := s.forward(f); err != nil {
				return nil, err
			}
			return one(backward(s, f))
		}
		cases = append(cases, fwd, bwd)
	}
	return cases
}

func cacheCases() []Case {
	var cases []Case
	for i, hs := range headShapes {
		n := oddRows[i%len(oddRows)]
		slots, capacity := 3+i, 9+n
		c := perRow("kv_write", n, fmt.Sprintf("h=%d kv=%d d=%d slots=%d cap=%d", hs.h, hs.kv, hs.d, slots, capacity),
			func(s *tensors) ([]kernels.Op, error) {
				place := s.random().shuffled(slots * capacity) // no two rows write one place
				return one(kernels.KVWrite{
					K:    s.flat("K", slots*hs.kv*capacity*hs.d, normal(1)),
					V:    s.flat("V", slots*hs.kv*capacity*hs.d, normal(1)),
					QKV:  s.rows("QKV", kernels.DimRows, (hs.h+2*hs.kv)*hs.d, normal(1)),
					Slot: s.indices("Slot", kernels.DimRows, 1, func(_ *random, i int) int { return place[i] / capacity }),
					At:   s.indices("At", kernels.DimRows, 1, func(_ *random, i int) int { return place[i] % capacity }),
					N:    kernels.DimRows, H: hs.h, KV: hs.kv, D: hs.d, Slots: slots, Cap: capacity,
				})
			})
		c.Dim = 0
		cases = append(cases, c)
	}
	return cases
}

// decodeCases share prompt slots among rows; row 0 has no prompt, row 1 no
// tokens of its own and row 2 a full cache.
func decodeCases() []Case {
	var cases []Case
	for i, hs := range headShapes {
		n := oddRows[len(oddRows)-1-i%len(oddRows)]
		pslots, pcap, slots, capacity := 2+i%2, []int{1, 17, 70, 130}[i%4], n+1, []int{1, 65, 33, 140}[i%4]
		shape := fmt.Sprintf("h=%d kv=%d d=%d pslots=%d pcap=%d cap=%d", hs.h, hs.kv, hs.d, pslots, pcap, capacity)
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
			cache := func(name string, slots, capacity int) kernels.Ref {
				return s.flat(name, slots*hs.kv*capacity*hs.d, normal(1))
			}
			return one(kernels.AttnDecode{
				Out: s.out("Out", kernels.DimRows, hs.h*hs.d),
				QKV: s.rows("QKV", kernels.DimRows, (hs.h+2*hs.kv)*hs.d, normal(1)),
				PK:  cache("PK", pslots, pcap), PV: cache("PV", pslots, pcap),
				K: cache("K", slots, capacity), V: cache("V", slots, capacity),
				PSlot: s.indices("PSlot", kernels.DimRows, 1, func(_ *random, i int) int { return i % pslots }),
				PLen:  s.indices("PLen", kernels.DimRows, 1, at(plen)),
				Slot:  s.indices("Slot", kernels.DimRows, 1, at(own)),
				Len:   s.indices("Len", kernels.DimRows, 1, at(length)),
				N:     kernels.DimRows, H: hs.h, KV: hs.kv, D: hs.d,
				PSlots: pslots, PCap: pcap, Slots: slots, Cap: capacity,
			})
		}))
	}
	return cases
}
