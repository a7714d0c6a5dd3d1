package optest

import (
	"errors"
	"math"
	"strings"
	"testing"

	"gradus/kernels"
	"gradus/kernels/ref"
)

// broken is ref with a fault, to prove that the tests of this package fail.
type broken struct {
	kernels.Device
	op    func(kernels.Op) kernels.Op               // what it compiles instead
	args  func(kernels.Args) kernels.Args           // what it runs with instead
	after func(p *kernels.Program, a *kernels.Args) // what it does to the buffers
}

func newBroken(b broken) kernels.Device {
	b.Device = ref.New()
	return &b
}

func (b *broken) Name() string { return "broken" }

func (b *broken) Compile(p *kernels.Program) (kernels.Exec, error) {
	q := *p
	q.Ops = append([]kernels.Op(nil), p.Ops...)
	for i := range q.Ops {
		if b.op != nil {
			q.Ops[i] = b.op(q.Ops[i])
		}
	}
	e, err := b.Device.Compile(&q)
	if err != nil {
		return nil, err
	}
	return &brokenExec{e, b, q}, nil
}

type brokenExec struct {
	kernels.Exec
	b *broken
	p kernels.Program
}

func (e *brokenExec) Run(a *kernels.Args) error {
	args := *a
	if e.b.args != nil {
		args = e.b.args(args)
	}
	err := e.Exec.Run(&args)
	if err == nil && e.b.after != nil {
		e.b.after(&e.p, a)
	}
	return err
}

// written returns the float64 range of the i-th f32 operand that the program's
// last op changes, with the rest of its buffer, or nil.
func written(p *kernels.Program, i int) []float64 {
	for _, o := range p.Ops[len(p.Ops)-1].Operands(&p.Max) {
		if o.DType == kernels.F32 && (o.Access == kernels.Write || o.Access == kernels.Update) {
			if i == 0 {
				b := p.Bufs[o.Ref]
				return ref.Data(b.Buf)[b.Off:]
			}
			i--
		}
	}
	return nil
}

// named returns the elements of an operand of the last op if it is of a kind.
func named(p *kernels.Program, kind kernels.Kind, operand string) []float64 {
	last := p.Ops[len(p.Ops)-1]
	if last.Kind() != kind {
		return nil
	}
	for _, o := range last.Operands(&p.Max) {
		if o.Name == operand {
			b := p.Bufs[o.Ref]
			return ref.Data(b.Buf)[b.Off : b.Off+b.Len]
		}
	}
	return nil
}

// nudge moves each number by one bit.
func nudge(x []float64) {
	for i := range x {
		x[i] = math.Nextafter(x[i], math.Inf(1))
	}
}

func ofKind(k kernels.Kind, cases []Case) []Case {
	var out []Case
	for _, c := range cases {
		if c.Op == k {
			out = append(out, c)
		}
	}
	return out
}

func kinds(cases []Case) []kernels.Kind {
	var out []kernels.Kind
	seen := map[kernels.Kind]bool{}
	for _, c := range cases {
		if !seen[c.Op] {
			seen[c.Op] = true
			out = append(out, c.Op)
		}
	}
	return out
}

// Every op of the contract has cases (Pack has no output that a device must
// agree on; Linear and LossRows hold it).
func TestTableCoversAllOps(t *testing.T) {
	if got := len(kinds(Cases(1))); got != 24 {
		t.Errorf("the table has %d kinds of op, want all 25 but pack: %v", got, kinds(Cases(1)))
	}
}

// A fault that any op can have is caught in every kind of op.
func TestCheckCatchesFaultsOfEveryOp(t *testing.T) {
	faults := map[string]func(p *kernels.Program, a *kernels.Args){
		"first element off by 3e-5": func(p *kernels.Program, _ *kernels.Args) {
			written(p, 0)[0] += 3e-5 * max(1, math.Abs(written(p, 0)[0]))
		},
		"first element not written": func(p *kernels.Program, _ *kernels.Args) { written(p, 0)[0] = math.NaN() },
		"write behind the tensor": func(p *kernels.Program, _ *kernels.Args) {
			for _, o := range p.Ops[len(p.Ops)-1].Operands(&p.Max) {
				if o.DType == kernels.F32 && o.Access != kernels.Read {
					b := p.Bufs[o.Ref]
					ref.Data(b.Buf)[b.Off+b.Len] = 0
					return
				}
			}
		},
		"write before the tensor": func(p *kernels.Program, _ *kernels.Args) {
			for _, o := range p.Ops[len(p.Ops)-1].Operands(&p.Max) {
				if o.DType == kernels.F32 && o.Access != kernels.Read {
					b := p.Bufs[o.Ref]
					ref.Data(b.Buf)[b.Off-1] = 0
					return
				}
			}
		},
		"write to an input": func(p *kernels.Program, _ *kernels.Args) {
			for _, o := range p.Ops[len(p.Ops)-1].Operands(&p.Max) {
				b := p.Bufs[o.Ref]
				if o.Access == kernels.Read && o.Len > 0 && o.Name != "Pack" {
					if x := ref.Data(b.Buf); x != nil {
						x[b.Off] += 1
					} else {
						ref.Indices(b.Buf)[b.Off]++
					}
					return
				}
			}
		},
	}
	all := Cases(1)
	for name, fault := range faults {
		for _, kind := range kinds(all) {
			if name == "write to an input" && kind == "zero" {
				continue // it has none
			}
			few := ofKind(kind, all)[:4] // in the first ones one element weighs most
			if _, err := Check([]kernels.Device{newBroken(broken{after: fault})}, few); err == nil {
				t.Errorf("%s: %s was not caught", kind, name)
			} else if !strings.Contains(err.Error(), "seed=") {
				t.Errorf("%s: %s: the error names no seed: %v", kind, name, err)
			}
		}
	}
}

// Writing to rows beyond those of the run is caught although it stays inside
// the buffer.
func TestCheckCatchesInactiveRows(t *testing.T) {
	fault := func(p *kernels.Program, a *kernels.Args) {
		o := p.Ops[len(p.Ops)-1].(kernels.RMSNorm)
		if a.Rows < p.Max.Rows {
			written(p, 0)[a.Rows*o.C] = 0
		}
	}
	if _, err := Check([]kernels.Device{newBroken(broken{after: fault})}, ofKind("rmsnorm", Cases(1))); err == nil {
		t.Error("not caught")
	}
}

// Mistakes in the meaning of an op.
func TestCheckCatchesWrongOps(t *testing.T) {
	faults := []struct {
		kind kernels.Kind
		name string
		op   func(kernels.Op) kernels.Op
	}{
		{"rmsnorm", "Eps larger by 1 %", func(o kernels.Op) kernels.Op {
			x, ok := o.(kernels.RMSNorm)
			x.Eps *= 1.01
			return either(ok, x, o)
		}},
		{"linear", "no residual", func(o kernels.Op) kernels.Op {
			x, ok := o.(kernels.Linear)
			x.Res = 0
			return either(ok, x, o)
		}},
		{"linear", "residual read from the output", func(o kernels.Op) kernels.Op {
			x, ok := o.(kernels.Linear)
			x.Res = x.Y
			return either(ok, x, o)
		}},
		{"linear_dx", "overwrites when it should add", func(o kernels.Op) kernels.Op {
			x, ok := o.(kernels.LinearDX)
			x.Acc = false
			return either(ok, x, o)
		}},
		{"linear_dx", "adds when it should overwrite", func(o kernels.Op) kernels.Op {
			x, ok := o.(kernels.LinearDX)
			x.Acc = true
			return either(ok, x, o)
		}},
		{"rope", "wrong direction", func(o kernels.Op) kernels.Op {
			x, ok := o.(kernels.RoPE)
			x.Inverse = !x.Inverse
			return either(ok, x, o)
		}},
		{"rope", "sine and cosine exchanged", func(o kernels.Op) kernels.Op {
			x, ok := o.(kernels.RoPE)
			x.Sin, x.Cos = x.Cos, x.Sin
			return either(ok, x, o)
		}},
		{"attn_bwd", "output gradient for output", func(o kernels.Op) kernels.Op {
			x, ok := o.(kernels.AttnBwd)
			x.Out = x.DOut
			return either(ok, x, o)
		}},
		{"attn_decode", "keys for values", func(o kernels.Op) kernels.Op {
			x, ok := o.(kernels.AttnDecode)
			x.V = x.K
			return either(ok, x, o)
		}},
		{"loss_rows_bwd", "no entropy term", func(o kernels.Op) kernels.Op {
			x, ok := o.(kernels.LossRowsBwd)
			x.EntCoef = 0
			return either(ok, x, o)
		}},
		{"adamw", "no weight decay", func(o kernels.Op) kernels.Op {
			x, ok := o.(kernels.AdamW)
			x.WeightDecay = 0
			return either(ok, x, o)
		}},
		{"adamw", "beta2 of 0.9991", func(o kernels.Op) kernels.Op {
			x, ok := o.(kernels.AdamW)
			x.Beta2 = 0.9991
			return either(ok, x, o)
		}},
		{"sum_sq", "last element left out", func(o kernels.Op) kernels.Op {
			x, ok := o.(kernels.SumSq)
			x.Len = max(0, x.Len-1)
			return either(ok, x, o)
		}},
	}
	for _, f := range faults {
		if _, err := Check([]kernels.Device{newBroken(broken{op: f.op})}, ofKind(f.kind, Cases(1))); err == nil {
			t.Errorf("%s: %s was not caught", f.kind, f.name)
		}
	}
}

func either(ok bool, changed, op kernels.Op) kernels.Op {
	if ok {
		return changed
	}
	return op
}

func TestCheckCatchesWrongArguments(t *testing.T) {
	faults := []struct {
		kind kernels.Kind
		name string
		args func(kernels.Args) kernels.Args
	}{
		{"loss_rows", "temperature off by 1e-4", func(a kernels.Args) kernels.Args { a.Temperature *= 1.0001; return a }},
		{"loss_rows", "last row missing", func(a kernels.Args) kernels.Args { a.Picks--; return a }},
		{"sample", "temperature ignored", func(a kernels.Args) kernels.Args { a.Temperature = 1; return a }},
		{"sample", "top-p ignored", func(a kernels.Args) kernels.Args { a.TopP = 1; return a }},
		{"sample", "top-k ignored", func(a kernels.Args) kernels.Args { a.TopK = 0; return a }},
		{"sample", "low half of the seed only", func(a kernels.Args) kernels.Args { a.Seed &= math.MaxUint32; return a }},
		{"adamw", "gradient scale ignored", func(a kernels.Args) kernels.Args { a.GradScale = 1; return a }},
		{"adamw", "no bias correction", func(a kernels.Args) kernels.Args { a.BetaCorr1 = 1; return a }},
	}
	for _, f := range faults {
		if _, err := Check([]kernels.Device{newBroken(broken{args: f.args})}, ofKind(f.kind, Cases(1))); err == nil {
			t.Errorf("%s: %s was not caught", f.kind, f.name)
		}
	}
}

// One bit in one element, under a condition that rule 1 forbids.
func TestBitsCatchesOneBit(t *testing.T) {
	nudgeFirst := func(p *kernels.Program, _ *kernels.Args) { nudge(written(p, 0)[:1]) }
	none := func(*kernels.Program, *kernels.Args) {}
	small := append(ofKind("linear", Cases(1))[:10], ofKind("rmsnorm_bwd", Cases(1))...)
	dev := func(after func(p *kernels.Program, a *kernels.Args)) kernels.Device {
		return newBroken(broken{after: after})
	}
	cases := []struct {
		name string
		run  func(f *failures)
	}{
		{"more threads", func(f *failures) {
			caseBits(f, []kernels.Device{dev(none), dev(nudgeFirst)}, small)
		}},
		{"a large batch", func(f *failures) {
			d := dev(func(p *kernels.Program, a *kernels.Args) {
				if a.Rows > 4 {
					nudge(written(p, 0)[:1])
				}
			})
			caseBits(f, []kernels.Device{d, d}, small)
		}},
		{"the first row of a batch", func(f *failures) { d := dev(nudgeFirst); caseBits(f, []kernels.Device{d, d}, small) }},
		{"the second run", func(f *failures) {
			runs := 0
			d := dev(func(p *kernels.Program, a *kernels.Args) {
				if runs++; runs%3 == 0 {
					nudge(written(p, 0)[:1])
				}
			})
			caseBits(f, []kernels.Device{d, d}, small)
		}},
		{"several sequences", func(f *failures) {
			sequenceBits(f, dev(func(p *kernels.Program, a *kernels.Args) {
				if a.Seqs > 1 {
					nudge(written(p, 0)[:1])
				}
			}), 1, kernels.F32)
		}},
		{"decoding", func(f *failures) {
			decodeBits(f, dev(func(p *kernels.Program, _ *kernels.Args) { nudge(named(p, "attn_decode", "Out")) }), 1, kernels.F32)
		}},
		{"log-probs of training", func(f *failures) {
			policyBits(f, dev(func(p *kernels.Program, _ *kernels.Args) { nudge(named(p, "loss_rows", "LogP")) }), 1)
		}},
		{"entropies of sampling", func(f *failures) {
			policyBits(f, dev(func(p *kernels.Program, _ *kernels.Args) { nudge(named(p, "sample", "Ent")) }), 1)
		}},
	}
	for _, c := range cases {
		var f failures
		c.run(&f)
		if f.err() == nil {
			t.Errorf("one bit that depends on %s was not caught", c.name)
		}
	}
}

// The devices that Bits opens, with a fault that only many threads show.
func TestBitsCatchesThreads(t *testing.T) {
	devs, err := openAll(func(threads int) (kernels.Device, error) {
		if threads < 5 {
			return ref.New(), nil
		}
		return newBroken(broken{after: func(p *kernels.Program, _ *kernels.Args) { nudge(written(p, 0)[:1]) }}), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var f failures
	caseBits(&f, devs, ofKind("linear_dw", Cases(1))[:3])
	if err := f.err(); err == nil || !strings.Contains(err.Error(), "5 threads") {
		t.Errorf("error is %v, want one that names 5 threads", err)
	}
}

// A device that cannot be opened is an error, and what was opened is closed.
func TestBitsReportsOpen(t *testing.T) {
	closed := 0
	err := Bits(func(threads int) (kernels.Device, error) {
		if threads > 2 {
			return nil, errors.New("no more threads")
		}
		return closing{ref.New(), &closed}, nil
	}, nil)
	if err == nil || !strings.Contains(err.Error(), "3 threads: no more threads") || closed != 2 {
		t.Errorf("error is %v and %d devices were closed, want 2", err, closed)
	}
}

type closing struct {
	kernels.Device
	closed *int
}

func (c closing) Close() error {
	*c.closed++
	return c.Device.Close()
}

func TestGradCatchesWrongBackward(t *testing.T) {
	_, err := gradOf(newBroken(broken{after: func(p *kernels.Program, _ *kernels.Args) {
		if p.Name == "backward" {
			written(p, 0)[0] *= 1 + 1e-5
		}
	}}), 1)
	if err == nil {
		t.Error("a gradient off by 1e-5 in one element was not caught")
	}
}
