package store

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// The places of spans are written as "from,to,from,to" and their names as a
// JSON array. The names are nearly always the same, so they are kept once, in
// the table of verdicts.

func appendPlaces(b []byte, spans []Span) []byte {
	for i, s := range spans {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(s.From), 10)
		b = strconv.AppendInt(append(b, ','), int64(s.To), 10)
	}
	return b
}

// spanLabels are the names of spans; empty for none.
func spanLabels(spans []Span) string {
	if len(spans) == 0 {
		return ""
	}
	names := make([]string, len(spans))
	for i, s := range spans {
		names[i] = s.Label
	}
	b, err := json.Marshal(names)
	if err != nil { // strings always encode
		return ""
	}
	return string(b)
}

// spansWithLabels writes spans as JSON [[from, to, label], ...]: for labels of
// which there are too many different ones to keep each once.
func spansWithLabels(spans []Span) string {
	b := []byte{'['}
	for i, s := range spans {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, '['), int64(s.From), 10)
		b = strconv.AppendInt(append(b, ','), int64(s.To), 10)
		label, err := json.Marshal(s.Label)
		if err != nil { // a string always encodes
			label = []byte(`""`)
		}
		b = append(append(append(b, ','), label...), ']')
	}
	return string(append(b, ']'))
}

// unpackSpans reads what appendPlaces and spanLabels, or spansWithLabels, wrote;
// nil is no span.
func unpackSpans(places, labels []byte) ([]Span, error) {
	if places == nil {
		return nil, nil
	}
	if len(places) > 0 && places[0] == '[' {
		return unpackLabelled(places)
	}
	var names []string
	if labels != nil {
		if err := json.Unmarshal(labels, &names); err != nil {
			return nil, fmt.Errorf("read the labels of spans: %w", err)
		}
	}
	numbers := strings.Split(string(places), ",")
	if len(numbers)%2 != 0 || len(names) != len(numbers)/2 {
		return nil, fmt.Errorf("read the spans of a reward part: %q with labels %q", places, labels)
	}
	out := make([]Span, len(names))
	for i := range out {
		from, err1 := strconv.Atoi(numbers[2*i])
		to, err2 := strconv.Atoi(numbers[2*i+1])
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("read the spans of a reward part: %q", places)
		}
		out[i] = Span{from, to, names[i]}
	}
	return out, nil
}

func unpackLabelled(b []byte) ([]Span, error) {
	var raw [][3]any
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, fmt.Errorf("read the spans of a reward part: %w", err)
	}
	out := make([]Span, len(raw))
	for i, r := range raw {
		from, ok1 := r[0].(float64)
		to, ok2 := r[1].(float64)
		label, ok3 := r[2].(string)
		if !ok1 || !ok2 || !ok3 {
			return nil, fmt.Errorf("read the spans of a reward part: %s", b)
		}
		out[i] = Span{int(from), int(to), label}
	}
	return out, nil
}
