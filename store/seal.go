package store

import (
	"context"
	"database/sql"
	"fmt"
	"hash/crc32"
	"strings"
)

// A database is sealed when its run has ended: the search index is put in
// order, free pages are given back, and every 1024 rows of every table get a
// checksum, those of the tables below the search index too. SQLite has no
// checksums of its own, and of random damage its checks notice little. The
// next record of the run that is folded breaks the seal. What people add breaks
// only that of the tables it goes to, so that a verdict on a trace of a large
// run costs what its own rows cost.

const sealRows = 1024

// rowQuerier is a connection, a pool or a transaction.
type rowQuerier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// addedTables are the tables that the log in notes/ writes to.
func addedTables() []string {
	return []string{"comparison", "cost", "cursor", "layer", "layer_reward", "layer_trace", "lineage", "note", "pair"}
}

// openSeal stands for the checksums of a table that were broken.
const openSeal = -1

// beginOf begins a transaction that folds a log.
func (f *folder) beginOf(src source) error {
	if !src.notes && f.ledger {
		return f.beginWithoutLedger()
	}
	if !src.notes || !f.sealed {
		return f.begin()
	}
	if _, err := f.conn.ExecContext(context.Background(), "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	f.unsealed = true
	for _, table := range addedTables() {
		if _, err := f.conn.ExecContext(context.Background(), `DELETE FROM seal WHERE tbl = ?`, table); err != nil {
			return err
		}
		if _, err := f.conn.ExecContext(context.Background(), `INSERT INTO seal(tbl, chunk, first, last, n, crc) VALUES(?, 0, '', '', ?, 0)`, table, openSeal); err != nil {
			return err
		}
	}
	return nil
}

// sealedTables are the tables with rows, in the order of their names.
func sealedTables(ctx context.Context, q rowQuerier) ([]string, error) {
	return columnOf(ctx, q, `SELECT name FROM sqlite_schema WHERE type='table' AND name NOT IN ('seal', 'sample_fts', 'prompt_fts') AND name NOT LIKE 'sqlite_%' ORDER BY name`)
}

func columnOf(ctx context.Context, q rowQuerier, query string, args ...any) ([]string, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// chunk is the checksum of some rows of a table.
type chunk struct {
	first, last string // keys, for a reader
	n           int
	crc         int64
}

// chunks calls each for every sealRows rows of a table, in the order of its key.
func chunks(ctx context.Context, q rowQuerier, table string, each func(chunk) error) error {
	keys, err := columnOf(ctx, q, `SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk`, table)
	if err != nil {
		return err
	}
	order := "rowid"
	if len(keys) > 0 {
		order = `"` + strings.Join(keys, `", "`) + `"`
	}
	rows, err := q.QueryContext(ctx, `SELECT * FROM "`+table+`" ORDER BY `+order)
	if err != nil {
		return err
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		return err
	}
	vals, refs := make([]any, len(cols)), make([]any, len(cols))
	for i := range vals {
		refs[i] = &vals[i]
	}
	var c chunk
	var sum uint32
	var b []byte
	table32 := crc32.MakeTable(crc32.Castagnoli)
	flush := func() error {
		if c.n == 0 {
			return nil
		}
		c.last, c.crc = keyText(vals), int64(int32(sum))
		err := each(c)
		c, sum = chunk{}, 0
		return err
	}
	for rows.Next() {
		if err := rows.Scan(refs...); err != nil {
			return err
		}
		b = b[:0]
		for _, v := range vals {
			b = appendValue(b, v)
		}
		sum = crc32.Update(sum, table32, b)
		if c.n == 0 {
			c.first = keyText(vals)
		}
		if c.n++; c.n == sealRows {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return flush()
}

// keyText is the first column of a row, for a reader.
func keyText(row []any) string { return fmt.Sprintf("%.40v", row[0]) }

// finish tidies and seals the database if the run has ended and it is not
// sealed yet.
func (in *Ingester) finish(ctx context.Context) error {
	if in.f.sealed && !in.f.unsealed {
		return nil
	}
	if in.f.sealed {
		return in.sealAgain(ctx)
	}
	var over bool
	err := in.f.conn.QueryRowContext(ctx, `SELECT coalesce((SELECT ended_us IS NOT NULL FROM attempt ORDER BY n DESC LIMIT 1), 0)`).Scan(&over)
	if err != nil || !over {
		return err
	}
	if err := in.putLedger(ctx); err != nil {
		return err
	}
	return in.seal(ctx)
}

func (in *Ingester) seal(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("seal %s: %w", in.dbPath, err)
		}
	}()
	if err := in.mergeIndexes(ctx); err != nil {
		return err
	}
	if err := in.giveBack(ctx); err != nil {
		return err
	}
	tables, err := sealedTables(ctx, in.f.conn)
	if err != nil {
		return err
	}
	if err := in.f.begin(); err != nil {
		return err
	}
	return in.putSeals(ctx, tables)
}

// sealAgain seals the tables whose seal was broken.
func (in *Ingester) sealAgain(ctx context.Context) error {
	tables, err := columnOf(ctx, in.f.conn, `SELECT tbl FROM seal WHERE n = ? ORDER BY tbl`, openSeal)
	if err == nil {
		_, err = in.f.conn.ExecContext(ctx, "BEGIN IMMEDIATE")
	}
	if err == nil {
		err = in.putSeals(ctx, tables)
	}
	if err != nil {
		return fmt.Errorf("seal %s: %w", in.dbPath, err)
	}
	return nil
}

// putSeals writes the seals of tables and ends the transaction.
func (in *Ingester) putSeals(ctx context.Context, tables []string) error {
	if err := in.sealTables(ctx, tables); err != nil {
		in.f.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return err
	}
	if _, err := in.f.conn.ExecContext(ctx, "COMMIT"); err != nil {
		return err
	}
	in.f.sealed, in.f.unsealed = true, false
	return in.truncateWAL()
}

func (in *Ingester) sealTables(ctx context.Context, tables []string) error {
	for i, table := range tables {
		tell(ctx, "computing checksums", int64(i), int64(len(tables)))
		if _, err := in.f.conn.ExecContext(ctx, "DELETE FROM seal WHERE tbl = ?", table); err != nil {
			return err
		}
		var found []chunk
		err := chunks(ctx, in.f.conn, table, func(c chunk) error {
			found = append(found, c)
			return nil
		})
		if err != nil {
			return fmt.Errorf("table %s: %w", table, err)
		}
		if len(found) == 0 {
			found = []chunk{{}} // that it is empty is worth knowing too
		}
		for k, c := range found {
			_, err := in.f.conn.ExecContext(ctx, `INSERT INTO seal(tbl, chunk, first, last, n, crc) VALUES(?,?,?,?,?,?)`, table, k, c.first, c.last, c.n, c.crc)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// giveBack returns the free pages to the file system.
func (in *Ingester) giveBack(ctx context.Context) error {
	rows, err := in.f.conn.QueryContext(ctx, "PRAGMA incremental_vacuum")
	if err != nil {
		return err
	}
	for rows.Next() { // each row is a page
	}
	return rows.Close()
}
