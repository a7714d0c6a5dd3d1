package model

import (
	"fmt"
	"math"

	"gradus/kernels"
)

// align is the number of elements (64 bytes) that every tensor and every
// activation starts on a multiple of.
const align = 16

func aligned(n int64) int64 { return (n + align - 1) / align * align }

// part is one tensor of a checkpoint: rows of a matrix that we keep stacked.
type part struct {
	name string // in Hugging Face Llama's model.safetensors
	row  int    // first row in the stacked matrix
	rows int
}

// tensor is one matrix (rows, cols) of the flat weight buffer, or one norm
// gain (1, cols). Gradients and moments lie at the same offset in theirs.
type tensor struct {
	off        int64
	rows, cols int
	gain       bool  // a vector: one dimension on disk, no weight decay
	residual   bool  // writes into the residual stream: smaller initial values
	pack       int64 // offset in the pack buffer, -1 where no Linear reads it
	packBack   int64 // offset of what LinearDX reads, -1 in a frozen model
	parts      []part
}

func (t *tensor) len() int64 { return int64(t.rows) * int64(t.cols) }

// layerWeights are the tensors of one decoder layer.
type layerWeights struct {
	qkv    *tensor // ((H+2*KV)*D, C): query, key and value projections
	o      *tensor // (C, H*D)
	gateUp *tensor // (2*F, C)
	down   *tensor // (C, F)
	norm1  *tensor // (C) before attention
	norm2  *tensor // (C) before the MLP
}

// layout says where each weight lies. Matrices come first and norm gains
// last, so that two AdamW ops cover all of them, one with weight decay.
type layout struct {
	all      []*tensor // in ascending offset
	embed    *tensor   // (V, C)
	head     *tensor   // (V, C), the same as embed when tied
	layers   []layerWeights
	norm     *tensor // (C) after the last layer
	matrices int64   // elements of the matrices, with padding
	len      int64   // elements of all weights, with padding
	packLen  int64   // elements of the packed copies, in the dtype of the products
}

// newLayout places the weights of cfg, which must be valid. A frozen model
// keeps no packed copies for a backward pass. compute is what packs are for.
func newLayout(cfg Config, frozen bool, compute kernels.DType) (*layout, error) {
	l := &layout{layers: make([]layerWeights, cfg.NumHiddenLayers)}
	c, f := cfg.HiddenSize, cfg.IntermediateSize
	q, kv := cfg.NumAttentionHeads*cfg.HeadDim, cfg.NumKeyValueHeads*cfg.HeadDim

	l.embed = l.matrix(c, part{name: "model.embed_tokens.weight", rows: cfg.VocabSize})
	for i := range l.layers {
		w := &l.layers[i]
		name := func(s string) string { return fmt.Sprintf("model.layers.%d.%s.weight", i, s) }
		w.qkv = l.matrix(c,
			part{name("self_attn.q_proj"), 0, q},
			part{name("self_attn.k_proj"), q, kv},
			part{name("self_attn.v_proj"), q + kv, kv})
		w.o = l.matrix(q, part{name: name("self_attn.o_proj"), rows: c})
		w.gateUp = l.matrix(c,
			part{name("mlp.gate_proj"), 0, f},
			part{name("mlp.up_proj"), f, f})
		w.down = l.matrix(f, part{name: name("mlp.down_proj"), rows: c})
		w.o.residual, w.down.residual = true, true
	}
	l.head = l.embed
	if !cfg.TieWordEmbeddings {
		l.head = l.matrix(c, part{name: "lm_head.weight", rows: cfg.VocabSize})
	}
	l.matrices = l.len
	for i := range l.layers {
		name := func(s string) string { return fmt.Sprintf("model.layers.%d.%s.weight", i, s) }
		l.layers[i].norm1 = l.gain(c, name("input_layernorm"))
		l.layers[i].norm2 = l.gain(c, name("post_attention_layernorm"))
	}
	l.norm = l.gain(c, "model.norm.weight")

	for _, t := range l.all {
		if t.gain || (t == l.embed && t != l.head) {
			continue
		}
		t.pack = l.packLen
		l.packLen += aligned(packLen(t.rows, t.cols, compute))
		if !frozen {
			t.packBack = l.packLen
			l.packLen += aligned(packLen(t.cols, t.rows, compute))
		}
	}
	// Ops count rows of the flat buffer in blocks of align elements.
	if l.len/align > math.MaxInt32 || l.packLen/align > math.MaxInt32 {
		return nil, fmt.Errorf("model config: %d weights, %d in packed form: more than the %d that one device buffer may hold", l.len, l.packLen, int64(math.MaxInt32)*align)
	}
	return l, nil
}

// packLen is the number of elements of Pack's output for an (o, k) weight, and
// of (k, o) with Back: f32, or bf16 where compute is.
func packLen(o, k int, compute kernels.DType) int64 {
	if compute == kernels.BF16 {
		return kernels.PackLenBF16(o, k)
	}
	return kernels.PackLen(o, k)
}

func (l *layout) matrix(cols int, parts ...part) *tensor {
	t := &tensor{cols: cols, parts: parts}
	for _, p := range parts {
		t.rows += p.rows
	}
	return l.add(t)
}

func (l *layout) gain(n int, name string) *tensor {
	return l.add(&tensor{rows: 1, cols: n, gain: true, parts: []part{{name: name, rows: 1}}})
}

func (l *layout) add(t *tensor) *tensor {
	t.off, t.pack, t.packBack = l.len, -1, -1
	l.len += aligned(t.len())
	l.all = append(l.all, t)
	return t
}

// diskTensor is a tensor of model.safetensors and its place in the flat buffer.
type diskTensor struct {
	name  string
	shape []int64
	off   int64
	len   int64
}

// onDisk lists the tensors under their Hugging Face names, in layout order.
func (l *layout) onDisk() []diskTensor {
	var out []diskTensor
	for _, t := range l.all {
		for _, p := range t.parts {
			d := diskTensor{
				name:  p.name,
				shape: []int64{int64(p.rows), int64(t.cols)},
				off:   t.off + int64(p.row)*int64(t.cols),
				len:   int64(p.rows) * int64(t.cols),
			}
			if t.gain {
				d.shape = d.shape[1:]
			}
			out = append(out, d)
		}
	}
	return out
}
