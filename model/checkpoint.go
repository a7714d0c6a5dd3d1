package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"gradus/kernels"
)

// Files of a checkpoint folder. The first three are Hugging Face's.
const (
	weightsFile   = "model.safetensors"
	configFile    = "config.json"
	tokenizerFile = "tokenizer.json"
	tokenizerInfo = "tokenizer_config.json"
	optimizerFile = "optimizer.safetensors"
	stateFile     = "trainer_state.json"
	manifestFile  = "manifest.json"
)

// TrainerState is where a training run stands, beside weights and optimizer:
// with it, resuming continues to the same bits. Sampling needs no generator
// state: random numbers are a function of (Seed, stream, position).
type TrainerState struct {
	Step         int    `json:"step"`          // finished steps of the run, over all stages
	Stage        int    `json:"stage"`         // index of the stage in the recipe
	StageStep    int    `json:"stage_step"`    // finished steps of that stage
	Seed         uint64 `json:"seed"`          // seed of the run
	DataPosition int64  `json:"data_position"` // problems taken from the stage's data so far
	NextStream   uint64 `json:"next_stream"`   // first random stream not used yet
	// OptimizerSteps is set by Save from the model.
	OptimizerSteps int `json:"optimizer_steps"`
	// Extra is whatever else the run needs; model does not look into it. It
	// comes back without insignificant spaces.
	Extra json.RawMessage `json:"extra,omitempty"`
}

// Save writes a checkpoint folder: model.safetensors and config.json in
// Hugging Face Llama form, tokenizer.json (unless tok is nil),
// trainer_state.json, optimizer.safetensors (unless the model is frozen) and
// manifest.json with the size and SHA-256 of each.
//
// It writes to a folder beside dir, syncs files and folder, and renames: dir
// is whole or not there, also after a crash or on a full disk. A checkpoint at
// dir is replaced, anything else there is an error. Saving what Load read
// gives the same bytes. One process at a time may save to a dir.
//
// Save returns the SHA-256 of manifest.json, which identifies the checkpoint,
// and the size of all files.
func Save(dir string, m *Model, tok *Tokenizer, st TrainerState) (manifestSHA256 string, bytes int64, err error) {
	if m.busy {
		return "", 0, m.ready()
	}
	manifestSHA256, bytes, err = replaceDir(dir, func(w *folder) error {
		return writeCheckpoint(w, m, tok, st)
	})
	if err != nil {
		return "", 0, fmt.Errorf("save checkpoint %s: %w", dir, err)
	}
	return manifestSHA256, bytes, nil
}

func writeCheckpoint(w *folder, m *Model, tok *Tokenizer, st TrainerState) error {
	config, err := m.cfg.json()
	if err != nil {
		return err
	}
	if err := w.write(configFile, config); err != nil {
		return err
	}
	if tok != nil {
		if tok.Size() > m.cfg.VocabSize {
			return fmt.Errorf("tokenizer has %d ids, the model %d", tok.Size(), m.cfg.VocabSize)
		}
		b, err := tok.json()
		if err != nil {
			return err
		}
		if err := w.write(tokenizerFile, b); err != nil {
			return err
		}
		if b, err = tok.infoJSON(m.cfg); err != nil {
			return err
		}
		if err := w.write(tokenizerInfo, b); err != nil {
			return err
		}
	}
	if err := w.create(weightsFile, func(f io.Writer) error {
		return writeSafetensors(f, map[string]string{"format": "pt"}, m.stored("", m.weights))
	}); err != nil {
		return err
	}
	if !m.lim.Frozen {
		if err := w.create(optimizerFile, func(f io.Writer) error {
			return writeSafetensors(f, map[string]string{"format": "pt"},
				append(m.stored("m.", m.moment1), m.stored("v.", m.moment2)...))
		}); err != nil {
			return err
		}
	}
	st.OptimizerSteps = m.steps
	b, err := marshal(st)
	if err != nil {
		return fmt.Errorf("trainer state: %w", err)
	}
	return w.write(stateFile, b)
}

// marshal writes indented JSON without escaping <, > and &.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// Load reads a folder that Save wrote, or a Hugging Face Llama folder, into a
// new model on dev. The tokenizer is nil when the folder has no
// tokenizer.json, the trainer state when it has no trainer_state.json.
// A file that differs from manifest.json, a tensor that is missing, surplus or
// of the wrong shape, and an architecture that this package does not compute
// exactly are errors.
func Load(dev kernels.Device, dir string, lim Limits) (*Model, *Tokenizer, *TrainerState, error) {
	m, tok, st, err := load(dev, dir, lim)
	if err != nil {
		if m != nil {
			err = errors.Join(err, m.Close())
		}
		return nil, nil, nil, fmt.Errorf("load checkpoint %s: %w", dir, err)
	}
	return m, tok, st, nil
}

func load(dev kernels.Device, dir string, lim Limits) (*Model, *Tokenizer, *TrainerState, error) {
	if err := verifyManifest(dir); err != nil {
		return nil, nil, nil, err
	}
	cfg, err := ReadConfig(dir)
	if err != nil {
		return nil, nil, nil, err
	}
	tok, err := LoadTokenizer(filepath.Join(dir, tokenizerFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil, err
	}
	if err == nil && tok.Size() > cfg.VocabSize {
		return nil, nil, nil, fmt.Errorf("tokenizer has %d ids, the model %d", tok.Size(), cfg.VocabSize)
	}
	st, err := readState(dir)
	if err != nil {
		return nil, nil, nil, err
	}
	m, err := New(dev, cfg, lim)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := withSafetensors(filepath.Join(dir, weightsFile), func(s *safetensors) error {
		return m.fill(s, map[string]kernels.Buffer{"": m.weights})
	}); err != nil {
		return m, nil, nil, explainMissing(dir, err)
	}
	if st == nil || lim.Frozen {
		return m, tok, st, nil
	}
	m.steps = st.OptimizerSteps
	err = withSafetensors(filepath.Join(dir, optimizerFile), func(s *safetensors) error {
		return m.fill(s, map[string]kernels.Buffer{"m.": m.moment1, "v.": m.moment2})
	})
	if errors.Is(err, fs.ErrNotExist) && st.OptimizerSteps == 0 {
		err = nil // a frozen model was saved: its moments are zero
	}
	return m, tok, st, err
}

// explainMissing tells what a folder without model.safetensors may be.
func explainMissing(dir string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for name, why := range map[string]string{
		weightsFile + ".index.json": "the weights are in several files; merge them into one model.safetensors",
		"pytorch_model.bin":         "the weights are a pickle; convert them to safetensors",
	} {
		if _, e := os.Stat(filepath.Join(dir, name)); e == nil {
			return fmt.Errorf("%w (%s)", err, why)
		}
	}
	return err
}

// readState reads trainer_state.json, nil when there is none.
func readState(dir string) (*TrainerState, error) {
	path := filepath.Join(dir, stateFile)
	b, err := readSmall(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var st TrainerState
	if err := strictJSON(b, &st); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if st.Step < 0 || st.Stage < 0 || st.StageStep < 0 || st.DataPosition < 0 || st.OptimizerSteps < 0 {
		return nil, fmt.Errorf("%s: negative counts: %s", path, bytes.Join(bytes.Fields(b), []byte(" ")))
	}
	var extra bytes.Buffer
	if len(st.Extra) > 0 {
		if err := json.Compact(&extra, st.Extra); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		st.Extra = extra.Bytes()
	}
	return &st, nil
}

// strictJSON decodes one JSON value without unknown fields and nothing after
// it.
func strictJSON(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return noEOF(err)
	}
	if rest := bytes.TrimSpace(b[d.InputOffset():]); len(rest) > 0 {
		return errors.New("something follows the JSON object")
	}
	return nil
}

// withSafetensors calls f with the tensors of the file at path.
func withSafetensors(path string, f func(s *safetensors) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	st, err := file.Stat()
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", path)
	}
	s, err := openSafetensors(file, st.Size())
	if err == nil {
		err = f(s)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
