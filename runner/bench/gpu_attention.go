package bench

import (
	"errors"
	"fmt"
	"time"

	"gradus/kernels"
	"gradus/model"
)

// attentionFigures names what GPUAttention measures of s.
func (s GPUShape) attentionFigures() []string {
	return []string{"gpu.attn." + s.Name, "gpu.attn_bwd." + s.Name, fmt.Sprintf("gpu.attn_decode.%s.b%d", s.Name, s.Decode)}
}

// GPUAttention measures the attention of one layer of s in the dtype that a run in
// compute has it in: forward and backward of a training step in GFLOP/s beside p's
// matrix rate, and of a decoding step with full caches, where each completion has
// a prompt of its own, in GB/s beside p's read rate.
func GPUAttention(dev kernels.Device, s GPUShape, compute kernels.DType, p Peaks, repeats int, now func() time.Time) (figures []Figure, err error) {
	const batch = 8 // ops of a run, so that its start does not count
	c := s.Config
	h, kv, d := c.NumAttentionHeads, c.NumKeyValueHeads, c.HeadDim
	lim := model.Limits{}.In(compute, c, kernels.Attends(dev, compute))
	seqs := max(s.TrainRows/s.TrainLen, 1)
	args := kernels.Args{Rows: seqs * s.TrainLen, Seqs: seqs}
	prog := kernels.NewProgram("attention", args)
	var bufs []kernels.Buffer
	defer func() {
		for _, b := range bufs {
			err = errors.Join(err, b.Free())
		}
	}()
	// alloc reserves n numbers of small size; of indices, x.
	alloc := func(name string, dt kernels.DType, n int, x func(i int) int) kernels.Ref {
		if err != nil {
			return 0
		}
		var b kernels.Buffer
		if b, err = dev.Alloc(dt, int64(n)); err != nil {
			return 0
		}
		bufs = append(bufs, b)
		if dt == kernels.I32 {
			index := make([]int32, n)
			for i := range index {
				index[i] = int32(x(i))
			}
			err = dev.WriteI32(b, 0, index)
		} else {
			values := make([]float32, n)
			for i := range values {
				values[i] = float32(i%7)*0.25 - 0.75
			}
			err = dev.WriteF32(b, 0, values)
		}
		return prog.BindAll(name, b)
	}
	reals := func(name string, n int) kernels.Ref { return alloc(name, kernels.F32, n, nil) }
	cached := kernels.F32
	if lim.Attend == kernels.BF16 {
		cached = kernels.BF16
	}
	cache := func(name string, capacity int) kernels.Ref { return alloc(name, cached, s.Decode*kv*capacity*d, nil) }
	number := func(x int) func(int) int { return func(int) int { return x } }
	count := func(i int) int { return i }
	rows := args.Rows
	fwd := kernels.Attn{
		Out: reals("out", rows*h*d), LSE: reals("lse", rows*h), QKV: reals("qkv", rows*(h+2*kv)*d),
		Start: alloc("start", kernels.I32, seqs+1, func(i int) int { return i * s.TrainLen }),
		N:     kernels.DimRows, S: kernels.DimSeqs, H: h, KV: kv, D: d, MaxLen: s.TrainLen, Compute: lim.Attend,
	}
	bwd := kernels.AttnBwd{
		DQKV: reals("dqkv", rows*(h+2*kv)*d), DOut: reals("dout", rows*h*d), QKV: fwd.QKV, Out: fwd.Out, LSE: fwd.LSE, Start: fwd.Start,
		N: fwd.N, S: fwd.S, H: h, KV: kv, D: d, MaxLen: s.TrainLen, Compute: lim.Attend,
	}
	each := s.Decode
	decode := kernels.AttnDecode{
		Out: reals("decoded", each*h*d), QKV: reals("queries", each*(h+2*kv)*d),
		PK: cache("prompt keys", s.Prompt), PV: cache("prompt values", s.Prompt), K: cache("keys", s.New), V: cache("values", s.New),
		PSlot: alloc("prompt slots", kernels.I32, each, count), PLen: alloc("prompt lengths", kernels.I32, each, number(s.Prompt)),
		Slot: alloc("slots", kernels.I32, each, count), Len: alloc("lengths", kernels.I32, each, number(s.Prompt+s.New)),
		N: kernels.Dim(each), H: h, KV: kv, D: d, PSlots: each, PCap: s.Prompt, Slots: each, Cap: s.New, Compute: lim.Attend,
	}
	if err != nil {
		return nil, fmt.Errorf("attention of %s: %w", s.Name, err)
	}
	for i, op := range []kernels.Op{fwd, bwd, decode} {
		work, unit, ceiling := float64(op.Work(&args).Flops), "GFLOP/s", p.Matrix
		if i == 2 {
			work, unit, ceiling = float64(op.Work(&args).Bytes), "GB/s", p.Read
		}
		prog.Ops = nil
		for range batch {
			prog.Add(op)
		}
		exec, err := dev.Compile(prog)
		if err != nil {
			return figures, err
		}
		seconds, err := measure(now, repeats, func() error { return exec.Run(&args) })
		if err = errors.Join(err, exec.Free()); err != nil {
			return figures, err
		}
		for j, t := range seconds {
			seconds[j] = work * batch / t / 1e9
		}
		figures = append(figures, NewFigure(s.attentionFigures()[i], unit, "higher", seconds, ceiling))
	}
	return figures, nil
}
