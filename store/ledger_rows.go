package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
)

// ledgerSource marks the rows of table cost that putLedger makes.
const ledgerSource = "ledger"

// recordedSource is the source of a cost that somebody recorded, which cannot
// be that of rows that are made anew.
func recordedSource(s string) string {
	if s == ledgerSource {
		return "recorded " + s
	}
	return s
}

// amount is one row of the ledger of an attempt and a stage. Kinds: "device"
// is the time for which the run held its device, without pauses; "step_time"
// and "eval_time" are the parts of it inside steps and evaluations, "busy" the
// part in which the device computed; "cpu" the process's CPU time.
type amount struct {
	kind, unit string
	qty        float64
}

// amounts are what u used, those that nobody measured left out.
func (u *Use) amounts() []amount {
	out := []amount{
		{"device", "s", u.DeviceS}, {"step_time", "s", u.StepS}, {"eval_time", "s", u.EvalS}, {"cpu", "s", u.CPUS},
		{"steps", "step", float64(u.Steps)}, {"completions", "completion", float64(u.Completions)},
		{"tokens_in", "tok", float64(u.TokensIn)}, {"tokens_out", "tok", float64(u.TokensOut)}, {"tokens_processed", "tok", float64(u.Processed)},
		{"correct", "completion", float64(u.Correct)},
	}
	if u.BusyS != nil {
		out = append(out, amount{"busy", "s", *u.BusyS})
	}
	if u.EnergyJ != nil {
		out = append(out, amount{"energy", "J", *u.EnergyJ})
	}
	return out
}

// putLedger writes what the run used into table cost, for readers that have
// plain SQL only. It is a function of what was folded from the run's own log:
// prices that others recorded stand in rows of their own.
func (in *Ingester) putLedger(ctx context.Context) error {
	l, err := in.readLedger(ctx)
	if err != nil {
		return err
	}
	err = in.change(ctx, func() error {
		if _, err := in.f.conn.ExecContext(ctx, `DELETE FROM cost WHERE src = ?`, ledgerSource); err != nil {
			return err
		}
		for i := range l.Uses {
			if err := in.putUse(i, &l.Uses[i], l.spans[l.Uses[i].Attempt], l.hourly, l.currency); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write the ledger of %s: %w", in.dbPath, err)
	}
	in.f.ledger = len(l.Uses) > 0
	return nil
}

func (in *Ingester) putUse(n int, u *Use, span [2]int64, hourly float64, currency string) error {
	for _, a := range u.amounts() {
		if math.IsNaN(a.qty) || math.IsInf(a.qty, 0) {
			continue
		}
		var price, money any
		if a.kind == "device" && hourly > 0 {
			price, money = a.qty/3600*hourly, textOrNil(currency)
		}
		id := fmt.Sprintf("%s/%d/%d/%s", ledgerSource, u.Attempt, n+1, a.kind)
		if err := in.f.exec(putCost, id, u.Attempt, sqlText(u.Stage), nil, a.kind, span[0], span[1], a.qty, a.unit, price, money, ledgerSource); err != nil {
			return err
		}
	}
	return nil
}

// runLedger is a ledger with what its rows need besides.
type runLedger struct {
	Ledger
	spans    map[int][2]int64 // of each attempt: when it began and wrote last, µs
	hourly   float64          // as the recipe says
	currency string
}

// readLedger adds up what is committed, on a connection of its own. A database
// without the run's header has no ledger.
func (in *Ingester) readLedger(ctx context.Context) (runLedger, error) {
	var out runLedger
	db, err := Open(in.dbPath, in.role)
	if err != nil {
		return out, err
	}
	defer db.Close()
	h, err := db.Header(ctx)
	if errors.Is(err, ErrNotFound) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	if out.Ledger, err = db.ledgerOf(ctx, h, Price{}); err != nil {
		return out, err
	}
	out.hourly, out.currency = recipePrice(h)
	type span struct {
		n  int
		us [2]int64
	}
	spans, err := collect(ctx, db, "attempts", `SELECT n, coalesce(started_us, 0), max(coalesce(ended_us, 0), last_us) FROM attempt`, nil,
		func(r *sql.Rows, v *span) error { return r.Scan(&v.n, &v.us[0], &v.us[1]) })
	out.spans = map[int][2]int64{}
	for _, v := range spans {
		out.spans[v.n] = v.us
	}
	return out, err
}

// beginWithoutLedger begins a transaction that makes the run's ledger void.
func (f *folder) beginWithoutLedger() error {
	if err := f.begin(); err != nil {
		return err
	}
	f.ledger = false
	_, err := f.conn.ExecContext(context.Background(), `DELETE FROM cost WHERE src = ?`, ledgerSource)
	return err
}
