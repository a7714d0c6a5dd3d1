package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// maxJSON bounds the small JSON files of a checkpoint folder.
const maxJSON = 16 << 20

// ReadConfig reads dir/config.json.
//
// It accepts Hugging Face Llama configurations that this package computes
// exactly and refuses all others: another architecture, scaled rotary
// positions, biases, quantization, or a field it does not know.
func ReadConfig(dir string) (Config, error) {
	path := filepath.Join(dir, "config.json")
	b, err := readSmall(path)
	if err != nil {
		return Config{}, err
	}
	c, err := parseConfig(b)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st.Size() > maxJSON || !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: want a file of at most %d MiB", path, maxJSON>>20)
	}
	b := make([]byte, st.Size())
	_, err = io.ReadFull(f, b)
	return b, err
}

// configJSON is config.json with the fields that matter, in the order they
// are written.
type configJSON struct {
	Architectures    []string        `json:"architectures"`
	ModelType        string          `json:"model_type"`
	VocabSize        int             `json:"vocab_size"`
	HiddenSize       int             `json:"hidden_size"`
	IntermediateSize int             `json:"intermediate_size"`
	Layers           int             `json:"num_hidden_layers"`
	Heads            int             `json:"num_attention_heads"`
	KVHeads          int             `json:"num_key_value_heads"`
	HeadDim          int             `json:"head_dim"`
	MaxPositions     int             `json:"max_position_embeddings"`
	RopeTheta        float64         `json:"rope_theta"`
	RopeScaling      json.RawMessage `json:"rope_scaling"`
	RopeParameters   json.RawMessage `json:"rope_parameters,omitempty"`
	RMSNormEps       float64         `json:"rms_norm_eps"`
	Tie              *bool           `json:"tie_word_embeddings"`
	BOS              json.RawMessage `json:"bos_token_id"`
	EOS              json.RawMessage `json:"eos_token_id"`
	Pad              json.RawMessage `json:"pad_token_id"`
	HiddenAct        string          `json:"hidden_act"`
	AttentionBias    bool            `json:"attention_bias"`
	MLPBias          bool            `json:"mlp_bias"`
	AttentionDropout float64         `json:"attention_dropout"`
	InitializerRange float64         `json:"initializer_range"`
	UseCache         bool            `json:"use_cache"`
	TorchDType       string          `json:"torch_dtype"`
}

// harmless are the other fields of published Llama configurations that do not
// change what the model computes.
func harmless(field string) bool {
	switch field {
	case "_name_or_path", "transformers_version", "dtype", "pretraining_tp", "is_llama_config", "rope_interleaved",
		"_attn_implementation_autoset", "transformers.js_config", "unsloth_fixed", "unsloth_version",
		"max_length", "max_new_tokens", "min_length", "do_sample", "temperature", "top_k", "top_p", "repetition_penalty",
		"return_dict", "output_attentions", "output_hidden_states", "return_dict_in_generate", "output_scores",
		"id2label", "label2id", "problem_type", "task_specific_params", "tokenizer_class", "sep_token_id",
		"is_decoder", "is_encoder_decoder", "chunk_size_feed_forward", "torchscript", "tf_legacy_loss", "use_bfloat16":
		return true
	}
	return false
}

func parseConfig(b []byte) (Config, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(b, &fields); err != nil {
		return Config{}, err
	}
	var j configJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return Config{}, err
	}
	if err := j.supported(fields); err != nil {
		return Config{}, err
	}
	c := Config{
		VocabSize: j.VocabSize, HiddenSize: j.HiddenSize, IntermediateSize: j.IntermediateSize,
		NumHiddenLayers: j.Layers, NumAttentionHeads: j.Heads, NumKeyValueHeads: j.KVHeads, HeadDim: j.HeadDim,
		MaxPositionEmbeddings: j.MaxPositions, RopeTheta: j.RopeTheta, RMSNormEps: j.RMSNormEps,
		TieWordEmbeddings: j.Tie != nil && *j.Tie,
	}
	if c.MaxPositionEmbeddings == 0 {
		c.MaxPositionEmbeddings = 2048 // LlamaConfig's default
	}
	if err := j.rope(&c); err != nil {
		return Config{}, err
	}
	if err := j.tokens(&c); err != nil {
		return Config{}, err
	}
	c = c.WithDefaults()
	return c, c.Validate()
}

// supported refuses what the programs of this package do not compute.
func (j *configJSON) supported(fields map[string]json.RawMessage) error {
	if j.ModelType != "llama" || (len(j.Architectures) > 0 && !slices.Contains(j.Architectures, "LlamaForCausalLM")) {
		return fmt.Errorf("model_type %q with architectures %q: only Llama (\"llama\", LlamaForCausalLM) is supported so far", j.ModelType, j.Architectures)
	}
	known := map[string]bool{}
	var own map[string]json.RawMessage
	b, err := json.Marshal(j)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &own); err != nil {
		return err
	}
	for k := range own {
		known[k] = true
	}
	known["rope_parameters"] = true
	var unknown []string
	for k, v := range fields {
		if !known[k] && !harmless(k) && string(v) != "null" {
			unknown = append(unknown, k)
		}
	}
	slices.Sort(unknown)
	switch {
	case len(unknown) > 0:
		return fmt.Errorf("field %q is not one of a plain Llama: it may change what the model computes, so the folder is refused", unknown[0])
	case j.HiddenAct != "" && j.HiddenAct != "silu":
		return fmt.Errorf("hidden_act %q, want \"silu\"", j.HiddenAct)
	case j.AttentionBias || j.MLPBias:
		return errors.New("attention_bias or mlp_bias is true: biases are not supported")
	case !isNull(j.RopeScaling):
		return fmt.Errorf("rope_scaling %s is not supported", bytes.TrimSpace(j.RopeScaling))
	}
	if v, ok := fields["rope_interleaved"]; ok && string(v) != "false" && string(v) != "null" {
		return fmt.Errorf("rope_interleaved %s is not supported", v)
	}
	return nil
}

func isNull(v json.RawMessage) bool { return len(v) == 0 || string(v) == "null" }

// rope reads rope_parameters, where newer folders keep rope_theta.
func (j *configJSON) rope(c *Config) error {
	if isNull(j.RopeParameters) {
		return nil
	}
	var p struct {
		Type  string   `json:"rope_type"`
		Theta *float64 `json:"rope_theta"`
	}
	d := json.NewDecoder(bytes.NewReader(j.RopeParameters))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil || (p.Type != "" && p.Type != "default") {
		return fmt.Errorf("rope_parameters %s: only the default rotary positions are supported", j.RopeParameters)
	}
	if p.Theta != nil {
		c.RopeTheta = *p.Theta
	}
	return nil
}

// tokens reads the special token ids; eos_token_id is a number or a list.
func (j *configJSON) tokens(c *Config) error {
	c.BOSTokenID, c.PadTokenID = -1, -1
	for _, f := range []struct {
		name string
		raw  json.RawMessage
		id   *int32
	}{{"bos_token_id", j.BOS, &c.BOSTokenID}, {"pad_token_id", j.Pad, &c.PadTokenID}} {
		if isNull(f.raw) {
			continue
		}
		if err := json.Unmarshal(f.raw, f.id); err != nil {
			return fmt.Errorf("%s %s, want a token id", f.name, f.raw)
		}
	}
	if isNull(j.EOS) {
		return nil
	}
	var one int32
	if json.Unmarshal(j.EOS, &one) == nil {
		c.EOSTokenIDs = []int32{one}
		return nil
	}
	var list []*int32
	err := json.Unmarshal(j.EOS, &list)
	if err != nil || slices.Contains(list, nil) {
		return fmt.Errorf("eos_token_id %s, want a token id or a list of them", j.EOS)
	}
	for _, id := range list {
		c.EOSTokenIDs = append(c.EOSTokenIDs, *id)
	}
	return nil
}

// json writes config.json. Equal configurations give equal bytes.
func (c Config) json() ([]byte, error) {
	null := json.RawMessage("null")
	id := func(t int32) json.RawMessage {
		if t < 0 {
			return null
		}
		return json.RawMessage(fmt.Sprint(t))
	}
	eos := null
	switch len(c.EOSTokenIDs) {
	case 0:
	case 1:
		eos = id(c.EOSTokenIDs[0])
	default:
		b, err := json.Marshal(c.EOSTokenIDs)
		if err != nil {
			return nil, err
		}
		eos = b
	}
	b, err := json.MarshalIndent(configJSON{
		Architectures: []string{"LlamaForCausalLM"}, ModelType: "llama",
		VocabSize: c.VocabSize, HiddenSize: c.HiddenSize, IntermediateSize: c.IntermediateSize, Layers: c.NumHiddenLayers,
		Heads: c.NumAttentionHeads, KVHeads: c.NumKeyValueHeads, HeadDim: c.HeadDim, MaxPositions: c.MaxPositionEmbeddings,
		RopeTheta: c.RopeTheta, RopeScaling: null, RMSNormEps: c.RMSNormEps, Tie: &c.TieWordEmbeddings,
		BOS: id(c.BOSTokenID), EOS: eos, Pad: id(c.PadTokenID),
		HiddenAct: "silu", InitializerRange: initStd, UseCache: true, TorchDType: "float32",
	}, "", "  ")
	return append(b, '\n'), err
}
