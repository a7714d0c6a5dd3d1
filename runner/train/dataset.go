package train

import (
	"fmt"
	"path/filepath"
	"strings"

	"gradus/rewards/hygiene"
	"gradus/rewards/tasks"
	"gradus/runner/recipe"
	"gradus/store"
)

// maxGolds bounds the gold answers of a file that are tried before a run.
const maxGolds = 20_000

// lookOver reports on the data set of a run before its first step: one alert,
// and an error where the recipe does not want to train on such a set. Both are
// absent for tasks that make their own problems.
func (r *run) lookOver() ([]store.Alert, error) {
	t := r.rec.Task
	if t.File == "" && t.EvalFile == "" || r.rec.Gate.Data == recipe.GateOff {
		return nil, nil
	}
	var files []string
	for _, f := range []string{t.File, t.EvalFile} {
		if f != "" {
			files = append(files, f)
		}
	}
	report, err := hygiene.Check(files, hygiene.Options{Preset: t.Preset, MaxGolds: maxGolds,
		Columns: tasks.Columns{Question: t.Question, Answer: t.Answer, ID: t.ID, Solution: t.Solution}})
	if err != nil {
		return nil, err
	}
	a := store.Alert{Step: r.at.Step, Level: "info", Code: "gate.data", Passed: true}
	var said []string
	for _, f := range report.Files {
		said = append(said, fmt.Sprintf("%s: %d problems, %d of %d gold answers cannot be judged, %d repetitions, %d contradictions",
			filepath.Base(f.Path), f.Rows, f.Unread.N+f.NotItself.N, f.Golds, f.Duplicates.N, f.Conflicts.N))
		a.Value += float64(f.Rows)
	}
	for _, o := range report.Overlaps {
		said = append(said, fmt.Sprintf("%d test problems stand in the training set, %d others share %d words in a row with it", o.Exact.N, o.Any.N, hygiene.NGram))
	}
	a.Message = strings.Join(said, "; ") + "."
	bad := report.Problems()
	if bad == nil {
		return []store.Alert{a}, nil
	}
	a.Level, a.Passed = "warn", false
	a.Message += " gradus data check shows which."
	if r.rec.Gate.Data != recipe.GateRefuse {
		return []store.Alert{a}, nil
	}
	a.Level = "error"
	return []store.Alert{a}, fmt.Errorf("%w: %s; gate.data = \"warn\" trains all the same", errGate, strings.ReplaceAll(bad.Error(), "\n", "; "))
}
