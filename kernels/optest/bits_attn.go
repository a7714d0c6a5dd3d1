package optest

import (
	"errors"
	"fmt"

	"gradus/kernels"
)

// given adds a (d, width) matrix with known rows.
func (s *tensors) given(name string, d kernels.Dim, width int, x []float32) kernels.Ref {
	return s.add(tensor{name: name, dtype: kernels.F32, real: x, perRow: true, dim: d, width: width})
}

// attended are the outputs of Attn and AttnBwd by row.
type attended struct {
	out, lse, dqkv []float64
}

// attend runs Attn and, unless dout is nil, AttnBwd over packed sequences.
func attend(dev kernels.Device, hs headShape, qkv, dout []float32, lengths []int) (attended, error) {
	c := Case{Args: kernels.Args{Rows: sum(lengths), Seqs: len(lengths)}}
	s := newTensors(c)
	f := kernels.Attn{
		Out: s.out("Out", kernels.DimRows, hs.h*hs.d), LSE: s.out("LSE", kernels.DimRows, hs.h),
		QKV: s.given("QKV", kernels.DimRows, hs.qkvWidth(), qkv), Start: s.starts("Start", lengths),
		N: kernels.DimRows, S: kernels.DimSeqs, H: hs.h, KV: hs.kv, D: hs.d, MaxLen: longest(lengths), Compute: hs.compute,
	}
	if dout == nil {
		got, err := execute(dev, s, []kernels.Op{f})
		if err != nil {
			return attended{}, err
		}
		return attended{out: got[f.Out-1].real, lse: got[f.LSE-1].real}, nil
	}
	b := kernels.AttnBwd{
		DQKV: s.out("DQKV", kernels.DimRows, hs.qkvWidth()),
		DOut: s.given("DOut", kernels.DimRows, hs.h*hs.d, dout),
		QKV:  f.QKV, Out: f.Out, LSE: f.LSE, Start: f.Start,
		N: f.N, S: f.S, H: f.H, KV: f.KV, D: f.D, MaxLen: f.MaxLen, Compute: f.Compute,
	}
	got, err := execute(dev, s, []kernels.Op{f, b})
	if err != nil {
		return attended{}, err
	}
	return attended{got[f.Out-1].real, got[f.LSE-1].real, got[b.DQKV-1].real}, nil
}

// sequenceBits compares a packed batch with each of its sequences alone, with
// prefixes of them (which later rows must not change), and with the batch in
// reverse order.
func sequenceBits(failed *failures, dev kernels.Device, seed uint64, compute kernels.DType) {
	shapes, batches, _ := attnShapes(compute)
	for i, lengths := range batches {
		if compute == kernels.BF16 && i%2 == 0 {
			continue // their heads are wide
		}
		hs := shapes[i%len(shapes)]
		what := fmt.Sprintf("%s: attn %s lengths=%v seed=%d", dev.Name(), hs, lengths, seed)
		r := &random{seed: seed, stream: uint64(i)}
		qkv, dout := drawn(r, sum(lengths)*hs.qkvWidth()), drawn(r, sum(lengths)*hs.h*hs.d)
		whole, err := attend(dev, hs, qkv, dout, lengths)
		if err != nil {
			failed.add("%s: %w", what, err)
			return
		}
		part := func(name string, rows []int, lengths []int, backward bool) {
			var partDOut []float32
			if backward {
				partDOut = pick(dout, rows, hs.h*hs.d)
			}
			got, err := attend(dev, hs, pick(qkv, rows, hs.qkvWidth()), partDOut, lengths)
			if err != nil {
				failed.add("%s: %s: %w", what, name, err)
				return
			}
			compareRows(failed, what+": "+name+": Out", got.out, whole.out, rows, hs.h*hs.d)
			compareRows(failed, what+": "+name+": LSE", got.lse, whole.lse, rows, hs.h)
			if backward {
				compareRows(failed, what+": "+name+": DQKV", got.dqkv, whole.dqkv, rows, hs.qkvWidth())
			}
		}
		var reversed, reversedLengths []int
		end := sum(lengths)
		for j := len(lengths) - 1; j >= 0; j-- {
			l := lengths[j]
			end -= l
			rows := span(end, l)
			reversed, reversedLengths = append(reversed, rows...), append(reversedLengths, l)
			part(fmt.Sprintf("sequence %d alone", j), rows, []int{l}, true)
			for _, prefix := range []int{1, l / 2, l - 1} {
				if prefix > 0 && prefix < l {
					part(fmt.Sprintf("first %d rows of sequence %d", prefix, j), rows[:prefix], []int{prefix}, false)
				}
			}
		}
		part("reverse order", reversed, reversedLengths, true)
	}
}

// prefixBits compares sequences that share a prefix with the same sequences
// each holding its own copy: completions trained on as a group must have the
// log-probs that they were sampled with.
func prefixBits(failed *failures, dev kernels.Device, seed uint64, compute kernels.DType) {
	shapes, _, all := attnShapes(compute)
	for i, fs := range all {
		for j, hs := range shapes {
			if compute == kernels.BF16 && i != j {
				continue // their heads are wide
			}
			r := &random{seed: seed, stream: uint64(2000 + 10*i + j)}
			lengths, prefix := lengthsOf(fs)
			qkv := drawn(r, sum(lengths)*hs.qkvWidth())
			s := newTensors(Case{Args: kernels.Args{Rows: sum(lengths), Seqs: len(lengths)}})
			f := continuing(s, hs, lengths, prefix, 1)
			copy(s.at(f.QKV).real, qkv)
			what := fmt.Sprintf("%s: attn %s families=%v seed=%d", dev.Name(), hs, fs, seed)
			got, err := execute(dev, s, []kernels.Op{f})
			if err != nil {
				failed.add("%s: %w", what, err)
				return
			}
			var full []float32
			var own, copied, fullLengths []int // rows here, the same rows in full
			start := make([]int, len(lengths)+1)
			for s, l := range lengths {
				start[s+1] = start[s] + l
			}
			for s, l := range lengths {
				before := 0
				if prefix[s] >= 0 {
					before = lengths[prefix[s]]
					full = append(full, pick(qkv, span(start[prefix[s]], before), hs.qkvWidth())...)
				}
				own, copied = append(own, span(start[s], l)...), append(copied, span(sum(fullLengths)+before, l)...)
				full = append(full, pick(qkv, span(start[s], l), hs.qkvWidth())...)
				fullLengths = append(fullLengths, before+l)
			}
			whole, err := attend(dev, hs, full, nil, fullLengths)
			if err != nil {
				failed.add("%s: %w", what, err)
				return
			}
			compareRows(failed, what+": Out", pick(got[f.Out-1].real, own, hs.h*hs.d), whole.out, copied, hs.h*hs.d)
			compareRows(failed, what+": LSE", pick(got[f.LSE-1].real, own, hs.h), whole.lse, copied, hs.h)
		}
	}
}

func drawn(r *random, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.normal())
	}
	return x
}

// span returns lo, lo+1, ..., lo+n-1.
func span(lo, n int) []int {
	x := make([]int, n)
	for i := range x {
		x[i] = lo + i
	}
	return x
}

// pick returns the given rows of a matrix.
func pick[E any](x []E, rows []int, width int) []E {
	var out []E
	for _, r := range rows {
		out = append(out, x[r*width:(r+1)*width]...)
	}
	return out
}

// compareRows reports the first row of got that is not, bit for bit, the row
// of whole that rows names.
func compareRows(failed *failures, what string, got, whole []float64, rows []int, width int) {
	for i, r := range rows {
		if d := firstDifference(values{real: got[i*width : (i+1)*width]}, values{real: whole}, r*width, width); d != "" {
			failed.add("%s: row %d: %s", what, r, d)
			return
		}
	}
}

// rollout is a batch as generation sees it: groups of completions that share
// a prompt.
type rollout struct {
	prompts     []int // lengths by group; 0 is a group without a prompt
	group       []int // by sequence
	completions []int // lengths by sequence, at least 1
}

var rollouts = [...]rollout{
	{prompts: []int{1}, group: []int{0}, completions: []int{1}},
	{prompts: []int{5, 0, 1}, group: []int{0, 0, 1, 2, 2}, completions: []int{4, 1, 6, 2, 9}},
	{prompts: []int{64, 33, 31, 63}, group: []int{0, 0, 1, 1, 2, 2, 3}, completions: []int{3, 1, 40, 2, 7, 34, 2}},
	{prompts: []int{127, 16, 0}, group: []int{0, 0, 1, 2, 2}, completions: []int{5, 2, 130, 65, 1}},
}

// decodeBits proves that AttnDecode over cached keys, with prompts stored once
// for a group, gives the rows of Attn over the packed full sequences.
func decodeBits(failed *failures, dev kernels.Device, seed uint64, compute kernels.DType) {
	shapes, _, _ := attnShapes(compute)
	for i, b := range rollouts {
		for j, hs := range shapes {
			if compute == kernels.BF16 && (i == 0 || i == 3 || (i == 1) != (j == 0)) {
				continue // their heads are wide
			}
			r := &random{seed: seed, stream: uint64(1000 + 10*i + j)}
			if err := b.decode(dev, hs, r); err != nil {
				failed.add("%s: attn_decode %s %+v seed=%d: %w", dev.Name(), hs, b, seed, err)
			}
		}
	}
}

// decode runs the batch both ways.
func (b rollout) decode(dev kernels.Device, hs headShape, r *random) (err error) {
	width := hs.qkvWidth()
	prompts := make([][]float32, len(b.prompts))
	for g, l := range b.prompts {
		prompts[g] = drawn(r, l*width)
	}
	var full []float32
	var lengths, first []int // of each full sequence
	for q, g := range b.group {
		first = append(first, sum(lengths))
		full = append(append(full, prompts[g]...), drawn(r, b.completions[q]*width)...)
		lengths = append(lengths, b.prompts[g]+b.completions[q])
	}
	whole, err := attend(dev, hs, full, nil, lengths)
	if err != nil {
		return err
	}
	c, err := b.newCache(dev, hs)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.free()) }()

	var rows, slot, at []int // of the prompts, packed
	for q, g := range b.group {
		if q > 0 && b.group[q-1] == g {
			continue
		}
		for t := range b.prompts[g] {
			rows, slot, at = append(rows, first[q]+t), append(slot, g), append(at, t)
		}
	}
	if err := c.run(c.prefill, pick(full, rows, width), map[string][]int{"Slot": slot, "At": at}); err != nil {
		return fmt.Errorf("prefill: %w", err)
	}

	check := func(step int, rows []int) error {
		out, err := readReal(dev, c.bufs["Out"], len(rows)*hs.h*hs.d)
		if err != nil {
			return err
		}
		var f failures
		compareRows(&f, fmt.Sprintf("step %d", step), out, whole.out, rows, hs.h*hs.d)
		return f.err()
	}
	own := r.shuffled(len(b.group)) // slot of each sequence
	for step := -1; step < longest(b.completions); step++ {
		// Step -1 attends with the last prompt token, already in the cache.
		var rows []int
		in := map[string][]int{}
		for _, q := range r.shuffled(len(b.group)) {
			g := b.group[q]
			if step >= b.completions[q] || b.prompts[g]+step < 0 {
				continue
			}
			rows = append(rows, first[q]+b.prompts[g]+step)
			in["Slot"], in["At"] = append(in["Slot"], own[q]), append(in["At"], max(step, 0))
			in["PSlot"], in["PLen"] = append(in["PSlot"], g), append(in["PLen"], b.prompts[g])
			in["Len"] = append(in["Len"], b.prompts[g]+step+1)
		}
		program := c.step
		if step < 0 {
			program = c.look
		}
		if err := c.run(program, pick(full, rows, width), in); err != nil {
			return fmt.Errorf("step %d: %w", step, err)
		}
		if err := check(step, rows); err != nil {
			return err
		}
	}
	return nil
}

// cache is the memory of generation and its three programs: store prompts,
// attend only, store and attend.
type cache struct {
	dev                 kernels.Device
	bufs                map[string]kernels.Buffer
	prefill, look, step kernels.Exec
}

func (b rollout) newCache(dev kernels.Device, hs headShape) (c *cache, err error) {
	c = &cache{dev: dev, bufs: map[string]kernels.Buffer{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.free())
		}
	}()
	n := max(sum(b.prompts), len(b.group)) + 2
	pcap, capacity, slots := longest(b.prompts)+1, longest(b.completions)+2, len(b.group)+1
	p := kernels.NewProgram("decode", kernels.Args{Rows: n})
	bind := func(name string, dt kernels.DType, size int) kernels.Ref {
		if err != nil {
			return 0
		}
		var buf kernels.Buffer
		if buf, err = dev.Alloc(dt, int64(size)); err != nil {
			return 0
		}
		c.bufs[name] = buf
		return p.BindAll(name, buf)
	}
	cached := kernels.F32
	if hs.compute == kernels.BF16 {
		cached = kernels.BF16
	}
	o := kernels.AttnDecode{
		Out: bind("Out", kernels.F32, n*hs.h*hs.d), QKV: bind("QKV", kernels.F32, n*hs.qkvWidth()),
		PK: bind("PK", cached, len(b.prompts)*hs.kv*pcap*hs.d), PV: bind("PV", cached, len(b.prompts)*hs.kv*pcap*hs.d),
		K: bind("K", cached, slots*hs.kv*capacity*hs.d), V: bind("V", cached, slots*hs.kv*capacity*hs.d),
		PSlot: bind("PSlot", kernels.I32, n), PLen: bind("PLen", kernels.I32, n),
		Slot: bind("Slot", kernels.I32, n), Len: bind("Len", kernels.I32, n),
		N: kernels.DimRows, H: hs.h, KV: hs.kv, D: hs.d,
		PSlots: len(b.prompts), PCap: pcap, Slots: slots, Cap: capacity, Compute: hs.compute,
	}
	at := bind("At", kernels.I32, n)
	if err != nil {
		return nil, err
	}
	write := kernels.KVWrite{
		K: o.K, V: o.V, QKV: o.QKV, Slot: o.Slot, At: at,
		N: kernels.DimRows, H: hs.h, KV: hs.kv, D: hs.d, Slots: slots, Cap: capacity, Compute: hs.compute,
	}
	prompts := write
	prompts.K, prompts.V, prompts.Slots, prompts.Cap = o.PK, o.PV, o.PSlots, o.PCap
	compile := func(ops ...kernels.Op) kernels.Exec {
		if err != nil {
			return nil
		}
		p.Ops = ops
		var e kernels.Exec
		e, err = dev.Compile(p)
		return e
	}
	c.prefill, c.look, c.step = compile(prompts), compile(o), compile(write, o)
	return c, err
}

// run loads the rows and their indices and runs one of the programs.
func (c *cache) run(e kernels.Exec, qkv []float32, in map[string][]int) error {
	if err := c.dev.WriteF32(c.bufs["QKV"], 0, qkv); err != nil {
		return err
	}
	rows := 0
	for name, x := range in {
		y := make([]int32, len(x))
		for i, v := range x {
			y[i] = int32(v)
		}
		if err := c.dev.WriteI32(c.bufs[name], 0, y); err != nil {
			return err
		}
		rows = len(x)
	}
	return e.Run(&kernels.Args{Rows: rows})
}

func (c *cache) free() error {
	var errs []error
	for _, e := range []kernels.Exec{c.prefill, c.look, c.step} {
		if e != nil {
			errs = append(errs, e.Free())
		}
	}
	for _, b := range c.bufs {
		errs = append(errs, b.Free())
	}
	return errors.Join(errs...)
}
