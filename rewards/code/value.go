package code

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
)

// Values cross the border of the sandbox as JSON. What JSON lacks is an object
// with the single key "$": {"$":["tuple",[…]]}, "set", "dict" (pairs), "bytes",
// "float" ("nan", "inf", "-inf"), "complex", and "other", a value that is no
// plain data.

// maxDepth bounds the nesting of a value.
const maxDepth = 200

// decodeValue reads a value with its numbers as they are written.
func decodeValue(raw []byte) (any, error) {
	if depth(raw) > maxDepth {
		return nil, errors.New("is nested too deeply")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	return v, nil
}

func depth(raw []byte) int {
	deepest, now, quoted, escaped := 0, 0, false, false
	for _, c := range raw {
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			now++
			deepest = max(deepest, now)
		case c == ']' || c == '}':
			now--
		}
	}
	return deepest
}

// sameValue compares what a function returned with a JSON value, as Python
// would compare the value itself: numbers by value (1 is 1.0 and true), and a
// tuple is as good as a list (expected values come as JSON, which has none).
func sameValue(got, want any, tolerance float64) bool {
	got, want = untag(got), untag(want)
	if x, ok := number(got); ok {
		y, ok := number(want)
		if !ok {
			return false
		}
		if x.Cmp(y) == 0 {
			return true
		}
		fx, _ := x.Float64()
		fy, _ := y.Float64()
		return tolerance > 0 && near(fx, fy, tolerance)
	}
	switch g := got.(type) {
	case nil:
		return want == nil
	case string:
		w, ok := want.(string)
		return ok && g == w
	case []any:
		w, ok := want.([]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for i := range g {
			if !sameValue(g[i], w[i], tolerance) {
				return false
			}
		}
		return true
	case map[string]any:
		w, ok := want.(map[string]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for k := range g {
			v, ok := w[k]
			if !ok || !sameValue(g[k], v, tolerance) {
				return false
			}
		}
		return true
	}
	return false
}

// untag takes a tuple for a list, a set for a list that it could not be in any
// other way (its elements in no order are never equal to a list), and a
// dictionary whose keys are no texts for one with the texts that JSON would
// make of them.
func untag(v any) any {
	m, ok := v.(map[string]any)
	if !ok || len(m) != 1 {
		return v
	}
	tag, ok := m["$"].([]any)
	if !ok || len(tag) != 2 {
		return v
	}
	switch tag[0] {
	case "tuple":
		return tag[1]
	case "dict":
		pairs, ok := tag[1].([]any)
		if !ok {
			return v
		}
		out := map[string]any{}
		for _, p := range pairs {
			pair, ok := p.([]any)
			if !ok || len(pair) != 2 {
				return v
			}
			out[jsonKey(pair[0])] = pair[1]
		}
		return out
	}
	return v
}

func jsonKey(v any) string {
	switch k := v.(type) {
	case string:
		return k
	case json.Number:
		return k.String()
	case bool:
		return fmt.Sprint(k)
	case nil:
		return "null"
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(raw)
}

// number reads numbers and truth values. Huge exponents are no numbers: they
// would take a machine's memory.
func number(v any) (*big.Rat, bool) {
	switch n := v.(type) {
	case bool:
		if n {
			return big.NewRat(1, 1), true
		}
		return new(big.Rat), true
	case json.Number:
		if !jsonNumber(n.String()) {
			return nil, false
		}
		return new(big.Rat).SetString(n.String())
	}
	return nil, false
}

// jsonNumber allows integers of up to 100,000 digits and what decimal allows.
func jsonNumber(s string) bool {
	digits := true
	for i, c := range s {
		if (c < '0' || c > '9') && !(i == 0 && c == '-') {
			digits = false
			break
		}
	}
	return digits && len(s) <= 100_000 || decimal(s)
}
