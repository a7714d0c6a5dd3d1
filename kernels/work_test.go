package kernels_test

import (
	"testing"

	"gradus/kernels"
)

// Work against counts worked out by hand for small shapes: flops by the rules
// at the head of work.go, traffic in elements of four bytes.
func TestWork(t *testing.T) {
	const n = kernels.DimRows
	a := kernels.Args{Rows: 6, Seqs: 2, Picks: 3}
	cases := []struct {
		name         string
		op           kernels.Op
		flops, elems int64
	}{
		// 6 tokens; 6 rows of 5 read and written.
		{"embed", kernels.Embed{N: n, V: 10, C: 5}, 0, 6 + 30 + 30},
		// 30 additions; at most 6 rows of DW change: read and written.
		{"embed_bwd", kernels.EmbedBwd{N: n, V: 10, C: 5}, 30, 6 + 30 + 2*30},
		// A vocabulary of 2: only 2 rows of DW.
		{"embed_bwd repeats", kernels.EmbedBwd{N: n, V: 2, C: 5}, 30, 6 + 30 + 2*10},
		// 30 elements: square, add, two products; 4 operations a row. X, Y, G, RStd.
		{"rmsnorm", kernels.RMSNorm{N: n, C: 5}, 4*30 + 4*6, 30 + 30 + 5 + 6},
		// DX twice, DY, X; DG twice, G; RStd.
		{"rmsnorm_bwd", kernels.RMSNormBwd{N: n, C: 5}, 10 * 30, 4*30 + 3*5 + 6},
		// 12 weights in, 64 padded rows of 4 out.
		{"pack", kernels.Pack{O: 3, K: 4}, 0, 12 + 256},
		{"pack back", kernels.Pack{O: 3, K: 4, Back: true}, 0, 12 + 192},
		// 64 padded rows of 32 in two bytes: 2048 halves.
		{"pack bf16", kernels.Pack{O: 3, K: 4, Compute: kernels.BF16}, 0, 12 + 1024},
		{"pack back bf16", kernels.Pack{O: 3, K: 4, Back: true, Compute: kernels.BF16}, 0, 12 + 1024},
		{"linear bf16", kernels.Linear{N: n, O: 3, K: 4, Compute: kernels.BF16}, 144, 24 + 6 + 18},
		{"linear_dx bf16", kernels.LinearDX{N: n, O: 3, K: 4, Compute: kernels.BF16}, 144, 18 + 6 + 24},
		// 6*3*4 multiplications and additions.
		{"linear", kernels.Linear{N: n, O: 3, K: 4}, 144, 24 + 12 + 18},
		{"linear residual", kernels.Linear{N: n, O: 3, K: 4, Res: 1}, 144 + 18, 24 + 12 + 18 + 18},
		{"linear_dx", kernels.LinearDX{N: n, O: 3, K: 4}, 144, 18 + 12 + 24},
		{"linear_dx acc", kernels.LinearDX{N: n, O: 3, K: 4, Acc: true}, 144 + 24, 18 + 12 + 48},
		{"linear_dw", kernels.LinearDW{N: n, O: 3, K: 4}, 144, 18 + 24 + 24},
		// 6 rows, 3 rotated heads of 4: 36 pairs of 6 operations. 72 elements
		// in and out, 6 positions, 6 rows of 2 cosines and 2 sines.
		{"rope", kernels.RoPE{N: n, H: 2, KV: 1, D: 4, MaxPos: 50}, 216, 144 + 6 + 24},
		{"rope few positions", kernels.RoPE{N: n, H: 2, KV: 1, D: 4, MaxPos: 1}, 216, 144 + 6 + 4},
		// 6 keys and 6 values of 4, read and written; Slot and At.
		{"kv_write", kernels.KVWrite{N: n, H: 2, KV: 1, D: 4, Slots: 9, Cap: 9}, 0, 96 + 12},
		// Two sequences of 3: 2*(1+2+3) = 12 pairs, 2 heads, 4*4 operations.
		// QKV 6*16, Out 6*8, LSE 12, Start 3.
		{"attn", kernels.Attn{N: n, S: kernels.DimSeqs, H: 2, KV: 1, D: 4, MaxLen: 9}, 12 * 2 * 16, 96 + 48 + 12 + 3},
		{"attn_bwd", kernels.AttnBwd{N: n, S: kernels.DimSeqs, H: 2, KV: 1, D: 4, MaxLen: 9}, 12 * 2 * 40, 96 + 48 + 12 + 3 + 96 + 48},
		// 6 rows see 5+7 positions: 72 pairs, 2 heads, 16 operations. Two
		// prompt slots and 6 own slots of keys and values; queries, Out, four
		// index lists.
		{"attn_decode", kernels.AttnDecode{N: n, H: 2, KV: 1, D: 4, PSlots: 2, PCap: 5, Slots: 8, Cap: 7}, 72 * 2 * 16, 2*4*(2*5+6*7) + 48 + 48 + 24},
		{"swiglu", kernels.SwiGLU{N: n, F: 5}, 150, 90},
		{"swiglu_bwd", kernels.SwiGLUBwd{N: n, F: 5}, 360, 30 + 60 + 60},
		{"gather_rows", kernels.GatherRows{N: kernels.DimPicks, M: n, C: 5}, 0, 15 + 15 + 3},
		{"scatter_rows", kernels.ScatterRows{N: kernels.DimPicks, M: n, C: 5}, 0, 15 + 30 + 3},
		// 3 rows, 7 logits each: 21 products over 5, 6 operations a logit.
		// H, W, Target, LogP, Ent, LSE.
		{"loss_rows", kernels.LossRows{N: kernels.DimPicks, C: 5, V: 7, Chunk: 2}, 210 + 126, 15 + 35 + 12},
		// Three products; H, DH, W, DW twice; Target, LSE, Ent, Coef.
		{"loss_rows_bwd", kernels.LossRowsBwd{N: kernels.DimPicks, C: 5, V: 7, Chunk: 2}, 630 + 168, 30 + 105 + 12},
		{"loss_rows_bwd entropy", kernels.LossRowsBwd{N: kernels.DimPicks, C: 5, V: 7, Chunk: 2, EntCoef: 1}, 630 + 168, 30 + 105 + 15},
		// Logits; Tok, LogP, Ent, Pos and two halves of Stream.
		{"sample", kernels.Sample{N: kernels.DimPicks, V: 7}, 147, 21 + 18},
		// Nine numbers in, nine out, and the stop tokens.
		{"advance", kernels.Advance{N: kernels.DimPicks, Steps: 4, Stops: 2}, 0, 3*18 + 2},
		{"sum_sq", kernels.SumSq{Len: 100}, 200, 101},
		// W, G, M, V in; W, M, V out.
		{"adamw", kernels.AdamW{Len: 100}, 1700, 700},
		{"zero", kernels.Zero{N: n, C: 5}, 0, 30},
		{"copy", kernels.Copy{N: n, C: 5}, 0, 60},
		{"no rows", kernels.Attn{N: 0, S: 0, H: 2, KV: 1, D: 4, MaxLen: 9}, 0, 1},
		// A layer of Qwen2.5-0.5B on 2048 tokens: 2*2048*896*4864.
		{"large", kernels.Linear{N: 2048, O: 4864, K: 896}, 17850957824, 2048*896 + 896*4864 + 2048*4864},
	}
	for _, c := range cases {
		got := c.op.Work(&a)
		if want := (kernels.Work{Flops: c.flops, Bytes: 4 * c.elems}); got != want {
			t.Errorf("%s: %+v, want %+v", c.name, got, want)
		}
	}
}
