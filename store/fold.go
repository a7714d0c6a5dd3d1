package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

const maxEventBody = 1 << 20

// fold adds one record. Records that are folded already are passed over, so
// that replaying a log changes nothing.
func (f *folder) fold(it item) error {
	next := &f.next
	if it.notes {
		next = &f.notes
	}
	if it.seq < next.Seq {
		return nil
	}
	if it.seq != next.Seq {
		return fmt.Errorf("fold record %d: record %d should come first", it.seq, next.Seq)
	}
	var err error
	if it.notes {
		err = f.add(it)
	} else {
		err = f.apply(it)
	}
	if err != nil {
		return fmt.Errorf("fold record %d (%s): %w", it.seq, it.rec.Kind, err)
	}
	*next = it.after
	return nil
}

func (f *folder) count(name string, n int) {
	f.tally[name] += int64(n)
	f.counted[name] = true
}

// apply adds a record of the run's own log.
func (f *folder) apply(it item) error {
	n := it.rec.Attempt
	if _, ok := f.attempts[n]; !ok {
		if err := f.exec(putAttempt, n); err != nil {
			return err
		}
	}
	f.attempts[n] = it.rec.TimeUS
	if l, ok := describe(it); ok {
		err := f.exec(putEvent, int64(it.seq), n, l.step, it.rec.TimeUS, string(it.rec.Kind), l.level, l.code,
			strings.ReplaceAll(strings.ToValidUTF8(l.text, "\uFFFD"), "\x00", "\uFFFD"), eventBody(it.rec.Body))
		if err != nil {
			return err
		}
		f.count("events", 1)
	}
	switch b := it.body.(type) {
	case *RunHeader:
		return f.header(it, b)
	case *Attempt:
		return f.exec(setAttempt, b.Host, b.BootID, b.PID, b.PIDStart, textOrNil(b.Backend), textOrNil(b.JobID), orNil(b.ClockUS),
			b.FromStep, b.FromCkpt, b.Executable, it.rec.TimeUS, n)
	case *StateChange:
		var ended any
		if b.State.Terminal() {
			ended = it.rec.TimeUS
		}
		return f.exec(setState, string(b.State), b.Stage, b.Step, b.Reason, b.ExitCode, it.rec.TimeUS, ended, n)
	case *Metrics:
		return f.metrics(it, b)
	case *Samples:
		return f.samples(it, b)
	case *Checkpoint:
		f.count("ckpts", 1)
		return f.exec(putCkpt, int64(it.seq), n, b.Step, b.Stage, it.rec.TimeUS, b.Path, b.Bytes, b.Manifest, jsonOrNil(b.Metrics, len(b.Metrics)))
	case *Eval:
		return f.eval(it, b)
	case *Control:
		return f.exec(putControl, int64(it.seq), b.ID, n, it.rec.TimeUS, b.Actor, b.Via, b.Verb, rawOrNil(b.Args), b.Reason, b.AskedUS,
			b.Outcome, b.Result, b.AppliedStep, b.PrevHash, b.Hash)
	case *Rewind:
		if err := f.exec(applyRewind, b.ToStep, n); err != nil {
			return err
		}
		return f.rewindRolls()
	case *Heartbeat:
		return f.exec(putHeartbeat, int64(it.seq), n, b.Step, it.rec.TimeUS, b.MonoMS, b.RSS, b.CPU,
			textOrNil(b.Stage), orNil(b.DeviceS), orNil(b.EnergyJ))
	}
	return f.add(it)
}

func orNil[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// eventBody is what an event keeps of its record. A record that is huge and
// could not be read stays in the log only.
func eventBody(b json.RawMessage) any {
	if len(b) == 0 || len(b) > maxEventBody {
		return nil
	}
	return sqlText(string(b))
}

// Terminal tells whether an attempt in this state is over.
func (s State) Terminal() bool {
	switch s {
	case StateDone, StateStopped, StateFailed, StateCrashed:
		return true
	}
	return false
}

func (f *folder) header(it item, b *RunHeader) error {
	for _, kv := range []struct {
		key   string
		value any
	}{
		{"header", sqlText(string(it.rec.Body))},
		{"run_id", b.ID}, {"name", b.Name}, {"purpose", b.Purpose}, {"task", b.Task}, {"seed", int64(b.Seed)},
		{"version", b.Version}, {"device", b.Device}, {"steps", b.Steps}, {"params", b.Params}, {"parent", b.Parent},
		{"created_us", b.CreatedUS}, {"config_toml", sqlText(b.ConfigTOML)},
	} {
		if err := f.exec(putMeta, kv.key, kv.value); err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) metrics(it item, b *Metrics) error {
	f.count("steps", 1)
	err := f.exec(putStep, int64(it.seq), it.rec.Attempt, b.Step, b.Stage, it.rec.TimeUS, jsonOrNil(b.NonFinite, len(b.NonFinite)))
	if err != nil {
		return err
	}
	for _, name := range sortedKeys(b.Values) {
		id, ok := f.series[name]
		if !ok {
			if err := f.stmts[putSeries].QueryRow(name).Scan(&id); err != nil {
				return fmt.Errorf("series %q: %w", name, err)
			}
			f.series[name] = id
		}
		end, err := f.seriesEnd(id)
		if err != nil {
			return fmt.Errorf("series %q: %w", name, err)
		}
		if err := f.exec(putMetric, id, b.Step, it.rec.Attempt, it.rec.TimeUS, b.Values[name]); err != nil {
			return fmt.Errorf("series %q: %w", name, err)
		}
		if err := f.roll(id, end, b.Step); err != nil {
			return fmt.Errorf("series %q: %w", name, err)
		}
	}
	return nil
}

func (f *folder) eval(it item, b *Eval) error {
	f.count("evals", 1)
	var id int64
	err := f.stmts[putEval].QueryRow(int64(it.seq), it.rec.Attempt, b.Step, it.rec.TimeUS, b.Ckpt, b.Suite, b.SuiteHash, b.Label,
		int64(b.Seed), b.N, b.K, b.Accuracy, b.CILow, b.CIHigh, b.FormatOK, b.Tokens, b.WallSeconds).Scan(&id)
	if err != nil {
		return err
	}
	// Samples of an evaluation that a crash broke off belong to the attempt
	// that crashed and stay without one.
	return f.exec(claimBatches, id, b.Step, b.Ckpt, it.rec.Attempt)
}

func jsonOrNil(v any, n int) any {
	if n == 0 {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil { // strings and finite numbers always encode
		return nil
	}
	return string(b)
}

func rawOrNil(b json.RawMessage) any {
	if len(b) == 0 {
		return nil
	}
	if !utf8.Valid(b) {
		return []byte(b)
	}
	return string(b)
}
