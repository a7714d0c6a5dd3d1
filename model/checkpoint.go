package model

import (
	"encoding/json"
	"errors"

	"gradus/kernels"
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
	// Extra is whatever else the run needs; model does not look into it.
	Extra json.RawMessage `json:"extra,omitempty"`
}

// Save writes a checkpoint folder: model.safetensors and config.json in
// Hugging Face Llama form, tokenizer.json (unless tok is nil),
// trainer_state.json, optimizer.safetensors (unless the model is frozen) and
// manifest.json with the size and SHA-256 of each.
//
// It writes to a folder beside dir, syncs files and folder, and renames: dir
// is whole or not there, also after a crash or on a full disk. An existing
// checkpoint at dir is replaced. Saving what Load read gives the same bytes.
//
// Save returns the SHA-256 of manifest.json, which identifies the checkpoint,
// and the size of all files.
func Save(dir string, m *Model, tok *Tokenizer, st TrainerState) (manifestSHA256 string, bytes int64, err error) {
	return "", 0, errors.New("not written yet")
}

// Load reads a folder that Save wrote, or a Hugging Face Llama folder, into a
// new model on dev. The tokenizer is nil when the folder has no
// tokenizer.json, the trainer state when it has no trainer_state.json.
// A file that differs from manifest.json, a tensor that is missing, surplus or
// of the wrong shape, and an architecture that this package does not compute
// exactly are errors.
func Load(dev kernels.Device, dir string, lim Limits) (*Model, *Tokenizer, *TrainerState, error) {
	return nil, nil, nil, errors.New("not written yet")
}

// ReadConfig reads dir/config.json.
func ReadConfig(dir string) (Config, error) {
	return Config{}, errors.New("not written yet")
}
