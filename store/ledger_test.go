package store_test

import (
	"context"
	"math"
	"testing"

	"gradus/store"
)

// diary writes records at seconds of the wall clock.
type diary struct {
	t       *testing.T
	attempt int
	recs    []store.Record
}

func (d *diary) at(second float64, kind store.Kind, body any) {
	d.t.Helper()
	d.recs = append(d.recs, record(d.t, kind, d.attempt, 1_700_000_000_000_000+int64(second*1e6), body))
}

func (d *diary) state(second float64, s store.State, stage string) {
	d.t.Helper()
	d.at(second, store.KindState, store.StateChange{State: s, Stage: stage})
}

func (d *diary) beat(second, mono, cpu float64, energy *float64) {
	d.t.Helper()
	d.at(second, store.KindHeartbeat, store.Heartbeat{MonoMS: int64(mono * 1e3), CPU: cpu, EnergyJ: energy})
}

func (d *diary) ledger(price store.Price) store.Ledger {
	d.t.Helper()
	dir := d.t.TempDir()
	appendRecords(d.t, dir, d.recs...)
	foldOpen(d.t, dir)
	db := got[*store.DB](d.t)(store.OpenRead(store.DBPath(dir)))
	d.t.Cleanup(func() { db.Close() })
	return got[store.Ledger](d.t)(db.Ledger(context.Background(), price))
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

// Pauses and the time between attempts are no cost; an attempt that was killed
// costs up to its last record; an evaluation in the middle of a stage has its
// own time. All numbers are worked out by hand.
func TestLedger(t *testing.T) {
	t.Parallel()
	d := &diary{t: t, attempt: 1}
	d.at(0, store.KindRun, store.RunHeader{ID: "01JHM000000000000000000001", Config: []byte(`{"cost":{"price_per_hour":36,"currency":"EUR"}}`)})
	d.at(0, store.KindAttempt, store.Attempt{N: 1})
	d.state(0, store.StateStarting, "")
	d.state(4, store.StateRunning, "sft") // 4 s to load
	for step := 1; step <= 3; step++ {
		d.at(4+float64(step)*2, store.KindMetrics, store.Metrics{Stage: "sft", Step: step, Values: map[string]float64{"step_time": 1.5, "tokens_per_second": 100}})
	}
	d.state(10, store.StateRunning, "grpo") // 6 s of sft
	prompts := []store.Prompt{{Hash: "p", Text: "1+1?", Tokens: 10}}
	yes, no := true, false
	d.at(12, store.KindSamples, store.Samples{Stage: "grpo", Step: 4, Phase: "train", Prompts: prompts,
		Rows: []store.Sample{{Text: "2", Tokens: 7, Correct: &yes}, {Text: "3", Tokens: 5, Correct: &no}, {Text: "?", Tokens: 3}}})
	d.at(12, store.KindMetrics, store.Metrics{Stage: "grpo", Step: 4, Values: map[string]float64{"step_time": 2, "tokens_per_second": 22.5}})
	d.at(15, store.KindSamples, store.Samples{Stage: "eval", Step: 4, Phase: "eval", Ckpt: "r@4", Prompts: prompts, Rows: []store.Sample{{Text: "2", Tokens: 1, Correct: &yes}}})
	d.at(15, store.KindEval, store.Eval{Ckpt: "r@4", Step: 4, WallSeconds: 2.5})
	d.state(20, store.StatePaused, "grpo")
	d.state(120, store.StateRunning, "grpo") // 100 s paused
	d.at(125, store.KindMetrics, store.Metrics{Stage: "grpo", Step: 5, Values: map[string]float64{"step_time": 4}})
	// Killed; after 1000 s the next attempt goes on from step 4.
	d.attempt = 2
	d.at(1125, store.KindAttempt, store.Attempt{N: 2, FromStep: 4})
	d.state(1125, store.StateStarting, "")
	d.at(1126, store.KindRewind, store.Rewind{FromAttempt: 1, ToStep: 4})
	d.state(1127, store.StateRunning, "grpo")
	d.at(1130, store.KindMetrics, store.Metrics{Stage: "grpo", Step: 5, Values: map[string]float64{"step_time": 3}})
	d.state(1135, store.StateDone, "")
	d.at(1200, store.KindHeartbeat, store.Heartbeat{MonoMS: 75_000}) // after the end: costs nothing
	l := d.ledger(store.Price{})
	for i, want := range []store.Use{
		{Attempt: 1, Stage: "start", DeviceS: 4},
		{Attempt: 1, Stage: "sft", DeviceS: 6, StepS: 4.5, Steps: 3, Processed: 450},
		{Attempt: 1, Stage: "grpo", DeviceS: 12.5, StepS: 6, Steps: 2, Processed: 45, Completions: 3, TokensIn: 30, TokensOut: 15, Correct: 1},
		{Attempt: 1, Stage: "eval", DeviceS: 2.5, EvalS: 2.5, Completions: 1, TokensIn: 10, TokensOut: 1, Correct: 1},
		{Attempt: 2, Stage: "start", DeviceS: 2},
		{Attempt: 2, Stage: "grpo", DeviceS: 8, StepS: 3, Steps: 1},
	} {
		if i >= len(l.Uses) {
			t.Fatalf("%d uses", len(l.Uses))
		}
		u := l.Uses[i]
		if u.Price == nil || !near(*u.Price, u.DeviceS/100) || !near(u.DeviceS, want.DeviceS) {
			t.Errorf("%s of attempt %d: %v s, price %v; want %v s", u.Stage, u.Attempt, u.DeviceS, u.Price, want.DeviceS)
		}
		u.Price, u.DeviceS, want.DeviceS = nil, 0, 0
		if u != want {
			t.Errorf("use %+v\nwant %+v", u, want)
		}
	}
	if len(l.Uses) != 6 || !near(l.Total.DeviceS, 35) || !near(l.Paused, 100) || !near(l.Gaps, 1000) || l.Steps != 5 || l.Total.Steps != 6 {
		t.Errorf("%+v", l)
	}
	if l.Currency != "EUR" || !near(*l.Price, 0.35) || !near(*l.Per.Price, 0.07) || !near(*l.PerCorrect.Price, 0.35/2*1000) ||
		!near(*l.Per.Tokens, 56.0/5) || l.Total.EnergyJ != nil || l.Per.EnergyJ != nil {
		t.Errorf("price %v %s, per step %+v, per 1000 correct %+v", *l.Price, l.Currency, l.Per, l.PerCorrect)
	}
	if l := d.ledger(store.Price{PerHour: 3.6, Currency: "USD"}); l.Currency != "USD" || !near(*l.Price, 0.035) {
		t.Errorf("another price: %v %s", *l.Price, l.Currency)
	}
}

// A wall clock that is set, forwards or back, changes nothing: the heartbeats
// have a clock of their own.
func TestLedgerOfAClockThatJumps(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]float64{"no": 0, "an hour on": 3600, "an hour back": -3600, "sleep of the machine": 7200} {
		d := &diary{t: t, attempt: 1}
		d.at(0, store.KindRun, store.RunHeader{ID: "01JHM000000000000000000001"})
		d.at(0, store.KindAttempt, store.Attempt{N: 1})
		d.state(0, store.StateRunning, "grpo")
		one, two, three := 50.0, 110.0, 160.0
		d.beat(5, 5, 9, &one)
		d.beat(jump+10, 10, 19, &two) // the clock was set before it
		d.beat(jump+15, 15, 29, &three)
		d.state(jump+17, store.StateDone, "")
		l := d.ledger(store.Price{})
		if !near(l.Total.DeviceS, 17) || !near(l.Total.CPUS, 29) || l.Total.EnergyJ == nil || !near(*l.Total.EnergyJ, 160) || l.Price != nil || l.Currency != "" {
			t.Errorf("%s: %+v, energy %v", name, l.Total, l.Total.EnergyJ)
		}
	}
	// One that is set after the last heartbeat can add a little, not an hour.
	d := &diary{t: t, attempt: 1}
	d.at(0, store.KindRun, store.RunHeader{ID: "01JHM000000000000000000001"})
	d.at(0, store.KindAttempt, store.Attempt{N: 1})
	d.state(0, store.StateRunning, "grpo")
	d.beat(5, 5, 9, nil)
	d.state(3605, store.StateDone, "")
	if l := d.ledger(store.Price{}); !near(l.Total.DeviceS, 20) {
		t.Errorf("%v s", l.Total.DeviceS)
	}
}

// A price that a scheduler recorded takes the place of the price by the hour.
func TestLedgerOfRecordedCosts(t *testing.T) {
	t.Parallel()
	d := &diary{t: t, attempt: 1}
	price, other := 2.5, 9.0
	d.at(0, store.KindRun, store.RunHeader{ID: "01JHM000000000000000000001", Config: []byte(`{"cost":{"price_per_hour":360,"currency":"EUR"}}`)})
	d.at(0, store.KindAttempt, store.Attempt{N: 1})
	d.state(0, store.StateRunning, "grpo")
	d.state(10, store.StateStopped, "")
	d.at(10, store.KindCost, store.Cost{ID: "a", Stage: "grpo", Kind: "device", Quantity: 10, Unit: "s", Price: &price, Currency: "EUR", Source: "scheduler"})
	d.at(10, store.KindCost, store.Cost{ID: "b", Stage: "grpo", Kind: "energy", Quantity: 10, Unit: "J", Price: &other, Currency: "SEK", Source: "host"})
	d.attempt = 2
	d.at(20, store.KindAttempt, store.Attempt{N: 2})
	d.state(20, store.StateRunning, "grpo")
	d.state(30, store.StateDone, "")
	l := d.ledger(store.Price{})
	if l.Price == nil || !near(*l.Price, 3.5) || len(l.Recorded) != 2 || l.Uses[0].Price != nil || l.Uses[1].Price == nil {
		t.Errorf("%+v", l)
	}
}
