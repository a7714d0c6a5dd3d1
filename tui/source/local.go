package source

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"gradus/runner/client"
	"gradus/runner/compare"
	"gradus/runner/state"
	"gradus/store"
	"gradus/store/query"
)

// Backend is the part of runner/client that Local works with; Runs makes it
// from a *client.Client.
type Backend interface {
	Runs(ctx context.Context) ([]client.Run, error)
	Run(ctx context.Context, runID string) (client.Run, error)
	OpenDB(ctx context.Context, runID string) (*store.DB, error)
	EnsureIngest(ctx context.Context, runID string) error
	Alive(runID string) (bool, error) // whether a process of this machine works on the run
	Kept(runID, path string) bool     // whether a checkpoint of the run is still on disk
	Send(ctx context.Context, runID string, verb state.Verb, reason string) (store.Control, error)
	Resume(ctx context.Context, runID string, opt client.StartOptions) error
	AddNotes(ctx context.Context, runID string, notes ...store.Note) ([]store.NoteRow, error)
	Author() string // of notes; "" where none can be added
}

// Comparer pairs stored samples and generates missing ones.
type Comparer interface {
	Compare(ctx context.Context, a, b Checkpoint) (compare.Result, error)
	Generate(ctx context.Context, a, b Checkpoint, report func(Progress)) error
}

// Decoder gives the bytes of each token of a run's tokenizer, nil when it is
// not at hand.
type Decoder func(ctx context.Context, runID string, ids []int32) ([]string, error)

// Local reads the runs of this machine. Databases stay open between calls.
// Safe for concurrent use.
type Local struct {
	Comparer
	runs   Backend
	decode Decoder

	mu     sync.Mutex
	conns  map[string]*conn
	closed bool
}

// conn is an open database of a run, or one that is being opened.
type conn struct {
	opened chan struct{} // closed when it is; the rest is set then, but for last
	err    error         // why it could not be opened

	db     *store.DB
	header store.RunHeader
	host   string
	remote bool // liveness cannot be told from here
	last   Info
}

// NewLocal makes a source over the runs that b knows. decode may be nil.
func NewLocal(b Backend, c Comparer, decode Decoder) *Local {
	return &Local{Comparer: c, runs: b, decode: decode, conns: map[string]*conn{}}
}

// Close closes all databases. One that is being opened is closed by whoever
// opens it.
func (l *Local) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	var errs []error
	for id, c := range l.conns {
		if c.db != nil {
			errs = append(errs, c.db.Close())
			delete(l.conns, id)
		}
	}
	return errors.Join(errs...)
}

// Runs lists all runs, newest first.
func (l *Local) Runs(ctx context.Context) ([]client.Run, error) { return l.runs.Runs(ctx) }

// Header returns the first record of a run.
func (l *Local) Header(ctx context.Context, id string) (store.RunHeader, error) {
	c, err := l.open(ctx, id)
	if errors.Is(err, client.ErrNoRecord) {
		r, err := l.runs.Run(ctx, id)
		return store.RunHeader{ID: id, Name: r.Name, Task: r.Task}, err
	}
	if err != nil {
		return store.RunHeader{}, err
	}
	return c.header, nil
}

// live tells whether a process works on the run.
func (l *Local) live(id string, c *conn) client.Liveness {
	if c.remote {
		return client.Unknown
	}
	switch alive, err := l.runs.Alive(id); {
	case err != nil:
		return client.Unknown
	case alive:
		return client.Alive
	}
	return client.Gone
}

// Changes returns what the run wrote since the cursor.
func (l *Local) Changes(ctx context.Context, id string, since Cursor) (Changes, error) {
	c, err := l.open(ctx, id)
	if errors.Is(err, client.ErrNoRecord) {
		return l.unrecorded(ctx, id, since)
	}
	if err != nil {
		return Changes{}, err
	}
	live := l.live(id, c) // before the record: see client.Runs
	if live == client.Gone {
		if err := l.runs.EnsureIngest(ctx, id); err != nil {
			return Changes{}, err
		}
	}
	version, err := c.db.DataVersion(ctx)
	if err != nil {
		return Changes{}, err
	}
	out := Changes{Cursor: since}
	if since.Version != 0 && version == since.Version {
		l.mu.Lock()
		out.Same, out.Info = true, c.last
		l.mu.Unlock()
		out.Info.Live = live
		out.Info.State.State = seen(out.Info.State.State, live)
		return out, nil
	}
	if err := read(ctx, c.db, since, &out); err != nil {
		return Changes{}, fmt.Errorf("read run %s: %w", id, err)
	}
	out.Cursor.Version = version
	out.Info.Header, out.Info.Host, out.Info.Live = c.header, c.host, live
	l.mu.Lock()
	c.last = out.Info
	l.mu.Unlock()
	out.Info.State.State = seen(out.Info.State.State, live)
	return out, nil
}

// seen is the state as an observer has it: one that only a process can be in
// is crashed without a process.
func seen(s store.State, live client.Liveness) store.State {
	if live == client.Gone && s != store.StateSubmitted {
		if next, err := state.Next(s, state.Lost); err == nil {
			return next
		}
	}
	return s
}

// unrecorded is a run that has written nothing yet.
func (l *Local) unrecorded(ctx context.Context, id string, since Cursor) (Changes, error) {
	r, err := l.runs.Run(ctx, id)
	if err != nil {
		return Changes{}, err
	}
	out := Changes{Same: true, Cursor: since}
	out.Info = Info{Header: store.RunHeader{ID: id, Name: r.Name, Purpose: r.Purpose, CreatedUS: r.CreatedUS, Parent: r.Parent}, Live: r.Live, Host: r.Host}
	out.Info.State.State, out.Info.State.Reason = r.State, r.Reason
	return out, nil
}

// maxEvents bounds the events of one reading.
const maxEvents = 500

// read fills out with what is after the cursor.
func read(ctx context.Context, db *store.DB, since Cursor, out *Changes) (err error) {
	if out.Info.State, err = db.State(ctx); err != nil {
		return err
	}
	out.Info.Heartbeat, _, err = db.LatestHeartbeat(ctx)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if out.Series, err = db.SeriesSince(ctx, since.Series); err != nil {
		return err
	}
	out.Cursor.Series = out.Series.Cursor
	if since.Event == 0 {
		out.Events, err = db.RecentEvents(ctx, maxEvents)
	} else {
		out.Events, err = db.Events(ctx, since.Event, maxEvents)
	}
	if err != nil {
		return err
	}
	if n := len(out.Events); n > 0 {
		out.Cursor.Event = out.Events[n-1].Seq
	}
	if out.Traces, err = db.Samples(ctx, store.SampleQuery{Newest: true, Limit: MaxNewest}); err != nil {
		return err
	}
	if len(out.Traces) > 0 {
		// Ids are dense, so their difference is the number that came.
		out.NewTraces = int(max(out.Traces[0].ID-since.Sample, 0))
		out.Cursor.Sample = max(out.Traces[0].ID, since.Sample)
	}
	shorten(out.Traces)
	m, err := db.LatestMetrics(ctx)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	out.Latest, out.Step = m.Values, m.Step
	out.Evals, err = db.Evals(ctx)
	return err
}

func shorten(rows []store.SampleRow) {
	for i := range rows {
		rows[i].Text = Tail(rows[i].Text)
	}
}

// Traces returns a page of traces.
func (l *Local) Traces(ctx context.Context, id string, q store.SampleQuery) ([]store.SampleRow, error) {
	c, err := l.open(ctx, id)
	if errors.Is(err, client.ErrNoRecord) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rows, err := c.db.Samples(ctx, q)
	shorten(rows)
	return rows, err
}

// Count counts traces.
func (l *Local) Count(ctx context.Context, id string, q store.SampleQuery, atMost int) (int, error) {
	c, err := l.open(ctx, id)
	if errors.Is(err, client.ErrNoRecord) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return c.db.CountSamples(ctx, q, atMost)
}

// Known reads the names of the run's rewards.
func (l *Local) Known(ctx context.Context, id string) (k query.Known, err error) {
	c, err := l.open(ctx, id)
	if errors.Is(err, client.ErrNoRecord) {
		return k, nil
	}
	if err != nil {
		return k, err
	}
	k.Parts, err = c.db.RewardNames(ctx)
	return k, err
}

// Trace returns one trace.
func (l *Local) Trace(ctx context.Context, id string, sample int64) (store.SampleDetail, error) {
	c, err := l.open(ctx, id)
	if err != nil {
		return store.SampleDetail{}, err
	}
	return c.db.Sample(ctx, sample)
}

// Notes lists notes.
func (l *Local) Notes(ctx context.Context, id string, q store.NoteQuery) ([]store.NoteRow, error) {
	c, err := l.open(ctx, id)
	if err != nil {
		return nil, err
	}
	return c.db.Notes(ctx, q)
}

// AddNote adds a note.
func (l *Local) AddNote(ctx context.Context, id string, n store.Note) error {
	if _, err := l.runs.AddNotes(ctx, id, n); err != nil {
		return err
	}
	if files, ok := l.runs.(interface {
		Reread(ctx context.Context, runID string, db *store.DB) error
	}); ok {
		c, err := l.open(ctx, id)
		if err != nil {
			return err
		}
		return files.Reread(ctx, id, c.db)
	}
	return nil
}

// Author is in whose name AddNote writes.
func (l *Local) Author() string { return l.runs.Author() }

// Group lists the samples of one prompt and step.
func (l *Local) Group(ctx context.Context, id string, sample int64) ([]store.SampleRow, error) {
	c, err := l.open(ctx, id)
	if err != nil {
		return nil, err
	}
	rows, err := c.db.GroupOf(ctx, sample)
	shorten(rows)
	return rows, err
}

// Tokens gives the bytes of tokens.
func (l *Local) Tokens(ctx context.Context, id string, ids []int32) ([]string, error) {
	if l.decode == nil {
		return nil, nil
	}
	return l.decode(ctx, id, ids)
}

// Control asks the run for verb, or starts a new attempt of one that is gone.
func (l *Local) Control(ctx context.Context, id string, verb state.Verb, reason string) (string, error) {
	alive, err := l.runs.Alive(id)
	if err != nil {
		return "", err
	}
	if verb == state.VerbResume && !alive {
		if err := l.runs.Resume(ctx, id, client.StartOptions{}); err != nil {
			return "", err
		}
		return "a new attempt goes on from the last checkpoint", nil
	}
	c, err := l.runs.Send(ctx, id, verb, reason)
	if err != nil {
		return "", err
	}
	answer := fmt.Sprintf("%s applied at step %d", c.Verb, c.AppliedStep)
	if c.Result != "" {
		answer += ": " + c.Result
	}
	return answer, nil
}
