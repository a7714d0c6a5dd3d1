package train

import (
	"errors"
	"fmt"

	"gradus/kernels"
	"gradus/model"
	"gradus/runner/recipe"
	"gradus/runner/train/feed"
	"gradus/runner/train/shape"
)

// newModel makes the policy as a run begins with it: fresh weights from the
// seed, or those of model.from with a fresh optimizer.
func newModel(dev kernels.Device, s *shape.Shape, rec *recipe.Recipe, from string) (*model.Model, error) {
	m, err := model.New(dev, s.Config, s.Limits)
	if err != nil {
		return nil, err
	}
	if rec.Model.From == "" {
		err = m.Init(feed.Key(uint64(rec.Seed), "weights"))
	} else {
		err = copyFrom(dev, m, from)
	}
	if err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

func copyFrom(dev kernels.Device, m *model.Model, dir string) error {
	src, _, _, err := model.Load(dev, dir, model.Limits{TrainRows: 1, TrainSeqs: 1, Frozen: true})
	if err != nil {
		return fmt.Errorf("model.from: %w", err)
	}
	if err := errors.Join(m.CopyWeights(src), src.Close()); err != nil || m.Limits().TrainRows == 0 {
		return err
	}
	if err := m.CheckFinite(); err != nil {
		return fmt.Errorf("model.from: its weights are of no use: %w", err)
	}
	return nil
}
