package train

import (
	"errors"
	"fmt"
	"strings"

	"gradus/kernels"
	"gradus/model"
	"gradus/runner/recipe"
	"gradus/runner/train/feed"
	"gradus/runner/train/shape"
)

// compute chooses the dtype of matrix products that a recipe's dtype asks of dev.
func compute(dev kernels.Device, dtype string) (kernels.DType, error) {
	has := kernels.Computes(dev, kernels.BF16)
	switch {
	case dtype == "bfloat16" && !has:
		return 0, fmt.Errorf("dtype bfloat16: device %s has no matrix products in bfloat16 (on a CPU that takes AMX, see gradus doctor); set dtype to float32, or to auto to take what there is", dev.Name())
	case dtype == "bfloat16" || dtype == "auto" && has:
		return kernels.BF16, nil
	}
	return kernels.F32, nil
}

// withCompute adds the dtype to a device's description, which a run that goes
// on elsewhere is compared by: "cpu-amx bfloat16, 2 threads".
func withCompute(about string, dt kernels.DType) string {
	if dt != kernels.BF16 {
		return about
	}
	name, rest, threads := strings.Cut(about, ",")
	name += " bfloat16"
	if threads {
		name += "," + rest
	}
	return name
}

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
