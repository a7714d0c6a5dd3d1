package model

import (
	"errors"
	"fmt"

	"gradus/kernels"
)

// Limits are the capacities a Model reserves memory for. A model with
// TrainRows 0 cannot score or train, one with Slots 0 cannot generate.
type Limits struct {
	TrainRows int // token rows of a training micro-batch; a Sequence takes len(Tokens)-1
	TrainSeqs int // sequences of a training micro-batch

	PromptSlots int // prompts whose keys and values are held at once
	PromptLen   int // tokens of the longest prompt
	Slots       int // completions generated at once
	NewLen      int // tokens of the longest completion

	// Frozen models have no gradients and no optimizer state: references,
	// teachers, models under evaluation.
	Frozen bool

	// Recompute keeps of each layer only its output, and computes the other
	// activations again in the backward pass: less memory, about a third more
	// time in training, the same gradients to the bit.
	Recompute bool

	// Compute is the dtype that factors of matrix products are rounded to:
	// kernels.F32 (also 0), or kernels.BF16 on a device that has such products
	// (kernels.Computes). Weights, gradients and all other arithmetic are f32.
	Compute kernels.DType

	// Attend is the same of attention, and the dtype in which keys and values are
	// cached: BF16 takes a device that has it (kernels.Attends) and heads of 64 or
	// 128 numbers.
	Attend kernels.DType
}

// In returns l with products in compute, and with attention in it too where it is
// defined for heads of cfg and attends says that the device has it.
func (l Limits) In(compute kernels.DType, cfg Config, attends bool) Limits {
	l.Compute, l.Attend = compute, kernels.F32
	if attends && kernels.AttendsHeads(compute, cfg.WithDefaults().HeadDim) {
		l.Attend = compute
	}
	return l
}

// packed is the dtype of packed weights.
func (l Limits) packed() kernels.DType {
	if l.Compute == kernels.BF16 {
		return kernels.BF16
	}
	return kernels.F32
}

// cached is the dtype of key/value caches.
func (l Limits) cached() kernels.DType {
	if l.Attend == kernels.BF16 {
		return kernels.BF16
	}
	return kernels.F32
}

// Validate names the first capacity that is out of range.
func (l Limits) Validate() error {
	for _, c := range []struct {
		name string
		n    int
	}{
		{"TrainRows", l.TrainRows}, {"TrainSeqs", l.TrainSeqs}, {"PromptSlots", l.PromptSlots},
		{"PromptLen", l.PromptLen}, {"Slots", l.Slots}, {"NewLen", l.NewLen},
	} {
		if c.n < 0 || c.n > 1<<24 {
			return fmt.Errorf("limits: %s is %d, want 0..%d", c.name, c.n, 1<<24)
		}
	}
	if c := l.Compute; c != 0 && c != kernels.F32 && c != kernels.BF16 {
		return fmt.Errorf("limits: Compute is %s, want f32 or bf16", c)
	}
	if a := l.Attend; a != 0 && a != kernels.F32 && a != kernels.BF16 {
		return fmt.Errorf("limits: Attend is %s, want f32 or bf16", a)
	}
	if (l.TrainRows == 0) != (l.TrainSeqs == 0) {
		return fmt.Errorf("limits: TrainRows is %d and TrainSeqs %d: set both or none", l.TrainRows, l.TrainSeqs)
	}
	if l.Slots > 0 && (l.PromptSlots == 0 || l.PromptLen == 0 || l.NewLen == 0) {
		return fmt.Errorf("limits: to generate with %d slots, PromptSlots (%d), PromptLen (%d) and NewLen (%d) must be positive",
			l.Slots, l.PromptSlots, l.PromptLen, l.NewLen)
	}
	if l.TrainRows == 0 && l.Slots == 0 {
		return errors.New("limits: TrainRows and Slots are both 0: the model could neither train nor generate")
	}
	return nil
}
