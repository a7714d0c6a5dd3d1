package rule

import (
	"encoding/json"
	"strings"

	"gradus/rewards"
)

// Golds are the gold answers of a sample of which any will do: a list in one
// of the columns that hold gold answers, else the gold answer alone, which may
// be a list of texts written as JSON. Numbers are taken as they are written.
func Golds(s rewards.Sample) []string {
	for _, column := range [...]string{"solution", "answer", "gold", "ground_truth", "target"} {
		var list []json.RawMessage
		raw, ok := s.Columns[column]
		if !ok || json.Unmarshal(raw, &list) != nil || list == nil {
			continue
		}
		out := make([]string, len(list))
		for i, one := range list {
			if json.Unmarshal(one, &out[i]) != nil {
				out[i] = string(one)
			}
		}
		return out
	}
	var texts []string
	if strings.HasPrefix(s.Problem.Gold, "[") && json.Unmarshal([]byte(s.Problem.Gold), &texts) == nil {
		return texts
	}
	return []string{s.Problem.Gold}
}
