package rule

import (
	"bytes"
	"encoding/json"
	"fmt"
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
		return fmt.Errorf("reward %s: parameters: %w", reward, err)
	}
	return nil
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
