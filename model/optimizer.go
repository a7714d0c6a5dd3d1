package model

import (
	"errors"
	"fmt"
	"math"

	"gradus/kernels"
)

// OptimizerOptions are AdamW's (Loshchilov and Hutter 2019).
type OptimizerOptions struct {
	LR           float64 // >= 0
	Beta1, Beta2 float64 // 0 <= beta < 1
	Eps          float64 // > 0
	WeightDecay  float64 // >= 0, of matrices; norm gains are not decayed
	// MaxGradNorm scales the gradient down to this global norm. 0 = off.
	MaxGradNorm float64
}

func (o OptimizerOptions) validate() error {
	for _, f := range []struct {
		name string
		x    float64
		ok   bool
		want string
	}{
		{"learning rate", o.LR, o.LR >= 0, ">= 0"},
		{"beta1", o.Beta1, o.Beta1 >= 0 && float32(o.Beta1) < 1, ">= 0 and < 1"},
		{"beta2", o.Beta2, o.Beta2 >= 0 && float32(o.Beta2) < 1, ">= 0 and < 1"},
		{"eps", o.Eps, float32(o.Eps) > 0, "> 0"},
		{"weight decay", o.WeightDecay, o.WeightDecay >= 0, ">= 0"},
		{"maximum gradient norm", o.MaxGradNorm, o.MaxGradNorm >= 0, ">= 0, 0 is off"},
	} {
		if !f.ok || math.IsInf(f.x, 0) {
			return fmt.Errorf("optimizer: %s is %v, want %s", f.name, f.x, f.want)
		}
	}
	return nil
}

// optimizerKey is the part of OptimizerOptions that a program is compiled for.
type optimizerKey struct{ beta1, beta2, eps, decay float32 }

var errFrozen = errors.New("model is frozen: it has no gradients and no optimizer")

// Step updates the weights with the accumulated gradients and returns the
// gradients' global norm before clipping. The gradients stay: call ZeroGrad
// before the next accumulation.
//
// If the norm is NaN or infinite, Step returns a *NonFiniteError with
// WeightsGood and leaves weights and moments as they were, but not the
// gradients. If the weights are no longer finite after the update, it returns
// one without: they are lost.
func (m *Model) Step(o OptimizerOptions) (gradNorm float64, err error) {
	switch {
	case m.lim.Frozen:
		return 0, errFrozen
	case m.busy:
		return 0, m.ready()
	}
	if err := o.validate(); err != nil {
		return 0, err
	}
	norm, err := m.norm(m.exec.gradNorm)
	if err != nil {
		return 0, err
	}
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		return norm, fmt.Errorf("optimizer: gradient norm is %v: %w", norm, m.blameGradient(norm))
	}
	scale := 1.0
	if o.MaxGradNorm > 0 {
		// As torch.nn.utils.clip_grad_norm_.
		scale = min(1, o.MaxGradNorm/(norm+1e-6))
	}
	if err := m.compileOptimizer(o); err != nil {
		return 0, err
	}
	t := float64(m.steps + 1)
	m.stale = true
	if err := m.exec.optimizer.Run(&kernels.Args{
		LR:        float32(o.LR),
		BetaCorr1: float32(1 - math.Pow(o.Beta1, t)),
		BetaCorr2: float32(1 - math.Pow(o.Beta2, t)),
		GradScale: float32(scale),
	}); err != nil {
		return 0, err
	}
	m.steps++
	weights, err := m.norm(m.exec.weightNorm)
	if err != nil {
		return 0, err
	}
	if math.IsNaN(weights) || math.IsInf(weights, 0) {
		return norm, fmt.Errorf("optimizer: norm of the weights is %v: %w", weights, m.blameUpdate(o, norm))
	}
	return norm, nil
}

// norm runs a norm program and returns the Euclidean norm it has computed.
func (m *Model) norm(x kernels.Exec) (float64, error) {
	if err := x.Run(&kernels.Args{}); err != nil {
		return 0, err
	}
	var sum [1]float32
	if err := m.dev.ReadF32(sum[:], m.sumSq, 0); err != nil {
		return 0, err
	}
	return math.Sqrt(float64(sum[0])), nil
}

// OptimizerSteps is the number of updates made so far.
func (m *Model) OptimizerSteps() int { return m.steps }

// compileOptimizer makes the update program for o, or keeps the one there is.
func (m *Model) compileOptimizer(o OptimizerOptions) error {
	key := optimizerKey{float32(o.Beta1), float32(o.Beta2), float32(o.Eps), float32(o.WeightDecay)}
	if m.exec.optimizer != nil && m.optimizer == key {
		return nil
	}
	e := m.emit("optimizer", kernels.Args{})
	for _, r := range []struct {
		off, len int64
		decay    float32
	}{
		{0, m.layout.matrices, key.decay},
		{m.layout.matrices, m.layout.len - m.layout.matrices, 0},
	} {
		e.Add(kernels.AdamW{
			W:   e.bind("weights", m.weights, r.off, r.len),
			G:   e.bind("gradients", m.grads, r.off, r.len),
			M:   e.bind("first moments", m.moment1, r.off, r.len),
			V:   e.bind("second moments", m.moment2, r.off, r.len),
			Len: r.len, Beta1: key.beta1, Beta2: key.beta2, Eps: key.eps, WeightDecay: r.decay,
		})
	}
	x, err := e.compile()
	if err != nil {
		return err
	}
	if m.exec.optimizer != nil {
		if err := m.exec.optimizer.Free(); err != nil {
			return errors.Join(err, x.Free())
		}
	}
	m.exec.optimizer, m.optimizer = x, key
	return nil
}

// normProgram leaves the sum of the squares of a flat buffer in sumSq.
func (m *Model) normProgram(name string, buf kernels.Buffer) (kernels.Exec, error) {
	e := m.emit(name, kernels.Args{})
	n := m.layout.len
	e.Add(kernels.SumSq{Out: e.bind("sum", m.sumSq, 0, 1), X: e.bind("elements", buf, 0, n), Len: n})
	return e.compile()
}

func (m *Model) zeroGradProgram() (kernels.Exec, error) {
	e := m.emit("zero gradients", kernels.Args{})
	e.zero("gradients", m.grads)
	return e.compile()
}

// zero emits buf = 0; the length of buf is a multiple of align.
func (e *emitter) zero(name string, buf kernels.Buffer) {
	n := buf.Len()
	e.Add(kernels.Zero{X: e.bind(name, buf, 0, n), N: kernels.Dim(n / align), C: align})
}

// ZeroGrad sets all gradients to zero.
func (m *Model) ZeroGrad() error {
	switch {
	case m.lim.Frozen:
		return errFrozen
	case m.busy:
		return m.ready()
	}
	clear(m.summed)
	m.summed = m.summed[:0]
	return m.exec.zeroGrad.Run(&kernels.Args{})
}

// resetOptimizer forgets moments, gradients and the number of updates.
func (m *Model) resetOptimizer() error {
	m.steps, m.summed = 0, nil
	if m.lim.Frozen {
		return nil
	}
	e := m.emit("reset optimizer", kernels.Args{})
	e.zero("gradients", m.grads)
	e.zero("first moments", m.moment1)
	e.zero("second moments", m.moment2)
	x, err := e.compile()
	if err != nil {
		return err
	}
	return errors.Join(x.Run(&kernels.Args{}), x.Free())
}
