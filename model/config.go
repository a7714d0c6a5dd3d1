package model

import "fmt"

// Config is the shape of a model, with the field names and defaults of
// config.json in a Hugging Face Llama folder.
type Config struct {
	VocabSize             int     // vocab_size
	HiddenSize            int     // hidden_size, C
	IntermediateSize      int     // intermediate_size, F
	NumHiddenLayers       int     // num_hidden_layers, L
	NumAttentionHeads     int     // num_attention_heads, H
	NumKeyValueHeads      int     // num_key_value_heads, KV; divides H. 0 = H
	HeadDim               int     // head_dim, D, even. 0 = HiddenSize/NumAttentionHeads
	MaxPositionEmbeddings int     // max_position_embeddings: tokens of the longest sequence
	RopeTheta             float64 // rope_theta
	RMSNormEps            float64 // rms_norm_eps
	TieWordEmbeddings     bool    // tie_word_embeddings: the head is the embedding table

	BOSTokenID  int32   // bos_token_id, -1 = none
	EOSTokenIDs []int32 // eos_token_id
	PadTokenID  int32   // pad_token_id, -1 = none
}

// WithDefaults fills in the fields that are zero and have a default:
// NumKeyValueHeads, HeadDim, RopeTheta 10000, RMSNormEps 1e-6.
func (c Config) WithDefaults() Config {
	if c.NumKeyValueHeads == 0 {
		c.NumKeyValueHeads = c.NumAttentionHeads
	}
	if c.HeadDim == 0 && c.NumAttentionHeads > 0 && c.HiddenSize%c.NumAttentionHeads == 0 {
		c.HeadDim = c.HiddenSize / c.NumAttentionHeads
	}
	if c.RopeTheta == 0 {
		c.RopeTheta = 10000
	}
	if c.RMSNormEps == 0 {
		c.RMSNormEps = 1e-6
	}
	return c
}

// Validate names the first field that is out of range.
func (c Config) Validate() error {
	bad := func(field string, value any, want string) error {
		return fmt.Errorf("model config: %s is %v, want %s", field, value, want)
	}
	for _, f := range []struct {
		name   string
		n, max int
	}{
		{"vocab_size", c.VocabSize, 1 << 20},
		{"hidden_size", c.HiddenSize, 1 << 16},
		{"intermediate_size", c.IntermediateSize, 1 << 18},
		{"num_hidden_layers", c.NumHiddenLayers, 1 << 10},
		{"num_attention_heads", c.NumAttentionHeads, 1 << 10},
		{"num_key_value_heads", c.NumKeyValueHeads, 1 << 10},
		{"head_dim", c.HeadDim, 1 << 10},
		{"max_position_embeddings", c.MaxPositionEmbeddings, 1 << 24},
	} {
		if f.n < 1 || f.n > f.max {
			return bad(f.name, f.n, fmt.Sprintf("1..%d", f.max))
		}
	}
	switch {
	case c.NumAttentionHeads%c.NumKeyValueHeads != 0:
		return bad("num_key_value_heads", c.NumKeyValueHeads, fmt.Sprintf("a divisor of num_attention_heads %d", c.NumAttentionHeads))
	case c.HeadDim%2 != 0:
		return bad("head_dim", c.HeadDim, "an even number (rotary positions turn pairs)")
	case !(c.RopeTheta >= 1 && c.RopeTheta <= 1e12):
		return bad("rope_theta", c.RopeTheta, "1..1e12")
	case !(c.RMSNormEps > 0 && c.RMSNormEps < 1):
		return bad("rms_norm_eps", c.RMSNormEps, "a number between 0 and 1")
	case c.BOSTokenID < -1 || int(c.BOSTokenID) >= c.VocabSize:
		return bad("bos_token_id", c.BOSTokenID, fmt.Sprintf("a token below vocab_size %d", c.VocabSize))
	case c.PadTokenID < -1 || int(c.PadTokenID) >= c.VocabSize:
		return bad("pad_token_id", c.PadTokenID, fmt.Sprintf("a token below vocab_size %d", c.VocabSize))
	}
	for _, id := range c.EOSTokenIDs {
		if id < 0 || int(id) >= c.VocabSize {
			return bad("eos_token_id", id, fmt.Sprintf("a token below vocab_size %d", c.VocabSize))
		}
	}
	return nil
}

// NumParams is the number of weights; tied embeddings count once.
func (c Config) NumParams() int64 {
	v, h, f, l := int64(c.VocabSize), int64(c.HiddenSize), int64(c.IntermediateSize), int64(c.NumHiddenLayers)
	q := int64(c.NumAttentionHeads) * int64(c.HeadDim)
	kv := int64(c.NumKeyValueHeads) * int64(c.HeadDim)
	n := v*h + h + l*(h*(q+2*kv)+q*h+3*h*f+2*h)
	if !c.TieWordEmbeddings {
		n += v * h
	}
	return n
}
