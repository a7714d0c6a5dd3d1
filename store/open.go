package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/mattn/go-sqlite3"
)

//go:embed schema.sql
var baseSQL string

//go:embed schema_layers.sql
var layersSQL string // what version 3 added

//go:embed schema_v4.sql
var v4SQL string // what version 4 added

//go:embed schema_v1.sql
var v1SQL string // version 1

//go:embed schema_v2.sql
var v2SQL string // what versions 2 and 3 had besides schema.sql

// schemaSQL makes the schema of this version in an empty database.
func schemaSQL() string { return baseSQL + layersSQL + v4SQL }

// schemaOfVersion makes the schema that a version of gradus had, word for word;
// ok is false for a version there never was.
func schemaOfVersion(version int) (text string, ok bool) {
	switch version {
	case 1:
		return v1SQL, true
	case 2:
		return baseSQL + v2SQL, true
	case 3:
		return baseSQL + v2SQL + layersSQL, true
	case schemaVersion:
		return schemaSQL(), true
	}
	return "", false
}

const (
	applicationID = 0x47524144 // "GRAD"
	schemaVersion = 4
	pageSize      = 8192
	walLimit      = 16 << 20 // bytes; the WAL is emptied and cut beyond this
)

// ErrNotFound says that the asked row is not in the database.
var ErrNotFound = errors.New("not found")

// ErrNotOurs says that a file is not a gradus run database.
var ErrNotOurs = errors.New("not a gradus run database")

// connector opens connections to one SQLite file and prepares each with the
// same pragmas. It stands in for a registered driver name, which would be
// state of the whole process.
type connector struct {
	dsn     string
	pragmas []string
	limits  map[int]int
	first   func(*sqlite3.SQLiteConn) error // before the pragmas; may be nil
}

func (c connector) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	if err := defend(); err != nil {
		return nil, err
	}
	d := sqlite3.SQLiteDriver{ConnectHook: func(conn *sqlite3.SQLiteConn) error {
		for id, n := range c.limits {
			conn.SetLimit(id, n)
		}
		if c.first != nil {
			if err := c.first(conn); err != nil {
				return err
			}
		}
		for _, p := range c.pragmas {
			if _, err := conn.Exec("PRAGMA "+p, nil); err != nil {
				return fmt.Errorf("%s: %w", p, err)
			}
		}
		return nil
	}}
	return d.Open(c.dsn)
}

// dsn makes a URI of a path that may hold any byte.
func dsn(path, query string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	// database/sql hands a connection to one goroutine at a time, so SQLite need
	// not lock it for every value.
	return "file:" + (&url.URL{Path: abs}).EscapedPath() + "?_mutex=no&" + query, nil
}

// openWriter opens the one writing connection of a database that exists, under
// the limits of role. With the pragma synchronous=FULL a committed transaction
// survives power failure.
func openWriter(path string, role Role, pragmas ...string) (*sql.DB, error) {
	uri, err := dsn(path, "mode=rw&_txlock=immediate&_busy_timeout=10000")
	if err != nil {
		return nil, err
	}
	var limits map[int]int
	if role == RoleUntrusted {
		limits = role.limits()
		limits[sqlite3.SQLITE_LIMIT_ATTACHED] = 1 // the file that is migrated
	}
	db := sql.OpenDB(connector{dsn: uri, limits: limits, pragmas: append([]string{
		"trusted_schema=OFF", "cell_size_check=ON", "temp_store=MEMORY", "cache_size=-16000",
		"wal_autocheckpoint=1000", fmt.Sprintf("journal_size_limit=%d", walLimit),
	}, pragmas...)})
	db.SetMaxOpenConns(1)
	return db, nil
}

// openReader opens a pool of reading connections. Where SQLite cannot make
// its side files and nobody else has made them, the file is opened as one that
// never changes.
func openReader(path string, role Role) (*sql.DB, error) { return openReaderFirst(path, role, nil) }

// openReaderFirst is openReader with something that each connection does first.
func openReaderFirst(path string, role Role, first func(*sqlite3.SQLiteConn) error) (*sql.DB, error) {
	query := "mode=ro&_query_only=1&_busy_timeout=5000"
	remote, err := networkFS(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	if remote != "" && sideFiles(path) {
		return nil, fmt.Errorf("open %s: it is being written on %s, a network file system, where SQLite cannot read safely; copy it to a local disk, or look at it on the host that writes it", path, remote)
	}
	if remote != "" || role == RoleUntrusted || !sideFiles(path) && !writable(filepath.Dir(path)) {
		query = "mode=ro&immutable=1&_query_only=1"
	}
	pragmas := []string{"trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0", "query_only=ON"}
	if role == RoleShare { // mode=ro guards the file; query_only would forbid VACUUM INTO another one
		query, pragmas = strings.ReplaceAll(query, "&_query_only=1", ""), pragmas[:3]
	}
	if first != nil { // query_only comes last, with the pragmas
		query = strings.ReplaceAll(query, "&_query_only=1", "")
	}
	uri, err := dsn(path, query)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector{dsn: uri, limits: role.limits(), first: first, pragmas: pragmas})
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(4)
	return db, nil
}

// sideFiles tells whether a write-ahead log with content, or its index, lies
// beside path: then somebody has the database open, or died having it open.
func sideFiles(path string) bool {
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		return true
	}
	_, err := os.Stat(path + "-shm")
	return err == nil
}

// createDB makes an empty run database at path, where none is. It appears
// whole: readers never see a file without the schema.
func createDB(path string) (err error) {
	tmp := path + ".new"
	if err := removeDB(tmp); err != nil {
		return err
	}
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) // SQLite gives its side files the same mode
	if err != nil {
		return err
	}
	f.Close()
	defer func() {
		if err != nil {
			removeDB(tmp)
		}
	}()
	if err := writeSchema(tmp); err != nil {
		return err
	}
	if err := removeDB(path); err != nil { // side files of a database that is gone would be replayed into this one
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return syncPath(filepath.Dir(path))
}

func writeSchema(path string) error {
	uri, err := dsn(path, "mode=rw")
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector{dsn: uri, pragmas: []string{
		fmt.Sprintf("page_size=%d", pageSize), "auto_vacuum=INCREMENTAL", "journal_mode=WAL", "synchronous=FULL",
	}})
	defer db.Close()
	db.SetMaxOpenConns(1)
	_, err = db.Exec(fmt.Sprintf("BEGIN IMMEDIATE;\n%s\nPRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT;",
		schemaSQL(), applicationID, schemaVersion))
	if err != nil && strings.Contains(err.Error(), "no such module: fts5") {
		return fmt.Errorf("write the schema: %w; this gradus was built without -tags sqlite_fts5", err)
	}
	if err != nil {
		return fmt.Errorf("write the schema: %w", err)
	}
	// Closing does so too, but keeps to itself when it could not: the file
	// would then be put in its place without what is still in its side file.
	if _, err := db.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return fmt.Errorf("write the schema: %w", err)
	}
	return db.Close()
}

// checkSchema makes sure that db is ours and of a version we know.
func checkSchema(ctx context.Context, db *sql.DB, path string) error {
	var app, version int64
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app); err != nil {
		var se sqlite3.Error
		if errors.As(err, &se) && se.Code == sqlite3.ErrNotADB {
			return fmt.Errorf("open %s: %w: it is not an SQLite file", path, ErrNotOurs)
		}
		return fmt.Errorf("open %s: %w", path, err)
	}
	if app != applicationID {
		return fmt.Errorf("open %s: %w: its application id is %#x, not %#x", path, ErrNotOurs, app, applicationID)
	}
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	switch {
	case version > schemaVersion:
		return fmt.Errorf("open %s: it has schema version %d and this gradus knows up to %d; use a newer gradus, or rebuild it from the run's log", path, version, schemaVersion)
	case version < schemaVersion:
		return &oldSchema{path, int(version)}
	}
	return nil
}

// oldSchema says that a database has to be migrated before it can be used.
type oldSchema struct {
	path    string
	version int
}

func (e *oldSchema) Error() string {
	return fmt.Sprintf("open %s: it has schema version %d, of an older gradus, and was not migrated to version %d, because it is being written or may not be changed here", e.path, e.version, schemaVersion)
}

// removeDB removes a database with its side files.
func removeDB(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
