package main

import (
	"context"
	"errors"
	"fmt"

	"gradus/store"
	"gradus/tui/text"
)

// layeredTrace is a stored trace with what a layer says of it.
type layeredTrace struct {
	store.SampleDetail
	Layer *store.LayerScore `json:"layer,omitempty"` // absent where the layer left the trace out
}

// findLayer is layer n of a run; wrong use if there is none.
func findLayer(ctx context.Context, db *store.DB, n int) error {
	list, err := db.Layers(ctx)
	if err != nil {
		return err
	}
	for _, l := range list {
		if l.N == n {
			return nil
		}
	}
	if len(list) == 0 {
		return usage(errors.New("the run has no layer; 'gradus rescore RUN' makes one"))
	}
	return usage(fmt.Errorf("the run has no layer %d; 'gradus rescore RUN --layers' lists its %d", n, len(list)))
}

// layerTraces prints traces with what layer n says of them, at most q.Limit;
// changed leaves out those on which the layer and the run agree.
func (a *app) layerTraces(ctx context.Context, db *store.DB, q store.SampleQuery, n int, changed, asJSON bool) error {
	if err := findLayer(ctx, db, n); err != nil {
		return err
	}
	limit, found := q.Limit, 0
	if changed {
		q.Limit = 500
	}
	for found < limit {
		rows, err := db.Samples(ctx, q)
		if errors.Is(err, store.ErrSearch) {
			return usage(err)
		}
		if err != nil {
			return err
		}
		ids := make([]int64, len(rows))
		for i := range rows {
			ids[i] = rows[i].ID
		}
		scores, err := db.LayerOf(ctx, n, ids)
		if err != nil {
			return err
		}
		for _, row := range rows {
			q.After = row.ID
			s, ok := scores[row.ID]
			if changed && !s.Changed || found == limit {
				continue
			}
			found++
			if err := a.printLayered(ctx, db, row, s, ok, asJSON); err != nil {
				return err
			}
		}
		if len(rows) < q.Limit {
			break
		}
	}
	if found == 0 && !asJSON {
		a.printf("no stored trace fits\n")
	}
	return nil
}

func (a *app) printLayered(ctx context.Context, db *store.DB, row store.SampleRow, s store.LayerScore, scored, asJSON bool) error {
	if !asJSON {
		a.printf("%s\n", traceLine(row))
		if scored {
			a.printf("       %s\n", layerLine(s))
		}
		return nil
	}
	d, err := db.Sample(ctx, row.ID)
	if err != nil {
		return err
	}
	t := layeredTrace{SampleDetail: d}
	if scored {
		t.Layer = &s
	}
	return a.printJSON(t)
}

// layerLine is what a layer says of a trace, in a line.
func layerLine(s store.LayerScore) string {
	mark := "same"
	if s.Changed {
		mark = "changed"
	}
	parts := ""
	for _, p := range s.Rewards {
		parts += partWord(p.Name, p.Status, p.Score)
	}
	return fmt.Sprintf("layer: %s  reward %s  adv %+.2f %s", mark, rewardWord(s.Reward, s.Unscorable), s.Advantage, text.Line(parts))
}

// layerTrace prints one trace whole, with what a layer says of it.
func (a *app) layerTrace(ctx context.Context, db *store.DB, d store.SampleDetail, n int, asJSON bool) error {
	if err := findLayer(ctx, db, n); err != nil {
		return err
	}
	scores, err := db.LayerOf(ctx, n, []int64{d.ID})
	if err != nil {
		return err
	}
	s, ok := scores[d.ID]
	if asJSON {
		t := layeredTrace{SampleDetail: d}
		if ok {
			t.Layer = &s
		}
		return a.printJSON(t)
	}
	a.printTrace(d)
	if !ok {
		a.printf("\nLAYER %d left this trace out\n", n)
		return nil
	}
	a.printf("\nLAYER %d  reward %s  advantage %+.3f\n", n, rewardWord(s.Reward, s.Unscorable), s.Advantage)
	a.printParts(s.Rewards, d.Text)
	return nil
}
