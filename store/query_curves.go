package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
)

const (
	curvePoints    = 120_000 // of all curves that one SeriesSince returns, about
	minCurvePoints = 1024    // of one curve, however many there are
	maxCurvePoints = 16_384
	maxDelta       = 2048 // steps that are handed over point by point
)

// SeriesSince returns the points of all series that were folded after cursor,
// which is 0 at first and then the Cursor of the delta before.
func (db *DB) SeriesSince(ctx context.Context, cursor uint64) (SeriesDelta, error) {
	d, err := db.seriesSince(ctx, cursor)
	if err != nil {
		return SeriesDelta{Points: map[string][]Point{}}, fmt.Errorf("read the curves of %s: %w", db.path, err)
	}
	return d, nil
}

func (db *DB) seriesSince(ctx context.Context, cursor uint64) (SeriesDelta, error) {
	d := SeriesDelta{Points: map[string][]Point{}, Span: map[string]int{}}
	tx, err := db.sql().BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return d, err
	}
	defer tx.Rollback()
	var end int64
	var rewound bool
	err = tx.QueryRowContext(ctx, `SELECT coalesce((SELECT seq - 1 FROM cursor WHERE src='log'), 0),
		EXISTS(SELECT 1 FROM event WHERE seq > ? AND kind = ?)`, int64(min(cursor, math.MaxInt64)), string(KindRewind)).Scan(&end, &rewound)
	if err != nil {
		return d, err
	}
	d.Cursor = uint64(end)
	d.Reset = cursor == 0 || rewound || cursor > uint64(end) // beyond the end: another log was put in place
	if !d.Reset {
		var many bool
		err := tx.QueryRowContext(ctx, `SELECT count(*) > ?2 FROM (SELECT 1 FROM step WHERE seq > ?1 LIMIT ?2 + 1)`, int64(cursor), maxDelta).Scan(&many)
		if err != nil {
			return d, err
		}
		d.Reset = many // quicker than all of them
	}
	if d.Reset {
		return d, wholeCurves(ctx, tx, &d)
	}
	rows, err := tx.QueryContext(ctx, `SELECT n.name, m.step, m.value, m.ts_us
		FROM (SELECT DISTINCT attempt, step FROM step WHERE seq > ?) s CROSS JOIN series n
		JOIN metric m ON m.series = n.id AND m.step = s.step AND m.attempt = s.attempt
		JOIN attempt a ON a.n = m.attempt AND m.step <= a.valid_to
		ORDER BY n.id, m.step, m.attempt`, int64(cursor))
	if err != nil {
		return d, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var p Point
		if err := rows.Scan(&name, &p.Step, &p.Value, &p.TimeUS); err != nil {
			return d, err
		}
		d.Points[name] = append(d.Points[name], p)
	}
	return d, rows.Err()
}

func wholeCurves(ctx context.Context, tx *sql.Tx, d *SeriesDelta) error {
	rows, err := tx.QueryContext(ctx, `SELECT id, name FROM series ORDER BY id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	ids := map[int64]string{}
	var order []int64
	for rows.Next() {
		var id int64
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return err
		}
		ids[id], order = name, append(order, id)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	limit := max(minCurvePoints, min(maxCurvePoints, curvePoints/max(1, len(order))))
	valid, err := lastSteps(ctx, tx)
	if err != nil {
		return err
	}
	for _, id := range order {
		points, span, err := curve(ctx, tx, valid, id, math.MinInt32, MaxStep, limit)
		if err != nil {
			return err
		}
		if len(points) > 0 {
			d.Points[ids[id]] = points
		}
		if span > 1 {
			d.Span[ids[id]] = span
		}
	}
	return nil
}

// Curve returns a series from fromStep to toStep, both included, in about
// maxPoints points or fewer. span is 1 when it has every point; else it has of
// every span steps the smallest and the largest value, where they were, and
// the steps at both edges in full.
func (db *DB) Curve(ctx context.Context, name string, fromStep, toStep, maxPoints int) (points []Point, span int, err error) {
	tx, err := db.sql().BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, 1, fmt.Errorf("read series %s of %s: %w", name, db.path, err)
	}
	defer tx.Rollback()
	var id int64
	err = tx.QueryRowContext(ctx, `SELECT coalesce((SELECT id FROM series WHERE name=?), 0)`, name).Scan(&id)
	var valid map[int64]int64
	if err == nil {
		valid, err = lastSteps(ctx, tx)
	}
	if err == nil {
		points, span, err = curve(ctx, tx, valid, id, fromStep, toStep, max(maxPoints, 16))
	}
	if err != nil {
		return nil, 1, fmt.Errorf("read series %s of %s: %w", name, db.path, err)
	}
	return points, span, nil
}

// lastSteps are the attempts with the last step of each that counts. Joining
// them to every point costs more than the points.
func lastSteps(ctx context.Context, tx *sql.Tx) (map[int64]int64, error) {
	rows, err := tx.QueryContext(ctx, `SELECT n, valid_to FROM attempt`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[int64]int64{}
	for rows.Next() {
		var n, to int64
		if err := rows.Scan(&n, &to); err != nil {
			return nil, err
		}
		out[n] = to
	}
	return out, rows.Err()
}

// curve chooses the smallest span that keeps to limit, and reads.
func curve(ctx context.Context, tx *sql.Tx, valid map[int64]int64, series int64, from, to, limit int) ([]Point, int, error) {
	var first, last sql.NullInt64
	err := tx.QueryRowContext(ctx, `SELECT (SELECT step FROM metric WHERE series=?1 AND step >= ?2 ORDER BY step LIMIT 1),
		(SELECT step FROM metric WHERE series=?1 AND step <= ?3 ORDER BY step DESC LIMIT 1)`, series, from, to).Scan(&first, &last)
	if err != nil || !first.Valid || !last.Valid || last.Int64 < first.Int64 {
		return nil, 1, err
	}
	from, to = max(from, int(first.Int64)), min(to, int(last.Int64))
	// Steps are not always dense, so few points can lie in a long range.
	n := (to - from + 1) * max(1, len(valid))
	if n > limit {
		err = tx.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM metric WHERE series=? AND step BETWEEN ? AND ? LIMIT ?)`, series, from, to, limit+1).Scan(&n)
		if err != nil {
			return nil, 1, err
		}
	}
	span := 1
	if n > limit {
		for span = rollFirst; span < rollLast && 2*((to-from)/span) > limit; span *= rollFactor {
		}
	}
	c := curveReader{ctx: ctx, tx: tx, valid: valid, series: series}
	err = c.read(from, to, span)
	return c.points, span, err
}

type curveReader struct {
	ctx    context.Context
	tx     *sql.Tx
	valid  map[int64]int64 // see lastSteps
	series int64
	points []Point
}

// read adds the steps from..to: buckets of span steps where they are whole,
// and smaller ones at the edges.
func (c *curveReader) read(from, to, span int) error {
	if from > to {
		return nil
	}
	if span < rollFirst {
		return c.raw(from, to)
	}
	lo := (max(from, 0) + span - 1) / span // first whole bucket
	next, err := c.rolls(lo, to, span, from)
	if err != nil {
		return err
	}
	return c.read(next, to, span/rollFactor)
}

// rolls adds the steps before the first whole bucket and then the buckets. It
// returns the first step that is still to be read.
func (c *curveReader) rolls(bucket, to, span, from int) (int, error) {
	rows, err := c.tx.QueryContext(c.ctx, `SELECT bucket, lo, lo_step, lo_us, hi, hi_step, hi_us FROM metric_roll
		WHERE series=? AND span=? AND bucket BETWEEN ? AND ? ORDER BY bucket`, c.series, span, bucket, (to+1)/span-1)
	if err != nil {
		return from, err
	}
	var found []Point
	first, last := -1, -1
	for rows.Next() {
		var b int
		var lo, hi Point
		if err := rows.Scan(&b, &lo.Value, &lo.Step, &lo.TimeUS, &hi.Value, &hi.Step, &hi.TimeUS); err != nil {
			rows.Close()
			return from, err
		}
		if first < 0 {
			first = b
		}
		last = b
		switch {
		case lo.Step < hi.Step:
			found = append(found, lo, hi)
		case lo.Step > hi.Step:
			found = append(found, hi, lo)
		default:
			found = append(found, lo)
		}
	}
	if err := rows.Close(); err != nil {
		return from, err
	}
	if err := rows.Err(); err != nil || first < 0 {
		return from, err
	}
	if err := c.read(from, first*span-1, span/rollFactor); err != nil {
		return from, err
	}
	c.points = append(c.points, found...)
	return (last + 1) * span, nil
}

func (c *curveReader) raw(from, to int) error {
	rows, err := c.tx.QueryContext(c.ctx, `SELECT step, value, ts_us, attempt FROM metric WHERE series = ? AND step BETWEEN ? AND ? ORDER BY step, attempt`,
		c.series, from, to)
	if err != nil {
		return err
	}
	defer rows.Close()
	// Values are taken as the driver gives them: a curve has thousands, and
	// each conversion costs as much as reading the row.
	var row [4]any
	for rows.Next() {
		if err := rows.Scan(&row[0], &row[1], &row[2], &row[3]); err != nil {
			return err
		}
		step, ok1 := row[0].(int64)
		value, ok2 := row[1].(float64)
		us, ok3 := row[2].(int64)
		attempt, ok4 := row[3].(int64)
		if !ok1 || !ok2 || !ok3 || !ok4 {
			return fmt.Errorf("a point of it is %v, which no gradus writes", row)
		}
		if last, ok := c.valid[attempt]; ok && step <= last {
			c.points = append(c.points, Point{Step: int(step), Value: value, TimeUS: us})
		}
	}
	return rows.Err()
}
