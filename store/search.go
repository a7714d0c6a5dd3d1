package store

import (
	"context"
	"database/sql"
	"errors"
)

// ErrSearch says that a text cannot be searched for, and why.
var ErrSearch = errors.New("search")

// RewardNames are the full names of the parts of this run's reward, in the
// order of their names: what a query can compare besides query.Fields.
func (db *DB) RewardNames(ctx context.Context) ([]string, error) {
	return collect(ctx, db, "rewards", `SELECT DISTINCT name FROM part ORDER BY name`, nil, func(r *sql.Rows, s *string) error { return r.Scan(s) })
}
