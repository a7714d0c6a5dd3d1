package kernels

// Op is one operation of a program. The structs in this file are the whole
// list: every device implements all of them and ref defines what they mean.
//
// Shapes stand in comments as (rows, columns), row-major and dense.
// N is a Dim (fixed or an argument of the run); the other sizes are fixed.
// "=" overwrites, "+=" accumulates.
//
// Two rules hold on every device and code path, and optest proves them:
//
//  1. The bits of an output row do not depend on N, on the row's place in the
//     batch, or on the number of threads. So a token's log-prob in decoding
//     equals its log-prob in training, to the bit.
//  2. Sums over rows (gradients of weights) run in an order fixed by N alone.
type Op interface {
	Kind() Kind
	// Operands lists buffers with the sizes that the largest run needs.
	Operands(max *Args) []Operand
	// Work counts floating-point operations and bytes that must move at
	// least once, for the roofline figures of the benchmarks.
	Work(a *Args) Work
}

// Operand is one buffer of an op as Program.Validate sees it.
type Operand struct {
	Name     string
	Ref      Ref
	DType    DType
	Len      int64
	Optional bool
	Access   Access
}

// Work is what an op must do at least.
type Work struct {
	Flops int64
	Bytes int64
}

// Embed gathers rows of the embedding table: Out[n] = W[Tok[n]].
type Embed struct {
	Out Ref // (N, C)
	W   Ref // (V, C)
	Tok Ref // (N) i32, 0 <= Tok < V
	N   Dim
	V   int
	C   int
}

// EmbedBwd scatters: DW[Tok[n]] += DOut[n], in ascending n.
type EmbedBwd struct {
	DW   Ref // (V, C)
	DOut Ref // (N, C)
	Tok  Ref // (N) i32
	N    Dim
	V    int
	C    int
}

// RMSNorm normalises rows (Zhang and Sennrich 2019, Eq. 4, as in Llama):
// RStd[n] = 1/sqrt(mean_c X[n,c]^2 + Eps); Y[n,c] = X[n,c] * RStd[n] * G[c].
type RMSNorm struct {
	Y    Ref // (N, C)
	RStd Ref // (N)
	X    Ref // (N, C)
	G    Ref // (C)
	N    Dim
	C    int
	Eps  float32
}

// RMSNormBwd: DX[n] += d/dX, DG[c] += sum_n DY[n,c] * X[n,c] * RStd[n].
// DX accumulates because the residual stream already carries a gradient.
type RMSNormBwd struct {
	DX   Ref // (N, C) +=
	DG   Ref // (C)    +=
	DY   Ref // (N, C)
	X    Ref // (N, C)
	G    Ref // (C)
	RStd Ref // (N)
	N    Dim
	C    int
}

// Pack lays W out for the products that read it: for Linear and LossRows, or
// with Back for LinearDX and the input gradient of LossRowsBwd. What the layout
// is, is the device's own business (PackLen and PackBackLen tell its size): ref
// copies. It runs once after each change of the weights, that is once an
// optimizer step, and not once a product.
type Pack struct {
	Dst     Ref // (PackLen(O, K)), or (PackBackLen(O, K)) with Back
	W       Ref // (O, K)
	O, K    int
	Back    bool
	Compute DType // as in the products that will read Dst; with BF16, Dst is BF16 of PackLenBF16(O, K) or PackBackLenBF16(O, K)
}

// PackLen is the number of f32 elements that Pack writes for an (o, k) weight:
// o rounded up to 64 rows, so that any device's panel width divides it.
func PackLen(o, k int) int64 { return int64((o+63)/64*64) * int64(k) }

// PackBackLen is the number of f32 elements that Pack with Back writes for an
// (o, k) weight: k rounded up to 64 columns.
func PackBackLen(o, k int) int64 { return PackLen(k, o) }

// PackLenBF16 is the number of bf16 elements that Pack with Compute BF16 writes:
// o rounded up to 64 rows and k to 32 columns, the depth of a tile.
func PackLenBF16(o, k int) int64 { return PackLen(o, (k+31)/32*32) }

// PackBackLenBF16 is PackLenBF16 of Pack with Back.
func PackBackLenBF16(o, k int) int64 { return PackLenBF16(k, o) }

// Linear: Y[n,o] = (Res[n,o] +) sum_k X[n,k] * W[o,k]. Res may be Y itself.
//
// Compute, here and in the other products, is the dtype that both factors of
// a multiplication are rounded to: F32 (or 0) leaves them as they are, BF16 is
// for devices that say so (Computes). Sums are f32 and so are all operands but
// Pack.
type Linear struct {
	Y       Ref // (N, O)
	X       Ref // (N, K)
	W       Ref // (O, K)
	Pack    Ref // Pack's output for W; the device may read either
	Res     Ref // (N, O), optional
	N       Dim
	O, K    int
	Compute DType // of the factors
}

// LinearDX: DX[n,k] (=, or += if Acc) sum_o DY[n,o] * W[o,k].
type LinearDX struct {
	DX      Ref // (N, K)
	DY      Ref // (N, O)
	W       Ref // (O, K)
	Pack    Ref // output of Pack with Back for W; the device may read either
	N       Dim
	O, K    int
	Acc     bool
	Compute DType // of the factors
}

// LinearDW: DW[o,k] += sum_n DY[n,o] * X[n,k].
type LinearDW struct {
	DW      Ref // (O, K)
	DY      Ref // (N, O)
	X       Ref // (N, K)
	N       Dim
	O, K    int
	Compute DType // of the factors
}

// RoPE rotates the query and key heads of QKV in place (Su et al. 2021, in the
// half-split form of Hugging Face Llama): for i < D/2,
//
//	x'[i]     = x[i]*cos - x[i+D/2]*sin
//	x'[i+D/2] = x[i+D/2]*cos + x[i]*sin
//
// with cos, sin = Cos[p,i], Sin[p,i] and p = Pos[n]. Inverse rotates back,
// which is the backward pass.
type RoPE struct {
	QKV     Ref // (N, (H+2*KV)*D): query heads, key heads, value heads
	Cos     Ref // (MaxPos, D/2)
	Sin     Ref // (MaxPos, D/2)
	Pos     Ref // (N) i32, 0 <= Pos < MaxPos
	N       Dim
	H, KV   int // query heads, key/value heads; KV divides H
	D       int // head size, even
	MaxPos  int
	Inverse bool
}

// KVWrite stores the key and value heads of each row in a cache:
// K[Slot[n], h, At[n]] and V[Slot[n], h, At[n]]. With Compute BF16 the cache is
// BF16 and what is stored is rounded, as attention in BF16 would round it.
type KVWrite struct {
	K, V    Ref // (Slots, KV, Cap, D), of dtype Compute
	QKV     Ref // (N, (H+2*KV)*D)
	Slot    Ref // (N) i32, 0 <= Slot < Slots
	At      Ref // (N) i32, 0 <= At < Cap
	N       Dim
	H, KV   int
	D       int
	Slots   int
	Cap     int
	Compute DType // as in the attention that will read the cache
}

// Attn is causal self-attention over packed sequences: sequence s holds rows
// Start[s] .. Start[s+1]-1, and a row sees itself and the earlier rows of its
// own sequence. Query head h reads key/value head h/(H/KV) (Ainslie et al.
// 2023). Scores are scaled by 1/sqrt(D). LSE[n,h] is the log-sum-exp of the
// scaled scores, kept for the backward pass.
//
// A prompt that several completions share is computed once: sequence s with
// Prefix[s] = p >= 0 continues sequence p, that is, its rows see all rows of p
// before those of their own. p has no prefix itself, and the sequences that
// continue it follow it directly. The bits of a row are those that it has when
// each sequence holds its own copy of the prefix.
//
// Compute, here and in AttnBwd and AttnDecode, is the dtype of the factors of both
// products: with BF16, for devices that have it (Attends) and heads of 64 or 128
// numbers, queries, keys and values are rounded, and so are the weights of the
// values before they multiply them. Sums, the softmax and LSE are f32: LSE is
// that of rounded queries and keys, and of weights that are not.
type Attn struct {
	Out    Ref // (N, H*D)
	LSE    Ref // (N, H)
	QKV    Ref // (N, (H+2*KV)*D)
	Start  Ref // (S+1) i32, ascending, Start[0] = 0, Start[S] = N
	Prefix Ref // (S) i32, optional: -1, or the sequence that this one continues
	N      Dim
	S      Dim // number of sequences
	H, KV  int
	D      int
	// MaxLen is the longest sequence a run may hold, with its prefix.
	MaxLen  int
	Compute DType // of the factors
}

// AttnBwd: DQKV = gradient of Attn with respect to QKV, given DOut. Keys and
// values of a prefix get the sum over the sequences that continue it. With Compute
// BF16 DOut is rounded too, and so are the probabilities and the gradients of the
// scores where they are factors.
type AttnBwd struct {
	DQKV    Ref // (N, (H+2*KV)*D) =
	DOut    Ref // (N, H*D)
	QKV     Ref // (N, (H+2*KV)*D)
	Out     Ref // (N, H*D)
	LSE     Ref // (N, H)
	Start   Ref // (S+1) i32
	Prefix  Ref // (S) i32, optional
	N       Dim
	S       Dim
	H, KV   int
	D       int
	MaxLen  int
	Compute DType // of the factors
}

// AttnDecode is one query row per sequence against cached keys and values.
// Positions 0..PLen[n]-1 are read from prompt slot PSlot[n] (shared by the
// group), positions PLen[n]..Len[n]-1 from the sequence's own slot Slot[n] at
// index position-PLen[n]. Len counts the current token, which KVWrite has
// stored before. The result equals Attn's row to the bit.
type AttnDecode struct {
	Out          Ref // (N, H*D)
	QKV          Ref // (N, (H+2*KV)*D), only the query heads are read
	PK, PV       Ref // (PSlots, KV, PCap, D), of dtype Compute
	K, V         Ref // (Slots, KV, Cap, D), of dtype Compute
	PSlot, PLen  Ref // (N) i32
	Slot, Len    Ref // (N) i32, 1 <= Len
	N            Dim
	H, KV        int
	D            int
	PSlots, PCap int
	Slots, Cap   int
	Compute      DType // of the factors
}

// SwiGLU (Shazeer 2020): Y[n,f] = silu(GU[n,f]) * GU[n,F+f].
type SwiGLU struct {
	Y  Ref // (N, F)
	GU Ref // (N, 2*F): gate, up
	N  Dim
	F  int
}

// SwiGLUBwd: DGU = gradient of SwiGLU with respect to GU, given DY.
type SwiGLUBwd struct {
	DGU Ref // (N, 2*F) =
	DY  Ref // (N, F)
	GU  Ref // (N, 2*F)
	N   Dim
	F   int
}

// GatherRows: Y[n] = X[Idx[n]].
type GatherRows struct {
	Y   Ref // (N, C)
	X   Ref // (M, C)
	Idx Ref // (N) i32, 0 <= Idx < M
	N   Dim
	M   Dim
	C   int
}

// ScatterRows: Y = 0 (all M rows), then Y[Idx[n]] = X[n]. Idx has no repeats.
type ScatterRows struct {
	Y   Ref // (M, C)
	X   Ref // (N, C)
	Idx Ref // (N) i32
	N   Dim
	M   Dim
	C   int
}

// LossRows scores one target token per row without keeping all logits: with
// z = (H[n] W^T)/Temperature, LogP[n] = z[Target[n]] - LSE[n], LSE[n] =
// logsumexp z, Ent[n] = entropy of softmax(z) in nats. Temperature comes from
// Args. Logits pass through Scratch, Chunk rows at a time. They are f32 with
// either Compute.
type LossRows struct {
	LogP, Ent, LSE Ref // (N)
	H              Ref // (N, C)
	W              Ref // (V, C)
	Pack           Ref // Pack's output for W
	Target         Ref // (N) i32
	Scratch        Ref // (Chunk, V)
	N              Dim
	C, V           int
	Chunk          int
	Compute        DType // of the factors
}

// LossRowsBwd: with F = sum_n Coef[n]*LogP[n] + EntCoef[n]*Ent[n],
// DH = dF/dH and DW += dF/dW. Losses are Go over vectors of tokens and only
// yield Coef and EntCoef, so a new algorithm needs no new kernel. With Compute
// BF16 the gradient of the logits is rounded too, before the two products.
type LossRowsBwd struct {
	DH       Ref // (N, C) =
	DW       Ref // (V, C) +=
	H        Ref // (N, C)
	W        Ref // (V, C)
	Pack     Ref // Pack's output for W
	PackBack Ref // output of Pack with Back for W
	Target   Ref // (N) i32
	LSE, Ent Ref // (N), from LossRows
	Coef     Ref // (N)
	EntCoef  Ref // (N), optional
	Scratch  Ref // (Chunk, V)
	N        Dim
	C, V     int
	Chunk    int
	Compute  DType // of the factors
}

// Sample draws one token per row of Logits. z = Logits/Temperature; tokens are
// kept while they are among the TopK largest and, in descending order, until
// their probability mass under the full softmax(z) reaches TopP (the token
// that crosses it is kept; ties are broken by the smaller token id). The token
// is found by inverting the cumulative distribution of the kept tokens in
// ascending id at the uniform number philox.Uniform(Seed, Stream[n], Pos[n]):
// the first whose cumulative mass exceeds that number times the kept mass.
// Halves of a stream id and positions are taken as unsigned.
//
// LogP and Ent belong to the full softmax(z), as LossRows computes them and
// bit-equal to it: the ratio of the first update is exactly 1 only so.
type Sample struct {
	Tok       Ref // (N) i32
	LogP, Ent Ref // (N)
	Logits    Ref // (N, V)
	Stream    Ref // (N, 2) i32: low and high half of a 64-bit stream id
	Pos       Ref // (N) i32
	N         Dim
	V         int
}

// Advance is what a decoding step does behind Sample so that the next one can
// follow without the host looking at the result: it keeps what each row drew,
// feeds it to the next step, and stops rows that are complete. With c =
// Count[n] before it, a row with Left[n] > 0 and 0 <= c < Steps
//
//	writes Tokens[n,c] = Drawn[n], LogPs[n,c] = LogP[n], Ents[n,c] = Ent[n],
//	adds 1 to Count[n], and takes 1 from Left[n], or all if Drawn[n] is one
//	of Stop; and if any are left
//	feeds Tok[n] = Drawn[n] and adds 1 to Pos[n], At[n] and Len[n].
//
// Nothing of any other row changes, so the step after this one only repeats for
// it what the last one did.
type Advance struct {
	Tokens            Ref // (N, Steps) i32, updated
	LogPs, Ents       Ref // (N, Steps), updated
	Tok, Pos, At, Len Ref // (N) i32, updated
	Count, Left       Ref // (N) i32, updated
	Drawn             Ref // (N) i32
	LogP, Ent         Ref // (N)
	Stop              Ref // (Stops) i32; an entry below 0 is none
	N                 Dim
	Steps, Stops      int
}

// SumSq: Out[0] = sum of squares of X, in float64 partial sums over fixed
// blocks, so the result does not depend on threads.
type SumSq struct {
	Out Ref // (1)
	X   Ref // (Len)
	Len int64
}

// AdamW is one step of Loshchilov and Hutter 2019, Algorithm 2, in f32:
// g = G*GradScale; M = b1*M + (1-b1)*g; V = b2*V + (1-b2)*g*g;
// W -= LR * ( (M/BetaCorr1) / (sqrt(V/BetaCorr2) + Eps) + WeightDecay*W ).
type AdamW struct {
	W, G, M, V   Ref // (Len)
	Len          int64
	Beta1, Beta2 float32
	Eps          float32
	WeightDecay  float32
}

// Zero: X = 0.
type Zero struct {
	X Ref // (N, C)
	N Dim
	C int
}

// Copy: Y = X.
type Copy struct {
	Y, X Ref // (N, C)
	N    Dim
	C    int
}
