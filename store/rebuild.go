package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
)

// Rebuild makes the database anew from the log in logDir and puts it in place
// of the one at dbPath, which stays as it is when anything fails. It holds the
// ingest lock; ErrIngestLocked when another process is folding.
func Rebuild(ctx context.Context, logDir, dbPath string) (err error) {
	if name, err := networkFS(filepath.Dir(dbPath)); err != nil || name != "" {
		if err == nil {
			err = refuseNetwork(dbPath, name)
		}
		return err
	}
	lock, err := lockFile(ctx, filepath.Join(filepath.Dir(dbPath), "ingest.lock"), false)
	if err != nil {
		return err
	}
	defer unlock(lock)
	ctx = working(ctx, dbPath, logDir, 0)
	tmp := dbPath + ".rebuild"
	if err := removeDB(tmp); err != nil {
		return fmt.Errorf("rebuild %s: %w", dbPath, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("rebuild %s: %w", dbPath, err), removeDB(tmp))
		}
	}()
	if err := createDB(tmp); err != nil {
		return err
	}
	in := &Ingester{logDir: logDir, dbPath: tmp}
	err = in.open(ctx, "synchronous=OFF") // it counts only once it is whole, synced and renamed
	if err == nil {
		_, err = in.CatchUp(ctx)
	}
	if err = errors.Join(err, in.Close()); err != nil {
		return err
	}
	if err := syncPath(tmp); err != nil {
		return err
	}
	return replaceDB(tmp, dbPath)
}

// replaceDB puts the whole and synced database tmp in the place of path. The
// file there goes before its side files: a crash in between must leave neither
// a database without its write-ahead log nor an old log that would be replayed
// into the new database. Without a database the next fold makes one.
func replaceDB(tmp, path string) error {
	if err := removeDB(path); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return syncPath(filepath.Dir(path))
}

// ContentHash is a hash over every row of the tables of a database, in hex.
// It is equal for two databases folded from the same log in whatever sittings.
func ContentHash(ctx context.Context, dbPath string) (string, error) {
	db, err := openReader(dbPath, RoleRead)
	if err != nil {
		return "", err
	}
	defer db.Close()
	if err := checkSchema(ctx, db, dbPath); err != nil {
		return "", err
	}
	// One transaction: a fold may go on beside it.
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return "", err
	}
	defer tx.Rollback()
	hash, err := hashTables(ctx, tx)
	if err != nil {
		return "", fmt.Errorf("hash %s: %w", dbPath, err)
	}
	return hash, nil
}

// hashTables is ContentHash of an open database. The manifest of a shared file
// holds the hash, so it is not a part of it.
func hashTables(ctx context.Context, q rowQuerier) (string, error) {
	names, err := tableNames(ctx, q)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, name := range names {
		fmt.Fprintf(h, "table %s\n", name)
		if err := hashRows(ctx, q, name, h.Write); err != nil {
			return "", fmt.Errorf("table %s: %w", name, err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// tableNames are the tables whose rows a fold decides; the search indexes
// and the checksums are made of them.
func tableNames(ctx context.Context, q rowQuerier) ([]string, error) {
	return columnOf(ctx, q, `SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sample\_fts%' ESCAPE '\' AND name NOT LIKE 'prompt\_fts%' ESCAPE '\' AND name <> 'seal' AND name NOT LIKE 'sqlite_%' ORDER BY name`)
}

func hashRows(ctx context.Context, q rowQuerier, table string, write func([]byte) (int, error)) error {
	order := "1"
	switch table { // keys of several columns
	case "metric", "reward", "metric_roll", "pair", "seal", "layer_trace", "layer_reward":
		order = "1, 2, 3"
	case "lineage":
		order = "1, 2, 3, 4, 5"
	}
	where := ""
	if table == "meta" {
		where = " WHERE key <> '" + manifestKey + "'"
	}
	rows, err := q.QueryContext(ctx, "SELECT * FROM "+table+where+" ORDER BY "+order)
	if err != nil {
		return err
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		return err
	}
	vals := make([]any, len(cols))
	refs := make([]any, len(cols))
	for i := range vals {
		refs[i] = &vals[i]
	}
	var b []byte
	for rows.Next() {
		if err := rows.Scan(refs...); err != nil {
			return err
		}
		b = b[:0]
		for _, v := range vals {
			b = appendValue(b, v)
		}
		write(append(b, '\n'))
	}
	return rows.Err()
}

// appendValue writes a value so that no two different rows look alike.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, 'n')
	case int64:
		return strconv.AppendInt(append(b, 'i'), v, 10)
	case float64:
		return strconv.AppendUint(append(b, 'f'), math.Float64bits(v), 16)
	case string:
		b = strconv.AppendInt(append(b, 's'), int64(len(v)), 10)
		return append(append(b, ':'), v...)
	case []byte:
		b = strconv.AppendInt(append(b, 'b'), int64(len(v)), 10)
		return append(append(b, ':'), v...)
	}
	return fmt.Appendf(append(b, '?'), "%v", v)
}
