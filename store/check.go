package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// Check is what a check of a database found.
type Check struct {
	Path     string   `json:"path"`
	Sealed   bool     `json:"sealed"`           // every row was compared with its checksum
	Rows     int64    `json:"rows"`             // rows compared
	Texts    int64    `json:"texts"`            // completions and prompts that were read and compared
	Control  int      `json:"control"`          // answers to steering requests whose hash chain was verified
	Shared   bool     `json:"shared,omitempty"` // a file that was shared; its content was compared with its manifest
	Problems []string `json:"problems"`
}

const maxProblems = 100

func (c *Check) problem(format string, args ...any) {
	if len(c.Problems) < maxProblems {
		c.Problems = append(c.Problems, fmt.Sprintf(format, args...))
	}
}

// CheckDB reads a whole database: its pages, the checksum of every text and of
// all token data, and, once the run has ended and the database is sealed, the
// checksums of all rows. What is wrong stands in Problems, each with its
// place; the error is of a file that cannot be checked at all.
func CheckDB(ctx context.Context, path string) (Check, error) {
	c := Check{Path: path, Problems: []string{}}
	db, err := openReader(path, RoleRead)
	if err != nil {
		return c, err
	}
	defer db.Close()
	if err := checkSchema(ctx, db, path); err != nil {
		if errors.Is(err, ErrNotOurs) {
			return c, err
		}
		var old *oldSchema
		if errors.As(err, &old) {
			return c, err
		}
		c.problem("%v", err)
	}
	c.pages(ctx, db)
	if err := c.seals(ctx, db); err != nil {
		c.problem("checksums of rows: %v", err)
	}
	err = c.content(ctx, db)
	if err := c.shared(ctx, db); err != nil {
		c.problem("%v", err)
	}
	return c, err
}

// CheckFile is CheckDB, and takes also a file that an older gradus made: its
// pages and the checksums of its rows are checked in the file itself, all else
// in a private copy; see OpenFile. What keeps it from being migrated is a
// problem of the file.
func CheckFile(ctx context.Context, path string, scratch []string) (Check, error) {
	c, err := CheckDB(ctx, path)
	var old *oldSchema
	if !errors.As(err, &old) {
		return c, err
	}
	err = reading(path, func(pool *sql.DB) error {
		if err := checkWords(ctx, pool, path, old.version); err != nil {
			return err
		}
		c.pages(ctx, pool)
		if old.version == 1 {
			return nil // it had no checksums of rows
		}
		if err := c.seals(ctx, pool); err != nil {
			c.problem("checksums of rows: %v", err)
		}
		return nil
	})
	if err != nil {
		return c, err
	}
	db, err := OpenFile(ctx, path, scratch)
	if errors.Is(err, ErrNoRoom) {
		return c, err
	}
	if err != nil {
		c.problem("%v", err)
		return c, ctx.Err()
	}
	defer db.Close()
	c.Shared = db.older.manifest != nil // OpenFile has compared it
	err = c.content(ctx, db.sql())
	return c, err
}

// pages checks the pages of a database of any version.
func (c *Check) pages(ctx context.Context, db *sql.DB) {
	lines, err := columnOf(ctx, db, "PRAGMA integrity_check(20)")
	if err != nil {
		c.problem("pages: %v", err)
	}
	for _, line := range lines {
		if line != "ok" {
			c.problem("pages: %s", line)
		}
	}
}

// content checks every text, token data, and what was asked of the run.
func (c *Check) content(ctx context.Context, db *sql.DB) error {
	dec, err := newDecoder()
	if err != nil {
		return err
	}
	defer dec.Close()
	for _, part := range []func(context.Context, *sql.DB, *zstd.Decoder) error{c.texts, c.prompts, c.tokens, c.control} {
		if err := part(ctx, db, dec); err != nil {
			c.problem("%v", err)
		}
	}
	return ctx.Err()
}

// seals compares all rows with their checksums.
func (c *Check) seals(ctx context.Context, db *sql.DB) error {
	want := map[string][]chunk{}
	rows, err := db.QueryContext(ctx, "SELECT tbl, first, last, n, crc FROM seal ORDER BY tbl, chunk")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		var k chunk
		if err := rows.Scan(&table, &k.first, &k.last, &k.n, &k.crc); err != nil {
			return err
		}
		want[table] = append(want[table], k)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if len(want) == 0 {
		return nil
	}
	c.Sealed = true
	for _, list := range want {
		if list[0].n == openSeal {
			c.Sealed = false // what was added to the run is not sealed yet
		}
	}
	tables, err := sealedTables(ctx, db)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, table := range tables {
		seen[table] = true
		if want[table] == nil {
			c.problem("table %s: no checksum is stored for it", table)
			continue
		}
		if want[table][0].n == openSeal {
			continue
		}
		i := 0
		err := chunks(ctx, db, table, func(k chunk) error {
			c.Rows += int64(k.n)
			switch {
			case i >= len(want[table]):
				c.problem("table %s: rows %s to %s are too many", table, k.first, k.last)
			case k != want[table][i]:
				w := want[table][i]
				c.problem("table %s: the %d rows from %s to %s do not match their checksum (%d rows, from %s to %s)", table, w.n, w.first, w.last, k.n, k.first, k.last)
			}
			i++
			return ctx.Err()
		})
		if err != nil {
			c.problem("table %s, after %d rows: %v", table, i*sealRows, err)
		} else if i < len(want[table]) && want[table][i].n > 0 {
			c.problem("table %s: the rows from %s on are missing", table, want[table][i].first)
		}
	}
	for table := range want {
		if !seen[table] {
			c.problem("table %s is missing", table)
		}
	}
	return nil
}

// texts reads every completion.
func (c *Check) texts(ctx context.Context, db *sql.DB, dec *zstd.Decoder) error {
	blocks := newBlockCache(dec)
	rows, err := db.QueryContext(ctx, `SELECT s.id, st.text, s.block, s.off, s.bytes, s.crc, s.flags FROM sample s LEFT JOIN sample_text st ON st.sample = s.id ORDER BY s.id`)
	if err != nil {
		return fmt.Errorf("traces: %w", err)
	}
	defer rows.Close()
	bad := map[int64]bool{} // blocks that were named already
	for rows.Next() {
		var id, crc int64
		var plain []byte
		var p textPlace
		var flags int
		if err := rows.Scan(&id, &plain, &p.block, &p.off, &p.bytes, &crc, &flags); err != nil {
			return fmt.Errorf("traces after %d: %w", id, err)
		}
		if flags&flagRemoved != 0 || bad[p.block.Int64] {
			continue
		}
		text := string(plain)
		if p.block.Valid {
			text, err = blocks.text(p, func(id int64) (z []byte, err error) {
				err = db.QueryRowContext(ctx, `SELECT z FROM text_block WHERE id = ?`, id).Scan(&z)
				return z, err
			})
		}
		switch {
		case err != nil:
			c.problem("trace %d: %v", id, err)
			bad[p.block.Int64] = p.block.Valid
			err = nil
		case textSum(text) != crc:
			c.problem("trace %d: its text does not match its checksum", id)
		}
		c.Texts++
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("traces: %w", err)
	}
	return nil
}

func (c *Check) prompts(ctx context.Context, db *sql.DB, dec *zstd.Decoder) error {
	rows, err := db.QueryContext(ctx, `SELECT id, text, text_z, crc FROM prompt`)
	if err != nil {
		return fmt.Errorf("prompts: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, crc int64
		var plain, z []byte
		if err := rows.Scan(&id, &plain, &z, &crc); err != nil {
			return fmt.Errorf("prompts after %d: %w", id, err)
		}
		text, err := unpackText(dec, plain, z)
		if err == nil && textSum(text) != crc {
			err = errors.New("its text does not match its checksum")
		}
		if err != nil {
			c.problem("prompt %d: %v", id, err)
		}
		c.Texts++
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("prompts: %w", err)
	}
	return nil
}

func (c *Check) tokens(ctx context.Context, db *sql.DB, _ *zstd.Decoder) error {
	rows, err := db.QueryContext(ctx, `SELECT id, z, crc FROM tok_block`)
	if err != nil {
		return fmt.Errorf("token data: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, crc int64
		var z []byte
		if err := rows.Scan(&id, &z, &crc); err != nil {
			return fmt.Errorf("token data after block %d: %w", id, err)
		}
		if bytesSum(z) != crc {
			c.problem("block %d of token data does not match its checksum", id)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("token data: %w", err)
	}
	return nil
}

// control verifies the hash chain of everything that was ever asked of the run.
func (c *Check) control(ctx context.Context, db *sql.DB, _ *zstd.Decoder) error {
	list, err := controls(ctx, db)
	if err != nil {
		return fmt.Errorf("control records: %w", err)
	}
	c.Control = len(list)
	m, err := readManifest(ctx, db)
	switch {
	case errors.Is(err, ErrNoManifest):
		err = VerifyChain(list)
	case err != nil:
		c.problem("manifest: %v", err)
		err = VerifyChain(list)
	case len(m.Redacted) > 0: // who asked was taken out, so that only the links can be verified
		err = m.Control.verifyLinks(list)
	default:
		if err = VerifyChain(list); err == nil {
			err = m.Control.verifyLinks(list)
		}
	}
	if err != nil {
		c.problem("hash chain: %v", err)
	}
	return nil
}

// shared compares a shared file with its manifest.
func (c *Check) shared(ctx context.Context, db *sql.DB) error {
	m, err := readManifest(ctx, db)
	if err != nil {
		return nil // no shared file; what is wrong with a manifest was told with the chain
	}
	c.Shared = true
	hash, err := hashTables(ctx, db)
	if err != nil {
		return fmt.Errorf("content hash: %w", err)
	}
	if hash != m.SHA256 {
		c.problem("manifest: the content has hash %s and the manifest says %s", hash, m.SHA256)
	}
	return nil
}

// controls are the answers to steering requests, in the order of the log.
func controls(ctx context.Context, q rowQuerier) ([]Control, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, actor, via, verb, args, coalesce(reason,''), asked_us, outcome, coalesce(result,''),
		applied_step, prev_hash, hash FROM control ORDER BY seq`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Control
	for rows.Next() {
		var v Control
		var args []byte
		err := rows.Scan(&v.ID, &v.Actor, &v.Via, &v.Verb, &args, &v.Reason, &v.AskedUS, &v.Outcome, &v.Result, &v.AppliedStep, &v.PrevHash, &v.Hash)
		if err != nil {
			return nil, err
		}
		v.Args = args
		out = append(out, v)
	}
	return out, rows.Err()
}
