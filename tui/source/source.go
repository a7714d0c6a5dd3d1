// Package source is what the workbench reads and the verbs it may call. The
// screens know only the Source interface; Local answers it from this machine's
// runs, and tests answer it from memory.
package source

import (
	"context"
	"fmt"

	"gradus/runner/client"
	"gradus/runner/compare"
	"gradus/runner/state"
	"gradus/store"
	"gradus/store/query"
)

// Source gives runs, traces and comparisons, and takes requests. All calls may
// block and are made outside of the interface's own loop; ctx ends them. All
// text in what they return is foreign and has to pass text.Clean.
type Source interface {
	// Runs lists all runs, newest first.
	Runs(ctx context.Context) ([]client.Run, error)
	// Header returns how a run was described when it began.
	Header(ctx context.Context, runID string) (store.RunHeader, error)
	// Changes returns what a run wrote since the cursor, which is zero at
	// first. It does not wait: without news, Same is set.
	Changes(ctx context.Context, runID string, since Cursor) (Changes, error)
	// Traces returns a page of a run's traces. Text holds the end of each text
	// only (see Tail).
	Traces(ctx context.Context, runID string, q store.SampleQuery) ([]store.SampleRow, error)
	// Count is how many traces a query finds, or atMost if it finds more.
	Count(ctx context.Context, runID string, q store.SampleQuery, atMost int) (int, error)
	// Known is what the run adds to the query language.
	Known(ctx context.Context, runID string) (query.Known, error)
	// Trace returns everything about one trace.
	Trace(ctx context.Context, runID string, sample int64) (store.SampleDetail, error)
	// Notes lists what readers said, oldest first.
	Notes(ctx context.Context, runID string, q store.NoteQuery) ([]store.NoteRow, error)
	// AddNote adds a note in the name of Author, which is "" where none can be
	// added.
	AddNote(ctx context.Context, runID string, n store.Note) error
	Author() string
	// Group lists the samples of the same prompt and step, in order.
	Group(ctx context.Context, runID string, sample int64) ([]store.SampleRow, error)
	// Tokens gives the bytes of each token, or nil when the run's tokenizer is
	// not at hand.
	Tokens(ctx context.Context, runID string, ids []int32) ([]string, error)
	// Checkpoints lists the checkpoints of runs that can be compared.
	// A checkpoint that is neither on disk nor evaluated is left out.
	Checkpoints(ctx context.Context, runIDs []string) ([]Checkpoint, error)
	// Compare pairs the stored held-out samples of two checkpoints. The error
	// is a *Missing when samples have to be generated first.
	Compare(ctx context.Context, a, b Checkpoint) (compare.Result, error)
	// Generate makes and stores the samples that Compare misses. It calls
	// report as it goes, from any goroutine.
	Generate(ctx context.Context, a, b Checkpoint, report func(Progress)) error
	// Control asks a run to pause, resume or stop and returns its answer as a
	// sentence. Resuming a run whose process is gone starts a new attempt.
	Control(ctx context.Context, runID string, verb state.Verb, reason string) (string, error)
}

// Cursor marks what of a run was read.
type Cursor struct {
	Version int64  // of the database
	Series  uint64 // as store.SeriesDelta.Cursor
	Event   uint64 // last event's number
	Sample  int64  // last trace's id
}

// Info says what a run is and how it is.
type Info struct {
	Header    store.RunHeader
	State     store.StateInfo // State.State is crashed where the record says active and the process is gone
	Live      client.Liveness
	Host      string
	Heartbeat store.Heartbeat // zero before the first
}

// Changes is what a run wrote since a cursor.
type Changes struct {
	Same      bool // nothing new; only Cursor and Info are set
	Cursor    Cursor
	Info      Info
	Series    store.SeriesDelta
	Events    []store.Event     // oldest first
	Traces    []store.SampleRow // the newest, newest first, at most MaxNewest
	NewTraces int               // how many came, which may be more than Traces holds
	Latest    map[string]float64
	Step      int // of Latest
	Evals     []store.EvalRow
}

// MaxNewest is how many of the newest traces Changes returns.
const MaxNewest = 50

// TailBytes is how much of a text a row of a list keeps.
const TailBytes = 400

// Tail is the end of a text, for a row of a list; it never begins inside a
// character that was whole.
func Tail(s string) string {
	if len(s) <= TailBytes {
		return s
	}
	at := len(s) - TailBytes
	for i := 0; i < 3 && s[at]&0xc0 == 0x80; i++ {
		at++
	}
	return "…" + string(append([]byte(nil), s[at:]...)) // a copy, so that the whole can go
}

// Checkpoint is something that can be compared: RUN@STEP.
type Checkpoint struct {
	RunID string
	Run   string // name
	Step  int
	Stage string
	Bytes int64
	Kept  bool            // its files are on disk, so that it can be evaluated
	Evals []store.EvalRow // of this checkpoint
}

// Ref is how the checkpoint is written in commands and records.
func (c Checkpoint) Ref() string { return fmt.Sprintf("%s@%d", c.RunID, c.Step) }

// Title is the reference for a reader, with the run's name. It is foreign text.
func (c Checkpoint) Title() string {
	name := c.Run
	if name == "" {
		name = c.RunID
	}
	return fmt.Sprintf("%s@%d", name, c.Step)
}

// Missing says which checkpoints have no held-out samples to compare.
type Missing struct {
	Of    []Checkpoint
	Why   string // one sentence
	Count int    // samples to generate, 0 when not known
}

func (m *Missing) Error() string { return m.Why }

// Progress of a generation.
type Progress struct {
	Done, Total int
	What        string // one phrase: which checkpoint, and what is being done
}

// Right tells whether the task's checker accepted the answer.
func Right(it store.EvalItem) bool { return it.Correct != nil && *it.Correct }
