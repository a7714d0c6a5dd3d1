package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
)

// KindOf reads the kind of a record in the log without reading the record. It
// is empty where the first bytes do not tell; then the record must be read.
func KindOf(payload []byte) Kind {
	if isSamples(payload) {
		return KindSamples
	}
	rest, ok := bytes.CutPrefix(payload, []byte(`{"kind":"`))
	end := bytes.IndexByte(rest[:min(len(rest), 64)], '"')
	if !ok || end < 0 || bytes.IndexByte(rest[:end], '\\') >= 0 {
		return ""
	}
	return Kind(rest[:end])
}

// appendRecord writes a record as JSON. Its body is valid JSON already and
// may be megabytes, so it is copied and not parsed once more.
func appendRecord(b []byte, r Record) ([]byte, error) {
	if r.Kind == "" {
		return nil, errors.New("it has no kind")
	}
	if len(r.Body) == 0 {
		return nil, errors.New("it has no body")
	}
	kind, err := json.Marshal(r.Kind)
	if err != nil {
		return nil, err
	}
	b = append(append(b, `{"kind":`...), kind...)
	b = strconv.AppendInt(append(b, `,"attempt":`...), int64(r.Attempt), 10)
	b = strconv.AppendInt(append(b, `,"ts_us":`...), r.TimeUS, 10)
	b = append(append(b, `,"body":`...), r.Body...)
	return append(b, '}'), nil
}

// parseRecord reads a record and the body that its kind names; body is nil for
// an unknown kind. The record's Body can be a part of b. An error with a kind
// in the record is one of the body alone.
func parseRecord(b []byte) (rec Record, body any, err error) {
	if rec, ok := cutRecord(b); ok {
		if body := newBody(rec.Kind); body != nil && json.Unmarshal(rec.Body, body) == nil {
			return rec, body, nil
		}
	}
	if err := json.Unmarshal(b, &rec); err != nil {
		return Record{}, nil, err
	}
	if rec.Kind == "" {
		return Record{}, nil, errors.New("it has no kind")
	}
	if body = newBody(rec.Kind); body == nil {
		return rec, nil, nil
	}
	if err := json.Unmarshal(rec.Body, body); err != nil {
		return rec, nil, err
	}
	return rec, body, nil
}

// cutRecord takes apart exactly what appendRecord writes.
func cutRecord(b []byte) (r Record, ok bool) {
	rest, ok := bytes.CutPrefix(b, []byte(`{"kind":"`))
	if !ok {
		return r, false
	}
	end := bytes.IndexByte(rest, '"')
	if end <= 0 || bytes.IndexByte(rest[:end], '\\') >= 0 {
		return r, false
	}
	r.Kind, rest = Kind(rest[:end]), rest[end+1:]
	var n int64
	if n, rest, ok = cutInt(rest, `,"attempt":`); !ok {
		return r, false
	}
	r.Attempt = int(n)
	if r.TimeUS, rest, ok = cutInt(rest, `,"ts_us":`); !ok {
		return r, false
	}
	if rest, ok = bytes.CutPrefix(rest, []byte(`,"body":`)); !ok {
		return r, false
	}
	if rest, ok = bytes.CutSuffix(rest, []byte(`}`)); !ok {
		return r, false
	}
	r.Body = rest
	return r, true
}

func cutInt(b []byte, name string) (int64, []byte, bool) {
	b, ok := bytes.CutPrefix(b, []byte(name))
	if !ok {
		return 0, nil, false
	}
	end := bytes.IndexByte(b, ',')
	if end < 0 {
		return 0, nil, false
	}
	n, err := strconv.ParseInt(string(b[:end]), 10, 64)
	return n, b[end:], err == nil
}
