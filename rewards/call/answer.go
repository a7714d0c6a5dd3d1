package call

import (
	"bytes"
	"encoding/json"
	"maps"

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
	out, scores := written(results)
	return c.row(map[string]any{"scores": scores, "results": out})
}

// AnswerSums renders the row that answers a call of several functions: its
// other fields, "scores" with the weighted sum or null for each completion,
// and "parts", each with name, weight, scores and results.
func (c Call) AnswerSums(judged []rewards.Breakdown) ([]byte, error) {
	type part struct {
		Name    string     `json:"name"`
		Weight  float64    `json:"weight"`
		Scores  []*float64 `json:"scores"`
		Results []Result   `json:"results"`
		Gated   []bool     `json:"gated,omitempty"` // whose gate was shut: the score does not count
	}
	sums, parts := make([]*float64, len(judged)), []part{}
	for i, b := range judged {
		if !b.Unscorable {
			sums[i] = &b.Total
		}
	}
	for k := range partsOf(judged) {
		p := part{Name: judged[0].Parts[k].Name, Weight: judged[0].Parts[k].Weight}
		results, gated, some := make([]rewards.Result, len(judged)), make([]bool, len(judged)), false
		for i, b := range judged {
			results[i], gated[i] = b.Parts[k].Result, b.Parts[k].Gated
			some = some || gated[i]
		}
		p.Results, p.Scores = written(results)
		if some {
			p.Gated = gated
		}
		parts = append(parts, p)
	}
	return c.row(map[string]any{"scores": sums, "parts": parts})
}

// partsOf are the parts of each judgement; none of none.
func partsOf(judged []rewards.Breakdown) []rewards.PartResult {
	if len(judged) == 0 {
		return nil
	}
	return judged[0].Parts
}

// written are results as rows hold them, and their scores.
func written(results []rewards.Result) ([]Result, []*float64) {
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
	return out, scores
}

// row is one line: the call's other fields and the answer's.
func (c Call) row(answer map[string]any) ([]byte, error) {
	row := map[string]any{}
	for key, raw := range c.Rest {
		row[key] = raw
	}
	maps.Copy(row, answer)
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // tags stay readable
	if err := enc.Encode(row); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
