package store

import (
	"context"
	"errors"
	"time"
)

var errTODO = errors.New("not written yet")

// DB is a run's database, open for reading.
type DB struct{}

// OpenRead opens the database of a run for reading.
func OpenRead(path string) (*DB, error) { return nil, errTODO }

func (db *DB) Close() error                                       { return nil }
func (db *DB) Header(ctx context.Context) (RunHeader, error)      { return RunHeader{}, errTODO }
func (db *DB) Attempts(ctx context.Context) ([]AttemptRow, error) { return nil, errTODO }
func (db *DB) State(ctx context.Context) (StateInfo, error)       { return StateInfo{}, errTODO }
func (db *DB) SeriesNames(ctx context.Context) ([]string, error)  { return nil, errTODO }
func (db *DB) Series(ctx context.Context, name string, fromStep int) ([]Point, error) {
	return nil, errTODO
}
func (db *DB) SeriesSince(ctx context.Context, cursor uint64) (SeriesDelta, error) {
	return SeriesDelta{}, errTODO
}
func (db *DB) LatestMetrics(ctx context.Context) (StepMetrics, error) { return StepMetrics{}, errTODO }
func (db *DB) LatestHeartbeat(ctx context.Context) (Heartbeat, int64, error) {
	return Heartbeat{}, 0, errTODO
}
func (db *DB) Samples(ctx context.Context, q SampleQuery) ([]SampleRow, error) { return nil, errTODO }
func (db *DB) Sample(ctx context.Context, id int64) (SampleDetail, error) {
	return SampleDetail{}, errTODO
}
func (db *DB) GroupOf(ctx context.Context, id int64) ([]SampleRow, error) { return nil, errTODO }

// Events returns what happened after record sinceSeq, oldest first.
func (db *DB) Events(ctx context.Context, sinceSeq uint64, limit int) ([]Event, error) {
	return nil, errTODO
}

// RecentEvents returns the last limit events, oldest first.
func (db *DB) RecentEvents(ctx context.Context, limit int) ([]Event, error)    { return nil, errTODO }
func (db *DB) Checkpoints(ctx context.Context) ([]CheckpointRow, error)        { return nil, errTODO }
func (db *DB) Evals(ctx context.Context) ([]EvalRow, error)                    { return nil, errTODO }
func (db *DB) EvalItems(ctx context.Context, evalID int64) ([]EvalItem, error) { return nil, errTODO }
func (db *DB) Counts(ctx context.Context) (Counts, error)                      { return Counts{}, errTODO }

// DataVersion changes whenever another connection committed to the database.
func (db *DB) DataVersion(ctx context.Context) (int64, error) { return 0, errTODO }

// ErrNotFound says that the asked row is not in the database.
var ErrNotFound = errors.New("not found")

// ErrIngestLocked says that another process folds this log.
var ErrIngestLocked = errors.New("another process is folding this log")

// IngestOptions tune an Ingester; the zero value is right for a live run.
type IngestOptions struct {
	Wait           bool          // wait for the lock instead of ErrIngestLocked
	Poll           time.Duration // how often Follow looks for new records without a wake; 0 means 100 ms
	AllowNetworkFS bool          // fold onto a network file system after all
}

// Ingester folds a log into a database. One process at a time can hold one.
type Ingester struct{}

// OpenIngester takes the ingest lock and opens or makes the database.
func OpenIngester(ctx context.Context, logDir, dbPath string, opt IngestOptions) (*Ingester, error) {
	return nil, errTODO
}

// CatchUp folds everything that is in the log now and returns the number of records.
func (in *Ingester) CatchUp(ctx context.Context) (int, error) { return 0, errTODO }

// Follow folds until ctx is done, then folds the rest and returns nil. A value
// on wake (may be nil) makes it look at once.
func (in *Ingester) Follow(ctx context.Context, wake <-chan struct{}) error { return errTODO }
func (in *Ingester) Close() error                                           { return nil }

// Fold brings dbPath up to the end of the log in logDir and returns the
// number of records folded. If another process is folding, it returns ErrIngestLocked.
func Fold(ctx context.Context, logDir, dbPath string) (int, error) { return 0, errTODO }

// Rebuild makes the database anew from the log and puts it in place of dbPath.
func Rebuild(ctx context.Context, logDir, dbPath string) error { return errTODO }

// ContentHash is a hash over every row of a database, equal for two
// databases folded from the same log in any number of sittings.
func ContentHash(ctx context.Context, dbPath string) (string, error) { return "", errTODO }

// Catalogue is the list of all runs under a root, cached in one file that can
// be deleted at any time.
type Catalogue struct{}

func OpenCatalogue(path string) (*Catalogue, error)                     { return nil, errTODO }
func (c *Catalogue) Refresh(ctx context.Context, runsRoot string) error { return errTODO }
func (c *Catalogue) List(ctx context.Context) ([]RunSummary, error)     { return nil, errTODO }
func (c *Catalogue) Close() error                                       { return nil }
