package train

import (
	"errors"
	"fmt"
	"path/filepath"

	"gradus/model"
	"gradus/runner/train/alarm"
	"gradus/store"
)

// weightsGood says whether the weights can still be trusted after an error of
// a step: they cannot if it was they that gave numbers that are not finite.
func weightsGood(err error) bool {
	var bad *model.NonFiniteError
	return !errors.As(err, &bad) || bad.WeightsGood
}

// damaged ends a run whose numbers are not finite: it names the last
// checkpoint from before that, in the record and in the error. Nothing is
// written of what came after.
func (r *run) damaged(err error) error {
	good, ok, listErr := r.lastGood()
	advice := "there is no good checkpoint from before that: start again with a lower learning_rate"
	if ok {
		advice = fmt.Sprintf("the last good checkpoint is %s: go on from it in a new run, with model.from = \"%s@%d\" and a lower learning_rate",
			checkpointName(good), r.spec.ID, good)
	}
	if r.rec.Steps() == 0 {
		err = fmt.Errorf("this model cannot be evaluated: %w", err)
	} else {
		err = fmt.Errorf("training cannot go on: %w; %s", err, advice)
	}
	return errors.Join(err, listErr, r.alert(store.Alert{
		Step: r.at.Step, Level: "error", Code: alarm.NonFinite, Message: inOneLine(err).Error(),
	}))
}

// lastGood is the step of the newest checkpoint whose weights give finite
// log-probs.
func (r *run) lastGood() (step int, ok bool, err error) {
	saved, err := savedSteps(r.env.Dir.CkptPath())
	if err != nil {
		return 0, false, err
	}
	for i := len(saved) - 1; i >= 0; i-- {
		m, _, _, err := model.Load(r.dev, filepath.Join(r.env.Dir.CkptPath(), checkpointName(saved[i])), model.Limits{TrainRows: 8, TrainSeqs: 1, Frozen: true})
		if err != nil {
			continue // resuming tells why
		}
		if err := errors.Join(m.CheckFinite(), m.Close()); err == nil {
			return saved[i], true, nil
		}
	}
	return 0, false, nil
}
