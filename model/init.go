package model

import (
	"fmt"
	"math"

	"gradus/kernels"
	"gradus/kernels/philox"
)

const initStd = 0.02

// initStream marks the random streams of initial weights. Sampling under the
// same seed counts its streams from 0 and does not meet them.
const initStream = uint64(1) << 63

// Init draws the weights from a normal distribution with standard deviation
// 0.02, that of attention's and the MLP's output projections divided by
// sqrt(2*layers) (Radford et al. 2019, section 2.3), and sets norm gains to 1.
// Optimizer state and gradients become zero. Equal seeds give equal bits.
func (m *Model) Init(seed uint64) error {
	if m.busy {
		return m.ready()
	}
	block := make([]float32, copyBlock)
	for i, t := range m.layout.all {
		std := initStd
		if t.residual {
			std /= math.Sqrt(2 * float64(m.cfg.NumHiddenLayers))
		}
		for done := int64(0); done < t.len(); done += copyBlock {
			b := block[:min(copyBlock, t.len()-done)]
			if t.gain {
				for j := range b {
					b[j] = 1
				}
			} else {
				normals(b, std, seed, initStream|uint64(i), uint64(done))
			}
			if err := m.dev.WriteF32(m.weights, t.off+done, b); err != nil {
				return err
			}
		}
	}
	m.stale = true
	return m.resetOptimizer()
}

// normals fills dst with the elements from, from+1, ... of a stream of normal
// numbers: the Box-Muller transform of two 32-bit uniforms gives two of them.
// from must be a multiple of 4.
func normals(dst []float32, std float64, seed, stream, from uint64) {
	for i := 0; i < len(dst); i += 4 {
		w := philox.Words(seed, stream, (from+uint64(i))/4)
		var four [4]float64
		for k := 0; k < 4; k += 2 {
			r := math.Sqrt(-2 * math.Log((float64(w[k])+1)*0x1p-32)) // the logarithm's argument is in (0, 1]
			s, c := math.Sincos(2 * math.Pi * float64(w[k+1]) * 0x1p-32)
			four[k], four[k+1] = r*c, r*s
		}
		for k := range min(4, len(dst)-i) {
			dst[i+k] = float32(std * four[k])
		}
	}
}

// copyBlock is the number of elements that pass through host memory at a time.
const copyBlock = 1 << 18

// CopyWeights overwrites m's weights with those of a model of the same shape,
// on the same or another device. Optimizer state and gradients stay.
func (m *Model) CopyWeights(from *Model) error {
	if m.busy {
		return m.ready()
	}
	a, b := m.cfg.weightShape(), from.cfg.weightShape()
	if a != b {
		return fmt.Errorf("copy weights: shapes differ: %+v from %+v", a, b)
	}
	m.stale = true
	if m.dev == from.dev {
		// Not through float32 of the host: a device may hold more digits.
		e := m.emit("copy weights", kernels.Args{})
		n := m.layout.len
		e.Add(kernels.Copy{
			Y: e.Bind("to", m.weights, 0, n), X: e.Bind("from", from.weights, 0, n),
			N: kernels.Dim(n / align), C: align,
		})
		x, err := e.compile()
		if err != nil {
			return err
		}
		defer x.Free()
		return x.Run(&kernels.Args{})
	}
	block := make([]float32, copyBlock)
	for off := int64(0); off < m.layout.len; off += copyBlock {
		b := block[:min(copyBlock, m.layout.len-off)]
		if err := from.dev.ReadF32(b, from.weights, off); err != nil {
			return err
		}
		if err := m.dev.WriteF32(m.weights, off, b); err != nil {
			return err
		}
	}
	return nil
}

// weightShape is what two models must agree on to share weights.
func (c Config) weightShape() [8]int {
	tied := 0
	if c.TieWordEmbeddings {
		tied = 1
	}
	return [8]int{c.VocabSize, c.HiddenSize, c.IntermediateSize, c.NumHiddenLayers,
		c.NumAttentionHeads, c.NumKeyValueHeads, c.HeadDim, tied}
}
