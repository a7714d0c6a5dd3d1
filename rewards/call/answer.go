package call

import (
	"bytes"
	"encoding/json"

	"gradus/rewards"
)

// Result is one result as written: Score is absent (null) unless the status
// is "ok", as TRL's None.
type Result struct {
	Status string         `json:"status"`
	Score  *float64       `json:"score"`
	Reason string         `json:"reason"`
	Why    string         `json:"why"`
	Claim  string         `json:"claim,omitempty"`
	Spans  []Span         `json:"spans,omitempty"`
	Facts  map[string]any `json:"facts,omitempty"`
}

// Span is a byte range of the completion and what it shows.
type Span struct {
	From  int    `json:"from"`
	To    int    `json:"to"`
	Label string `json:"label"`
}

// Answer renders the row that answers a call: its other fields, "scores" with
// one number or null for each completion, and "results".
func (c Call) Answer(results []rewards.Result) ([]byte, error) {
	row := map[string]any{}
	for key, raw := range c.Rest {
		row[key] = raw
	}
	scores := make([]*float64, len(results))
	out := make([]Result, len(results))
	for i, r := range results {
		o := Result{Status: r.Status.String(), Reason: r.Reason, Why: r.Why, Claim: r.Claim, Facts: r.Facts}
		if r.Status == rewards.OK {
			score := r.Score
			o.Score, scores[i] = &score, &score
		}
		for _, s := range r.Spans {
			o.Spans = append(o.Spans, Span(s))
		}
		out[i] = o
	}
	row["scores"], row["results"] = scores, out
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // tags stay readable
	if err := enc.Encode(row); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
