package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/mattn/go-sqlite3"
	"golang.org/x/sys/unix"
)

// older is a private copy of a stranger's file that an older gradus made,
// brought to the schema of this one. The file itself is only read. The copy is
// removed when the last database that uses it is closed; one that a killed
// process left is removed by the next process that makes a copy.
type older struct {
	version  int       // of the schema of the file
	dir      string    // holds the copy, mode 0700
	path     string    // of the copy
	lock     *os.File  // held while the copy is in use
	manifest *Manifest // of the file, its content verified; nil where it has none

	mu    sync.Mutex
	users int
}

// OpenFile opens a file that somebody else made, as Open does with
// RoleUntrusted, and also one that an older gradus made. Of that it makes a
// private copy in the first folder of scratch that has room, checks schema,
// pages and manifest of the copy, and migrates it under the limits of a
// stranger's file. Folders of scratch that are missing are made.
func OpenFile(ctx context.Context, path string, scratch []string) (*DB, error) {
	db, err := Open(path, RoleUntrusted)
	var old *oldSchema
	if !errors.As(err, &old) {
		return db, err
	}
	o, err := copyOlder(ctx, path, old.version, scratch)
	if err != nil {
		return nil, err
	}
	if db, err = openOf(path, RoleUntrusted, o); err != nil {
		return nil, errors.Join(err, o.release())
	}
	return db, nil
}

// Again opens the same file a second time. A file of an older gradus is not
// copied again: both share the copy.
func (db *DB) Again() (*DB, error) {
	if db.older != nil {
		db.older.retain()
	}
	other, err := openOf(db.path, db.role, db.older)
	if err != nil && db.older != nil {
		err = errors.Join(err, db.older.release())
	}
	return other, err
}

// OlderSchema is the schema version of a file that an older gradus made, and 0
// for one of this version.
func (db *DB) OlderSchema() int {
	if db.older == nil {
		return 0
	}
	return db.older.version
}

func (o *older) retain() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.users++
}

// release removes the copy when nobody uses it any more.
func (o *older) release() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.users--; o.users > 0 {
		return nil
	}
	return errors.Join(os.RemoveAll(o.dir), o.lock.Close())
}

// copyOlder makes the copy, with one user.
func copyOlder(ctx context.Context, path string, version int, scratch []string) (*older, error) {
	m, ok := migrationFrom(version)
	if !ok {
		return nil, fmt.Errorf("open %s: %w: there was no schema version %d", path, ErrNotOurs, version)
	}
	// A foreign schema is refused before anything is copied.
	if err := reading(path, func(pool *sql.DB) error { return checkWords(ctx, pool, path, version) }); err != nil {
		return nil, err
	}
	o := &older{version: version, users: 1}
	ctx = working(ctx, path, "", version)
	err := o.make(ctx, path, m, scratch)
	if err == nil {
		return o, nil
	}
	if o.lock != nil {
		err = errors.Join(err, o.release())
	}
	return nil, err
}

// make copies, checks and migrates.
func (o *older) make(ctx context.Context, path string, m migration, scratch []string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	size := info.Size()
	failed := func(err error) error {
		var full sqlite3.Error
		if errors.As(err, &full) && full.Code == sqlite3.ErrFull || errors.Is(err, unix.ENOSPC) {
			err = fmt.Errorf("it grew beyond the %s that it may have in %s: %w", megabytes(grown(size)), filepath.Dir(o.dir), err)
		}
		return fmt.Errorf("open %s, which has schema version %d of an older gradus: %w", path, o.version, err)
	}
	if o.dir, o.lock, err = privateFolder(ctx, scratch, needs(size, m)); err != nil {
		return failed(err)
	}
	o.path = filepath.Join(o.dir, "run.db")
	if err := copyFile(ctx, path, o.path); err != nil {
		return failed(err)
	}
	// From here on it cannot be changed by its maker.
	err = reading(o.path, func(pool *sql.DB) error {
		if err := checkStranger(ctx, pool, path, o.version); err != nil {
			return err
		}
		manifest, err := verifyManifest(ctx, pool, path)
		switch {
		case errors.Is(err, ErrNoManifest):
			return nil
		case err != nil:
			return err
		}
		o.manifest = &manifest
		return nil
	})
	if err != nil {
		return err
	}
	if err := o.migrate(ctx, size); err != nil {
		return failed(err)
	}
	return nil
}

// migrate brings the copy to the newest schema, and does what a fold does
// afterwards: fills the search indexes and the ledger.
func (o *older) migrate(ctx context.Context, size int64) error {
	how := opening{role: RoleUntrusted, pragmas: []string{
		"journal_mode=DELETE", "synchronous=OFF", "mmap_size=0", fmt.Sprintf("max_page_count=%d", grown(size)/pageSize),
	}}
	for version := o.version; version < schemaVersion; {
		m, ok := migrationFrom(version)
		if !ok {
			return fmt.Errorf("there is no way from schema version %d to %d", version, schemaVersion)
		}
		if err := o.step(ctx, m, how); err != nil {
			return err
		}
		err := reading(o.path, func(pool *sql.DB) error {
			return pool.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
		})
		if err != nil {
			return err
		}
	}
	in, err := how.ingester(ctx, o.path)
	if err != nil {
		return err
	}
	if err = in.indexAll(ctx); err == nil {
		err = in.putLedger(ctx)
	}
	return errors.Join(err, in.Close())
}

func (o *older) step(ctx context.Context, m migration, how opening) error {
	if m.alter != nil {
		return m.alter(ctx, o.path, how)
	}
	next := o.path + ".next"
	if err := createDB(next); err != nil {
		return err
	}
	if err := m.fill(ctx, o.path, next, how); err != nil {
		return err
	}
	return replaceDB(next, o.path)
}

// grown is how large a copy of size bytes may become. Migration adds an index
// over the words of prompts, two numbers a trace and a ledger; a file that
// grows beyond this was made to.
func grown(size int64) int64 { return size + size/2 + 8<<20 }

// needs is the free space that a migration needs at most: for the copy, and for
// the journal of its largest transaction or the new file beside it.
func needs(size int64, m migration) int64 {
	if m.fill != nil {
		return size + 2*grown(size)
	}
	return grown(size) + size
}

func megabytes(n int64) string { return fmt.Sprintf("%d MB", (n+1<<20-1)>>20) }

// reading calls look with the file at path open as a stranger's.
func reading(path string, look func(*sql.DB) error) error {
	pool, err := openReader(path, RoleUntrusted)
	if err != nil {
		return err
	}
	return errors.Join(look(pool), pool.Close())
}
