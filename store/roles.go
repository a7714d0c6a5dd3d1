package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// Role says what a database is opened for.
type Role int

// Roles of those who read. (Who writes is the Ingester, of which there is one
// for a database at a time.)
const (
	// RoleRead reads a database that gradus wrote on this machine, also while
	// it is being written.
	RoleRead Role = iota
	// RoleShare reads it to copy it: as RoleRead, and VACUUM INTO works.
	RoleShare
	// RoleUntrusted reads a file that somebody else made. Its schema must be
	// word for word that of gradus, so that it has no trigger, no view and no
	// generated column of its own; its pages are checked; and what a query may
	// cost is limited. It is taken for a file that does not change.
	RoleUntrusted
)

// limits are what a connection of a role may use at most.
func (r Role) limits() map[int]int {
	switch r {
	case RoleRead:
		return map[int]int{sqlite3.SQLITE_LIMIT_ATTACHED: 0}
	case RoleUntrusted:
		return map[int]int{
			sqlite3.SQLITE_LIMIT_ATTACHED:            0,
			sqlite3.SQLITE_LIMIT_LENGTH:              maxUntrusted,
			sqlite3.SQLITE_LIMIT_SQL_LENGTH:          100_000,
			sqlite3.SQLITE_LIMIT_COLUMN:              200,
			sqlite3.SQLITE_LIMIT_EXPR_DEPTH:          100,
			sqlite3.SQLITE_LIMIT_COMPOUND_SELECT:     10,
			sqlite3.SQLITE_LIMIT_VDBE_OP:             25_000,
			sqlite3.SQLITE_LIMIT_FUNCTION_ARG:        16,
			sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1000,
			sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH:       1,
		}
	}
	return nil
}

// maxUntrusted is the longest string or blob of a stranger's file, in bytes.
const maxUntrusted = 80 << 20

// Open opens a run database for reading in a role. The errors are those of
// OpenRead; a file of a stranger whose schema or pages are not as they should
// be is ErrNotOurs with what was found.
func Open(path string, role Role) (*DB, error) { return openOf(path, role, nil) }

// openOf opens path, or the private copy that was made of it.
func openOf(path string, role Role, copied *older) (*DB, error) {
	dec, err := newDecoder()
	if err != nil {
		return nil, err
	}
	db := &DB{path: path, role: role, older: copied, dec: dec, blocks: newBlockCache(dec)}
	if err := db.open(); err != nil {
		dec.Close()
		return nil, err
	}
	return db, nil
}

// checkStranger looks at a file of a schema version before anything of it is
// believed.
func checkStranger(ctx context.Context, db *sql.DB, path string, version int) error {
	if err := checkWords(ctx, db, path, version); err != nil {
		return err
	}
	var found string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return fmt.Errorf("open %s: check its pages: %w", path, err)
	}
	if found != "ok" {
		return fmt.Errorf("open %s: it is damaged: %s", path, found)
	}
	return nil
}

// checkWords compares the schema of a file with that of its version.
func checkWords(ctx context.Context, db *sql.DB, path string, version int) error {
	want, err := ownSchema(ctx, version)
	if err != nil {
		return fmt.Errorf("open %s: %w: %w", path, ErrNotOurs, err)
	}
	have, err := schemaOf(ctx, db)
	if err != nil {
		return fmt.Errorf("open %s: %w: read its schema: %w", path, ErrNotOurs, err)
	}
	for _, name := range sortedKeys(have) {
		if own, ok := want[name]; !ok {
			return fmt.Errorf("open %s: %w: it has a %s that gradus does not make", path, ErrNotOurs, name)
		} else if own != have[name] {
			return fmt.Errorf("open %s: %w: its %s is not as gradus makes it", path, ErrNotOurs, name)
		}
	}
	for _, name := range sortedKeys(want) {
		if _, ok := have[name]; !ok {
			return fmt.Errorf("open %s: %w: it has no %s", path, ErrNotOurs, name)
		}
	}
	return nil
}

// schemaOf maps "table sample" and the like to the words that made it.
func schemaOf(ctx context.Context, db *sql.DB) (map[string]string, error) {
	rows, err := db.QueryContext(ctx, "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' LIMIT 1000")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var kind, name, table, text string
		if err := rows.Scan(&kind, &name, &table, &text); err != nil {
			return nil, err
		}
		out[fmt.Sprintf("%s %.100q", kind, name)] = table + "\x00" + strings.TrimSpace(text)
	}
	return out, rows.Err()
}

// ownSchema is the schema of a version as gradus made it.
func ownSchema(ctx context.Context, version int) (map[string]string, error) {
	text, ok := schemaOfVersion(version)
	if !ok {
		return nil, fmt.Errorf("there was no schema version %d", version)
	}
	db := sql.OpenDB(connector{dsn: "file::memory:"})
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, text); err != nil {
		return nil, fmt.Errorf("write the schema: %w", err)
	}
	return schemaOf(ctx, db)
}
