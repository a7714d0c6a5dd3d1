package rule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"gradus/rewards/text"
)

// Decode fills a parameter struct from the keys of a recipe. Keys that the
// struct has not are errors that name the nearest one it has.
func Decode(reward string, params map[string]any, into any) error {
	known, err := Keys(into)
	if err != nil {
		return err
	}
	for key := range params {
		if !slices.Contains(known, key) {
			if len(known) == 0 {
				return fmt.Errorf("reward %s takes no parameters; remove %q", reward, key)
			}
			return fmt.Errorf("reward %s has no parameter %q; did you mean %q? It takes %s",
				reward, key, text.Nearest(key, known), strings.Join(known, ", "))
		}
	}
	raw, err := json.Marshal(params)
	if err != nil {
		return fmt.Errorf("reward %s: parameters are not plain values: %w", reward, err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if err := dec.Decode(into); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			field := wrong.Field[strings.LastIndexByte(wrong.Field, '.')+1:]
			return fmt.Errorf("reward %s: parameter %s is a %s; give %s", reward, field, wrong.Value, wanted(wrong.Type))
		}
		return fmt.Errorf("reward %s: parameters: %w", reward, err)
	}
	return nil
}

// wanted says in words what a field of that type takes.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.String:
		return "a text"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	}
	return "a " + t.String()
}

// Keys returns the JSON keys of a parameter struct in alphabetical order.
func Keys(params any) ([]string, error) {
	raw, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, err
	}
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out, nil
}

// Canonical renders parameters as they are stored: keys in the order of the
// struct, defaults filled in; nil when there are none.
func Canonical(params any) json.RawMessage {
	raw, err := json.Marshal(params)
	if err != nil || string(raw) == "{}" {
		return nil
	}
	return raw
}
