package store

import (
	"context"
	"database/sql"
	"fmt"
)

// SeriesNames are the names of all series in alphabetical order.
func (db *DB) SeriesNames(ctx context.Context) ([]string, error) {
	return collect(ctx, db, "series names", `SELECT name FROM series ORDER BY name`, nil,
		func(r *sql.Rows, s *string) error { return r.Scan(s) })
}

// Series is one curve from fromStep on, in step order, without what a rewind
// superseded. An unknown name has no points.
func (db *DB) Series(ctx context.Context, name string, fromStep int) ([]Point, error) {
	return collect(ctx, db, "series "+name, `SELECT m.step, m.value, m.ts_us
		FROM metric m JOIN attempt a ON a.n = m.attempt AND m.step <= a.valid_to
		WHERE m.series = (SELECT id FROM series WHERE name = ?) AND m.step >= ? ORDER BY m.step, m.attempt`,
		[]any{name, fromStep},
		func(r *sql.Rows, p *Point) error { return r.Scan(&p.Step, &p.Value, &p.TimeUS) })
}

// LatestMetrics are the scalars of the last step that counts; ErrNotFound
// before the first.
func (db *DB) LatestMetrics(ctx context.Context) (StepMetrics, error) {
	type row struct {
		StepMetrics
		name  sql.NullString
		value sql.NullFloat64
	}
	rows, err := collect(ctx, db, "latest metrics", `SELECT s.attempt, s.step, s.stage, s.ts_us, n.name, m.value
		FROM (SELECT s.* FROM step s JOIN attempt a ON a.n = s.attempt AND s.step <= a.valid_to ORDER BY s.seq DESC LIMIT 1) s
		LEFT JOIN metric m ON m.series IN (SELECT id FROM series) AND m.step = s.step AND m.attempt = s.attempt
		LEFT JOIN series n ON n.id = m.series`, nil,
		func(r *sql.Rows, v *row) error {
			return r.Scan(&v.Attempt, &v.Step, &v.Stage, &v.TimeUS, &v.name, &v.value)
		})
	if err != nil {
		return StepMetrics{}, err
	}
	if len(rows) == 0 {
		return StepMetrics{}, fmt.Errorf("read the latest metrics of %s: %w", db.path, ErrNotFound)
	}
	out := rows[0].StepMetrics
	out.Values = map[string]float64{}
	for _, r := range rows {
		if r.name.Valid {
			out.Values[r.name.String] = r.value.Float64
		}
	}
	return out, nil
}

// LatestHeartbeat is the last heartbeat and when it was written, in
// microseconds since 1970; ErrNotFound before the first.
func (db *DB) LatestHeartbeat(ctx context.Context) (Heartbeat, int64, error) {
	type row struct {
		Heartbeat
		us int64
	}
	rows, err := collect(ctx, db, "latest heartbeat", `SELECT step, mono_ms, rss, cpu_s, ts_us FROM heartbeat ORDER BY seq DESC LIMIT 1`, nil,
		func(r *sql.Rows, v *row) error { return r.Scan(&v.Step, &v.MonoMS, &v.RSS, &v.CPU, &v.us) })
	if err != nil {
		return Heartbeat{}, 0, err
	}
	if len(rows) == 0 {
		return Heartbeat{}, 0, fmt.Errorf("read the latest heartbeat of %s: %w", db.path, ErrNotFound)
	}
	return rows[0].Heartbeat, rows[0].us, nil
}
