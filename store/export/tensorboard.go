package export

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"sort"
	"time"

	"gradus/store"
	"gradus/store/tfevents"
)

// tensorboard writes the curves and evaluations that count, in the order of
// their steps, and the recipe as a text.
func tensorboard(ctx context.Context, db *store.DB, h store.RunHeader, dir string) (File, error) {
	begin := time.UnixMicro(h.CreatedUS)
	f := File{Path: filepath.Join(dir, fmt.Sprintf("events.out.tfevents.%010d.gradus.%s", max(begin.Unix(), 0), h.ID))}
	steps, err := scalars(ctx, db)
	if err != nil {
		return f, err
	}
	err = create(f.Path, func(w io.Writer) error {
		to, err := tfevents.NewWriter(w, begin)
		if err != nil {
			return err
		}
		if h.ConfigTOML != "" {
			if err := to.Text(begin, 0, "recipe", "```toml\n"+valid(h.ConfigTOML)+"\n```"); err != nil {
				return err
			}
		}
		for _, s := range steps {
			if err := to.Scalars(time.UnixMicro(s.us), int64(s.step), s.values); err != nil {
				return err
			}
			f.Rows += int64(len(s.values))
		}
		return nil
	})
	return f, err
}

// scalarStep is everything of one step.
type scalarStep struct {
	step   int
	us     int64
	values []tfevents.Scalar
}

func scalars(ctx context.Context, db *store.DB) ([]scalarStep, error) {
	names, err := db.SeriesNames(ctx)
	if err != nil {
		return nil, err
	}
	at := map[int]*scalarStep{}
	add := func(step int, us int64, tag string, value float64) {
		s := at[step]
		if s == nil {
			s = &scalarStep{step: step}
			at[step] = s
		}
		s.us = max(s.us, us)
		s.values = append(s.values, tfevents.Scalar{Tag: valid(tag), Value: value})
	}
	for _, name := range names {
		points, err := db.Series(ctx, name, 0)
		if err != nil {
			return nil, err
		}
		for _, p := range points {
			add(p.Step, p.TimeUS, name, p.Value)
		}
	}
	evals, err := db.Evals(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range evals {
		add(e.Step, e.TimeUS, "eval/accuracy", e.Accuracy)
		add(e.Step, e.TimeUS, "eval/format", e.FormatOK)
	}
	out := make([]scalarStep, 0, len(at))
	for _, s := range at {
		out = append(out, *s)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].step < out[j].step })
	return out, nil
}
