package model

import (
	"math"
	"testing"
)

// The cosine values are those of transformers' get_cosine_schedule_with_warmup
// (3 warm-up steps of 10, base 1), whose warm-up starts at 0 where ours starts
// one step further.
func TestLR(t *testing.T) {
	for _, c := range []struct {
		schedule            string
		base                float64
		step, warmup, total int
		minRatio, want      float64
	}{
		{"constant", 2, 0, 0, 10, 0, 2},
		{"constant", 2, 99, 0, 10, 0, 2},
		{"constant", 2, 0, 4, 10, 0, 0.5},
		{"constant", 2, 3, 4, 10, 0, 2},
		{"cosine", 1, 0, 3, 10, 0, 1.0 / 3},
		{"cosine", 1, 2, 3, 10, 0, 1},
		{"cosine", 1, 3, 3, 10, 0, 1},
		{"cosine", 1, 4, 3, 10, 0, 0.9504844339512095},
		{"cosine", 1, 6, 3, 10, 0, 0.6112604669781572},
		{"cosine", 1, 9, 3, 10, 0, 0.04951556604879043},
		{"cosine", 1, 10, 3, 10, 0, 0},
		{"cosine", 1, 5, 0, 10, 0.1, 0.55},
		{"cosine", 1, 70, 3, 10, 0.1, 0.1},
		{"cosine", 1, 5, 5, 5, 0.1, 0.1},
	} {
		got, err := LR(c.schedule, c.base, c.step, c.warmup, c.total, c.minRatio)
		if err != nil || math.Abs(got-c.want) > 1e-15 {
			t.Errorf("%+v: %v, %v", c, got, err)
		}
	}
	for _, c := range []struct {
		schedule            string
		step, warmup, total int
		minRatio            float64
	}{{"linear", 0, 0, 1, 0}, {"cosine", -1, 0, 1, 0}, {"cosine", 0, -1, 1, 0}, {"cosine", 0, 0, -1, 0}, {"cosine", 0, 0, 1, 1.5}, {"cosine", 0, 0, 1, math.NaN()}} {
		if _, err := LR(c.schedule, 1, c.step, c.warmup, c.total, c.minRatio); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}
