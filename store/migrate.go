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

// migration makes a database of the newest version, or of one after from, at tmp, where an empty
// one of the newest schema stands, from the one at path, which it only reads.
// Migrations go forward only.
type migration struct {
	from int
	run  func(ctx context.Context, path, tmp string) error
}

func migrations() []migration {
	return []migration{{1, migrateV1}, {2, migrateV2}, {3, migrateV3}}
}

// migrate brings a database of an older gradus to the schema of this one. The
// old file stays beside it, with its version in the name ("run.db.v1"). It is
// not an error when there is nothing to do. The caller holds the ingest lock.
func migrate(ctx context.Context, path string) error {
	version, err := versionOf(ctx, path)
	if err != nil || version >= schemaVersion {
		return err // a newer one is refused by checkSchema, in its words
	}
	for _, m := range migrations() {
		if m.from != version {
			continue
		}
		if err := migrateOne(ctx, path, m); err != nil {
			return fmt.Errorf("migrate %s from schema version %d: %w; the file is unchanged", path, version, err)
		}
		return migrate(ctx, path)
	}
	return fmt.Errorf("open %s: there is no way from schema version %d to %d; rebuild it from the run's log", path, version, schemaVersion)
}

// versionOf is the schema version; the newest one for files that are not ours,
// which others refuse.
func versionOf(ctx context.Context, path string) (int, error) {
	db, err := openWriter(path)
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
	if err := createDB(tmp); err != nil {
		return err
	}
	if err := m.run(ctx, path, tmp); err != nil {
		return err
	}
	if err := syncPath(tmp); err != nil {
		return err
	}
	if err := keepCopy(path, fmt.Sprintf("%s.v%d", path, m.from)); err != nil {
		return fmt.Errorf("keep a copy: %w", err)
	}
	return replaceDB(tmp, path)
}

// keepCopy makes name, or name with a number where that is taken, the same
// file as path, or a copy of it where the file system has no links.
func keepCopy(path, name string) error {
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
		return copyFile(path, to)
	}
}

// changeCopy makes a copy of the database at path at tmp, and runs statements on
// it in one transaction.
func changeCopy(ctx context.Context, path, tmp, statements string) (err error) {
	if err := removeDB(tmp); err != nil {
		return err
	}
	if err := copyFile(path, tmp); err != nil {
		return err
	}
	db, err := openWriter(tmp, "synchronous=OFF") // it counts only once it is whole, synced and renamed
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

func copyFile(from, to string) (err error) {
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
	if _, err := io.Copy(dst, src); err != nil {
		return err
	}
	return dst.Sync()
}

// attach opens tmp for writing with the database at path readable as "old".
func attach(ctx context.Context, path, tmp string) (*sql.DB, error) {
	uri, err := dsn(path, "mode=ro")
	if err != nil {
		return nil, err
	}
	db, err := openWriter(tmp, "synchronous=OFF") // it counts only once it is whole, synced and renamed
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, "ATTACH ? AS old", uri); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}
