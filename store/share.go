package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Manifest is what a shared file says of itself. It stands as JSON in the row
// "share" of table meta.
type Manifest struct {
	Format    int      `json:"format"` // 1
	RunID     string   `json:"run_id"`
	Name      string   `json:"name"`
	CreatedUS int64    `json:"created_us"` // when it was shared
	Version   string   `json:"version"`    // of gradus
	Query     string   `json:"query,omitempty"`
	Traces    int64    `json:"traces"`             // stored in the file
	Of        int64    `json:"of"`                 // stored in the run
	Redacted  []string `json:"redacted,omitempty"` // paths, hosts, users, secrets
	Replaced  int      `json:"replaced,omitempty"` // values that were redacted
	// Control is the state of the hash chain of steering requests in the run,
	// verified before anything was redacted.
	Control ChainHead `json:"control"`
	SHA256  string    `json:"content_sha256"` // ContentHash of the file
}

// ChainHead names a hash chain by its length and its last hash.
type ChainHead struct {
	Records int    `json:"records"`
	Head    string `json:"head,omitempty"`
}

// manifestKey is the row of table meta that holds the manifest.
const manifestKey = "share"

// ShareOptions say what of a run goes into a shared file.
type ShareOptions struct {
	Chosen  bool    // only the traces that Traces names; without it all of them
	Traces  []int64 // ids
	Query   string  // what chose them, for the manifest
	Redact  Redaction
	Version string // of gradus
	NowUS   int64
	Replace bool // an existing file
}

// ErrExists says that the file to be written is there already.
var ErrExists = errors.New("the file exists already")

// Share copies the run database at dbPath, or some of its traces, into a file
// of its own at out: without write-ahead log, without free pages that could
// hold what was left out, with checksums of all rows and a manifest. The file
// is checked as a stranger would check it before it appears under its name.
// Nothing is written when the database is damaged.
func Share(ctx context.Context, dbPath, out string, opt ShareOptions) (m Manifest, err error) {
	if _, err := os.Lstat(out); err == nil && !opt.Replace {
		return m, fmt.Errorf("share into %s: %w", out, ErrExists)
	}
	dir, err := os.MkdirTemp(filepath.Dir(out), ".share-") // in the same folder, so that it can be renamed
	if err != nil {
		return m, fmt.Errorf("share into %s: %w", out, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s := sharer{opt: opt, path: filepath.Join(dir, "1.db")}
	if err := s.copy(ctx, dbPath); err != nil {
		return m, fmt.Errorf("share %s: %w", dbPath, err)
	}
	if opt.Chosen || opt.Redact.any() {
		if err := s.edit(ctx); err != nil {
			return m, fmt.Errorf("share %s: %w", dbPath, err)
		}
		// Pages that were given up may still hold what was removed.
		whole := filepath.Join(dir, "2.db")
		if err := vacuumInto(ctx, s.path, whole); err != nil {
			return m, fmt.Errorf("share %s: %w", dbPath, err)
		}
		s.path = whole
	}
	if err := s.finish(ctx); err != nil {
		return m, fmt.Errorf("share %s: %w", dbPath, err)
	}
	if err := s.accept(ctx); err != nil {
		return m, fmt.Errorf("share %s: %w; nothing was written", dbPath, err)
	}
	return s.m, place(ctx, s.path, out, opt.Replace)
}

// place gives the finished file its name.
func place(ctx context.Context, path, out string, replace bool) error {
	if err := syncPath(path); err != nil {
		return fmt.Errorf("share into %s: %w", out, err)
	}
	if replace {
		if err := os.Rename(path, out); err != nil {
			return fmt.Errorf("share into %s: %w", out, err)
		}
		return syncPath(filepath.Dir(out))
	}
	// A link does not replace a file that has come meanwhile.
	switch err := os.Link(path, out); {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("share into %s: %w", out, ErrExists)
	case err != nil: // a file system without links
		if err := copyFile(ctx, path, out); err != nil {
			return fmt.Errorf("share into %s: %w", out, err)
		}
	}
	return syncPath(filepath.Dir(out))
}

func vacuumInto(ctx context.Context, from, to string) error {
	db, err := openReader(from, RoleShare)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	return db.Close()
}

// sharer makes one shared file.
type sharer struct {
	opt  ShareOptions
	path string // of the copy
	m    Manifest
}

// copy takes a snapshot of the database, which may be written meanwhile, and
// looks whether it is whole.
func (s *sharer) copy(ctx context.Context, dbPath string) error {
	db, err := openReader(dbPath, RoleShare)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := checkSchema(ctx, db, dbPath); err != nil {
		return err
	}
	if err := vacuumInto(ctx, dbPath, s.path); err != nil {
		return err
	}
	c, err := CheckDB(ctx, s.path)
	if err != nil {
		return err
	}
	if len(c.Problems) > 0 {
		return fmt.Errorf("it is damaged (%s); 'gradus db check' lists what is, 'gradus db rebuild' makes it anew from the run's log", c.Problems[0])
	}
	return nil
}

// open opens the copy for changes. It has no write-ahead log: a shared file
// must open where nothing can be written beside it.
func (s *sharer) open(ctx context.Context) (*Ingester, error) {
	how := opening{pragmas: []string{"journal_mode=DELETE", "synchronous=OFF"}} // it counts only once it is whole, synced and renamed
	return how.ingester(ctx, s.path)
}

// edit removes the traces that were not chosen, redacts, and makes the search
// index anew, so that no word of what went stays in it.
func (s *sharer) edit(ctx context.Context) error {
	in, err := s.open(ctx)
	if err != nil {
		return err
	}
	if s.m, err = s.describe(ctx, in); err != nil {
		return errors.Join(err, in.Close())
	}
	err = in.change(ctx, func() error {
		if s.opt.Chosen {
			if err := in.keepOnly(ctx, s.opt.Traces); err != nil {
				return err
			}
		}
		n, err := in.redact(ctx, s.opt.Redact)
		s.m.Replaced = n
		return err
	})
	if err == nil {
		err = in.reindex(ctx)
	}
	return errors.Join(err, in.Close())
}

// change runs edit in one transaction.
func (in *Ingester) change(ctx context.Context, edit func() error) error {
	if err := in.f.begin(); err != nil {
		return err
	}
	err := edit()
	if err == nil {
		_, err = in.f.conn.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		return errors.Join(err, in.f.rollback())
	}
	return nil
}

// describe begins the manifest, from the whole run, and writes the run's ledger
// while all its traces are there.
func (s *sharer) describe(ctx context.Context, in *Ingester) (Manifest, error) {
	m := Manifest{Format: 1, CreatedUS: s.opt.NowUS, Version: s.opt.Version, Query: s.opt.Query, Redacted: s.opt.Redact.Names()}
	if err := in.putLedger(ctx); err != nil {
		return m, err
	}
	err := in.f.conn.QueryRowContext(ctx, `SELECT coalesce((SELECT value FROM meta WHERE key='run_id'), ''),
		coalesce((SELECT value FROM meta WHERE key='name'), ''), (SELECT count(*) FROM sample)`).Scan(&m.RunID, &m.Name, &m.Of)
	if err != nil {
		return m, err
	}
	if m.RunID == "" {
		return m, errors.New("the run has no record yet")
	}
	list, err := controls(ctx, in.f.conn)
	if err != nil {
		return m, err
	}
	if m.Control.Records = len(list); len(list) > 0 {
		m.Control.Head = list[len(list)-1].Hash
	}
	return m, nil
}

// finish indexes what is not indexed yet, writes the manifest and seals.
func (s *sharer) finish(ctx context.Context) error {
	in, err := s.open(ctx)
	if err != nil {
		return err
	}
	err = s.sealWithManifest(ctx, in)
	return errors.Join(err, in.Close())
}

func (s *sharer) sealWithManifest(ctx context.Context, in *Ingester) error {
	if s.m.Format == 0 {
		m, err := s.describe(ctx, in)
		if err != nil {
			return err
		}
		s.m = m
	}
	if err := in.indexAll(ctx); err != nil {
		return err
	}
	err := in.f.conn.QueryRowContext(ctx, `SELECT count(*), coalesce((SELECT value FROM meta WHERE key='name'), '') FROM sample`).Scan(&s.m.Traces, &s.m.Name)
	if err != nil {
		return err
	}
	if s.m.SHA256, err = hashTables(ctx, in.f.conn); err != nil {
		return err
	}
	text, err := json.Marshal(s.m)
	if err != nil {
		return err
	}
	if err := in.change(ctx, func() error { return in.f.exec(putMeta, manifestKey, string(text)) }); err != nil {
		return err
	}
	return in.seal(ctx)
}

// accept opens the file as its reader will, and checks it whole.
func (s *sharer) accept(ctx context.Context) error {
	db, err := Open(s.path, RoleUntrusted)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.VerifyShared(ctx); err != nil {
		return err
	}
	c, err := CheckDB(ctx, s.path)
	if err != nil {
		return err
	}
	if len(c.Problems) > 0 || !c.Sealed {
		return fmt.Errorf("the copy does not stand its own check (%s)", strings.Join(c.Problems, "; "))
	}
	return nil
}

// keepOnly removes all traces but those named, with everything that belongs to
// them alone: texts, tokens, rewards, prompts, notes.
func (in *Ingester) keepOnly(ctx context.Context, ids []int64) error {
	keep := make(map[int64]bool, len(ids))
	if _, err := in.f.conn.ExecContext(ctx, `CREATE TEMP TABLE kept(id INTEGER PRIMARY KEY)`); err != nil {
		return err
	}
	for _, id := range ids {
		keep[id] = true
		if _, err := in.f.conn.ExecContext(ctx, `INSERT INTO temp.kept SELECT id FROM sample WHERE id = ? ON CONFLICT DO NOTHING`, id); err != nil {
			return err
		}
	}
	if _, _, _, err := in.rewriteTexts(ctx, func(id int64, text string) (string, bool) { return text, keep[id] }); err != nil {
		return err
	}
	if _, err := in.dropTokens(ctx, func(id int64) bool { return !keep[id] }); err != nil {
		return err
	}
	for _, query := range []string{
		`DELETE FROM sample WHERE id NOT IN (SELECT id FROM temp.kept)`,
		`DELETE FROM reward WHERE sample NOT IN (SELECT id FROM temp.kept)`,
		`DELETE FROM verdict WHERE id NOT IN (SELECT verdict FROM reward)`, // its sentences can quote a trace
		`DELETE FROM part WHERE id NOT IN (SELECT part FROM verdict)`,
		`DELETE FROM layer_trace WHERE sample NOT IN (SELECT id FROM temp.kept)`,
		`DELETE FROM layer_reward WHERE sample NOT IN (SELECT id FROM temp.kept)`,
		`DELETE FROM prompt WHERE id NOT IN (SELECT prompt FROM sample)`,
		`DELETE FROM note WHERE target_kind = 'sample' AND CAST(target AS INTEGER) NOT IN (SELECT id FROM temp.kept)`,
		`DELETE FROM note WHERE target_kind = 'prompt' AND target NOT IN (SELECT hash FROM prompt)`,
		`UPDATE pair SET a_sample = NULL WHERE a_sample NOT IN (SELECT id FROM temp.kept) AND comparison IN
			(SELECT id FROM comparison WHERE a_ckpt LIKE (SELECT value FROM meta WHERE key='run_id') || '@%')`,
		`UPDATE pair SET b_sample = NULL WHERE b_sample NOT IN (SELECT id FROM temp.kept) AND comparison IN
			(SELECT id FROM comparison WHERE b_ckpt LIKE (SELECT value FROM meta WHERE key='run_id') || '@%')`,
		`UPDATE tally SET n = (SELECT count(*) FROM sample s JOIN batch b ON b.seq = s.batch WHERE b.phase = 'eval') WHERE name = 'eval_samples'`,
		`DROP TABLE temp.kept`,
	} {
		if _, err := in.f.conn.ExecContext(ctx, query); err != nil {
			return fmt.Errorf("%s: %w", strings.Join(strings.Fields(query)[:3], " "), err)
		}
	}
	return nil
}

// ErrNoManifest says that a file is a run database which 'gradus share' did
// not make.
var ErrNoManifest = errors.New("it has no manifest: it is the database of a run itself, not a file that 'gradus share' made")

// Manifest is what a shared file says of itself, unverified; ErrNoManifest for
// other databases.
func (db *DB) Manifest(ctx context.Context) (Manifest, error) {
	m, err := readManifest(ctx, db.sql())
	if err != nil {
		return m, fmt.Errorf("read the manifest of %s: %w", db.path, err)
	}
	return m, nil
}

type rowAsker interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func readManifest(ctx context.Context, q rowAsker) (m Manifest, err error) {
	var text []byte
	err = q.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = ?`, manifestKey).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return m, ErrNoManifest
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("it is not JSON: %w", err)
	}
	if m.Format != 1 {
		return m, fmt.Errorf("it has format %d and this gradus knows format 1; use a newer gradus", m.Format)
	}
	return m, nil
}

// VerifyShared reads the whole file and compares it with its manifest. The
// hash shows that the file is as it was made, not who made it: for that,
// compare it with the hash that the sender tells by other means. A file that an
// older gradus made was compared when it was opened, before it was migrated.
func (db *DB) VerifyShared(ctx context.Context) (Manifest, error) {
	if db.older != nil {
		if db.older.manifest == nil {
			return Manifest{}, fmt.Errorf("read the manifest of %s: %w", db.path, ErrNoManifest)
		}
		return *db.older.manifest, nil
	}
	return verifyManifest(ctx, db.sql(), db.path)
}

// verifyManifest compares the content of a database with its manifest.
func verifyManifest(ctx context.Context, pool *sql.DB, path string) (Manifest, error) {
	m, err := readManifest(ctx, pool)
	if err != nil {
		return m, fmt.Errorf("read the manifest of %s: %w", path, err)
	}
	hash, err := hashTables(ctx, pool)
	if err != nil {
		return m, fmt.Errorf("verify %s: %w", path, err)
	}
	if hash != m.SHA256 {
		return m, fmt.Errorf("verify %s: its content has hash %s and its manifest says %s: it was changed or damaged after it was shared", path, hash, m.SHA256)
	}
	return m, nil
}
