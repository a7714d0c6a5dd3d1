package store

import (
	"context"
	"database/sql"
)

// LineageRow is a Lineage record with when it was written.
type LineageRow struct {
	Lineage
	TimeUS int64 `json:"ts_us"`
}

// Lineage are all records of what went into what, in no particular order.
func (db *DB) Lineage(ctx context.Context) ([]LineageRow, error) {
	return collect(ctx, db, "lineage", `SELECT child_kind, child, parent_kind, parent, how, coalesce(hash,''), coalesce(licence,''), detail, ts_us
		FROM lineage ORDER BY child_kind, child, parent_kind, parent, how`, nil,
		func(r *sql.Rows, l *LineageRow) error {
			var detail []byte
			err := r.Scan(&l.ChildKind, &l.Child, &l.ParentKind, &l.Parent, &l.How, &l.Hash, &l.Licence, &detail, &l.TimeUS)
			l.Detail = detail
			return err
		})
}
