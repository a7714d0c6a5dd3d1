package model

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gradus/kernels/ref"
)

func TestConfigValidate(t *testing.T) {
	if err := tiny().Validate(); err != nil {
		t.Fatal(err)
	}
	for field, set := range map[string]func(*Config){
		"vocab_size":              func(c *Config) { c.VocabSize = 0 },
		"hidden_size":             func(c *Config) { c.HiddenSize = -1 },
		"intermediate_size":       func(c *Config) { c.IntermediateSize = 1 << 30 },
		"num_hidden_layers":       func(c *Config) { c.NumHiddenLayers = 0 },
		"num_attention_heads":     func(c *Config) { c.NumAttentionHeads = 0 },
		"num_key_value_heads":     func(c *Config) { c.NumKeyValueHeads = 3 },
		"head_dim":                func(c *Config) { c.HeadDim = 5 },
		"max_position_embeddings": func(c *Config) { c.MaxPositionEmbeddings = 0 },
		"rope_theta":              func(c *Config) { c.RopeTheta = 0.5 },
		"rms_norm_eps":            func(c *Config) { c.RMSNormEps = -1 },
		"bos_token_id":            func(c *Config) { c.BOSTokenID = 13 },
		"eos_token_id":            func(c *Config) { c.EOSTokenIDs = []int32{1, -1} },
		"pad_token_id":            func(c *Config) { c.PadTokenID = -2 },
	} {
		c := tiny()
		set(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), field+" is ") {
			t.Errorf("%s: error %v", field, err)
		}
		if _, err := New(ref.New(), c, tinyLimits()); err == nil {
			t.Errorf("%s: a model was made", field)
		}
	}
}

// Published sizes: TinyLlama 1.1B and SmolLM 135M (tied), from their model
// cards' safetensors parameter counts.
func TestNumParams(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  Config
		want int64
	}{
		{"TinyLlama-1.1B", Config{VocabSize: 32000, HiddenSize: 2048, IntermediateSize: 5632, NumHiddenLayers: 22, NumAttentionHeads: 32, NumKeyValueHeads: 4}, 1100048384},
		{"SmolLM-135M", Config{VocabSize: 49152, HiddenSize: 576, IntermediateSize: 1536, NumHiddenLayers: 30, NumAttentionHeads: 9, NumKeyValueHeads: 3, TieWordEmbeddings: true}, 134515008},
	} {
		if got := c.cfg.WithDefaults().NumParams(); got != c.want {
			t.Errorf("%s has %d parameters, want %d", c.name, got, c.want)
		}
	}
}

func TestConfigFile(t *testing.T) {
	full := tiny()
	full.BOSTokenID, full.EOSTokenIDs, full.PadTokenID, full.RopeTheta, full.RMSNormEps = 0, []int32{4, 7}, 12, 1e6, 1e-5
	one := tiny()
	one.EOSTokenIDs = []int32{3}
	one.TieWordEmbeddings = false
	for _, c := range []Config{tiny(), full, one} {
		b, err := c.json()
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseConfig(b)
		if err != nil || !reflect.DeepEqual(got, c) {
			t.Errorf("%+v came back as %+v, %v", c, got, err)
		}
	}
}

func TestConfigFileRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		set  map[string]any
		want string
	}{
		{"qwen2", map[string]any{"model_type": "qwen2", "architectures": []string{"Qwen2ForCausalLM"}}, "only Llama"},
		{"mistral architecture", map[string]any{"architectures": []string{"MistralForCausalLM"}}, "only Llama"},
		{"no type", map[string]any{"model_type": nil}, "only Llama"},
		{"scaled positions", map[string]any{"rope_scaling": map[string]any{"rope_type": "llama3", "factor": 8}}, "rope_scaling"},
		{"scaled positions, new form", map[string]any{"rope_parameters": map[string]any{"rope_type": "yarn"}}, "rope_parameters"},
		{"partial rotation", map[string]any{"rope_parameters": map[string]any{"rope_type": "default", "partial_rotary_factor": 0.5}}, "rope_parameters"},
		{"interleaved", map[string]any{"rope_interleaved": true}, "rope_interleaved"},
		{"bias", map[string]any{"attention_bias": true}, "biases"},
		{"activation", map[string]any{"hidden_act": "gelu"}, "hidden_act"},
		{"quantized", map[string]any{"quantization_config": map[string]any{"bits": 4}}, `"quantization_config"`},
		{"window", map[string]any{"sliding_window": 128}, `"sliding_window"`},
		{"text for a number", map[string]any{"hidden_size": "64"}, "hidden_size"},
		{"odd token", map[string]any{"eos_token_id": "x"}, "eos_token_id"},
		{"no token", map[string]any{"eos_token_id": []any{1, nil}}, "eos_token_id"},
		{"heads that do not divide", map[string]any{"num_attention_heads": 5, "num_key_value_heads": 5, "head_dim": nil}, "head_dim is 0"},
		{"token out of range", map[string]any{"bos_token_id": 99}, "bos_token_id"},
		{"no layers", map[string]any{"num_hidden_layers": nil}, "num_hidden_layers"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := tiny().json()
			if err != nil {
				t.Fatal(err)
			}
			var fields map[string]any
			if err := json.Unmarshal(b, &fields); err != nil {
				t.Fatal(err)
			}
			for k, v := range c.set {
				fields[k] = v
			}
			if b, err = json.Marshal(fields); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, "config.json"), b)
			if got, err := ReadConfig(dir); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("read %+v, error %v, want %q", got, err, c.want)
			}
		})
	}
	// The new form of what is supported.
	got, err := parseConfig([]byte(`{"model_type":"llama","vocab_size":13,"hidden_size":12,"intermediate_size":18,"num_hidden_layers":2,
		"num_attention_heads":4,"num_key_value_heads":2,"head_dim":6,"max_position_embeddings":48,"dtype":"bfloat16","sliding_window":null,
		"rope_parameters":{"rope_type":"default","rope_theta":5000.0}}`))
	if err != nil || got.RopeTheta != 5000 {
		t.Errorf("rope_parameters: %+v, %v", got, err)
	}
}

func FuzzConfig(f *testing.F) {
	b, err := tiny().json()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"model_type":"llama","eos_token_id":[],"vocab_size":1,"hidden_size":2,"intermediate_size":1,"num_hidden_layers":1,"num_attention_heads":1}`))
	f.Add([]byte(`{"model_type":"llama","eos_token_id":[1,2],"rope_parameters":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := parseConfig(b)
		if err != nil {
			return
		}
		out, err := c.json()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := parseConfig(out); err != nil || !reflect.DeepEqual(got, c) {
			t.Errorf("%s was read as %+v, written and read as %+v: %v", b, c, got, err)
		}
	})
}

func TestLimits(t *testing.T) {
	for want, l := range map[string]Limits{
		"TrainSeqs":   {TrainRows: 5},
		"PromptLen":   {Slots: 2, PromptSlots: 1, NewLen: 1},
		"both 0":      {Frozen: true},
		"NewLen is -": {Slots: 2, PromptSlots: 1, PromptLen: 1, NewLen: -1},
	} {
		if err := l.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", l, err, want)
		}
		if l.MemoryBytes(tiny()) != 0 {
			t.Errorf("%+v: memory of impossible limits", l)
		}
	}
}

// MemoryBytes is what New asks the device for.
func TestMemoryBytes(t *testing.T) {
	for _, lim := range []Limits{tinyLimits(), {TrainRows: 9, TrainSeqs: 2, Frozen: true}, {PromptSlots: 2, PromptLen: 3, Slots: 4, NewLen: 5, Frozen: true}} {
		m, err := New(ref.New(), tiny(), lim)
		if err != nil {
			t.Fatal(err)
		}
		n := int64(0)
		for _, b := range m.buffers() {
			if *b != nil {
				n += 4 * (*b).Len()
			}
		}
		if got := lim.MemoryBytes(tiny()); got != n {
			t.Errorf("%+v: MemoryBytes %d, allocated %d", lim, got, n)
		}
	}
}
