package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mattn/go-sqlite3"

	"gradus/store/eventlog"
)

const (
	catalogueID      = 0x47524143 // "GRAC"
	catalogueVersion = 1
)

// A row holds what the summary of a run needs and how far its log was read,
// so that a refresh looks at new records only.
const catalogueSchema = `
CREATE TABLE run(
  dir TEXT PRIMARY KEY,
  root TEXT NOT NULL,
  segment INTEGER NOT NULL, offset INTEGER NOT NULL, seq INTEGER NOT NULL, -- of the next record
  size INTEGER NOT NULL,                                                   -- of that segment when it was read
  id TEXT NOT NULL, name TEXT NOT NULL, purpose TEXT NOT NULL, task TEXT NOT NULL,
  state TEXT NOT NULL, reason TEXT NOT NULL, stage TEXT NOT NULL, step INTEGER NOT NULL, steps INTEGER NOT NULL,
  reward REAL, kl REAL, attempt INTEGER NOT NULL, last_us INTEGER NOT NULL, created_us INTEGER NOT NULL,
  parent TEXT NOT NULL, params INTEGER NOT NULL, device TEXT NOT NULL, problem TEXT NOT NULL
) STRICT, WITHOUT ROWID`

// Catalogue is the list of runs, cached in one small database that can be
// deleted at any time: Refresh reads it anew from the runs' logs. Several
// processes may use one at once.
type Catalogue struct {
	path string
	db   *sql.DB
}

// OpenCatalogue opens the catalogue at path, making it if it is missing. A
// file that is damaged or of another version is made anew.
func OpenCatalogue(path string) (*Catalogue, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open catalogue: %w", err)
	}
	c, err := openCatalogue(path)
	var se sqlite3.Error
	if errors.Is(err, ErrNotOurs) || errors.As(err, &se) && (se.Code == sqlite3.ErrNotADB || se.Code == sqlite3.ErrCorrupt) {
		if err := removeDB(path); err != nil {
			return nil, fmt.Errorf("remove the damaged catalogue: %w", err)
		}
		c, err = openCatalogue(path)
	}
	if err != nil {
		return nil, fmt.Errorf("open catalogue %s: %w; it can be deleted, it is only a cache", path, err)
	}
	return c, nil
}

func openCatalogue(path string) (*Catalogue, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	f.Close()
	uri, err := dsn(path, "mode=rw&_txlock=immediate&_busy_timeout=10000")
	if err != nil {
		return nil, err
	}
	// NORMAL: what a power failure takes is read from the logs again.
	db := sql.OpenDB(connector{dsn: uri, pragmas: []string{"journal_mode=WAL", "synchronous=NORMAL", "trusted_schema=OFF"}})
	db.SetMaxOpenConns(1)
	c := &Catalogue{path, db}
	if err := c.prepare(); err != nil {
		db.Close()
		return nil, err
	}
	return c, nil
}

func (c *Catalogue) prepare() error {
	tx, err := c.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var app, version, tables int64
	err = tx.QueryRow(`SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
		(SELECT count(*) FROM sqlite_schema)`).Scan(&app, &version, &tables)
	if err != nil {
		return err
	}
	if tables == 0 && app == 0 {
		_, err := tx.Exec(fmt.Sprintf("%s; PRAGMA application_id=%d; PRAGMA user_version=%d", catalogueSchema, catalogueID, catalogueVersion))
		if err != nil {
			return err
		}
		return tx.Commit()
	}
	if app != catalogueID || version != catalogueVersion {
		return ErrNotOurs
	}
	return nil
}

// Close closes the catalogue.
func (c *Catalogue) Close() error { return c.db.Close() }

const catalogueColumns = `dir, segment, offset, seq, size, id, name, purpose, task, state, reason, stage, step, steps,
	reward, kl, attempt, last_us, created_us, parent, params, device, problem`

func scanEntry(rows *sql.Rows) (entry, error) {
	var e entry
	err := rows.Scan(&e.Dir, &e.pos.Segment, &e.pos.Offset, &e.pos.Seq, &e.size, &e.ID, &e.Name, &e.Purpose, &e.Task,
		&e.State, &e.Reason, &e.Stage, &e.Step, &e.Steps, &e.Reward, &e.KL, &e.Attempt, &e.LastRecordUS, &e.CreatedUS,
		&e.Parent, &e.Params, &e.Device, &e.Problem)
	return e, err
}

// List returns the runs that the last Refresh found, newest first.
func (c *Catalogue) List(ctx context.Context) ([]RunSummary, error) {
	entries, err := c.entries(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("list the runs of %s: %w", c.path, err)
	}
	out := make([]RunSummary, len(entries))
	for i, e := range entries {
		out[i] = e.RunSummary
	}
	return out, nil
}

func (c *Catalogue) entries(ctx context.Context, root string) ([]entry, error) {
	rows, err := c.db.QueryContext(ctx, "SELECT "+catalogueColumns+" FROM run WHERE ? IN ('', root) ORDER BY created_us DESC, id DESC", root)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []entry
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// Refresh brings the catalogue up to the logs of the run directories directly
// under runsRoot: it reads what was appended since, adds new runs, and forgets
// those whose directory is gone. A directory without an event log is no run.
// A log that cannot be read does not stop it: the run's Problem says why.
func (c *Catalogue) Refresh(ctx context.Context, runsRoot string) error {
	root, err := filepath.Abs(runsRoot)
	if err != nil {
		return fmt.Errorf("refresh the catalogue: %w", err)
	}
	known, err := c.entries(ctx, root)
	if err != nil {
		return fmt.Errorf("refresh the catalogue %s: %w", c.path, err)
	}
	byDir := make(map[string]entry, len(known))
	for _, e := range known {
		byDir[e.Dir] = e
	}
	dirs, err := os.ReadDir(root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("refresh the catalogue: %w", err)
	}
	var changed []entry
	for _, d := range dirs {
		if err := ctx.Err(); err != nil {
			return err
		}
		dir := filepath.Join(root, d.Name())
		e, seen := byDir[dir]
		e.Dir = dir
		if strings.HasPrefix(d.Name(), ".") || !e.stale() {
			if seen && e.present {
				delete(byDir, dir)
			}
			continue
		}
		delete(byDir, dir)
		e.update(ctx)
		changed = append(changed, e)
	}
	if len(changed) == 0 && len(byDir) == 0 {
		return nil
	}
	if err := c.write(ctx, root, changed, byDir); err != nil {
		return fmt.Errorf("refresh the catalogue %s: %w", c.path, err)
	}
	return nil
}

func (c *Catalogue) write(ctx context.Context, root string, changed []entry, gone map[string]entry) error {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for dir := range gone {
		if _, err := tx.ExecContext(ctx, "DELETE FROM run WHERE dir = ?", dir); err != nil {
			return err
		}
	}
	put, err := tx.PrepareContext(ctx, "INSERT OR REPLACE INTO run("+catalogueColumns+", root) VALUES(?"+strings.Repeat(",?", 23)+")")
	if err != nil {
		return err
	}
	defer put.Close()
	for i := range changed {
		e := &changed[i]
		_, err := put.ExecContext(ctx, e.Dir, e.pos.Segment, e.pos.Offset, int64(e.pos.Seq), e.size, e.ID, e.Name, e.Purpose, e.Task,
			string(e.State), e.Reason, e.Stage, e.Step, e.Steps, e.Reward, e.KL, e.Attempt, e.LastRecordUS, e.CreatedUS,
			e.Parent, e.Params, e.Device, e.Problem, root)
		if err != nil {
			return err
		}
	}
	return tx.Commit()
}

// entry is a run in the catalogue with how far its log was read.
type entry struct {
	RunSummary
	pos     eventlog.Position
	size    int64
	present bool // the log is there
}
