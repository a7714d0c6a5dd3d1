package model

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gradus/kernels"
	"gradus/kernels/ref"
)

func testTokenizer(t testing.TB) *Tokenizer {
	t.Helper()
	tok, err := NewCharTokenizer("0123456+\n", []string{"<eos>", "<pad>"})
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func testState() TrainerState {
	return TrainerState{Step: 12, Stage: 1, StageStep: 4, Seed: math.MaxUint64, DataPosition: 99, NextStream: 1 << 63,
		Extra: json.RawMessage(`{"best":0.5,"note":"a<b & c"}`)}
}

// checkpointed returns a trained model and the folder it was saved to.
func checkpointed(t testing.TB, dev kernels.Device) (m *Model, dir string) {
	t.Helper()
	m = build(t, dev, tiny(), tinyLimits())
	if tt, ok := t.(*testing.T); ok {
		fit(tt, m, cycle(), 2)
	}
	dir = filepath.Join(t.TempDir(), "ckpt")
	if _, _, err := Save(dir, m, testTokenizer(t), testState()); err != nil {
		t.Fatal(err)
	}
	return m, dir
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range list {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(b)
	}
	return out
}

func TestSaveLoadSaveGivesTheSameBytes(t *testing.T) {
	onDevices(t, func(t *testing.T, dev kernels.Device, _ float64) {
		m, dir := checkpointed(t, dev)
		loaded, tok, st, err := Load(dev, dir, tinyLimits())
		if err != nil {
			t.Fatal(err)
		}
		defer loaded.Close()
		want := testState()
		want.OptimizerSteps = 2
		if !reflect.DeepEqual(*st, want) {
			t.Errorf("trainer state %+v, want %+v", *st, want)
		}
		if !reflect.DeepEqual(loaded.Config(), m.Config()) {
			t.Errorf("config %+v, want %+v", loaded.Config(), m.Config())
		}
		if !reflect.DeepEqual(tok, testTokenizer(t)) {
			t.Errorf("tokenizer %+v", tok)
		}
		again := filepath.Join(t.TempDir(), "again")
		sha, size, err := Save(again, loaded, tok, *st)
		if err != nil {
			t.Fatal(err)
		}
		first, second := contents(t, dir), contents(t, again)
		if len(first) != 7 {
			t.Errorf("%d files, want 7", len(first))
		}
		total := 0
		for name := range first {
			if first[name] != second[name] {
				t.Errorf("%s differs after a round trip", name)
			}
			total += len(first[name])
		}
		if int64(total) != size {
			t.Errorf("Save returned %d bytes, the files have %d", size, total)
		}
		if sha2, _, err := Save(again, m, tok, *st); err != nil || sha2 != sha || len(sha) != 64 {
			t.Errorf("manifest hash %s, after saving the original over it %s: %v", sha, sha2, err)
		}
		if left := contents(t, again); !reflect.DeepEqual(left, second) {
			t.Error("saving over a checkpoint changed it")
		}
		if list, err := os.ReadDir(filepath.Dir(again)); err != nil || len(list) != 1 {
			t.Errorf("files left beside the checkpoint: %v, %v", list, err)
		}
	})
}

// A run that goes on from a checkpoint ends with the bits of one that was
// never interrupted. The reference device holds more digits than a file does,
// so there the file is what both go on from.
func TestResumeIsBitEqual(t *testing.T) {
	onDevices(t, func(t *testing.T, dev kernels.Device, _ float64) {
		m, dir := checkpointed(t, dev)
		if dev.Name() == "ref" {
			var err error
			if m, _, _, err = Load(dev, dir, tinyLimits()); err != nil {
				t.Fatal(err)
			}
		}
		loaded, _, _, err := Load(dev, dir, tinyLimits())
		if err != nil {
			t.Fatal(err)
		}
		defer loaded.Close()
		a, b := fit(t, m, cycle(), 4), fit(t, loaded, cycle(), 4)
		if !slices.Equal(a, b) {
			t.Errorf("log-probs %v, after resuming %v", a, b)
		}
		for i, buf := range []kernels.Buffer{m.weights, m.moment1, m.moment2} {
			for name, w := range values(t, m, buf) {
				if !sameBits(w, values(t, loaded, []kernels.Buffer{loaded.weights, loaded.moment1, loaded.moment2}[i])[name]) {
					t.Errorf("%s of buffer %d differs after resuming", name, i)
				}
			}
		}
		if m.OptimizerSteps() != 6 || loaded.OptimizerSteps() != 6 {
			t.Errorf("%d and %d updates, want 6", m.OptimizerSteps(), loaded.OptimizerSteps())
		}
	})
}

func TestFrozenCheckpoint(t *testing.T) {
	dev := ref.New()
	_, dir := checkpointed(t, dev)
	lim := Limits{TrainRows: 20, TrainSeqs: 2, Frozen: true}
	m, _, st, err := Load(dev, dir, lim)
	if err != nil {
		t.Fatal(err)
	}
	if st.OptimizerSteps != 2 || m.OptimizerSteps() != 0 {
		t.Errorf("%d updates in the file, %d in the frozen model", st.OptimizerSteps, m.OptimizerSteps())
	}
	out := filepath.Join(t.TempDir(), "deep", "frozen")
	if _, _, err := Save(out, m, nil, TrainerState{}); err != nil {
		t.Fatal(err)
	}
	if files := contents(t, out); files[optimizerFile] != "" || files[tokenizerFile] != "" || files[weightsFile] != contents(t, dir)[weightsFile] {
		t.Errorf("a frozen model without tokenizer was saved as %d files", len(files))
	}
	// Training may start from it, with fresh moments.
	m, tok, _, err := Load(dev, out, tinyLimits())
	if err != nil || tok != nil {
		t.Fatalf("tokenizer %v, error %v", tok, err)
	}
	fit(t, m, cycle(), 1)
}

// A Hugging Face folder has no manifest, no trainer state and often bf16.
func TestLoadHuggingFaceFolder(t *testing.T) {
	dev := ref.New()
	cfg := tiny()
	cfg.TieWordEmbeddings = false
	m := build(t, dev, cfg, tinyLimits())
	seqs := cycle()
	config := `{
	  "architectures": ["LlamaForCausalLM"], "model_type": "llama", "attention_bias": false, "bos_token_id": 1,
	  "eos_token_id": [2, 3], "hidden_act": "silu", "hidden_size": 12, "head_dim": 6, "initializer_range": 0.02,
	  "intermediate_size": 18, "max_position_embeddings": 48, "num_attention_heads": 4, "num_hidden_layers": 2,
	  "num_key_value_heads": 2, "pretraining_tp": 1, "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 10000.0,
	  "tie_word_embeddings": false, "torch_dtype": "bfloat16", "transformers_version": "4.41.2", "use_cache": true, "vocab_size": 13}`
	for _, dtype := range []string{"F32", "BF16", "F16"} {
		t.Run(dtype, func(t *testing.T) {
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, configFile), []byte(config))
			want := map[string][]float32{}
			writeFile(t, filepath.Join(dir, weightsFile), encode(t, values(t, m, m.weights), m.layout.onDisk(), dtype, want))
			got, tok, st, err := Load(dev, dir, tinyLimits())
			if err != nil {
				t.Fatal(err)
			}
			defer got.Close()
			if tok != nil || st != nil {
				t.Errorf("tokenizer %v, state %v out of nothing", tok, st)
			}
			if c := got.Config(); c.BOSTokenID != 1 || c.PadTokenID != -1 || !slices.Equal(c.EOSTokenIDs, []int32{2, 3}) {
				t.Errorf("config %+v", c)
			}
			for name, w := range values(t, got, got.weights) {
				if !sameBits(w, want[name]) {
					t.Errorf("%s is not what the file holds", name)
				}
			}
			a, err := m.Score(context.Background(), seqs, 1)
			if err != nil {
				t.Fatal(err)
			}
			b, err := got.Score(context.Background(), seqs, 1)
			if err != nil {
				t.Fatal(err)
			}
			if same := sameBits(a[0].LogProbs, b[0].LogProbs); same != (dtype == "F32") {
				t.Errorf("scores %v from the file, %v from the model", b[0].LogProbs, a[0].LogProbs)
			}
		})
	}
}

// encode writes a safetensors file in dtype, with an inverse frequency table
// as early Llama folders have, and notes what it holds in want.
func encode(t *testing.T, tensors map[string][]float32, list []diskTensor, dtype string, want map[string][]float32) []byte {
	t.Helper()
	type entry struct {
		DType   string  `json:"dtype"`
		Shape   []int64 `json:"shape"`
		Offsets []int64 `json:"data_offsets"`
	}
	header := map[string]entry{}
	var data []byte
	add := func(name string, shape []int64, v []float32) {
		begin := int64(len(data))
		for _, x := range v {
			bits := math.Float32bits(x)
			switch dtype {
			case "F32":
				data = binary.LittleEndian.AppendUint32(data, bits)
			case "BF16": // cut off
				bits &= 0xffff0000
				data = binary.LittleEndian.AppendUint16(data, uint16(bits>>16))
			case "F16": // cut off; the numbers are in the normal range, or zero
				exp := int(bits>>23&255) - 112
				if exp <= 0 {
					bits = 0
				} else {
					bits &= 0xffffe000
				}
				h := uint16(bits>>16&0x8000) | uint16(bits>>13&1023)
				if bits != 0 {
					h |= uint16(exp) << 10
				}
				data = binary.LittleEndian.AppendUint16(data, h)
			}
			want[name] = append(want[name], math.Float32frombits(bits))
		}
		header[name] = entry{dtype, shape, []int64{begin, int64(len(data))}}
	}
	for _, d := range list {
		add(d.name, d.shape, tensors[d.name])
	}
	add("model.layers.0.self_attn.rotary_emb.inv_freq", []int64{3}, []float32{1, 0.5, 0.25})
	return withHeader(t, header, data)
}

func withHeader(t testing.TB, header any, data []byte) []byte {
	t.Helper()
	h, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(binary.LittleEndian.AppendUint64(nil, uint64(len(h))), h, data)
}

func writeFile(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestLoadRefusesDamage(t *testing.T) {
	dev := ref.New()
	_, dir := checkpointed(t, dev)
	good := contents(t, dir)
	edit := func(name string, f func([]byte) []byte) func(map[string]string) {
		return func(files map[string]string) { files[name] = string(f([]byte(files[name]))) }
	}
	drop := func(name string) func(map[string]string) {
		return func(files map[string]string) { delete(files, name) }
	}
	swap := func(name, old, new string) func(map[string]string) {
		return func(files map[string]string) {
			if !strings.Contains(files[name], old) {
				t.Fatalf("%s does not contain %q", name, old)
			}
			files[name] = strings.Replace(files[name], old, new, 1)
		}
	}
	both := func(f ...func(map[string]string)) func(map[string]string) {
		return func(files map[string]string) {
			for _, g := range f {
				g(files)
			}
		}
	}
	for _, c := range []struct {
		name string
		do   func(map[string]string)
		want string
	}{
		{"one bit of a weight", edit(weightsFile, func(b []byte) []byte { b[len(b)-7] ^= 1; return b }), "SHA-256"},
		{"one bit of a moment", edit(optimizerFile, func(b []byte) []byte { b[len(b)-7] ^= 1; return b }), "SHA-256"},
		{"truncated weights", edit(weightsFile, func(b []byte) []byte { return b[:len(b)-4] }), "damaged"},
		{"missing weights", drop(weightsFile), "model.safetensors"},
		{"missing config", drop(configFile), "config.json"},
		{"torn manifest", edit(manifestFile, func(b []byte) []byte { return b[:len(b)/2] }), "manifest.json"},
		{"manifest of another version", swap(manifestFile, `"version": 1`, `"version": 2`), "version 2"},
		{"manifest that leaves the folder", swap(manifestFile, `"config.json"`, `"../config.json"`), "want the name of a file"},
		{"file that the manifest lacks", both(
			swap(manifestFile, tokenizerFile, "other.json"),
			func(f map[string]string) { f["other.json"] = f[tokenizerFile] }), "tokenizer.json is not in manifest.json"},

		// Without a manifest, as in a foreign folder.
		{"no weights", both(drop(manifestFile), drop(weightsFile)), "no such file"},
		{"weights in parts", both(drop(manifestFile), drop(weightsFile),
			func(f map[string]string) { f["model.safetensors.index.json"] = "{}" }), "several files"},
		{"pickle", both(drop(manifestFile), drop(weightsFile),
			func(f map[string]string) { f["pytorch_model.bin"] = "" }), "pickle"},
		{"not a number", both(drop(manifestFile), edit(weightsFile, func(b []byte) []byte {
			copy(b[len(b)-4:], []byte{0, 0, 0xc0, 0x7f})
			return b
		})), "element 11 is NaN"},
		{"other tensors", both(drop(manifestFile), swap(weightsFile, "model.norm.weight", "model.norm.weighs")), `"model.norm.weight" is missing`},
		{"more tensors", both(drop(manifestFile), swap(configFile, `"num_hidden_layers": 2`, `"num_hidden_layers": 1`)), "does not have"},
		{"other shape", both(drop(manifestFile), swap(configFile, `"intermediate_size": 18`, `"intermediate_size": 20`)), "has shape [18 12], want [20 12]"},
		{"untied", both(drop(manifestFile), swap(configFile, `"tie_word_embeddings": true`, `"tie_word_embeddings": false`)), `"lm_head.weight" is missing`},
		{"missing optimizer", both(drop(manifestFile), drop(optimizerFile)), "optimizer.safetensors"},
		{"weights in the optimizer's place", both(drop(manifestFile),
			func(f map[string]string) { f[optimizerFile] = f[weightsFile] }), "is missing"},
		{"unknown state", both(drop(manifestFile), swap(stateFile, `"stage"`, `"stages"`)), "unknown field"},
		{"negative state", both(drop(manifestFile), swap(stateFile, `"step": 12`, `"step": -12`)), "negative"},
		{"two states", both(drop(manifestFile), edit(stateFile, func(b []byte) []byte { return append(b, b...) })), "follows"},
		{"empty state", both(drop(manifestFile), edit(stateFile, func([]byte) []byte { return nil })), "unexpected EOF"},
		{"tokenizer too large", both(drop(manifestFile), swap(configFile, `"vocab_size": 13`, `"vocab_size": 11`)), "tokenizer has 12 ids, the model 11"},
		{"torn tokenizer", both(drop(manifestFile), edit(tokenizerFile, func(b []byte) []byte { return b[:len(b)/2] })), "tokenizer.json"},
		{"empty config", both(drop(manifestFile), edit(configFile, func([]byte) []byte { return nil })), "config.json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{}
			for k, v := range good {
				files[k] = v
			}
			c.do(files)
			bad := t.TempDir()
			for name, b := range files {
				writeFile(t, filepath.Join(bad, name), []byte(b))
			}
			got, _, _, err := Load(dev, bad, tinyLimits())
			if err == nil || got != nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	if _, _, _, err := Load(dev, filepath.Join(dir, "nowhere"), tinyLimits()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
	if _, _, _, err := Load(dev, filepath.Join(dir, configFile), tinyLimits()); err == nil {
		t.Error("a file in the place of the folder was loaded")
	}

}

func TestSaveKeepsWhatIsThere(t *testing.T) {
	dev := ref.New()
	m, dir := checkpointed(t, dev)
	good := contents(t, dir)

	// A failure in the middle leaves the old checkpoint and no litter.
	big, err := NewByteTokenizer(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Save(dir, m, big, testState()); err == nil || !strings.Contains(err.Error(), "tokenizer has 256 ids, the model 13") {
		t.Errorf("tokenizer too large: %v", err)
	}
	st := testState()
	st.Extra = json.RawMessage(`{"torn`)
	if _, _, err := Save(dir, m, nil, st); err == nil || !strings.Contains(err.Error(), "trainer state") {
		t.Errorf("impossible state: %v", err)
	}
	if !reflect.DeepEqual(contents(t, dir), good) {
		t.Error("a failed save changed the checkpoint")
	}
	if list, _ := os.ReadDir(filepath.Dir(dir)); len(list) != 1 {
		t.Errorf("a failed save left %v", list)
	}

	// What a killed process left is cleared.
	partial := filepath.Join(filepath.Dir(dir), ".ckpt.partial")
	if err := os.Mkdir(partial, 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(partial, "junk"), []byte("junk"))
	if _, _, err := Save(dir, m, testTokenizer(t), testState()); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(contents(t, dir), good) {
		t.Error("the same state was saved as other bytes")
	}

	// A folder that is not a checkpoint is not ours to replace.
	foreign := t.TempDir()
	writeFile(t, filepath.Join(foreign, "thesis.tex"), []byte("years"))
	if _, _, err := Save(foreign, m, nil, testState()); err == nil || !strings.Contains(err.Error(), "not a checkpoint") {
		t.Errorf("foreign folder: %v", err)
	}
	file := filepath.Join(foreign, "thesis.tex")
	if _, _, err := Save(file, m, nil, testState()); err == nil {
		t.Error("a file was replaced by a folder")
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "years" {
		t.Errorf("the file now holds %q, %v", b, err)
	}
}

// Where the file system cannot swap folders, two renames do.
func TestMoveWithoutExchange(t *testing.T) {
	parent := t.TempDir()
	tmp, dir := filepath.Join(parent, ".x.partial"), filepath.Join(parent, "x")
	for _, d := range []string{tmp, dir} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(d, "f"), []byte(d))
	}
	if err := moveInto(tmp, dir, func(string, string) error { return errors.ErrUnsupported }); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, dir)["f"]; got != tmp {
		t.Errorf("the folder holds %q, want %q", got, tmp)
	}
	if list, _ := os.ReadDir(parent); len(list) != 1 {
		t.Errorf("left behind: %v", list)
	}
}
