package store

import (
	"encoding/json"
	"fmt"
)

// Kind tells what an event-log record carries.
type Kind string

const (
	KindRun        Kind = "run"        // RunHeader, first record of a log
	KindAttempt    Kind = "attempt"    // Attempt, each start of the process
	KindState      Kind = "state"      // StateChange
	KindMetrics    Kind = "metrics"    // Metrics of one step
	KindSamples    Kind = "samples"    // Samples of one step or evaluation
	KindCheckpoint Kind = "checkpoint" // Checkpoint written
	KindEval       Kind = "eval"       // Eval finished
	KindControl    Kind = "control"    // Control: a steering request and its answer
	KindAlert      Kind = "alert"      // Alert: preflight results and alarms
	KindRewind     Kind = "rewind"     // Rewind: a resume threw later steps away
	KindHeartbeat  Kind = "heartbeat"  // Heartbeat, every 5 s

	KindNote       Kind = "note"       // Note: what a reader says of something
	KindComparison Kind = "comparison" // Comparison of two checkpoints
	KindLineage    Kind = "lineage"    // Lineage: what went into what
	KindCost       Kind = "cost"       // Cost: what was used
)

// Record is one entry of the log: a kind, when it was written, and a body
// whose type the kind decides. Seq and order come from the log, not the clock.
type Record struct {
	Kind    Kind            `json:"kind"`
	Attempt int             `json:"attempt"`
	TimeUS  int64           `json:"ts_us"` // wall clock, microseconds since 1970
	Body    json.RawMessage `json:"body"`

	samples *Samples // instead of Body in a record made of Samples, which have a form of their own in the log
}

// NewRecord wraps body, which must be the type that kind names. Samples are
// not copied: they must stay as they are until the record is appended.
func NewRecord(kind Kind, attempt int, timeUS int64, body any) (Record, error) {
	rec := Record{Kind: kind, Attempt: attempt, TimeUS: timeUS}
	if kind == KindSamples {
		switch b := body.(type) {
		case Samples:
			rec.samples = &b
		case *Samples:
			rec.samples = b
		}
	}
	if rec.samples != nil {
		if err := checkSamplesBody(rec.samples); err != nil {
			return Record{}, fmt.Errorf("encode %s record: %w", kind, err)
		}
		return rec, nil
	}
	b, err := json.Marshal(body)
	if err != nil {
		return Record{}, fmt.Errorf("encode %s record: %w", kind, err)
	}
	rec.Body = b
	return rec, nil
}

// MarshalJSON writes the record with its body, whatever form that has.
func (r Record) MarshalJSON() ([]byte, error) {
	type plain Record
	if r.samples != nil {
		b, err := json.Marshal(r.samples)
		if err != nil {
			return nil, err
		}
		r.Body = b
	}
	return json.Marshal(plain(r))
}

// RunHeader identifies a run. Config is the complete recipe after defaults
// and --set, as canonical JSON; ConfigTOML is what the user can run again.
type RunHeader struct {
	ID         string          `json:"id"` // ULID
	Name       string          `json:"name"`
	Purpose    string          `json:"purpose"` // "train", or "eval" for an evaluation of a stored checkpoint
	Task       string          `json:"task"`
	Config     json.RawMessage `json:"config"`
	ConfigTOML string          `json:"config_toml"`
	Seed       uint64          `json:"seed"`
	Version    string          `json:"version"`          // of gradus
	Device     string          `json:"device"`           // as "cpu-avx2, 2 threads"
	Steps      int             `json:"steps"`            // planned, over all stages
	Params     int64           `json:"params"`           // of the policy
	Parent     string          `json:"parent,omitempty"` // RUN@STEP it started from
	CreatedUS  int64           `json:"created_us"`
}

// Attempt is one process working on a run.
type Attempt struct {
	N          int    `json:"n"` // 1, 2, ...
	Host       string `json:"host"`
	BootID     string `json:"boot_id"`
	PID        int    `json:"pid"`
	PIDStart   int64  `json:"pid_start"` // clock ticks since boot
	FromStep   int    `json:"from_step"` // 0, or the step of the checkpoint it resumed
	FromCkpt   string `json:"from_ckpt,omitempty"`
	Executable string `json:"executable_sha256,omitempty"`
	Products   string `json:"products,omitempty"` // whose matrix products the device takes, where there is a choice: "own kernels", or a library with its version and GPU
	Backend    string `json:"backend,omitempty"`  // local, ssh, slurm
	JobID      string `json:"job_id,omitempty"`   // the scheduler's number; never an identity
	ClockUS    *int64 `json:"clock_us,omitempty"` // what to add to its times for the clock of whoever started it
}

// State is a state of an attempt; the transitions stand in runner/state.
type State string

const (
	StateDraft     State = "draft"
	StateSubmitted State = "submitted"
	StateStarting  State = "starting"
	StateRunning   State = "running"
	StatePaused    State = "paused"
	StateStopping  State = "stopping"
	StateDone      State = "done"
	StateStopped   State = "stopped"
	StateFailed    State = "failed"
	StateCrashed   State = "crashed" // only observed: lock free, no exit record
)

// StateChange is written by the run itself when it enters State.
type StateChange struct {
	State    State  `json:"state"`
	Stage    string `json:"stage,omitempty"` // sft, grpo, eval
	Step     int    `json:"step"`
	Reason   string `json:"reason,omitempty"`
	ExitCode int    `json:"exit_code,omitempty"`
}

// Metrics are the scalars of one optimizer step, under TRL's names
// ("reward", "rewards/format/mean", "kl", "entropy", "completions/mean_length"...).
// Values that are not finite are left out and named in NonFinite.
type Metrics struct {
	Stage     string             `json:"stage"`
	Step      int                `json:"step"` // counts over all stages, from 1
	Values    map[string]float64 `json:"values"`
	NonFinite []string           `json:"non_finite,omitempty"`
}

// Samples are completions with their prompts. Prompts are listed once.
type Samples struct {
	Stage   string   `json:"stage"`
	Step    int      `json:"step"`
	Phase   string   `json:"phase"`          // "train" or "eval"
	Ckpt    string   `json:"ckpt,omitempty"` // RUN@STEP that generated them, for eval
	Prompts []Prompt `json:"prompts"`
	Rows    []Sample `json:"rows"`
}

// Prompt is a problem as it was put to the model.
type Prompt struct {
	Hash   string          `json:"hash"` // hex of the first 16 bytes of SHA-256 over task, text and gold
	Task   string          `json:"task"`
	Ref    string          `json:"ref"`  // the problem's id in its task
	Text   string          `json:"text"` // rendered, exactly what the model saw
	Gold   string          `json:"gold"`
	Tokens int             `json:"tokens"`
	Data   json.RawMessage `json:"data,omitempty"` // what the checker needs
}

// Sample is one completion: text, tokens, and every reward part.
type Sample struct {
	Prompt        int          `json:"prompt"` // index into Samples.Prompts
	Group         int          `json:"group"`
	Index         int          `json:"index"` // 0..G-1 in its group
	Stream        uint64       `json:"stream"`
	Text          string       `json:"text"`          // may hold any bytes
	RawText       []byte       `json:"raw,omitempty"` // set, instead of Text, when the bytes are not valid UTF-8
	Tokens        int          `json:"tokens"`        // generated, the stop token included
	TokenIDs      IDs          `json:"ids,omitempty"`
	LogProbs      Floats       `json:"logp,omitempty"` // of each token, under the policy that sampled it
	Entropies     Floats       `json:"ent,omitempty"`
	Finish        string       `json:"finish"` // "stop" or "length"
	PolicyVersion int          `json:"policy_version"`
	Reward        float64      `json:"reward"`
	Advantage     float64      `json:"advantage"`
	Unscorable    bool         `json:"unscorable,omitempty"`
	Correct       *bool        `json:"correct,omitempty"` // the task checker's verdict, if it gave one
	Claim         string       `json:"claim,omitempty"`   // extracted answer
	Rewards       []RewardPart `json:"rewards"`
}

// RewardPart is what one reward function said of one completion.
type RewardPart struct {
	Name    string          `json:"name"`
	Version string          `json:"version"`
	Status  string          `json:"status"` // ok, skipped, invalid, error, timeout
	Score   float64         `json:"score"`
	Weight  float64         `json:"weight"`
	Value   float64         `json:"value"`  // weight * score; 0 unless status is ok
	Reason  string          `json:"reason"` // stable code, as "format.missing_think"
	Why     string          `json:"why"`    // one sentence for a reader
	Spans   []Span          `json:"spans,omitempty"`
	Facts   json.RawMessage `json:"facts,omitempty"`
	Micros  int64           `json:"us"`
}

// Span is a byte range [From, To) of the completion that decided a reward.
type Span struct {
	From  int    `json:"from"`
	To    int    `json:"to"`
	Label string `json:"label"`
}

// Checkpoint tells of a checkpoint folder that is complete on disk.
type Checkpoint struct {
	Step     int                `json:"step"`
	Stage    string             `json:"stage"`
	Path     string             `json:"path"` // relative to the run directory
	Bytes    int64              `json:"bytes"`
	Manifest string             `json:"manifest_sha256"`
	Metrics  map[string]float64 `json:"metrics,omitempty"`
}

// Eval is a finished held-out evaluation. Its samples came before it, in
// Samples records with Phase "eval" and the same Step and Ckpt.
type Eval struct {
	Ckpt        string  `json:"ckpt"` // RUN@STEP
	Step        int     `json:"step"`
	Suite       string  `json:"suite"`
	SuiteHash   string  `json:"suite_hash"` // over prompts and sampling settings
	Label       string  `json:"label"`      // "before", "after", "" ...
	Seed        uint64  `json:"seed"`
	N           int     `json:"n"` // prompts
	K           int     `json:"k"` // samples a prompt
	Accuracy    float64 `json:"accuracy"`
	CILow       float64 `json:"ci_low"` // 95 %
	CIHigh      float64 `json:"ci_high"`
	FormatOK    float64 `json:"format_ok"`
	Tokens      int64   `json:"tokens"`
	WallSeconds float64 `json:"wall_s"`
}

// Control is a steering request with its answer. The chain of hashes makes
// the list of everything ever asked of a run tamper-evident.
type Control struct {
	ID          string          `json:"id"` // ULID of the request
	Actor       string          `json:"actor"`
	Via         string          `json:"via"`  // cli, tui, signal
	Verb        string          `json:"verb"` // pause, resume, stop, checkpoint
	Args        json.RawMessage `json:"args,omitempty"`
	Reason      string          `json:"reason,omitempty"`
	AskedUS     int64           `json:"asked_us"`
	Outcome     string          `json:"outcome"` // applied, rejected, expired
	Result      string          `json:"result,omitempty"`
	AppliedStep int             `json:"applied_step"`
	PrevHash    string          `json:"prev_hash"`
	Hash        string          `json:"hash"`
}

// Alert is a preflight result or an alarm, as one plain sentence.
type Alert struct {
	Step    int     `json:"step"`
	Level   string  `json:"level"` // info, warn, error
	Code    string  `json:"code"`  // stable, as "preflight.ratio", "alarm.zero_spread"
	Message string  `json:"message"`
	Value   float64 `json:"value"`
	Passed  bool    `json:"passed"` // preflight only
}

// Rewind says that steps after ToStep of earlier attempts no longer count.
// Nothing is deleted.
type Rewind struct {
	FromAttempt int `json:"from_attempt"`
	ToStep      int `json:"to_step"`
}

// Heartbeat shows that the process lives and what it uses.
type Heartbeat struct {
	Step   int     `json:"step"`
	MonoMS int64   `json:"mono_ms"` // since the attempt began
	RSS    int64   `json:"rss"`     // bytes
	CPU    float64 `json:"cpu_s"`   // CPU seconds used

	Stage   string   `json:"stage,omitempty"`
	DeviceS *float64 `json:"device_s,omitempty"` // seconds that devices worked since the attempt began, summed over them
	EnergyJ *float64 `json:"energy_j,omitempty"` // joules since the attempt began, where the machine tells
}
