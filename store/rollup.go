package store

import (
	"database/sql"
	"errors"
)

// Rollups keep the smallest and the largest value of every 8, 64, ... steps of
// a series, so that a curve over a million steps is read in a few thousand
// rows. A row is made when its bucket is over: when the series goes on beyond
// it. What follows the last row is read from the points.

const (
	rollFactor = 8
	rollFirst  = 8     // steps of the smallest bucket
	rollLast   = 32768 // steps of the largest
)

// seriesEnd is the last step of a series that counts.
type seriesEnd struct {
	step  int
	known bool
}

// A bucket's row is made of the points that count; of steps that two attempts
// have, both do.
const rollFromPoints = `INSERT OR REPLACE INTO metric_roll(series, span, bucket, n, total, lo, lo_step, lo_us, hi, hi_step, hi_us)
	SELECT ?1, ?2, ?3, count(*), sum(value), lo, lo_step, lo_us, hi, hi_step, hi_us FROM (
		SELECT m.value AS value,
			first_value(m.value) OVER up AS lo, first_value(m.step) OVER up AS lo_step, first_value(m.ts_us) OVER up AS lo_us,
			first_value(m.value) OVER down AS hi, first_value(m.step) OVER down AS hi_step, first_value(m.ts_us) OVER down AS hi_us
		FROM metric m JOIN attempt a ON a.n = m.attempt AND m.step <= a.valid_to
		WHERE m.series = ?1 AND m.step >= ?3 * ?2 AND m.step < (?3 + 1) * ?2
		WINDOW up AS (ORDER BY m.value, m.step, m.attempt), down AS (ORDER BY m.value DESC, m.step, m.attempt)
	) HAVING count(*) > 0`

// Of a larger bucket it is made of the smaller ones'.
const rollFromRolls = `INSERT OR REPLACE INTO metric_roll(series, span, bucket, n, total, lo, lo_step, lo_us, hi, hi_step, hi_us)
	SELECT ?1, ?2, ?3, sum(n), sum(total), lo, lo_step, lo_us, hi, hi_step, hi_us FROM (
		SELECT n, total,
			first_value(lo) OVER up AS lo, first_value(lo_step) OVER up AS lo_step, first_value(lo_us) OVER up AS lo_us,
			first_value(hi) OVER down AS hi, first_value(hi_step) OVER down AS hi_step, first_value(hi_us) OVER down AS hi_us
		FROM metric_roll WHERE series = ?1 AND span = ?2 / 8 AND bucket >= ?3 * 8 AND bucket < (?3 + 1) * 8
		WINDOW up AS (ORDER BY lo, lo_step), down AS (ORDER BY hi DESC, hi_step)
	) HAVING count(*) > 0`

// roll makes the rows of the buckets that a point at step puts behind. end is
// the last step of the series before it.
func (f *folder) roll(series int64, end seriesEnd, step int) error {
	if step < 0 {
		return nil // no bucket has it; a curve shows it from the points
	}
	if end.known && step <= end.step {
		return f.rollAgain(series, step, end.step)
	}
	f.ends[series] = seriesEnd{step, true}
	if !end.known {
		return nil
	}
	for span := rollFirst; span <= rollLast; span *= rollFactor {
		over := end.step / span
		if over == step/span {
			break // the larger ones go on too
		}
		if err := f.makeRoll(series, span, over); err != nil {
			return err
		}
	}
	return nil
}

// rollAgain makes anew what a point at a step that was passed already changes.
func (f *folder) rollAgain(series int64, step, last int) error {
	for span := rollFirst; span <= rollLast; span *= rollFactor {
		if step/span == last/span {
			break
		}
		if err := f.makeRoll(series, span, step/span); err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) makeRoll(series int64, span, bucket int) error {
	if span == rollFirst {
		return f.exec(putRoll, series, span, bucket)
	}
	return f.exec(rollUp, series, span, bucket)
}

// seriesEnd is the last step of a series that counts, read from the table the
// first time.
func (f *folder) seriesEnd(series int64) (seriesEnd, error) {
	end, ok := f.ends[series]
	if ok {
		return end, nil
	}
	err := f.stmts[lastPoint].QueryRow(series).Scan(&end.step)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		err = nil
	case err == nil:
		end.known = true
	}
	f.ends[series] = end
	return end, err
}

// rewindRolls takes back the buckets that are no longer over. The next points
// make them anew.
func (f *folder) rewindRolls() error {
	clear(f.ends)
	for _, name := range sortedKeys(f.series) {
		id := f.series[name]
		end, err := f.seriesEnd(id)
		if err != nil {
			return err
		}
		for span := rollFirst; span <= rollLast; span *= rollFactor {
			if err := f.exec(dropRolls, id, span, end.step/span); err != nil {
				return err
			}
		}
	}
	return nil
}

// rollAll makes all rollups of series anew.
func (f *folder) rollAll(series int64) error {
	clear(f.ends)
	end, err := f.seriesEnd(series)
	if err != nil || !end.known {
		return err
	}
	for span := rollFirst; span <= rollLast; span *= rollFactor {
		if err := f.exec(dropRolls, series, span, 0); err != nil {
			return err
		}
		for bucket := range end.step / span {
			if err := f.makeRoll(series, span, bucket); err != nil {
				return err
			}
		}
	}
	return nil
}
