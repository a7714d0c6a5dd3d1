package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"gradus/store"
)

// stages reads the ledger as plain SQL has it.
func stages(t *testing.T, path string) (out string) {
	t.Helper()
	rows, err := plain(t, path).Query(`SELECT attempt, stage, device_s, step_s, eval_s, cpu_s, steps, completions, tokens_in, tokens_out, tokens_processed,
		correct, busy_s IS NULL, energy_j, price, currency FROM cost_by_stage`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var u store.Use
		var noBusy bool
		var currency *string
		if err := rows.Scan(&u.Attempt, &u.Stage, &u.DeviceS, &u.StepS, &u.EvalS, &u.CPUS, &u.Steps, &u.Completions, &u.TokensIn, &u.TokensOut, &u.Processed,
			&u.Correct, &noBusy, &u.EnergyJ, &u.Price, &currency); err != nil {
			t.Fatal(err)
		}
		out += line(u)
	}
	return out
}

func line(u store.Use) string {
	known := func(p *float64) any {
		if p == nil {
			return "-"
		}
		return fmt.Sprintf("%.6f", *p)
	}
	return fmt.Sprintf("%d %s %.6f %.6f %.6f %.6f %d %d %d %d %d %d %v %v\n", u.Attempt, u.Stage, u.DeviceS, u.StepS, u.EvalS, u.CPUS, u.Steps, u.Completions,
		u.TokensIn, u.TokensOut, u.Processed, u.Correct, known(u.EnergyJ), known(u.Price))
}

// When a run has ended, plain SQL gives what gradus cost prints; when it goes
// on, nothing that would soon be wrong; when it has ended again, all of it
// once. A rebuild gives the same rows.
func TestLedgerRows(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	d := &diary{t: t, attempt: 1}
	joules, paid, right := 500.0, 2.5, true
	d.at(0, store.KindRun, store.RunHeader{ID: "01JHM000000000000000000001", Config: []byte(`{"cost":{"price_per_hour":36,"currency":"EUR"}}`)})
	d.at(0, store.KindAttempt, store.Attempt{N: 1})
	d.state(0, store.StateRunning, "grpo")
	d.at(4, store.KindSamples, store.Samples{Stage: "grpo", Step: 1, Phase: "train", Prompts: []store.Prompt{{Hash: "p", Text: "1+1?", Tokens: 10}},
		Rows: []store.Sample{{Text: "2", Tokens: 7, Correct: &right}, {Text: "3", Tokens: 5}}})
	d.at(4, store.KindMetrics, store.Metrics{Stage: "grpo", Step: 1, Values: map[string]float64{"step_time": 1.5, "tokens_per_second": 100}})
	d.beat(5, 5, 9, &joules)
	d.state(10, store.StateDone, "")
	dir := t.TempDir()
	path := store.DBPath(dir)
	check := func(when, want string) {
		t.Helper()
		db := foldOpen(t, dir)
		var cost strings.Builder
		for _, u := range got[store.Ledger](t)(db.Ledger(ctx, store.Price{})).Uses {
			cost.WriteString(line(u))
		}
		have := stages(t, path)
		if want == "" && have != "" || want != "" && (have != cost.String() || !strings.HasPrefix(have, want)) {
			t.Errorf("%s:\n%swant\n%sand gradus cost has\n%s", when, have, want, cost.String())
		}
		hash := contentHash(t, path)
		if err := store.Rebuild(ctx, dir, path); err != nil {
			t.Fatal(err)
		}
		if contentHash(t, path) != hash {
			t.Errorf("%s: a rebuild gives another content", when)
		}
	}
	appendRecords(t, dir, d.recs...)
	const first = "1 grpo 10.000000 1.500000 0.000000 9.000000 1 2 20 12 150 1 500.000000 0.100000\n"
	check("ended", first)
	d.recs, d.attempt = nil, 2
	d.at(20, store.KindAttempt, store.Attempt{N: 2})
	d.state(20, store.StateRunning, "grpo")
	appendRecords(t, dir, d.recs...)
	check("goes on", "")
	d.recs = nil
	d.state(30, store.StateDone, "")
	appendRecords(t, dir, d.recs...)
	check("ended again", first+"2 grpo 10.000000 0.000000 0.000000 0.000000 0 0 0 0 0 0 - 0.100000\n")

	// A price that was recorded takes the place of the one by the hour, and a
	// record that calls itself a ledger is not taken for one.
	appendRecords(t, store.NotesDir(dir),
		record(t, store.KindCost, 1, 40, store.Cost{ID: "a", Stage: "grpo", Kind: "device", Quantity: 10, Unit: "s", Price: &paid, Currency: "EUR", Source: "scheduler"}),
		record(t, store.KindCost, 2, 40, store.Cost{ID: "b", Stage: "grpo", Kind: "steps", Quantity: 77, Unit: "step", Source: "ledger"}))
	check("a bill came", strings.Replace(first, "0.100000\n", "-\n", 1))
	if n := scanOne[int](t, plain(t, path), "SELECT count(*) FROM cost WHERE src <> 'ledger'"); n != 2 {
		t.Errorf("%d recorded costs, want 2", n)
	}
	if c := got[store.Check](t)(store.CheckDB(ctx, path)); !c.Sealed || len(c.Problems) > 0 {
		t.Errorf("%+v", c)
	}
}

// A log that holds what no run writes has no ledger, and is folded all the same.
func TestLedgerRowsOfOddLogs(t *testing.T) {
	t.Parallel()
	d := &diary{t: t, attempt: 1}
	d.state(10, store.StateDone, "") // no header
	dir := t.TempDir()
	appendRecords(t, dir, d.recs...)
	foldOpen(t, dir)
	if have := stages(t, store.DBPath(dir)); have != "" {
		t.Errorf("%q", have)
	}
	d.recs = nil
	d.at(0, store.KindRun, store.RunHeader{ID: "01JHM000000000000000000001", Config: []byte(`{"cost":{"price_per_hour":1e308}}`)})
	d.state(0, store.StateRunning, "grpo")
	d.at(4, store.KindMetrics, store.Metrics{Stage: "grpo", Step: 1, Values: map[string]float64{"step_time": 1e308}})
	d.at(5, store.KindMetrics, store.Metrics{Stage: "grpo", Step: 2, Values: map[string]float64{"step_time": 1e308}})
	d.state(4e9, store.StateDone, "")
	dir = t.TempDir()
	appendRecords(t, dir, d.recs...)
	foldOpen(t, dir)
	if n := scanOne[int](t, plain(t, store.DBPath(dir)), "SELECT count(*) FROM cost_by_stage WHERE step_s IS NULL AND steps = 2"); n != 1 {
		t.Errorf("%d stages with two steps of no finite time: %s", n, stages(t, store.DBPath(dir)))
	}
}
