package model

import (
	"errors"
	"fmt"

	"gradus/kernels"
)

// Model is a decoder on a device, with the memory and the compiled programs
// to generate and to train within its Limits.
type Model struct {
	dev    kernels.Device
	cfg    Config
	lim    Limits
	plan   *plan
	layout *layout

	weights, packs kernels.Buffer // F32 layout.len, and layout.packLen in the dtype of the products
	grads          kernels.Buffer // F32, like weights; nil when frozen
	moment1        kernels.Buffer // F32, AdamW's m, like weights; nil when frozen
	moment2        kernels.Buffer // F32, AdamW's v, like weights; nil when frozen
	sumSq          kernels.Buffer // F32 (1); nil when frozen
	scratch, kv    kernels.Buffer // F32, activations and key/value caches
	tables         kernels.Buffer // F32, cos then sin

	trainInts, prefillInts, decodeInts kernels.Buffer // I32, indices of a run

	exec struct {
		pack                          kernels.Exec
		forward, backward             kernels.Exec
		prefill, decode               kernels.Exec
		zeroGrad, gradNorm, optimizer kernels.Exec
		weightNorm                    kernels.Exec
	}
	programs  map[string]*kernels.Program // those that trace may have to look into
	summed    []summedBatch               // what the gradients are the sum of
	optimizer optimizerKey                // what exec.optimizer was compiled for
	host      hostMemory
	steps     int  // optimizer updates
	stale     bool // weights have changed since they were packed
	busy      bool // a callback of Backward is running
}

// hostMemory is what a run is prepared in and read back into.
type hostMemory struct {
	train, prefill, decode []int32
	drawn                  []int32   // (Slots) steps, (Slots) last tokens, (Slots, decodeAhead) tokens
	logp, ent              []float32 // (max(TrainRows, Slots*decodeAhead))
}

// New reserves memory for a model of shape cfg on dev and compiles its
// programs. All weights are zero until Init, Load or CopyWeights.
func New(dev kernels.Device, cfg Config, lim Limits) (*Model, error) {
	cfg = cfg.WithDefaults()
	if err := errors.Join(cfg.Validate(), lim.Validate()); err != nil {
		return nil, err
	}
	if !kernels.Computes(dev, lim.Compute) {
		return nil, fmt.Errorf("model: device %s has no matrix products in %s; choose f32", dev.Name(), lim.Compute)
	}
	if !kernels.Attends(dev, lim.Attend) {
		return nil, fmt.Errorf("model: device %s has no attention in %s; choose f32", dev.Name(), lim.Attend)
	}
	p, err := newPlan(cfg, lim)
	if err != nil {
		return nil, err
	}
	m := &Model{dev: dev, cfg: cfg, lim: lim, plan: p, layout: p.layout, stale: true,
		programs: map[string]*kernels.Program{"train forward": nil, "train backward": nil, "prefill": nil, "decode": nil}}
	if err := errors.Join(m.alloc(), m.writeTables()); err != nil {
		return nil, errors.Join(fmt.Errorf("reserve %d MiB for a model of %d weights: %w",
			lim.MemoryBytes(cfg)>>20, cfg.NumParams(), err), m.Close())
	}
	if err := m.compile(); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

func (m *Model) alloc() error {
	p := m.plan
	type want struct {
		buf *kernels.Buffer
		dt  kernels.DType
		n   int64
	}
	wants := []want{
		{&m.weights, kernels.F32, p.layout.len},
		{&m.packs, m.lim.packed(), p.layout.packLen},
		{&m.scratch, kernels.F32, p.scratch},
		{&m.tables, kernels.F32, int64(p.maxPos) * int64(m.cfg.HeadDim)},
	}
	if !m.lim.Frozen {
		wants = append(wants,
			want{&m.grads, kernels.F32, p.layout.len},
			want{&m.moment1, kernels.F32, p.layout.len},
			want{&m.moment2, kernels.F32, p.layout.len},
			want{&m.sumSq, kernels.F32, 1})
	}
	if p.train != nil {
		wants = append(wants, want{&m.trainInts, kernels.I32, p.train.ints()})
		m.host.train = make([]int32, p.train.ints())
	}
	if p.decode != nil {
		wants = append(wants,
			want{&m.kv, m.lim.cached(), p.kv},
			want{&m.prefillInts, kernels.I32, p.prefill.ints()},
			want{&m.decodeInts, kernels.I32, p.decode.ints()})
		m.host.prefill = make([]int32, p.prefill.ints())
		m.host.decode = make([]int32, p.decode.inputs())
		m.host.drawn = make([]int32, int(p.decode.ints())-p.decode.count())
	}
	n := max(m.lim.TrainRows, m.lim.Slots*decodeAhead)
	m.host.logp, m.host.ent = make([]float32, n), make([]float32, n)
	for _, w := range wants {
		b, err := m.dev.Alloc(w.dt, w.n)
		if err != nil {
			return err
		}
		*w.buf = b
	}
	return nil
}

func (m *Model) writeTables() error {
	if m.tables == nil {
		return nil // alloc has failed and said so
	}
	cos, sin := ropeTables(m.plan.maxPos, m.cfg.HeadDim, m.cfg.RopeTheta)
	return errors.Join(
		m.dev.WriteF32(m.tables, 0, cos),
		m.dev.WriteF32(m.tables, int64(len(cos)), sin))
}

func (m *Model) compile() error {
	type program struct {
		exec *kernels.Exec
		make func() (kernels.Exec, error)
	}
	programs := []program{{&m.exec.pack, m.packProgram}}
	if m.plan.train != nil {
		programs = append(programs, program{&m.exec.forward, m.trainForward})
		if !m.lim.Frozen {
			programs = append(programs, program{&m.exec.backward, m.trainBackward})
		}
	}
	if !m.lim.Frozen {
		programs = append(programs,
			program{&m.exec.zeroGrad, m.zeroGradProgram},
			program{&m.exec.gradNorm, func() (kernels.Exec, error) { return m.normProgram("gradient norm", m.grads) }},
			program{&m.exec.weightNorm, func() (kernels.Exec, error) { return m.normProgram("weight norm", m.weights) }})
	}
	if m.plan.decode != nil {
		programs = append(programs,
			program{&m.exec.prefill, m.prefillProgram},
			program{&m.exec.decode, m.decodeProgram})
	}
	for _, p := range programs {
		x, err := p.make()
		if err != nil {
			return err
		}
		*p.exec = x
	}
	return nil
}

// packProgram lays all weights out for Linear.
func (m *Model) packProgram() (kernels.Exec, error) {
	e := m.emit("pack", kernels.Args{})
	for _, t := range m.layout.all {
		if t.pack >= 0 {
			e.Add(kernels.Pack{Dst: e.pack(t), W: e.w(t), O: t.rows, K: t.cols, Compute: m.lim.Compute})
		}
		if t.packBack >= 0 {
			e.Add(kernels.Pack{Dst: e.packBack(t), W: e.w(t), O: t.rows, K: t.cols, Back: true, Compute: m.lim.Compute})
		}
	}
	return e.compile()
}

// ready packs the weights if they have changed. Every run of a program that
// reads packed weights comes after it.
func (m *Model) ready() error {
	if m.busy {
		return errors.New("model: called from inside Backward's callback")
	}
	if !m.stale {
		return nil
	}
	if err := m.exec.pack.Run(&kernels.Args{}); err != nil {
		return err
	}
	m.stale = false
	return nil
}

// Close frees the model's device memory. The device stays open. Closing twice
// is harmless.
func (m *Model) Close() error {
	var errs []error
	for _, x := range []*kernels.Exec{
		&m.exec.pack, &m.exec.forward, &m.exec.backward, &m.exec.prefill, &m.exec.decode,
		&m.exec.zeroGrad, &m.exec.gradNorm, &m.exec.optimizer, &m.exec.weightNorm,
	} {
		if *x != nil {
			errs = append(errs, (*x).Free())
			*x = nil
		}
	}
	for _, b := range m.buffers() {
		if *b != nil {
			errs = append(errs, (*b).Free())
			*b = nil
		}
	}
	return errors.Join(errs...)
}

// buffers lists all device memory of the model.
func (m *Model) buffers() []*kernels.Buffer {
	return []*kernels.Buffer{
		&m.weights, &m.packs, &m.grads, &m.moment1, &m.moment2, &m.sumSq, &m.scratch, &m.kv, &m.tables,
		&m.trainInts, &m.prefillInts, &m.decodeInts,
	}
}

// Config is the shape the model was made with.
func (m *Model) Config() Config { return m.cfg }

// Limits are the capacities the model was made with.
func (m *Model) Limits() Limits { return m.lim }

// NumParams is the number of weights.
func (m *Model) NumParams() int64 { return m.cfg.NumParams() }
