package store

import (
	"context"
	"errors"
	"fmt"
)

// Version 2 had no layers. All else is as it was, so the file is copied and
// the tables are added. The log in notes/ is read once more, as it may hold
// layers that a gradus of version 2 passed over; what was folded of it before
// counts once.
func migrateV2(ctx context.Context, path, tmp string) (err error) {
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
	_, err = db.ExecContext(ctx, fmt.Sprintf("BEGIN IMMEDIATE;\n%s\nDELETE FROM cursor WHERE src='%s'; DELETE FROM seal; PRAGMA user_version=3; COMMIT;",
		layersSQL, srcNotes))
	if err != nil {
		return fmt.Errorf("add the tables of version 3: %w", err)
	}
	_, err = db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}
