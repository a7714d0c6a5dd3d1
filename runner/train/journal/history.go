package journal

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"gradus/store"
	"gradus/store/eventlog"
)

// History is what earlier attempts left in the log, as far as a new attempt
// must know it. Steps that a rewind threw away are not in it.
type History struct {
	Records     int                // of any kind
	Header      *store.RunHeader   // nil: nobody has begun the run yet
	Attempts    int                // number of the last attempt
	Products    string             // Attempt.Products of the first attempt that told
	State       store.StateChange  // last one; zero State: none
	LastStep    int                // last step with metrics
	Checkpoints []store.Checkpoint // in order of writing
	Evals       []store.Eval
	Answered    map[string]bool // ids of steering requests
	Chain       string          // hash of the last control record
}

// ReadHistory scans the log in dir. A log that is not there gives the zero
// History. Records that only hold samples are passed over unread.
func ReadHistory(dir string) (History, error) {
	h := History{Answered: map[string]bool{}}
	r := eventlog.NewReader(dir, eventlog.Position{})
	defer r.Close()
	for {
		payload, pos, err := r.Next()
		if errors.Is(err, io.EOF) {
			return h, nil
		}
		if err != nil {
			return h, err
		}
		h.Records++
		if skipped(payload) {
			continue
		}
		if err := h.add(payload); err != nil {
			return h, fmt.Errorf("record %d of the log: %w", pos.Seq-1, err)
		}
	}
}

// skipped tells of the records that make up most of a log.
func skipped(payload []byte) bool {
	k := store.KindOf(payload)
	return k == store.KindSamples || k == store.KindHeartbeat
}

func (h *History) add(payload []byte) error {
	var rec store.Record
	if err := json.Unmarshal(payload, &rec); err != nil {
		return fmt.Errorf("not a gradus record: %w", err)
	}
	decode := func(v any) error {
		if err := json.Unmarshal(rec.Body, v); err != nil {
			return fmt.Errorf("%s: %w", rec.Kind, err)
		}
		return nil
	}
	switch rec.Kind {
	case store.KindRun:
		h.Header = &store.RunHeader{}
		return decode(h.Header)
	case store.KindAttempt:
		var a store.Attempt
		err := decode(&a)
		h.Attempts = max(h.Attempts, a.N)
		h.Products = cmp.Or(h.Products, a.Products)
		return err
	case store.KindState:
		h.State = store.StateChange{}
		return decode(&h.State)
	case store.KindMetrics:
		var m struct {
			Step int `json:"step"`
		}
		err := decode(&m)
		h.LastStep = m.Step
		return err
	case store.KindCheckpoint:
		var c store.Checkpoint
		err := decode(&c)
		h.Checkpoints = append(h.Checkpoints, c)
		return err
	case store.KindEval:
		var e store.Eval
		err := decode(&e)
		h.Evals = append(h.Evals, e)
		return err
	case store.KindControl:
		var c store.Control
		err := decode(&c)
		h.Answered[c.ID] = true
		h.Chain = c.Hash
		return err
	case store.KindRewind:
		var w store.Rewind
		err := decode(&w)
		h.rewind(w.ToStep)
		return err
	}
	return nil
}

func (h *History) rewind(to int) {
	h.LastStep = min(h.LastStep, to)
	var ckpts []store.Checkpoint
	for _, c := range h.Checkpoints {
		if c.Step <= to {
			ckpts = append(ckpts, c)
		}
	}
	var evals []store.Eval
	for _, e := range h.Evals {
		if e.Step <= to {
			evals = append(evals, e)
		}
	}
	h.Checkpoints, h.Evals = ckpts, evals
}

// Evaluated says whether an evaluation with this label and suite is recorded
// at a step, counting only steps up to the one the run goes on from.
func (h *History) Evaluated(step int, label, suiteHash string) bool {
	for _, e := range h.Evals {
		if e.Step == step && e.Label == label && e.SuiteHash == suiteHash {
			return true
		}
	}
	return false
}

// Forget drops what belongs to steps after to, as a rewind to it does.
func (h *History) Forget(to int) { h.rewind(to) }
