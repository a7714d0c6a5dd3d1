// Package bench measures the training core on the machine at hand. Every
// figure stands beside a ceiling measured in the same run, because absolute
// numbers of shared machines mean little.
package bench

import (
	"slices"
	"time"
)

// Figure is one measured number, as `gradus bench --json` prints it.
type Figure struct {
	Name    string  `json:"name"`
	Value   float64 `json:"value"` // median of N repeats
	Unit    string  `json:"unit"`
	Better  string  `json:"better"` // "higher" or "lower"
	N       int     `json:"n"`
	Min     float64 `json:"min"`
	Max     float64 `json:"max"`
	Ceiling float64 `json:"ceiling,omitempty"` // what the machine allows, in Unit
	Share   float64 `json:"share,omitempty"`   // the part of it reached, 0..1
}

// NewFigure summarises repeats of a measurement. ceiling 0 means that none is known.
func NewFigure(name, unit, better string, repeats []float64, ceiling float64) Figure {
	sorted := slices.Clone(repeats)
	slices.Sort(sorted)
	f := Figure{Name: name, Unit: unit, Better: better, N: len(sorted), Ceiling: ceiling}
	if len(sorted) == 0 {
		return f
	}
	f.Min, f.Max = sorted[0], sorted[len(sorted)-1]
	mid := len(sorted) / 2
	f.Value = sorted[mid]
	if len(sorted)%2 == 0 {
		f.Value = (sorted[mid-1] + sorted[mid]) / 2
	}
	if ceiling > 0 && f.Value > 0 {
		f.Share = f.Value / ceiling
		if better == "lower" {
			f.Share = ceiling / f.Value
		}
	}
	return f
}

// measure times f repeats times after one run that does not count.
func measure(now func() time.Time, repeats int, f func() error) ([]float64, error) {
	var seconds []float64
	for i := range repeats + 1 {
		t, err := timed(now, f)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			seconds = append(seconds, t)
		}
	}
	return seconds, nil
}
