package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// migration brings a database of version from to a later one. One of the two
// functions is set. Migrations go forward only.
type migration struct {
	from  int
	alter func(ctx context.Context, path string, how opening) error      // changes a copy of the old database
	fill  func(ctx context.Context, old, path string, how opening) error // fills an empty database of the newest schema
}

func migrations() []migration {
	return []migration{{from: 1, fill: migrateV1}, {from: 2, alter: migrateV2}, {from: 3, alter: migrateV3}}
}

// opening is how a migration opens what it reads and writes.
type opening struct {
	role    Role
	pragmas []string
}

// ofOwn is the opening of a run's own database. What is written counts only
// once it is whole, synced and renamed.
func ofOwn() opening { return opening{pragmas: []string{"synchronous=OFF"}} }

// writer opens a file for writing.
func (o opening) writer(path string) (*sql.DB, error) { return openWriter(path, o.role, o.pragmas...) }

// ingester opens a file of the newest schema for the functions that fold.
func (o opening) ingester(ctx context.Context, path string) (*Ingester, error) {
	in := &Ingester{logDir: filepath.Dir(path), dbPath: path, role: o.role}
	if err := in.open(ctx, o.pragmas...); err != nil {
		return nil, errors.Join(err, in.Close())
	}
	return in, nil
}

// migrate brings a database of an older gradus to the schema of this one. The
// old file stays beside it, with its version in the name ("run.db.v1"). It is
// not an error when there is nothing to do. The caller holds the ingest lock.
func migrate(ctx context.Context, path string) error {
	version, err := versionOf(ctx, path)
	if err != nil || version >= schemaVersion {
		return err // a newer one is refused by checkSchema, in its words
	}
	m, ok := migrationFrom(version)
	if !ok {
		return fmt.Errorf("open %s: there is no way from schema version %d to %d; rebuild it from the run's log", path, version, schemaVersion)
	}
	if err := migrateOne(working(ctx, path, "", version), path, m); err != nil {
		return fmt.Errorf("migrate %s from schema version %d: %w; the file is unchanged", path, version, err)
	}
	return migrate(ctx, path)
}

func migrationFrom(version int) (migration, bool) {
	for _, m := range migrations() {
		if m.from == version {
			return m, true
		}
	}
	return migration{}, false
}

// versionOf is the schema version; the newest one for files that are not ours,
// which others refuse.
func versionOf(ctx context.Context, path string) (int, error) {
	db, err := openWriter(path, RoleRead)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	err = checkSchema(ctx, db, path)
	var old *oldSchema
	if errors.As(err, &old) {
		// All of it into the file itself, so that a copy of the file is whole.
		if _, err := db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			return 0, fmt.Errorf("open %s: %w", path, err)
		}
		return old.version, nil
	}
	return schemaVersion, nil
}

func migrateOne(ctx context.Context, path string, m migration) (err error) {
	tmp := path + ".migrate"
	defer func() {
		if err != nil {
			err = errors.Join(err, removeDB(tmp))
		}
	}()
	if err := removeDB(tmp); err != nil {
		return err
	}
	if m.alter != nil {
		if err = copyFile(ctx, path, tmp); err == nil {
			err = m.alter(ctx, tmp, ofOwn())
		}
	} else if err = createDB(tmp); err == nil {
		err = m.fill(ctx, path, tmp, ofOwn())
	}
	if err != nil {
		return err
	}
	if err := syncPath(tmp); err != nil {
		return err
	}
	if err := keepCopy(ctx, path, fmt.Sprintf("%s.v%d", path, m.from)); err != nil {
		return fmt.Errorf("keep a copy: %w", err)
	}
	return replaceDB(tmp, path)
}

// keepCopy makes name, or name with a number where that is taken, the same
// file as path, or a copy of it where the file system has no links.
func keepCopy(ctx context.Context, path, name string) error {
	for i := 0; ; i++ {
		to := name
		if i > 0 {
			to = fmt.Sprintf("%s.%d", name, i)
		}
		err := os.Link(path, to)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			return syncPath(filepath.Dir(path))
		}
		return copyFile(ctx, path, to)
	}
}

// changeSchema runs statements on the database at path in one transaction.
func changeSchema(ctx context.Context, path string, how opening, statements string) (err error) {
	db, err := how.writer(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, "BEGIN IMMEDIATE;\n"+statements+" COMMIT;"); err != nil {
		return fmt.Errorf("change its schema: %w", err)
	}
	_, err = db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

func copyFile(ctx context.Context, from, to string) (err error) {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, dst.Close()); err != nil {
			os.Remove(to)
		}
	}()
	size, done := sizeOf(from), int64(0)
	for err == nil {
		tell(ctx, "copying", done, size)
		var n int64
		if n, err = io.CopyN(dst, src, 64<<20); err == nil {
			done, err = done+n, ctx.Err()
		}
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	return dst.Sync()
}

// attach opens the database at path for writing with the one at old readable
// as "old".
func attach(ctx context.Context, old, path string, how opening) (*sql.DB, error) {
	query := "mode=ro"
	if how.role == RoleUntrusted {
		query += "&immutable=1"
	}
	uri, err := dsn(old, query)
	if err != nil {
		return nil, err
	}
	db, err := how.writer(path)
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, "ATTACH ? AS old", uri); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}
