package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"sort"
)

// Ledger is what a run has used. Everything that was spent is in it, also what
// a rewind threw away later.
type Ledger struct {
	Uses   []Use   `json:"uses"` // by attempt and stage, in order
	Total  Use     `json:"total"`
	Paused float64 `json:"paused_s"` // of all attempts; not in the uses
	Gaps   float64 `json:"gaps_s"`   // between attempts; not in the uses
	Steps  int64   `json:"steps"`    // that count: without those thrown away

	// Of a shared file of an older gradus with some of the run's traces:
	// completions, tokens and right answers are of Counted traces out of Of.
	Counted int64 `json:"traces_counted,omitempty"`
	Of      int64 `json:"traces_of,omitempty"`

	PricePerHour float64        `json:"price_per_hour,omitempty"` // of a device; 0: unknown
	Currency     string         `json:"currency,omitempty"`
	Price        *float64       `json:"price,omitempty"`    // of everything
	Recorded     []RecordedCost `json:"recorded,omitempty"` // what a scheduler, a host or a person recorded
	Per          Unit           `json:"per_step"`
	PerCorrect   Unit           `json:"per_1000_correct"`
}

// Use is what one attempt used for one stage. Stage is "start" before the
// first one.
type Use struct {
	Attempt     int      `json:"attempt,omitempty"`
	Stage       string   `json:"stage,omitempty"`
	DeviceS     float64  `json:"device_s"`         // held by the run, without pauses
	StepS       float64  `json:"step_s"`           // of it, inside steps
	EvalS       float64  `json:"eval_s"`           // of it, inside evaluations
	BusyS       *float64 `json:"busy_s,omitempty"` // of it, the device computed; where it tells
	CPUS        float64  `json:"cpu_s"`            // of the process, as its heartbeats tell
	EnergyJ     *float64 `json:"energy_j,omitempty"`
	Steps       int64    `json:"steps"` // made, those thrown away included
	Completions int64    `json:"completions"`
	TokensIn    int64    `json:"tokens_in"`        // prompts of completions
	TokensOut   int64    `json:"tokens_out"`       // generated
	Processed   int64    `json:"tokens_processed"` // in training steps: num_tokens
	Correct     int64    `json:"correct"`          // completions that the task's checker accepted
	Price       *float64 `json:"price,omitempty"`
}

// Unit is what one unit cost: a step, or a thousand right answers. Missing
// where there is no unit, or nothing is known.
type Unit struct {
	DeviceS *float64 `json:"device_s,omitempty"`
	Tokens  *float64 `json:"tokens,omitempty"` // in and out
	EnergyJ *float64 `json:"energy_j,omitempty"`
	Price   *float64 `json:"price,omitempty"`
}

// RecordedCost is a Cost record.
type RecordedCost struct {
	Cost
	Attempt int `json:"attempt"`
}

// Price says what an hour of a device costs. The zero value takes what the
// recipe says.
type Price struct {
	PerHour  float64
	Currency string
}

// Ledger adds up what the run used. Times are those for which the run held its
// device: pauses and the time between attempts are left out. They are measured
// by the heartbeats' own clock where there are heartbeats, so that a wall clock
// that was set does not count; of an attempt that died without a word, up to
// its last record. Where a device's price is recorded for an attempt, it takes
// the place of the price by the hour.
func (db *DB) Ledger(ctx context.Context, price Price) (Ledger, error) {
	h, err := db.Header(ctx)
	if err != nil {
		return Ledger{}, err
	}
	return db.ledgerOf(ctx, h, price)
}

// ledgerOf is Ledger of the run with header h.
func (db *DB) ledgerOf(ctx context.Context, h RunHeader, price Price) (Ledger, error) {
	l := ledger{db: db, uses: map[[2]string]*Use{}, order: map[[2]string]int{}, marks: map[int][]mark{}}
	for _, part := range []func(context.Context) error{l.times, l.steps, l.evals, l.samples, l.recorded} {
		if err := part(ctx); err != nil {
			return l.Ledger, fmt.Errorf("add up the cost of %s: %w", db.path, err)
		}
	}
	l.finish(h, price)
	return l.Ledger, nil
}

type ledger struct {
	Ledger
	db    *DB
	uses  map[[2]string]*Use // by attempt and stage
	order map[[2]string]int
	marks map[int][]mark // by attempt
}

// use is the entry of an attempt and a stage, in the order of the first call.
func (l *ledger) use(attempt int, stage string) *Use {
	if stage == "" {
		stage = "start"
	}
	key := [2]string{fmt.Sprintf("%09d", attempt), stage}
	if l.uses[key] == nil {
		l.uses[key] = &Use{Attempt: attempt, Stage: stage}
		l.order[key] = len(l.order)
	}
	return l.uses[key]
}

// steps reads how many steps each attempt made, their time and their tokens.
func (l *ledger) steps(ctx context.Context) error {
	type row struct {
		attempt   int
		stage     string
		n         int64
		s, tokens float64
	}
	rows, err := collect(ctx, l.db, "steps", `SELECT s.attempt, s.stage, count(*), coalesce(sum(t.value), 0), coalesce(sum(t.value * k.value), 0)
		FROM step s
		LEFT JOIN metric t ON t.series = (SELECT id FROM series WHERE name = 'step_time') AND t.step = s.step AND t.attempt = s.attempt
		LEFT JOIN metric k ON k.series = (SELECT id FROM series WHERE name = 'tokens_per_second') AND k.step = s.step AND k.attempt = s.attempt
		GROUP BY s.attempt, s.stage ORDER BY min(s.seq)`, nil,
		func(r *sql.Rows, v *row) error { return r.Scan(&v.attempt, &v.stage, &v.n, &v.s, &v.tokens) })
	if err != nil {
		return err
	}
	for _, v := range rows {
		u := l.use(v.attempt, v.stage)
		u.Steps, u.StepS, u.Processed = v.n, v.s, int64(v.tokens+0.5)
	}
	return l.db.sql().QueryRowContext(ctx, `SELECT count(DISTINCT s.step) FROM step s JOIN attempt a ON a.n = s.attempt AND s.step <= a.valid_to`).Scan(&l.Steps)
}

// evals gives the evaluations a stage of their own, also those that were made
// in the middle of another, whose time is then less.
func (l *ledger) evals(ctx context.Context) error {
	type row struct {
		attempt int
		stage   string
		s       float64
		seq     int64
	}
	rows, err := collect(ctx, l.db, "evaluations", `SELECT e.seq, e.attempt, coalesce((SELECT b.stage FROM batch b WHERE b.eval = e.id LIMIT 1), 'eval'), coalesce(e.wall_s, 0)
		FROM eval e ORDER BY e.seq`, nil, func(r *sql.Rows, v *row) error { return r.Scan(&v.seq, &v.attempt, &v.stage, &v.s) })
	if err != nil {
		return err
	}
	for _, v := range rows {
		to, from := l.use(v.attempt, v.stage), (*Use)(nil)
		to.EvalS += v.s
		for _, m := range l.marks[v.attempt] {
			if m.state != "" && m.seq < v.seq {
				from = l.use(v.attempt, m.stage)
			}
		}
		if from != nil && from != to {
			moved := min(v.s, from.DeviceS)
			from.DeviceS -= moved
			to.DeviceS += moved
		}
	}
	return nil
}

// samples counts completions, their tokens and the right ones.
func (l *ledger) samples(ctx context.Context) error {
	type row struct {
		attempt           int
		stage             string
		n, in, out, right int64
	}
	query := `SELECT b.attempt, b.stage, count(*), sum(p.tokens), sum(s.tokens), coalesce(sum(s.correct), 0)
		FROM batch b CROSS JOIN sample s ON s.id BETWEEN b.first_id AND b.last_id CROSS JOIN prompt p ON p.id = s.prompt
		GROUP BY b.attempt, b.stage ORDER BY min(b.seq)`
	partial, err := l.partial(ctx)
	if err != nil {
		return err
	}
	if partial {
		query = `SELECT attempt, stage, completions, tokens_in, tokens_out, correct FROM cost_by_stage WHERE completions > 0`
	}
	rows, err := collect(ctx, l.db, "traces", query, nil,
		func(r *sql.Rows, v *row) error { return r.Scan(&v.attempt, &v.stage, &v.n, &v.in, &v.out, &v.right) })
	if err != nil {
		return err
	}
	for _, v := range rows {
		u := l.use(v.attempt, v.stage)
		u.Completions, u.TokensIn, u.TokensOut, u.Correct = v.n, v.in, v.out, v.right
	}
	return nil
}

// partial tells of a shared file with some of the run's traces, which counts
// the others in its ledger. One that was made before there was a ledger has
// only its own traces to count.
func (l *ledger) partial(ctx context.Context) (bool, error) {
	m, err := l.db.Manifest(ctx)
	if err != nil || m.Traces >= m.Of {
		return false, nil // no shared file, or a whole one
	}
	var known bool
	err = l.db.sql().QueryRowContext(ctx, `SELECT EXISTS(SELECT 1 FROM cost WHERE src = ?)`, ledgerSource).Scan(&known)
	if known = known && l.db.older == nil; !known { // the ledger of a migrated copy is of the traces at hand
		l.Counted, l.Of = m.Traces, m.Of
	}
	return known, err
}

// recorded reads the cost records.
func (l *ledger) recorded(ctx context.Context) (err error) {
	l.Recorded, err = collect(ctx, l.db, "recorded costs", `SELECT id, attempt, stage, step, kind, t0_us, t1_us, qty, unit, price, coalesce(currency, ''), src FROM cost WHERE src <> ? ORDER BY attempt, t0_us, id`, []any{ledgerSource},
		func(r *sql.Rows, c *RecordedCost) error {
			return r.Scan(&c.ID, &c.Attempt, &c.Stage, &c.Step, &c.Kind, &c.FromUS, &c.ToUS, &c.Quantity, &c.Unit, &c.Price, &c.Currency, &c.Source)
		})
	return err
}

// recipePrice is what the run's recipe says of an hour of its device; 0 for
// nothing.
func recipePrice(h RunHeader) (perHour float64, currency string) {
	var recipe struct {
		Cost struct {
			PricePerHour float64 `json:"price_per_hour"`
			Currency     string  `json:"currency"`
		} `json:"cost"`
	}
	_ = json.Unmarshal(h.Config, &recipe) // runs of an older gradus have no such table
	return recipe.Cost.PricePerHour, recipe.Cost.Currency
}

// finish prices and adds up.
func (l *ledger) finish(h RunHeader, price Price) {
	l.PricePerHour, l.Currency = recipePrice(h)
	if price.PerHour > 0 {
		l.PricePerHour = price.PerHour
		if price.Currency != "" {
			l.Currency = price.Currency
		}
	}
	if l.PricePerHour == 0 {
		l.Currency = ""
	}
	known := map[int]bool{} // attempts whose device has a price of its own
	for _, c := range l.Recorded {
		if c.Price == nil || l.Currency != "" && c.Currency != l.Currency {
			continue // listed, but not added to another currency
		}
		l.Currency = c.Currency
		l.Price = plus(l.Price, *c.Price)
		known[c.Attempt] = known[c.Attempt] || c.Kind == "device"
	}
	keys := make([][2]string, 0, len(l.uses))
	for k := range l.uses {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		if keys[i][0] != keys[j][0] {
			return keys[i][0] < keys[j][0]
		}
		return l.order[keys[i]] < l.order[keys[j]]
	})
	t := &l.Total
	for _, k := range keys {
		u := l.uses[k]
		if (*u == Use{Attempt: u.Attempt, Stage: u.Stage}) {
			continue // a state that was left at once
		}
		if l.PricePerHour > 0 && !known[u.Attempt] {
			p := u.DeviceS / 3600 * l.PricePerHour
			u.Price, l.Price = &p, plus(l.Price, p)
		}
		t.DeviceS += u.DeviceS
		t.StepS += u.StepS
		t.EvalS += u.EvalS
		t.CPUS += u.CPUS
		t.Steps += u.Steps
		t.Completions += u.Completions
		t.TokensIn += u.TokensIn
		t.TokensOut += u.TokensOut
		t.Processed += u.Processed
		t.Correct += u.Correct
		if u.BusyS != nil {
			t.BusyS = plus(t.BusyS, *u.BusyS)
		}
		if u.EnergyJ != nil {
			t.EnergyJ = plus(t.EnergyJ, *u.EnergyJ)
		}
		l.Uses = append(l.Uses, *u)
	}
	t.Price = l.Price
	l.Per, l.PerCorrect = t.per(float64(l.Steps)), t.per(float64(t.Correct)/1000)
}

// per is the use of one of n units.
func (u *Use) per(n float64) Unit {
	if n == 0 {
		return Unit{}
	}
	of := func(v float64) *float64 { v /= n; return &v }
	out := Unit{DeviceS: of(u.DeviceS), Tokens: of(float64(u.TokensIn + u.TokensOut))}
	if u.EnergyJ != nil {
		out.EnergyJ = of(*u.EnergyJ)
	}
	if u.Price != nil {
		out.Price = of(*u.Price)
	}
	return out
}
