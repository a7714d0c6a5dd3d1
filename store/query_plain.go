package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// PlainColumn is a column of a plain table as the schema declares it.
type PlainColumn struct {
	Name     string
	Type     string // INTEGER, REAL, TEXT, ANY
	Required bool
}

// PlainTables are the tables and views whose rows say something by
// themselves: without the traces, and without what only the fold needs.
func PlainTables() []string {
	return []string{"attempt", "checkpoint", "comparison", "control", "cost", "eval", "event", "heartbeat", "layer", "layer_scores", "lineage",
		"metric", "note", "pair", "removal"}
}

// Plain reads a plain table. It hands over its columns once and then every
// row; values are nil, int64, float64 or string. Metrics are those that count:
// what a rewind threw away is left out.
func (db *DB) Plain(ctx context.Context, table string, columns func([]PlainColumn) error, row func([]any) error) error {
	if !slices.Contains(PlainTables(), table) {
		return fmt.Errorf("%q is not a plain table; want one of %s", table, strings.Join(PlainTables(), ", "))
	}
	source := table
	query := `SELECT * FROM "` + table + `"`
	switch table {
	case "checkpoint":
		source, query = "ckpt", `SELECT * FROM ckpt`
	case "metric":
		source, query = "curve", `SELECT * FROM curve ORDER BY series, step, attempt`
	}
	if err := db.plain(ctx, source, query, columns, row); err != nil {
		return fmt.Errorf("read table %s of %s: %w", table, db.path, err)
	}
	return nil
}

func (db *DB) plain(ctx context.Context, source, query string, columns func([]PlainColumn) error, row func([]any) error) error {
	var cols []PlainColumn
	info, err := db.sql().QueryContext(ctx, `SELECT name, type, "notnull" OR pk > 0 FROM pragma_table_info(?) ORDER BY cid`, source)
	if err != nil {
		return err
	}
	defer info.Close()
	for info.Next() {
		var c PlainColumn
		if err := info.Scan(&c.Name, &c.Type, &c.Required); err != nil {
			return err
		}
		cols = append(cols, c)
	}
	if err := info.Err(); err != nil {
		return err
	}
	if err := columns(cols); err != nil {
		return err
	}
	rows, err := db.sql().QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	vals, refs := make([]any, len(cols)), make([]any, len(cols))
	for i := range vals {
		refs[i] = &vals[i]
	}
	for rows.Next() {
		if err := rows.Scan(refs...); err != nil {
			return err
		}
		for i, v := range vals {
			if b, ok := v.([]byte); ok {
				vals[i] = string(b)
			}
		}
		if err := row(vals); err != nil {
			return err
		}
	}
	return rows.Err()
}
