package plan

import (
	"fmt"

	"gradus/model"
)

// Rates are what a machine does with a model, in seconds.
type Rates struct {
	How string `json:"how"` // where the figures come from

	Prefill float64 `json:"prefill"` // a token of a prompt
	Decode  float64 `json:"decode"`  // a sampled token, with the batch of the recipe
	Score   float64 `json:"score"`   // a token forward
	Train   float64 `json:"train"`   // a token forward and backward
	Update  float64 `json:"update"`  // an optimizer step
}

func (r Rates) parts(w work) Parts {
	return Parts{
		Prompts:  r.Prefill * float64(w.tokens.Prompt),
		Decoding: r.Decode * float64(w.tokens.Sampled),
		Scoring:  r.Score * float64(w.scored),
		Training: r.Train * float64(w.tokens.Trained),
		Update:   r.Update * float64(w.updates),
	}
}

// Of the ceilings, a step reaches about these shares (docs/performance.md);
// they turn a ceiling into an estimate.
const (
	trainShare  = 0.6
	decodeShare = 0.3
	readShare   = 0.5
)

// FromCeilings estimates rates from the machine's multiply-adds (GFLOP/s) and
// its memory (GB/s) alone.
func FromCeilings(cfg model.Config, lim model.Limits, gflops, gbps float64) Rates {
	passes := 3.0 // one forward, two as dear backward
	if lim.Recompute {
		passes = 4
	}
	perToken := 2 * float64(MatmulParams(cfg)) / (gflops * 1e9)
	return Rates{
		How: fmt.Sprintf("ceilings of this machine: %.0f GFLOP/s multiply-add at a share of %.0f %% in training and %.0f %% in decoding, %.0f GB/s read at %.0f %%",
			gflops, 100*trainShare, 100*decodeShare, gbps, 100*readShare),
		Prefill: perToken / trainShare, Decode: perToken / decodeShare, Score: perToken / trainShare, Train: passes * perToken / trainShare,
		// AdamW reads weight, gradient and two moments and writes three of them.
		Update: 7 * 4 * float64(cfg.NumParams()) / (gbps * 1e9 * readShare),
	}
}

// MatmulParams is the number of weights that every token is multiplied with:
// all matrices, the head once, the embedding lookup not at all.
func MatmulParams(c model.Config) int64 {
	c = c.WithDefaults()
	h, f, l := int64(c.HiddenSize), int64(c.IntermediateSize), int64(c.NumHiddenLayers)
	q, kv := int64(c.NumAttentionHeads)*int64(c.HeadDim), int64(c.NumKeyValueHeads)*int64(c.HeadDim)
	return l*(h*(2*q+2*kv)+3*h*f) + int64(c.VocabSize)*h
}
