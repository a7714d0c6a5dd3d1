package bench

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"gradus/kernels"
	"gradus/kernels/cpu"
)

// ThreadsFigures are the names of what Threads measures of a shape.
func (s Shape) ThreadsFigures() []string {
	return []string{"scaling.train." + s.Name + ".threads", "scaling.decode." + s.Name + ".threads"}
}

// PairFigure names what Pair measures of a shape.
func (s Shape) PairFigure() string { return "scaling.train." + s.Name + ".pair" }

// Threads times the training step of TrainStep and the sampling of Decode on
// one, a device of one thread, and on all, a device of several, in turns, and
// returns how many times as fast all is. The ceiling is what the multiply-adds
// of both gain, whose clocks and caches are the machine's.
func Threads(ctx context.Context, one, all kernels.Device, s Shape, repeats int, c cpu.Ceiling, now func() time.Time) ([]Figure, error) {
	var figures []Figure
	for i, prepare := range []func(context.Context, kernels.Device, Shape) (work, error){newTraining, newDecoding} {
		name := s.ThreadsFigures()[i]
		ratios, err := compare(ctx, s, one, all, prepare, func(a, b work) (float64, error) {
			alone, err := timed(now, a.run)
			if err != nil {
				return 0, err
			}
			together, err := timed(now, b.run)
			return alone / together, err
		}, repeats)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		figures = append(figures, NewFigure(name, "x", "higher", ratios, ratio(c.FMA, c.FMA1)))
	}
	return figures, nil
}

// Pair times the training step of TrainStep alone on first, then at the same
// time on first and on second, two devices with all threads each, as two runs
// on one machine have. The figure is the part of its own speed that the slower
// of the two keeps: 0.5 where they share fairly and lose nothing.
func Pair(ctx context.Context, first, second kernels.Device, s Shape, repeats int, now func() time.Time) (Figure, error) {
	name := s.PairFigure()
	shares, err := compare(ctx, s, first, second, newTraining, func(a, b work) (float64, error) {
		alone, err := timed(now, a.run)
		if err != nil {
			return 0, err
		}
		var seconds [2]float64
		var errs [2]error
		var both sync.WaitGroup
		for i, w := range []work{a, b} {
			both.Go(func() { seconds[i], errs[i] = timed(now, w.run) })
		}
		both.Wait()
		// Of two errors that of the first device, whichever came first.
		return alone / max(seconds[0], seconds[1]), cmp.Or(errs[0], errs[1])
	}, repeats)
	if err != nil {
		return Figure{}, fmt.Errorf("%s: %w", name, err)
	}
	return NewFigure(name, "x", "higher", shares, 0.5), nil
}

// compare prepares the same work on two devices and measures it repeats times
// after one that does not count.
func compare(ctx context.Context, s Shape, a, b kernels.Device, prepare func(context.Context, kernels.Device, Shape) (work, error),
	measure func(a, b work) (float64, error), repeats int) ([]float64, error) {
	on := make([]work, 2)
	for i, dev := range []kernels.Device{a, b} {
		w, err := prepare(ctx, dev, s)
		if err != nil {
			return nil, err
		}
		defer w.m.Close()
		on[i] = w
	}
	var list []float64
	for i := range repeats + 1 {
		x, err := measure(on[0], on[1])
		if err != nil {
			return nil, err
		}
		if i > 0 {
			list = append(list, x)
		}
	}
	return list, nil
}

// timed is how long f takes, in seconds.
func timed(now func() time.Time, f func() error) (float64, error) {
	start := now()
	err := f()
	return now().Sub(start).Seconds(), err
}
