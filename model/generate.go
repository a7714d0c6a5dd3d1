package model

import (
	"context"
	"errors"
)

// SampleOptions say how Generate draws tokens.
type SampleOptions struct {
	// Temperature divides the logits. 0 is greedy decoding, whose log-probs
	// and entropies are those of temperature 1.
	Temperature float32
	// TopP keeps the most likely tokens until their mass reaches it. 0 and 1
	// turn it off. Log-probs stay those of the full distribution.
	TopP float32
	// TopK keeps the k most likely tokens. 0 turns it off.
	TopK int
	// MaxNew is the largest number of tokens of a completion, 1..Limits.NewLen.
	MaxNew int
	// Stop ends a completion after any of these tokens.
	Stop []int32
	// Seed keys the random numbers. Token i of stream s is drawn with
	// philox.Uniform(Seed, s, i), whatever else is being generated.
	Seed uint64
}

// Request asks for one completion of Prompt per stream id.
type Request struct {
	Prompt  []int32  // 1..Limits.PromptLen tokens
	Streams []uint64 // stream ids of the random generator
}

// How a completion ended.
const (
	FinishStop   = "stop"   // a stop token was drawn; it is the last token
	FinishLength = "length" // MaxNew tokens were drawn and none was a stop token
)

// Completion is what was sampled for one stream of a Request.
type Completion struct {
	Tokens    []int32   // with the stop token, if one was drawn
	LogProbs  []float32 // log-prob of each token at the sampling temperature, in nats
	Entropies []float32 // entropy of the distribution each token was drawn from, in nats
	Finish    string    // FinishStop or FinishLength
}

// Generate samples the completions of all requests, result[i][j] for stream j
// of request i. Each prompt runs through the model once and its keys and
// values are shared by its streams; a completion that ends makes room for the
// next one. Neither the capacities in Limits nor the order of the requests
// change a token or a log-prob.
//
// progress, if not nil, is told the number of finished and of all completions
// whenever some have finished. Generate returns ctx's error when ctx ends.
func (m *Model) Generate(ctx context.Context, reqs []Request, o SampleOptions, progress func(done, total int)) ([][]Completion, error) {
	return nil, errors.New("not written yet")
}
