package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

// addLayer begins a layer. One that is there already stays as it is.
func (f *folder) addLayer(us int64, b *Layer) error {
	list, err := json.Marshal(b.Rewards)
	if err != nil {
		return err
	}
	return f.exec(putLayer, b.ID, us, b.MadeBy, b.Version, b.Label, string(list), rawOrNil(b.Settings))
}

// layerNumber is the number of a layer, 0 for one whose beginning is not in
// the log.
func (f *folder) layerNumber(id string) (n int64, whole bool, err error) {
	err = f.stmts[findLayer].QueryRow(id).Scan(&n, &whole)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return n, whole, err
}

// addLayerScores adds traces to a layer that is not whole yet.
func (f *folder) addLayerScores(b *LayerScores) error {
	n, whole, err := f.layerNumber(b.Layer)
	if err != nil || n == 0 || whole {
		return err
	}
	for i := range b.Rows {
		if err := f.layerScore(n, &b.Rows[i]); err != nil {
			return fmt.Errorf("trace %d of layer %d: %w", b.Rows[i].Sample, n, err)
		}
	}
	return nil
}

func (f *folder) layerScore(n int64, s *LayerScore) error {
	var correct any
	if s.Correct != nil {
		correct = *s.Correct
	}
	err := f.exec(putLayerTrace, n, s.Sample, s.Reward, s.Advantage, s.Unscorable, correct, textOrNil(s.Claim), s.Changed)
	if err != nil {
		return err
	}
	for ord := range s.Rewards {
		r := &s.Rewards[ord]
		spans, labels := f.places(r.Spans), spanLabels(r.Spans)
		err := f.exec(putLayerReward, n, s.Sample, ord, r.Name, r.Version, r.Status, r.Score, r.Weight, r.Value, r.Reason, r.Why,
			spans, textOrNil(labels), rawOrNil(r.Facts), r.Micros)
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) endLayer(b *LayerEnd) error {
	return f.exec(setLayer, b.Traces, b.Changed, rawOrNil(b.Summary), b.Layer)
}
