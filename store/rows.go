package store

import (
	"encoding/json"

	"gradus/store/query"
)

// Point is one value of a series. Only finite values are stored.
type Point struct {
	Step   int     `json:"step"`
	Value  float64 `json:"value"`
	TimeUS int64   `json:"ts_us"`
}

// SeriesDelta is what a live curve has to take over. When Reset is set, a
// resume rewound the run (or the cursor was zero): Points then holds the whole
// curve from the start and the reader drops what it had. A curve too long to be
// drawn point by point is thinned: of every Span steps it has the smallest and
// the largest value, where they were, and the newest steps in full. Otherwise
// Points holds what came after the cursor; a step may come twice, the later
// value counts.
type SeriesDelta struct {
	Reset  bool
	Points map[string][]Point
	Span   map[string]int // of the curves that are thinned: steps that two points stand for
	Cursor uint64         // pass to the next SeriesSince
}

// StepMetrics are the scalars of one step with the time they were written.
type StepMetrics struct {
	Metrics
	Attempt int   `json:"attempt"`
	TimeUS  int64 `json:"ts_us"`
}

// AttemptRow is one attempt with what became of it.
type AttemptRow struct {
	Attempt
	State     State  `json:"state"`
	Reason    string `json:"reason,omitempty"`
	ExitCode  int    `json:"exit_code"`
	StartedUS int64  `json:"started_us"`
	EndedUS   int64  `json:"ended_us"` // 0 while no terminal state is recorded
	ValidTo   int    `json:"valid_to"` // steps above it were rewound and no longer count; MaxStep when none were
}

// MaxStep is larger than every step; ValidTo of an attempt that was never rewound.
const MaxStep = 1<<31 - 1

// StateInfo is the last state that the run itself recorded, and when it last
// wrote anything at all. Whether the process still lives is not known here:
// the runner tells by the run's lock.
type StateInfo struct {
	StateChange
	Attempt      int   `json:"attempt"`
	SinceUS      int64 `json:"since_us"`       // when the state was entered
	LastRecordUS int64 `json:"last_record_us"` // of any kind
}

// SampleQuery selects stored traces. All that is set must hold: Where, and the
// other fields, which are short for terms of the query language. Zero values
// and nil pointers do not filter. Rows that a rewind superseded are never
// returned.
type SampleQuery struct {
	Where      query.Node // a parsed query, see package query
	Phase      string     // "train" or "eval"
	Stage      string     // "sft", "grpo", ...
	MinStep    *int       // inclusive
	MaxStep    *int       // inclusive
	Attempt    *int       // process that made it
	PromptHash string     // hex, as Prompt.Hash
	Group      *int       // Sample.Group
	MinReward  *float64   // inclusive
	MaxReward  *float64   // inclusive
	Finish     string     // "stop" or "length"
	Text       string     // words and "quoted phrases" that must all occur in the completion
	Correct    *bool      // the checker's verdict
	Task       string     // Prompt.Task
	Ckpt       string     // RUN@STEP that generated it
	After      int64      // id of the last row of the page before; 0 for the first page
	Newest     bool       // newest first, instead of oldest first
	Limit      int        // rows, 1..MaxPage; 0 means 50
}

// MaxPage bounds the rows that one query returns.
const MaxPage = 10000

// PartScore is one reward part without its evidence.
type PartScore struct {
	Name   string  `json:"name"`
	Status string  `json:"status"`
	Score  float64 `json:"score"`
	Value  float64 `json:"value"`
}

// SampleRow is a trace as a list shows it.
type SampleRow struct {
	ID            int64       `json:"id"` // dense from 1 in log order, stable over rebuilds
	Attempt       int         `json:"attempt"`
	TimeUS        int64       `json:"ts_us"`
	Stage         string      `json:"stage"`
	Phase         string      `json:"phase"`
	Step          int         `json:"step"`
	Ckpt          string      `json:"ckpt,omitempty"`
	PromptHash    string      `json:"prompt_hash"`
	Task          string      `json:"task"`
	Ref           string      `json:"ref"`
	Group         int         `json:"group"`
	Index         int         `json:"index"`
	PolicyVersion int         `json:"policy_version"`
	Text          string      `json:"text"` // the stored bytes; may be invalid UTF-8
	Tokens        int         `json:"tokens"`
	Finish        string      `json:"finish"`
	Reward        float64     `json:"reward"`
	Advantage     float64     `json:"advantage"`
	Unscorable    bool        `json:"unscorable,omitempty"`
	Removed       bool        `json:"removed,omitempty"` // Text was removed to save space
	Correct       *bool       `json:"correct,omitempty"`
	Claim         string      `json:"claim,omitempty"`
	MeanLogProb   *float64    `json:"mean_logp,omitempty"` // over its tokens, in nats; nil where no token data was stored, or it is infinite
	MeanEntropy   *float64    `json:"mean_ent,omitempty"`
	Parts         []PartScore `json:"parts,omitempty"` // in lists; a SampleDetail has Rewards instead
	Notes         []NoteRow   `json:"notes,omitempty"` // what readers said of it and did not take back, oldest first
}

// SampleDetail is everything that is stored about one trace.
type SampleDetail struct {
	SampleRow
	Superseded bool         `json:"superseded,omitempty"` // a rewind threw it away
	Stream     uint64       `json:"stream"`
	Prompt     Prompt       `json:"prompt"`
	Rewards    []RewardPart `json:"rewards"`
	TokenIDs   []int32      `json:"ids,omitempty"`
	LogProbs   []float32    `json:"logp,omitempty"`
	Entropies  []float32    `json:"ent,omitempty"`
}

// Event is one line of what happened in a run: states, steering, alerts,
// checkpoints, evaluations, rewinds, and records of kinds this version does
// not know. Text is one plain sentence; it can quote foreign text.
type Event struct {
	Seq     uint64          `json:"seq"`
	Attempt int             `json:"attempt"`
	Step    int             `json:"step"`
	TimeUS  int64           `json:"ts_us"`
	Kind    Kind            `json:"kind"`
	Level   string          `json:"level"` // info, warn, error
	Code    string          `json:"code,omitempty"`
	Text    string          `json:"text"`
	Body    json.RawMessage `json:"body,omitempty"`
}

// CheckpointRow is a checkpoint with when and by which attempt it was written.
type CheckpointRow struct {
	Checkpoint
	ID      int64 `json:"id"`
	Attempt int   `json:"attempt"`
	TimeUS  int64 `json:"ts_us"`
}

// EvalRow is a finished evaluation; ID serves EvalItems.
type EvalRow struct {
	Eval
	ID      int64 `json:"id"`
	Attempt int   `json:"attempt"`
	TimeUS  int64 `json:"ts_us"`
}

// EvalItem is one completion of an evaluation, for pairing by prompt.
type EvalItem struct {
	PromptHash string  `json:"prompt_hash"`
	Task       string  `json:"task"`
	Ref        string  `json:"ref"`
	SampleID   int64   `json:"sample"`
	Index      int     `json:"index"` // 0..K-1
	Correct    *bool   `json:"correct,omitempty"`
	Reward     float64 `json:"reward"`
	Claim      string  `json:"claim,omitempty"`
	Finish     string  `json:"finish"`
	Tokens     int     `json:"tokens"`
}

// Counts are sizes of a run's record, superseded rows included.
type Counts struct {
	Samples     int64  `json:"samples"`
	EvalSamples int64  `json:"eval_samples"`
	Prompts     int64  `json:"prompts"`
	Steps       int64  `json:"steps"` // metrics records
	Series      int64  `json:"series"`
	Checkpoints int64  `json:"checkpoints"`
	Evals       int64  `json:"evals"`
	Events      int64  `json:"events"`
	Records     uint64 `json:"records"` // of the log, folded so far
	DBBytes     int64  `json:"db_bytes"`
}

// RunSummary is a line of the list of runs. State is what the run last
// recorded; the caller overlays whether its process lives.
type RunSummary struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	Purpose      string   `json:"purpose"`
	Task         string   `json:"task"`
	State        State    `json:"state"`
	Reason       string   `json:"reason,omitempty"`
	Stage        string   `json:"stage"`
	Step         int      `json:"step"`
	Steps        int      `json:"steps"`
	Reward       *float64 `json:"reward,omitempty"` // last recorded
	KL           *float64 `json:"kl,omitempty"`     // last recorded
	Attempt      int      `json:"attempt"`
	LastRecordUS int64    `json:"last_record_us"`
	CreatedUS    int64    `json:"created_us"`
	Parent       string   `json:"parent,omitempty"`
	Params       int64    `json:"params"`
	Device       string   `json:"device"`
	Dir          string   `json:"dir"`
	Problem      string   `json:"problem,omitempty"` // why the record of this run cannot be read
}
