package rule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
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
				reward, key, Nearest(key, known), strings.Join(known, ", "))
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

// Nearest returns the known name with the least edit distance.
func Nearest(name string, known []string) string {
	best, distance := "", 1<<30
	for _, k := range known {
		if d := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	return best
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
