package model

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gradus/kernels"
)

// stored lists the tensors of one flat buffer for writing, under their
// Hugging Face names behind prefix. A number that is not finite is an error:
// no checkpoint is made of damaged weights.
func (m *Model) stored(prefix string, buf kernels.Buffer) []outTensor {
	var out []outTensor
	for _, d := range m.layout.onDisk() {
		out = append(out, outTensor{
			name: prefix + d.name, shape: d.shape, len: d.len,
			read: func(dst []float32, off int64) error {
				if err := m.dev.ReadF32(dst, buf, d.off+off); err != nil {
					return err
				}
				return finiteTensor(prefix+d.name, dst, off)
			},
		})
	}
	return out
}

// fill reads every tensor of the buffers named by prefix from s. s must hold
// them all, in the right shapes, and no others.
func (m *Model) fill(s *safetensors, bufs map[string]kernels.Buffer) error {
	left := map[string]bool{}
	for name := range s.tensors {
		// Early Llama folders carry a table that follows from rope_theta.
		if !strings.HasSuffix(name, ".self_attn.rotary_emb.inv_freq") {
			left[name] = true
		}
	}
	m.stale = true
	block := make([]float32, copyBlock)
	for prefix, buf := range bufs {
		for _, d := range m.layout.onDisk() {
			name := prefix + d.name
			t := s.tensors[name]
			if t == nil {
				return fmt.Errorf("tensor %q is missing", name)
			}
			if !slices.Equal(t.shape, d.shape) {
				return fmt.Errorf("tensor %q has shape %v, want %v", name, t.shape, d.shape)
			}
			delete(left, name)
			for off := int64(0); off < d.len; off += copyBlock {
				b := block[:min(copyBlock, d.len-off)]
				if err := s.read(b, t, off); err != nil {
					return err
				}
				if err := finiteTensor(name, b, off); err != nil {
					return err
				}
				if err := m.dev.WriteF32(buf, d.off+off, b); err != nil {
					return err
				}
			}
		}
	}
	if len(left) == 0 {
		return nil
	}
	names := make([]string, 0, len(left))
	for name := range left {
		names = append(names, name)
	}
	slices.Sort(names)
	return fmt.Errorf("%d tensors that a model of this configuration does not have, the first is %q", len(names), names[0])
}

// finiteTensor names the first element of a part of a tensor, from off on,
// that is not finite.
func finiteTensor(name string, x []float32, off int64) error {
	if i := slices.IndexFunc(x, notFinite); i >= 0 {
		return fmt.Errorf("tensor %q: element %d is %v, %w", name, off+int64(i), x[i], ErrNonFinite)
	}
	return nil
}

func notFinite(x float32) bool { return math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) }
