package model

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gradus/kernels"
)

// Sequence is a prompt and its completion. Tokens[Prompt:] are scored.
type Sequence struct {
	Tokens []int32 // at most Limits.TrainRows+1
	Prompt int     // 1..len(Tokens): the first token has nothing to be predicted from
}

// Scores hold one number per scored token of a Sequence.
type Scores struct {
	LogProbs  []float32 // log-prob of the token given those before it, in nats
	Entropies []float32 // entropy of the distribution the token was predicted with, in nats
}

// Score computes the log-prob and entropy of every scored token, with logits
// divided by temperature (0 means 1, as for greedy sampling). The results
// equal Generate's to the bit. It works on frozen models too.
func (m *Model) Score(ctx context.Context, seqs []Sequence, temperature float32) ([]Scores, error) {
	if err := m.readyToTrain(seqs, &temperature); err != nil {
		return nil, fmt.Errorf("score: %w", err)
	}
	out := newScores(seqs)
	for lo := 0; lo < len(seqs); {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		hi, args, err := m.load(seqs, lo)
		if err != nil {
			return nil, fmt.Errorf("score: %w", err)
		}
		args.Temperature = temperature
		if err := m.forward(out[lo:hi], args); err != nil {
			return nil, fmt.Errorf("score: %w", err)
		}
		lo = hi
	}
	return out, nil
}

// Backward adds the gradient of a loss to the model's gradients. It cuts seqs
// in order into micro-batches that fit Limits, and for each runs the forward
// pass, asks coef, and runs the backward pass. When it fails, gradients of
// earlier micro-batches have been added: call ZeroGrad.
//
// coef returns the derivative of the loss with respect to each log-prob and
// each entropy: s[k], logp[k] and ent[k] belong to sequence idx[k]. ent, or
// single rows of it, may be nil: no entropy term. idx and s are valid only
// during the call, and coef must not call methods of this model that run it.
func (m *Model) Backward(ctx context.Context, seqs []Sequence, temperature float32, coef func(idx []int, s []Scores) (logp, ent [][]float32, err error)) error {
	if m.lim.Frozen {
		return fmt.Errorf("backward: %w", errFrozen)
	}
	if err := m.readyToTrain(seqs, &temperature); err != nil {
		return fmt.Errorf("backward: %w", err)
	}
	scores := newScores(seqs)
	idx := make([]int, len(seqs))
	for i := range idx {
		idx[i] = i
	}
	for lo := 0; lo < len(seqs); {
		if err := ctx.Err(); err != nil {
			return err
		}
		hi, args, err := m.load(seqs, lo)
		if err != nil {
			return fmt.Errorf("backward: %w", err)
		}
		args.Temperature = temperature
		if err := m.forward(scores[lo:hi], args); err != nil {
			return fmt.Errorf("backward: %w", err)
		}
		logp, ent, err := m.ask(coef, idx[lo:hi], scores[lo:hi])
		if err != nil {
			return err
		}
		if err := m.backward(seqs[lo:hi], idx[lo:hi], scores[lo:hi], logp, ent, args); err != nil {
			return fmt.Errorf("backward: %w", err)
		}
		lo = hi
	}
	return nil
}

// readyToTrain checks the input of Score and Backward and packs weights.
func (m *Model) readyToTrain(seqs []Sequence, temperature *float32) error {
	p := m.plan.train
	if p == nil {
		return fmt.Errorf("the model was made with Limits.TrainRows 0")
	}
	if err := checkTemperature(temperature); err != nil {
		return err
	}
	for i, s := range seqs {
		rows := len(s.Tokens) - 1
		if s.Prompt == len(s.Tokens) {
			rows = 0 // nothing to score
		}
		switch {
		case s.Prompt < 1 || s.Prompt > len(s.Tokens):
			return fmt.Errorf("sequence %d: prompt of %d tokens, want 1..%d", i, s.Prompt, len(s.Tokens))
		case rows > p.rows:
			return fmt.Errorf("sequence %d: %d tokens, more than Limits.TrainRows+1 = %d", i, len(s.Tokens), p.rows+1)
		case rows > m.cfg.MaxPositionEmbeddings:
			return fmt.Errorf("sequence %d: %d tokens, the model reaches %d", i, len(s.Tokens), m.cfg.MaxPositionEmbeddings)
		}
		if err := m.checkTokens(s.Tokens); err != nil {
			return fmt.Errorf("sequence %d: %w", i, err)
		}
	}
	return m.ready()
}

// checkTemperature replaces 0, greedy sampling, by the temperature that its
// log-probs have.
func checkTemperature(t *float32) error {
	if *t == 0 {
		*t = 1
	}
	if !(*t > 0) || math.IsInf(float64(*t), 0) {
		return fmt.Errorf("temperature is %v, want 0 or a positive number", *t)
	}
	return nil
}

func (m *Model) checkTokens(tokens []int32) error {
	for i, t := range tokens {
		if t < 0 || int(t) >= m.cfg.VocabSize {
			return fmt.Errorf("token %d is %d, want 0..%d", i, t, m.cfg.VocabSize-1)
		}
	}
	return nil
}

// newScores makes the results for seqs, in two allocations.
func newScores(seqs []Sequence) []Scores {
	n := 0
	for _, s := range seqs {
		n += len(s.Tokens) - s.Prompt
	}
	buf := make([]float32, 2*n)
	out := make([]Scores, len(seqs))
	for i, s := range seqs {
		k := len(s.Tokens) - s.Prompt
		out[i] = Scores{LogProbs: buf[:k:k], Entropies: buf[k : 2*k : 2*k]}
		buf = buf[2*k:]
	}
	return out
}

// load writes the micro-batch that starts at sequence lo to the device and
// returns its end and size. A sequence without scored tokens takes no rows,
// and the last token of one none either: nothing is predicted from it.
func (m *Model) load(seqs []Sequence, lo int) (hi int, a *kernels.Args, err error) {
	p, ints := m.plan.train, m.host.train
	a = &kernels.Args{}
	var b packed
	part := func(prefix int) { // a sequence of the attention ops begins
		ints[p.start()+a.Seqs], ints[p.prefix()+a.Seqs] = int32(a.Rows), int32(prefix)
		a.Seqs++
	}
	for hi = lo; hi < len(seqs); hi++ {
		s := seqs[hi]
		if len(s.Tokens) == s.Prompt {
			continue
		}
		at, ok := b.add(p, seqs, hi)
		if !ok {
			break
		}
		if at.shared {
			part(b.root)
		} else {
			part(-1)
		}
		n := len(s.Tokens) - 1
		for i := at.from; i < n; i++ {
			if at.first && i == s.Prompt-1 {
				part(b.root)
			}
			ints[p.tok()+a.Rows], ints[p.pos()+a.Rows] = s.Tokens[i], int32(i)
			if i+1 >= s.Prompt {
				ints[p.pick()+a.Picks], ints[p.target()+a.Picks] = int32(a.Rows), s.Tokens[i+1]
				a.Picks++
			}
			a.Rows++
		}
	}
	ints[p.start()+a.Seqs] = int32(a.Rows)
	if a.Rows == 0 {
		return hi, a, nil
	}
	return hi, a, m.dev.WriteI32(m.trainInts, 0, ints)
}

// forward scores the loaded micro-batch.
func (m *Model) forward(out []Scores, a *kernels.Args) error {
	if a.Rows == 0 {
		return nil
	}
	if err := m.exec.forward.Run(a); err != nil {
		return err
	}
	logp, ent := m.host.logp[:a.Picks], m.host.ent[:a.Picks]
	if err := m.dev.ReadF32(logp, m.scratch, m.plan.train.loss.logp.off); err != nil {
		return err
	}
	if err := m.dev.ReadF32(ent, m.scratch, m.plan.train.loss.ent.off); err != nil {
		return err
	}
	if anyNotFinite(logp) || anyNotFinite(ent) {
		return m.blameForward(a)
	}
	for _, s := range out {
		k := copy(s.LogProbs, logp)
		copy(s.Entropies, ent)
		logp, ent = logp[k:], ent[k:]
	}
	return nil
}

// ask calls coef while the activations in the scratch buffer must stay.
func (m *Model) ask(coef func([]int, []Scores) (logp, ent [][]float32, err error), idx []int, s []Scores) (logp, ent [][]float32, err error) {
	m.busy = true
	defer func() { m.busy = false }()
	return coef(idx, s)
}

// backward adds the gradients of the micro-batch that forward has scored.
func (m *Model) backward(seqs []Sequence, idx []int, s []Scores, logp, ent [][]float32, a *kernels.Args) error {
	if len(logp) != len(s) || (ent != nil && len(ent) != len(s)) {
		return fmt.Errorf("coefficients for %d and %d sequences of a micro-batch of %d", len(logp), len(ent), len(s))
	}
	c, ec := m.host.logp[:0], m.host.ent[:0]
	some := false
	for k := range s {
		n := len(s[k].LogProbs)
		if len(logp[k]) != n || (ent != nil && ent[k] != nil && len(ent[k]) != n) {
			return fmt.Errorf("sequence %d: %d coefficients for %d scored tokens", idx[k], len(logp[k]), n)
		}
		c = append(c, logp[k]...)
		if ent != nil && ent[k] != nil {
			ec = append(ec, ent[k]...)
		} else {
			for range n {
				ec = append(ec, 0)
			}
		}
		for i := len(c) - n; i < len(c); i++ {
			if x := c[i] + ec[i]; math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
				return fmt.Errorf("sequence %d: coefficients of scored token %d are %v and %v", idx[k], i-(len(c)-n), c[i], ec[i])
			}
			some = some || c[i] != 0 || ec[i] != 0
		}
	}
	if !some {
		return nil // every term of the gradient is zero
	}
	if err := m.writeCoefficients(c, ec); err != nil {
		return err
	}
	m.summed = append(m.summed, summedBatch{seqs, slices.Clone(c), slices.Clone(ec), a.Temperature})
	return m.exec.backward.Run(a)
}

func (m *Model) writeCoefficients(c, ec []float32) error {
	loss := m.plan.train.loss
	if err := m.dev.WriteF32(m.scratch, loss.coef.off, c); err != nil {
		return err
	}
	return m.dev.WriteF32(m.scratch, loss.entCoef.off, ec)
}

// summedBatch is a micro-batch whose gradient has been added, as much of it as
// it takes to compute that again.
type summedBatch struct {
	seqs          []Sequence
	coef, entCoef []float32 // by scored token
	temperature   float32
}

func (m *Model) reload(b summedBatch) (*kernels.Args, error) {
	_, a, err := m.load(b.seqs, 0)
	a.Temperature = b.temperature
	return a, err
}
