package main

import (
	"context"
	"errors"
	"slices"

	"gradus/kernels"
	"gradus/kernels/cpu"
	"gradus/runner/bench"
)

// scalingKinds is kinds without "scaling" where dev has no threads to compare,
// and an error where nothing else was asked for.
func scalingKinds(kinds []string, dev kernels.Device) ([]string, error) {
	if !slices.Contains(kinds, "scaling") || threadsOf(dev) > 1 {
		return kinds, nil
	}
	if len(kinds) == 1 {
		return nil, errors.New("bench scaling compares one thread with several of a CPU; " + deviceLabel(dev) + " has no second one")
	}
	return slices.DeleteFunc(slices.Clone(kinds), func(k string) bool { return k == "scaling" }), nil
}

// threadsOf is the number of worker threads of a CPU device, 0 of any other.
func threadsOf(dev kernels.Device) int {
	if t, ok := dev.(interface{ Threads() int }); ok {
		return t.Threads()
	}
	return 0
}

// scalingJobs compare dev with a device of one thread, and with another of its
// own kind that runs beside it.
func (a *app) scalingJobs(ctx context.Context, dev kernels.Device, repeats int) []benchJob {
	five := bench.Shapes()[1]
	return []benchJob{
		{five.ThreadsFigures(), func(c cpu.Ceiling) ([]bench.Figure, error) {
			one, _, err := a.openCPU(1)
			if err != nil {
				return nil, err
			}
			defer one.Close()
			return bench.Threads(ctx, one, dev, five, repeats, c, a.now)
		}},
		{[]string{five.PairFigure()}, func(cpu.Ceiling) ([]bench.Figure, error) {
			second, _, err := a.openCPU(threadsOf(dev))
			if err != nil {
				return nil, err
			}
			defer second.Close()
			f, err := bench.Pair(ctx, dev, second, five, repeats, a.now)
			return []bench.Figure{f}, err
		}},
	}
}
