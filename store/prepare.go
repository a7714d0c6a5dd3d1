package store

import (
	"bytes"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"gradus/store/eventlog"
)

// item is a log record decoded and compressed, ready to become rows.
type item struct {
	seq    uint64
	after  eventlog.Position
	rec    Record
	body   any   // pointer to the type that rec.Kind names; nil for unknown kinds
	bad    error // the body could not be decoded
	packed packedSamples
	notes  bool // from the log in notes/
}

// kindUnreadable marks an event made of a payload that is no record at all.
const kindUnreadable Kind = "unreadable"

// newBody makes the value that a record of this kind decodes into, or nil for
// a kind that this version does not know.
func newBody(k Kind) any {
	switch k {
	case KindRun:
		return new(RunHeader)
	case KindAttempt:
		return new(Attempt)
	case KindState:
		return new(StateChange)
	case KindMetrics:
		return new(Metrics)
	case KindSamples:
		return new(Samples)
	case KindCheckpoint:
		return new(Checkpoint)
	case KindEval:
		return new(Eval)
	case KindControl:
		return new(Control)
	case KindAlert:
		return new(Alert)
	case KindRewind:
		return new(Rewind)
	case KindHeartbeat:
		return new(Heartbeat)
	case KindNote:
		return new(Note)
	case KindComparison:
		return new(Comparison)
	case KindLineage:
		return new(Lineage)
	case KindCost:
		return new(Cost)
	case KindLayer:
		return new(Layer)
	case KindLayerScores:
		return new(LayerScores)
	case KindLayerEnd:
		return new(LayerEnd)
	}
	return nil
}

// prepare decodes a payload of the log. It never fails: what cannot be
// understood becomes an event that says so.
func prepare(enc *zstd.Encoder, dec *zstd.Decoder, payload []byte, after eventlog.Position) item {
	it := item{seq: after.Seq - 1, after: after}
	if isSamples(payload) {
		return prepareSamples(it, dec, payload)
	}
	rec, body, err := parseRecord(payload)
	if err != nil && rec.Kind == "" {
		it.bad = fmt.Errorf("record %d of the log is not a gradus record: %w", it.seq, err)
		it.rec = Record{Kind: kindUnreadable, Body: bytes.Clone(payload)}
		return it
	}
	it.rec = rec
	if err != nil {
		it.bad = fmt.Errorf("record %d of the log is no valid %s record: %w", it.seq, rec.Kind, err)
		it.rec.Body = bytes.Clone(rec.Body)
		return it
	}
	it.body = body
	if s, ok := body.(*Samples); ok {
		if it.bad = checkSamples(s); it.bad != nil {
			it.bad = fmt.Errorf("record %d of the log is no valid samples record: %w", it.seq, it.bad)
			it.body, it.rec.Body = nil, bytes.Clone(it.rec.Body)
			return it
		}
		it.packed = packSamples(enc, s)
		it.rec.Body = nil
		return it
	}
	it.rec.Body = bytes.Clone(it.rec.Body) // payload lives until the next record only
	return it
}

// prepareSamples reads a samples record in its own form. Its texts are
// decompressed to see that they can be, and stored as they came.
func prepareSamples(it item, dec *zstd.Decoder, payload []byte) item {
	f, err := cutSamples(bytes.Clone(payload)) // payload lives until the next record only
	it.rec = Record{Kind: KindSamples, Attempt: f.attempt, TimeUS: f.timeUS}
	var s *Samples
	if err == nil {
		s, it.packed, err = f.readHead()
	}
	if err == nil {
		err = it.packed.verify(dec, s, false)
	}
	if err != nil {
		it.bad = fmt.Errorf("record %d of the log is no valid samples record: %w", it.seq, err)
		return it
	}
	it.body = s
	return it
}

func checkSamples(s *Samples) error {
	for i, r := range s.Rows {
		if r.Prompt < 0 || r.Prompt >= len(s.Prompts) {
			return fmt.Errorf("row %d names prompt %d of %d", i, r.Prompt, len(s.Prompts))
		}
	}
	return nil
}
