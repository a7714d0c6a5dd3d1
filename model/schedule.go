package model

import (
	"fmt"
	"math"
)

// LR returns the learning rate of update step (counted from 0) of total:
//
//	step < warmup:  base * (step+1)/warmup
//	"constant":     base
//	"cosine":       from base at the end of the warm-up down towards
//	                base*minRatio, which update total would have (Loshchilov
//	                and Hutter 2017, Eq. 5, one cycle)
//
// Neither end wastes an update on a learning rate of 0. Updates beyond total
// have base*minRatio.
func LR(schedule string, base float64, step, warmup, total int, minRatio float64) (float64, error) {
	switch {
	case schedule != "constant" && schedule != "cosine":
		return 0, fmt.Errorf("learning-rate schedule %q: want \"constant\" or \"cosine\"", schedule)
	case step < 0 || warmup < 0 || total < 0:
		return 0, fmt.Errorf("learning-rate schedule: step %d, warm-up %d and total %d must not be negative", step, warmup, total)
	case minRatio < 0 || minRatio > 1 || math.IsNaN(minRatio):
		return 0, fmt.Errorf("learning-rate schedule: minimum ratio %v, want 0..1", minRatio)
	}
	if step < warmup {
		return base * float64(step+1) / float64(warmup), nil
	}
	if schedule == "constant" {
		return base, nil
	}
	if step >= total {
		return base * minRatio, nil
	}
	done := float64(step-warmup) / float64(total-warmup)
	return base * (minRatio + (1-minRatio)*0.5*(1+math.Cos(math.Pi*done))), nil
}
