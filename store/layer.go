package store

import "encoding/json"

// A layer is stored traces scored again, later, by other rewards. It is made
// of records in the log in notes/: first a Layer, then LayerScores in any
// number, then a LayerEnd. Readers see it once it is whole. Because the log
// has it, a rebuilt database has it too; the run's own scores never change.
const (
	KindLayer       Kind = "layer"        // Layer: its rewards and settings
	KindLayerScores Kind = "layer_scores" // LayerScores: some of its traces
	KindLayerEnd    Kind = "layer_end"    // LayerEnd: it is whole
)

// Layer says what scored traces again, and how.
type Layer struct {
	ID       string          `json:"id"` // ULID
	MadeBy   string          `json:"made_by"`
	Version  string          `json:"version"` // of gradus
	Label    string          `json:"label,omitempty"`
	Rewards  []LayerReward   `json:"rewards"`
	Settings json.RawMessage `json:"settings,omitempty"` // which traces, and by which rule their advantages
}

// LayerReward is a reward function of a layer.
type LayerReward struct {
	Name     string          `json:"name"`   // of the part
	Reward   string          `json:"reward"` // of the function
	Version  string          `json:"version"`
	Weight   float64         `json:"weight"`
	Params   json.RawMessage `json:"params,omitempty"`
	Gate     string          `json:"gate,omitempty"`
	CodeHash string          `json:"code_hash,omitempty"` // of a function of the user's own
}

// LayerScores is what a layer says of some traces. A trace that comes twice
// counts once, as it came first.
type LayerScores struct {
	Layer string       `json:"layer"` // Layer.ID
	Rows  []LayerScore `json:"rows"`
}

// LayerScore is what a layer says of one trace.
type LayerScore struct {
	Sample     int64        `json:"sample"` // number of the trace in its run
	Reward     float64      `json:"reward"`
	Advantage  float64      `json:"advantage"` // what the loss would have used; 0 outside of training
	Unscorable bool         `json:"unscorable,omitempty"`
	Correct    *bool        `json:"correct,omitempty"`
	Claim      string       `json:"claim,omitempty"`
	Changed    bool         `json:"changed,omitempty"` // the layer disagrees with what the run recorded
	Rewards    []RewardPart `json:"rewards"`
}

// LayerEnd makes a layer whole.
type LayerEnd struct {
	Layer   string          `json:"layer"` // Layer.ID
	Traces  int             `json:"traces"`
	Changed int             `json:"changed"`
	Summary json.RawMessage `json:"summary,omitempty"`
}

// LayerRow is a layer in a list of layers.
type LayerRow struct {
	Layer
	N       int             `json:"n"` // 1, 2, ... in the order of the log
	TimeUS  int64           `json:"ts_us"`
	Traces  int             `json:"traces"`
	Changed int             `json:"changed"`
	Summary json.RawMessage `json:"summary,omitempty"`
}
