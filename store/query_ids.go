package store

import (
	"context"
	"database/sql"
	"strings"
)

// SampleIDs are the ids of all traces that match q, without regard to its
// After, Newest and Limit, in log order. It reads no text.
func (db *DB) SampleIDs(ctx context.Context, q SampleQuery) ([]int64, error) {
	p, err := db.plan(ctx, q)
	if err != nil {
		return nil, err
	}
	from := p.from
	if p.plan.Prompt {
		from += promptTable
	}
	terms, args := p.where()
	return collect(ctx, db, "traces", "SELECT "+p.id+" FROM "+from+" WHERE "+strings.Join(terms, " AND ")+" ORDER BY "+p.id, args,
		func(r *sql.Rows, id *int64) error { return r.Scan(id) })
}
