// Package export writes the record of a run in formats that other programs
// read: JSON lines, CSV, Parquet, and TensorBoard's event files.
package export

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"gradus/store"
	"gradus/store/parquet"
)

// table is something that becomes a file.
type table struct {
	name string
	// read hands over the columns once and then every row.
	read func(ctx context.Context, columns func([]parquet.Column) error, row func([]any) error) error
}

// tables are those of a run. Traces come first: they are what most readers
// want.
func tables(db *store.DB, run string, opt Options) []table {
	out := []table{
		{"traces", traces(db, opt.Query, traceColumns(), traceRows(run))},
		{"rewards", traces(db, opt.Query, rewardColumns(), rewardRows)},
	}
	if opt.Tokens {
		out = append(out, table{"tokens", traces(db, opt.Query, tokenColumns(), tokenRows)})
	}
	for _, name := range store.PlainTables() {
		out = append(out, table{name + "s", func(ctx context.Context, columns func([]parquet.Column) error, row func([]any) error) error {
			return plain(ctx, db, name, columns, row)
		}})
	}
	return out
}

// plain is a table as it stands in the database.
func plain(ctx context.Context, db *store.DB, name string, columns func([]parquet.Column) error, row func([]any) error) error {
	var cols []parquet.Column
	err := db.Plain(ctx, name, func(list []store.PlainColumn) error {
		for _, c := range list {
			// Columns of views do not say whether they can be NULL.
			cols = append(cols, parquet.Column{Name: c.Name, Type: typeOf(c), Optional: !c.Required})
		}
		return columns(cols)
	}, func(vals []any) error {
		for i, v := range vals {
			vals[i] = fit(cols[i].Type, v)
		}
		return row(vals)
	})
	return err
}

func typeOf(c store.PlainColumn) parquet.Type {
	switch {
	case strings.HasSuffix(c.Name, "_us"):
		return parquet.Micros
	case c.Type == "INTEGER":
		return parquet.Int64
	case c.Type == "REAL":
		return parquet.Double
	}
	return parquet.String
}

// fit makes a value of the column's type. SQLite keeps a REAL without a
// fraction as an integer in a view.
func fit(t parquet.Type, v any) any {
	switch v := v.(type) {
	case int64:
		switch t {
		case parquet.Double:
			return float64(v)
		case parquet.String:
			return fmt.Sprint(v)
		}
	case float64:
		if t == parquet.String {
			return fmt.Sprint(v)
		}
	case string:
		return strings.ToValidUTF8(v, "\uFFFD")
	}
	return v
}

// page is how many traces are read at once.
const page = 512

// traces reads the traces that fit a query, each giving some rows.
func traces(db *store.DB, q store.SampleQuery, columns []parquet.Column, rows func(*store.SampleDetail, func([]any) error) error) func(context.Context, func([]parquet.Column) error, func([]any) error) error {
	return func(ctx context.Context, begin func([]parquet.Column) error, row func([]any) error) error {
		if err := begin(columns); err != nil {
			return err
		}
		q.Limit, q.After, q.Newest = page, 0, false
		for {
			list, err := db.Judged(ctx, q)
			if err != nil || len(list) == 0 {
				return err
			}
			for i := range list {
				if err := rows(&list[i], row); err != nil {
					return err
				}
			}
			q.After = list[len(list)-1].ID
		}
	}
}

func traceColumns() []parquet.Column {
	return []parquet.Column{
		{Name: "id", Type: parquet.Int64}, {Name: "attempt", Type: parquet.Int64}, {Name: "ts_us", Type: parquet.Micros},
		{Name: "stage", Type: parquet.String}, {Name: "phase", Type: parquet.String}, {Name: "step", Type: parquet.Int64},
		{Name: "ckpt", Type: parquet.String, Optional: true}, {Name: "policy_version", Type: parquet.Int64},
		{Name: "task", Type: parquet.String}, {Name: "ref", Type: parquet.String}, {Name: "prompt_hash", Type: parquet.String},
		{Name: "group", Type: parquet.Int64}, {Name: "index", Type: parquet.Int64},
		{Name: "prompt", Type: parquet.String}, {Name: "gold", Type: parquet.String}, {Name: "prompt_tokens", Type: parquet.Int64},
		{Name: "completion", Type: parquet.String, Optional: true}, {Name: "completion_base64", Type: parquet.String, Optional: true},
		{Name: "tokens", Type: parquet.Int64}, {Name: "finish", Type: parquet.String},
		{Name: "reward", Type: parquet.Double}, {Name: "advantage", Type: parquet.Double}, {Name: "unscorable", Type: parquet.Bool},
		{Name: "correct", Type: parquet.Bool, Optional: true}, {Name: "claim", Type: parquet.String, Optional: true},
		{Name: "mean_logp", Type: parquet.Double, Optional: true}, {Name: "mean_ent", Type: parquet.Double, Optional: true},
		{Name: "run", Type: parquet.String}, // with policy_version: who wrote it, for whoever trains on the file
	}
}

// traceRows makes one row a trace. A text that was removed is NULL; one that is
// not valid UTF-8 is also given whole, in base64.
func traceRows(run string) func(*store.SampleDetail, func([]any) error) error {
	return func(d *store.SampleDetail, row func([]any) error) error {
		var text, raw, correct any
		if !d.Removed {
			text = strings.ToValidUTF8(d.Text, "\uFFFD")
			if !utf8.ValidString(d.Text) {
				raw = base64.StdEncoding.EncodeToString([]byte(d.Text))
			}
		}
		if d.Correct != nil {
			correct = *d.Correct
		}
		return row([]any{d.ID, int64(d.Attempt), d.TimeUS, valid(d.Stage), valid(d.Phase), int64(d.Step), orNil(d.Ckpt), int64(d.PolicyVersion),
			valid(d.Task), valid(d.Ref), valid(d.PromptHash), int64(d.Group), int64(d.Index), valid(d.Prompt.Text), valid(d.Prompt.Gold), int64(d.Prompt.Tokens),
			text, raw, int64(d.Tokens), valid(d.Finish), d.Reward, d.Advantage, d.Unscorable, correct, orNil(d.Claim),
			known(d.MeanLogProb), known(d.MeanEntropy), run})
	}
}

func rewardColumns() []parquet.Column {
	return []parquet.Column{
		{Name: "trace", Type: parquet.Int64}, {Name: "ord", Type: parquet.Int64}, {Name: "name", Type: parquet.String}, {Name: "version", Type: parquet.String},
		{Name: "status", Type: parquet.String}, {Name: "score", Type: parquet.Double}, {Name: "weight", Type: parquet.Double}, {Name: "value", Type: parquet.Double},
		{Name: "reason", Type: parquet.String}, {Name: "why", Type: parquet.String},
		{Name: "spans", Type: parquet.JSON, Optional: true}, {Name: "facts", Type: parquet.JSON, Optional: true}, {Name: "us", Type: parquet.Int64},
	}
}

// rewardRows is one row a part of the reward of a trace.
func rewardRows(d *store.SampleDetail, row func([]any) error) error {
	for i, p := range d.Rewards {
		var spans, facts any
		if len(p.Spans) > 0 {
			b, err := json.Marshal(p.Spans)
			if err != nil {
				return err
			}
			spans = string(b)
		}
		if len(p.Facts) > 0 && json.Valid(p.Facts) {
			facts = valid(string(p.Facts))
		}
		err := row([]any{d.ID, int64(i), valid(p.Name), valid(p.Version), valid(p.Status), p.Score, p.Weight, p.Value, valid(p.Reason), valid(p.Why), spans, facts, p.Micros})
		if err != nil {
			return err
		}
	}
	return nil
}

func tokenColumns() []parquet.Column {
	return []parquet.Column{
		{Name: "trace", Type: parquet.Int64}, {Name: "pos", Type: parquet.Int64}, {Name: "id", Type: parquet.Int64, Optional: true},
		{Name: "logp", Type: parquet.Double, Optional: true}, {Name: "entropy", Type: parquet.Double, Optional: true},
	}
}

// tokenRows is one row a token that was generated.
func tokenRows(d *store.SampleDetail, row func([]any) error) error {
	for i := range max(len(d.TokenIDs), len(d.LogProbs), len(d.Entropies)) {
		var id, logp, ent any
		if i < len(d.TokenIDs) {
			id = int64(d.TokenIDs[i])
		}
		if i < len(d.LogProbs) {
			logp = float64(d.LogProbs[i])
		}
		if i < len(d.Entropies) {
			ent = float64(d.Entropies[i])
		}
		if err := row([]any{d.ID, int64(i), id, logp, ent}); err != nil {
			return err
		}
	}
	return nil
}

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func known(p *float64) any {
	if p == nil {
		return nil
	}
	return *p
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return valid(s)
}
