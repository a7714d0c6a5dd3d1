// Package plot draws curves of any length into character cells: a bounded
// min/max/last summary of each series, nice axes, and a raster of braille or
// plain ASCII. It knows nothing of Bubble Tea or of colours.
package plot

import (
	"math"
	"sort"
)

// MaxBuckets bounds the memory of a series. Half of them, the least that a long
// series has, are three for each dot of a chart 170 cells wide.
const MaxBuckets = 2048

// Smoothings are the weights that a chart can choose from: 0 is the raw value,
// w keeps w of the old average at each point.
var smoothings = [...]float64{0, 0.6, 0.9, 0.99}

// Smoothings lists the weights of the exponential moving averages that every
// series keeps; Spec.Smooth is an index into it.
func Smoothings() []float64 { return append([]float64(nil), smoothings[:]...) }

// bucket sums up points that follow each other.
type bucket struct {
	x0, x1      float64 // of the first and the last point
	first, last float64
	min, max    float64
	n           int
	gap         bool                     // a value that is not finite came before
	ema         [len(smoothings)]float64 // at the last point; ema[0] is last
}

// Series is a curve in bounded memory: up to MaxBuckets points are kept as
// they are, more are summed up in pairs, again and again. Minimum, maximum and
// the last value of each stretch survive, so a spike is never lost, and the
// moving averages are those of the full series. Not safe for concurrent use.
type Series struct {
	buckets []bucket
	per     int // points a bucket takes
	n       int
	bad     int // values that were not finite
	gap     bool
	avg     [len(smoothings)]float64
	left    [len(smoothings)]float64 // weight that the average's start value still has
}

// NewSeries makes an empty series.
func NewSeries() *Series {
	s := &Series{per: 1}
	for i := range s.left {
		s.left[i] = 1
	}
	return s
}

// Append adds a point. x must be finite and should not fall: a point before
// the last one only widens the stretch that it falls into, and a point at the
// same x as the last one takes its place while points are kept singly. A y
// that is not finite makes a gap.
func (s *Series) Append(x, y float64) {
	if math.IsNaN(y) || math.IsInf(y, 0) || math.IsNaN(x) || math.IsInf(x, 0) {
		s.bad++
		s.gap = true
		return
	}
	k := len(s.buckets) - 1
	if k >= 0 && x <= s.buckets[k].x1 && s.again(x, y) {
		return
	}
	s.n++
	avg := s.average(y)
	if k >= 0 && !s.gap && s.buckets[k].n < s.per {
		b := &s.buckets[k]
		b.x1, b.last, b.ema = x, y, avg
		b.min, b.max = min(b.min, y), max(b.max, y)
		b.n++
		return
	}
	if len(s.buckets) == MaxBuckets {
		s.halve()
	}
	s.buckets = append(s.buckets, bucket{x0: x, x1: x, first: y, last: y, min: y, max: y, n: 1, gap: s.gap, ema: avg})
	s.gap = false
}

// average takes y into the moving averages, corrected for their start at 0 as
// Adam's moments and TensorBoard's smoothing are.
func (s *Series) average(y float64) (out [len(smoothings)]float64) {
	for i, w := range smoothings {
		s.avg[i] = w*s.avg[i] + (1-w)*y
		if s.left[i] == 0 {
			out[i] = s.avg[i]
			continue
		}
		if s.left[i] *= w; s.left[i] < 1e-18 {
			s.left[i] = 0 // as good as; and numbers near the end of the range are slow
		}
		out[i] = s.avg[i] / (1 - s.left[i])
	}
	return out
}

// again handles a point that does not come after the last one. It reports
// false when the point must be appended after all.
func (s *Series) again(x, y float64) bool {
	k := len(s.buckets) - 1
	if b := &s.buckets[k]; x == b.x1 {
		if b.n > 1 || s.gap {
			b.min, b.max, b.last = min(b.min, y), max(b.max, y), y
			return true
		}
		for i, w := range smoothings { // undo the old value, take the new one
			s.avg[i] += (1 - w) * (y - b.last)
			b.ema[i] = s.avg[i] / (1 - s.left[i])
		}
		b.first, b.last, b.min, b.max = y, y, y, y
		return true
	}
	i := sort.Search(len(s.buckets), func(i int) bool { return s.buckets[i].x1 >= x })
	b := &s.buckets[i]
	b.min, b.max = min(b.min, y), max(b.max, y)
	return true
}

// halve merges neighbours, so that each bucket stands for twice the points.
func (s *Series) halve() {
	half := s.buckets[:0]
	for i := 0; i+1 < len(s.buckets); i += 2 {
		a, b := s.buckets[i], s.buckets[i+1]
		a.x1, a.last, a.ema = b.x1, b.last, b.ema
		a.min, a.max = min(a.min, b.min), max(a.max, b.max)
		a.n += b.n
		half = append(half, a)
	}
	s.buckets = half
	s.per *= 2
}

// Len is the number of finite points taken in.
func (s *Series) Len() int { return s.n }

// Bad is the number of values that were not finite.
func (s *Series) Bad() int { return s.bad }

// First is the x of the oldest finite point; ok is false for an empty series.
func (s *Series) First() (x float64, ok bool) {
	if len(s.buckets) == 0 {
		return 0, false
	}
	return s.buckets[0].x0, true
}

// Last is the newest finite point; ok is false for an empty series.
func (s *Series) Last() (x, y float64, ok bool) {
	if len(s.buckets) == 0 {
		return 0, 0, false
	}
	b := s.buckets[len(s.buckets)-1]
	return b.x1, b.last, true
}

// Smoothed is the moving average with weight Smoothings()[i] at the newest
// point; 0 for an empty series.
func (s *Series) Smoothed(i int) float64 {
	if len(s.buckets) == 0 {
		return 0
	}
	return s.buckets[len(s.buckets)-1].ema[i]
}

// SmoothedAt is the moving average at the last point at or before x; ok is
// false when there is none.
func (s *Series) SmoothedAt(x float64, i int) (y float64, ok bool) {
	k := sort.Search(len(s.buckets), func(k int) bool { return s.buckets[k].x1 > x }) - 1
	if k < 0 {
		return 0, false
	}
	return s.buckets[k].ema[i], true
}

// Range is the least and the greatest value; with smooth > 0 that of the
// moving average. ok is false for an empty series.
func (s *Series) Range(smooth int) (lo, hi float64, ok bool) {
	if len(s.buckets) == 0 {
		return 0, 0, false
	}
	lo, hi = math.Inf(1), math.Inf(-1)
	for i := range s.buckets {
		b := &s.buckets[i]
		if smooth > 0 {
			lo, hi = min(lo, b.ema[smooth]), max(hi, b.ema[smooth])
		} else {
			lo, hi = min(lo, b.min), max(hi, b.max)
		}
	}
	return lo, hi, true
}

// positive is the least value above 0, for a logarithmic axis.
func (s *Series) positive() (lo float64, ok bool) {
	lo = math.Inf(1)
	for i := range s.buckets {
		for _, v := range [...]float64{s.buckets[i].min, s.buckets[i].last, s.buckets[i].max} {
			if v > 0 {
				lo = min(lo, v)
			}
		}
	}
	return lo, !math.IsInf(lo, 1)
}
