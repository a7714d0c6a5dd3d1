package rule

import (
	"encoding/json"
	"maps"

	"gradus/rewards"
)

// Columns are the columns of a sample's row by their names: those of a call,
// over those that its problem keeps in its data.
func Columns(s rewards.Sample) map[string]json.RawMessage {
	var out map[string]json.RawMessage
	if json.Unmarshal(s.Problem.Data, &out) != nil || out == nil {
		return s.Columns
	}
	maps.Copy(out, s.Columns)
	return out
}
