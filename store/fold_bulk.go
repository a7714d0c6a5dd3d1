package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// bulkRows is how many rows one statement of a bulk insert takes: enough that
// starting a statement, and finding the place in the table, is paid once for
// many rows, and few enough that a record of some traces fills one.
const bulkRows = 16

// bulk gathers the rows of one table for inserts of several rows. The rows come
// in the order of their key, so each lands beside the one before.
type bulk struct {
	one, many *sqlite3.SQLiteStmt
	columns   int
	rows      int
	args      []driver.NamedValue // ordinals count on over the rows
}

// prepareBulk prepares an insert of one row, which ends in VALUES(?,...), and
// one of many. A row that cannot be inserted fails the statement and, as every
// error does, the whole transaction, so SQLite need not be able to undo the
// statement alone.
func prepareBulk(conn *sqlite3.SQLiteConn, s statement) (*bulk, error) {
	text := strings.Replace(statementText(s), "INSERT INTO", "INSERT OR FAIL INTO", 1)
	head, values, ok := strings.Cut(text, "VALUES")
	if !ok {
		return nil, fmt.Errorf("%q has no VALUES", text)
	}
	b := &bulk{columns: strings.Count(values, "?")}
	for _, p := range []struct {
		stmt **sqlite3.SQLiteStmt
		rows int
	}{{&b.one, 1}, {&b.many, bulkRows}} {
		stmt, err := prepareStmt(conn, head+"VALUES"+values+strings.Repeat(","+values, p.rows-1))
		if err != nil {
			return nil, errors.Join(err, b.close())
		}
		*p.stmt = stmt
	}
	return b, nil
}

func prepareStmt(conn *sqlite3.SQLiteConn, text string) (*sqlite3.SQLiteStmt, error) {
	stmt, err := conn.Prepare(text)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", text, err)
	}
	s, ok := stmt.(*sqlite3.SQLiteStmt)
	if !ok {
		return nil, fmt.Errorf("the statement is a %T and not of go-sqlite3", stmt)
	}
	return s, nil
}

// add inserts a row, or keeps it until there are enough.
func (b *bulk) add(args []any) error {
	if len(args) != b.columns {
		return fmt.Errorf("%d values for %d columns", len(args), b.columns)
	}
	var err error
	if b.args, err = appendArgs(b.args, b.rows*b.columns, args); err != nil {
		return err
	}
	if b.rows++; b.rows < bulkRows {
		return nil
	}
	_, err = b.many.ExecContext(context.Background(), b.args)
	b.drop()
	return err
}

// flush inserts what is kept, row by row.
func (b *bulk) flush() error {
	from := 0
	for row := range b.rows {
		to := from
		for ; to < len(b.args) && b.args[to].Ordinal <= (row+1)*b.columns; to++ {
			b.args[to].Ordinal -= row * b.columns
		}
		if _, err := b.one.ExecContext(context.Background(), b.args[from:to]); err != nil {
			return err
		}
		from = to
	}
	b.drop()
	return nil
}

// drop forgets what is kept.
func (b *bulk) drop() { b.args, b.rows = b.args[:0], 0 }

func (b *bulk) close() (err error) {
	for _, s := range []*sqlite3.SQLiteStmt{b.one, b.many} {
		if s != nil {
			err = errors.Join(err, s.Close())
		}
	}
	return err
}

// appendArgs adds values for the parameters after the first skip of a
// statement. A parameter that is not bound is NULL.
func appendArgs(to []driver.NamedValue, skip int, args []any) ([]driver.NamedValue, error) {
	for i, a := range args {
		switch v := a.(type) {
		case nil:
			continue
		case int:
			a = int64(v)
		case int64, float64, string, []byte, bool:
		default:
			return to, fmt.Errorf("argument %d is a %T", i+1, v)
		}
		to = append(to, driver.NamedValue{Ordinal: skip + i + 1, Value: a})
	}
	return to, nil
}
