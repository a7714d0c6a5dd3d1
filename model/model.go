package model

import (
	"errors"

	"gradus/kernels"
)

// Model is a decoder on a device, with the memory and the compiled programs
// to generate and to train within its Limits.
type Model struct {
	dev   kernels.Device
	cfg   Config
	lim   Limits
	steps int
}

// New reserves memory for a model of shape cfg on dev and compiles its
// programs. All weights are zero until Init, Load or CopyWeights.
func New(dev kernels.Device, cfg Config, lim Limits) (*Model, error) {
	return nil, errors.New("not written yet")
}

// Init draws the weights from a normal distribution with standard deviation
// 0.02, that of attention's and the MLP's output projections divided by
// sqrt(2*layers) (Radford et al. 2019, section 2.3), and sets norm gains to 1.
// Optimizer state and gradients become zero. Equal seeds give equal bits.
func (m *Model) Init(seed uint64) error { return errors.New("not written yet") }

// Close frees the model's device memory. The device stays open.
func (m *Model) Close() error { return errors.New("not written yet") }

// Config is the shape the model was made with.
func (m *Model) Config() Config { return m.cfg }

// Limits are the capacities the model was made with.
func (m *Model) Limits() Limits { return m.lim }

// NumParams is the number of weights.
func (m *Model) NumParams() int64 { return m.cfg.NumParams() }

// CopyWeights overwrites m's weights with those of a model of the same shape,
// on the same or another device. Optimizer state and gradients stay.
func (m *Model) CopyWeights(from *Model) error { return errors.New("not written yet") }
