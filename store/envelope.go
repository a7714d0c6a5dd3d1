package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
)

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

// parseRecord is the inverse of appendRecord, and reads any other JSON object
// with these fields as well. Body is a part of b where that is possible; it is
// checked only when it is decoded.
func parseRecord(b []byte) (Record, error) {
	if r, ok := cutRecord(b); ok {
		return r, nil
	}
	var r Record
	if err := json.Unmarshal(b, &r); err != nil {
		return Record{}, err
	}
	if r.Kind == "" {
		return Record{}, errors.New("it has no kind")
	}
	return r, nil
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
