package store

import (
	"encoding/json"
	"path/filepath"
)

// NotesDir is where the second event log of a run lies: what people and tools
// add to a run, also after its end. The run's own log has one writer, for
// ever; this one is opened for a moment by whoever has something to add.
func NotesDir(runDir string) string { return filepath.Join(runDir, "notes") }

// Note is what a reader says of something. Notes are never changed: a later
// one supersedes an earlier one, and with an empty Text takes it back. Because
// IDs are ULIDs, the notes of two stores merge to their union.
type Note struct {
	ID         string `json:"id"` // ULID
	Author     string `json:"author"`
	TargetKind string `json:"target_kind"` // run, step, sample, prompt, ckpt, eval, comparison
	Target     string `json:"target"`      // its id there
	Kind       string `json:"kind"`        // note, tag, verdict
	Text       string `json:"text"`
	Span       *Quote `json:"span,omitempty"`
	Supersedes string `json:"supersedes,omitempty"` // ID of the note it replaces
}

// Quote anchors a note to bytes [From, To) of a completion. CRC is the
// CRC-32C of those bytes, so that a note is never shown beside another text.
type Quote struct {
	From int    `json:"from"`
	To   int    `json:"to"`
	CRC  uint32 `json:"crc"`
}

// Comparison is two checkpoints put side by side on the same prompts.
type Comparison struct {
	ID          string           `json:"id"` // ULID
	MadeBy      string           `json:"made_by"`
	A           string           `json:"a"` // RUN@STEP
	B           string           `json:"b"`
	PromptsHash string           `json:"prompts_hash"`
	Settings    json.RawMessage  `json:"settings,omitempty"`
	Result      json.RawMessage  `json:"result,omitempty"`
	Pairs       []ComparisonPair `json:"pairs,omitempty"`
}

// ComparisonPair is one prompt of a Comparison. Samples are numbers of traces
// in the run of A and in that of B; 0 where there is none.
type ComparisonPair struct {
	PromptHash string  `json:"prompt_hash"`
	Index      int     `json:"index"` // 0..K-1
	ASample    int64   `json:"a_sample,omitempty"`
	BSample    int64   `json:"b_sample,omitempty"`
	Winner     string  `json:"winner,omitempty"` // a, b, tie
	Delta      float64 `json:"delta"`
}

// Lineage says that Parent went into Child.
type Lineage struct {
	ChildKind  string          `json:"child_kind"` // ckpt, dataset, run
	Child      string          `json:"child"`
	ParentKind string          `json:"parent_kind"` // ckpt, dataset, teacher, model, filter
	Parent     string          `json:"parent"`
	How        string          `json:"how"`               // trained_on, distilled_from, written_by, started_from, filtered_by
	Hash       string          `json:"hash,omitempty"`    // of the parent
	Licence    string          `json:"licence,omitempty"` // SPDX where there is one
	Detail     json.RawMessage `json:"detail,omitempty"`
}

// Cost is something that was used. ID makes it count once, however often it
// is recorded.
type Cost struct {
	ID       string   `json:"id"` // ULID, or made of where it comes from
	Stage    string   `json:"stage"`
	Step     *int     `json:"step,omitempty"`
	Kind     string   `json:"kind"` // device, cpu, energy, tokens
	FromUS   int64    `json:"from_us"`
	ToUS     int64    `json:"to_us"`
	Quantity float64  `json:"qty"`
	Unit     string   `json:"unit"` // s, J, tok
	Price    *float64 `json:"price,omitempty"`
	Currency string   `json:"currency,omitempty"`
	Source   string   `json:"src"` // heartbeat, scheduler, recipe, host
}
