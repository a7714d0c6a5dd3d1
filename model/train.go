package model

import (
	"context"
	"errors"
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
	return nil, errors.New("not written yet")
}

// Backward adds the gradient of a loss to the model's gradients. It cuts seqs
// in order into micro-batches that fit Limits, and for each runs the forward
// pass, asks coef, and runs the backward pass. When it fails, gradients of
// earlier micro-batches have been added: call ZeroGrad.
//
// coef returns the derivative of the loss with respect to each log-prob and
// each entropy: s[k], logp[k] and ent[k] belong to sequence idx[k]. ent, or
// single rows of it, may be nil: no entropy term. idx and s are valid only
// during the call, and coef must not call methods of this model.
func (m *Model) Backward(ctx context.Context, seqs []Sequence, temperature float32, coef func(idx []int, s []Scores) (logp, ent [][]float32, err error)) error {
	return errors.New("not written yet")
}

// ZeroGrad sets all gradients to zero.
func (m *Model) ZeroGrad() error { return errors.New("not written yet") }
