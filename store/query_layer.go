package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
)

// Layers are the layers that are whole, oldest first.
func (db *DB) Layers(ctx context.Context) ([]LayerRow, error) {
	return collect(ctx, db, "layers", `SELECT n, id, ts_us, made_by, version, label, rewards, settings, traces, changed, summary
		FROM layer WHERE traces IS NOT NULL ORDER BY n`, nil,
		func(r *sql.Rows, l *LayerRow) error {
			var list, settings, summary []byte
			if err := r.Scan(&l.N, &l.ID, &l.TimeUS, &l.MadeBy, &l.Version, &l.Label, &list, &settings, &l.Traces, &l.Changed, &summary); err != nil {
				return err
			}
			l.Settings, l.Summary = settings, summary
			if err := json.Unmarshal(list, &l.Rewards); err != nil {
				return fmt.Errorf("the rewards of layer %d: %w", l.N, err)
			}
			return nil
		})
}

// LayerOf returns what layer n says of the given traces, by their number. A
// trace that the layer did not score is not in the map.
func (db *DB) LayerOf(ctx context.Context, n int, samples []int64) (map[int64]LayerScore, error) {
	out := make(map[int64]LayerScore, len(samples))
	for len(samples) > 0 {
		page := samples[:min(len(samples), 500)] // bound variables of one statement
		samples = samples[len(page):]
		if err := db.layerPage(ctx, n, page, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (db *DB) layerPage(ctx context.Context, n int, page []int64, out map[int64]LayerScore) error {
	args := []any{n}
	for _, id := range page {
		args = append(args, id)
	}
	in := "IN (?" + strings.Repeat(",?", len(page)-1) + ")"
	scores, err := collect(ctx, db, "layer", `SELECT t.sample, coalesce(t.reward, 0), coalesce(t.advantage, 0), t.unscorable, t.correct, t.claim, t.changed
		FROM layer l JOIN layer_trace t ON t.layer = l.n WHERE l.n = ? AND l.traces IS NOT NULL AND t.sample `+in, args,
		func(r *sql.Rows, s *LayerScore) error {
			var claim []byte
			err := r.Scan(&s.Sample, &s.Reward, &s.Advantage, &s.Unscorable, &s.Correct, &claim, &s.Changed)
			s.Claim, s.Rewards = string(claim), []RewardPart{}
			return err
		})
	if err != nil {
		return err
	}
	for _, s := range scores {
		out[s.Sample] = s
	}
	type part struct {
		sample int64
		RewardPart
	}
	parts, err := collect(ctx, db, "layer", `SELECT sample, name, version, status, coalesce(score, 0), coalesce(weight, 0), coalesce(value, 0), reason, why, spans, labels, facts, us
		FROM layer_reward WHERE layer = ? AND sample `+in+` ORDER BY sample, ord`, args,
		func(r *sql.Rows, p *part) (err error) {
			var spans, labels, facts []byte
			err = r.Scan(&p.sample, &p.Name, &p.Version, &p.Status, &p.Score, &p.Weight, &p.Value, &p.Reason, &p.Why, &spans, &labels, &facts, &p.Micros)
			if err != nil {
				return err
			}
			p.Facts = facts
			p.Spans, err = unpackSpans(spans, labels)
			return err
		})
	if err != nil {
		return err
	}
	for _, p := range parts {
		if s, ok := out[p.sample]; ok {
			s.Rewards = append(s.Rewards, p.RewardPart)
			out[p.sample] = s
		}
	}
	return nil
}

// Judged returns traces as Samples does, each with its prompt, its reward
// parts and its token data: what scoring them again needs. Prompts and blocks
// of token data are read once for a page, where Sample reads them every time.
func (db *DB) Judged(ctx context.Context, q SampleQuery) ([]SampleDetail, error) {
	rows, err := db.Samples(ctx, q)
	if err != nil {
		return nil, err
	}
	out := make([]SampleDetail, len(rows))
	prompts, blocks := map[string]Prompt{}, map[int64][]tokenData{}
	for i, row := range rows {
		d := &out[i]
		d.SampleRow = row
		d.Parts = nil
		var toks tokenData
		if d.Prompt, err = db.promptOf(ctx, row.PromptHash, prompts); err == nil {
			toks, err = db.tokensOf(ctx, row.ID, blocks)
		}
		if err == nil {
			d.Rewards, err = db.rewards(ctx, row.ID)
		}
		if err != nil {
			return nil, fmt.Errorf("trace %d of %s: %w", row.ID, db.path, err)
		}
		d.TokenIDs, d.LogProbs, d.Entropies = toks.ids, toks.logp, toks.ent
	}
	return out, nil
}
