package plot

import (
	"math"
	"strconv"
	"strings"
)

// Axis is the range of a chart in one direction with its ticks. It only
// grows, and in jumps, so that a curve does not slide under the reader and a
// new point costs a few cells on the wire.
type Axis struct {
	Lo, Hi float64
	Log    bool
	step   float64
	set    bool
	guess  bool    // Lo and Hi were chosen for one value alone
	only   float64 // that value
}

// Cover makes the axis hold [lo, hi], leaving it as it is when it does. want
// is about how many steps between ticks there should be, at least 1. What it
// chose for a single value, as the first of a curve, it chooses again when there
// is another. A logarithmic axis covers whole decades and ignores what is not above 0.
func (a *Axis) Cover(lo, hi float64, want int) {
	if math.IsNaN(lo) || math.IsNaN(hi) || math.IsInf(lo, 0) || math.IsInf(hi, 0) {
		return
	}
	lo, hi = clamp(lo), clamp(hi)
	switch {
	case a.guess:
		if lo, hi = min(lo, a.only), max(hi, a.only); lo == hi {
			return
		}
		a.guess = false
	case a.set && lo >= a.Lo && hi <= a.Hi:
		return
	case a.set:
		lo, hi = min(lo, a.Lo), max(hi, a.Hi)
	}
	want = max(want, 1)
	if a.Log {
		if hi <= 0 {
			return
		}
		hi = max(hi, 1e-290)
		if lo <= 0 {
			lo = hi / 10
		}
		lo = max(lo, 1e-300)
		a.Lo, a.Hi = decade(math.Floor(math.Log10(lo)+1e-9)), decade(math.Ceil(math.Log10(hi)-1e-9))
		if a.Lo >= a.Hi {
			a.Hi = a.Lo * 10
		}
		a.set = true
		return
	}
	if lo > 0 && lo < 0.6*hi {
		lo = 0 // a curve far above 0 keeps its detail, others keep the origin
	}
	if hi == lo {
		a.guess, a.only = true, lo
		pad := math.Abs(hi) / 2
		if pad == 0 {
			pad = 1
		}
		if lo != 0 {
			lo -= pad
		}
		hi += pad
	}
	a.step = niceStep((hi - lo) / float64(want))
	notch := a.step / 4 // the ends need not be ticks
	a.Lo, a.Hi = math.Floor(lo/notch+1e-9)*notch, math.Ceil(hi/notch-1e-9)*notch
	a.set = true
}

// clamp keeps values where differences and powers of ten stay finite.
func clamp(v float64) float64 { return min(max(v, -1e300), 1e300) }

// Grow widens an axis that begins at 0 so that it holds x: by a quarter at a
// time, from at least 16.
func (a *Axis) Grow(x float64) {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return
	}
	if !a.set {
		a.Lo, a.Hi, a.set = 0, 16, true
	}
	x = clamp(x)
	for a.Hi < x {
		a.Hi = math.Ceil(a.Hi * 1.25)
	}
}

// Fix sets the range.
func (a *Axis) Fix(lo, hi float64) { a.Lo, a.Hi, a.set = lo, hi, lo < hi }

// Set tells whether the axis covers anything yet.
func (a *Axis) Set() bool { return a.set }

// at places v on the axis: 0 at Lo, 1 at Hi. ok is false where v has no place.
func (a *Axis) at(v float64) (f float64, ok bool) {
	if !a.set {
		return 0, false
	}
	if !a.Log {
		return (v - a.Lo) / (a.Hi - a.Lo), true
	}
	if v <= 0 {
		return 0, false
	}
	return math.Log(v/a.Lo) / math.Log(a.Hi/a.Lo), true
}

// Ticks are the values to label, in rising order, at most limit of them.
func (a *Axis) Ticks(limit int) []float64 {
	if !a.set || limit < 1 {
		return nil
	}
	var out []float64
	if a.Log {
		lo, hi := math.Round(math.Log10(a.Lo)), math.Round(math.Log10(a.Hi))
		by := max(1, math.Ceil((hi-lo)/float64(max(limit-1, 1))))
		for e := lo; e <= hi && len(out) < limit; e += by {
			out = append(out, decade(e))
		}
		return out
	}
	step := a.step
	if step <= 0 || (a.Hi-a.Lo)/step > 1000 {
		step = niceStep((a.Hi - a.Lo) / float64(max(limit-1, 1)))
	}
	for i := 0; i < 8 && int((a.Hi-a.Lo)/step+1e-9)+1 > limit; i++ {
		step = niceStep(step * 1.5)
	}
	for i, v := 0, math.Ceil(a.Lo/step-1e-9); v*step <= a.Hi+step*1e-9 && i < limit; i, v = i+1, v+1 {
		out = append(out, v*step+0) // + 0 turns -0 into 0
	}
	return out
}

// decade is 10^e, exactly the float that the text "1e<e>" means.
func decade(e float64) float64 {
	v, err := strconv.ParseFloat("1e"+strconv.Itoa(int(e)), 64)
	if err != nil {
		return math.Pow(10, e)
	}
	return v
}

// niceStep is the nearest of 1, 2, 2.5 and 5 times a power of ten.
func niceStep(raw float64) float64 {
	if raw <= 0 || math.IsNaN(raw) || math.IsInf(raw, 0) {
		return 1
	}
	e := math.Floor(math.Log10(raw))
	base := decade(e)
	if base == 0 {
		return math.SmallestNonzeroFloat64
	}
	for _, s := range [...]struct{ below, step float64 }{{1.4, 1}, {2.2, 2}, {3.5, 2.5}, {7, 5}} {
		if raw < s.below*base {
			return s.step * base
		}
	}
	return decade(e + 1)
}

// Labels writes ticks with the same number of decimals, as short as tells
// them apart; ticks of a logarithmic axis each in their own shortest form.
func Labels(ticks []float64) []string {
	out := make([]string, len(ticks))
	top := 0.0
	for _, t := range ticks {
		top = max(top, math.Abs(t))
	}
	n := len(ticks)
	even := n < 3 || math.Abs((ticks[n-1]-ticks[n-2])-(ticks[1]-ticks[0])) < 1e-6*top
	for i, t := range ticks {
		switch {
		case !even || n == 1:
			out[i] = tickLabel(t, t, math.Abs(t))
		default:
			out[i] = tickLabel(t, ticks[1]-ticks[0], top)
		}
	}
	return out
}

func tickLabel(t, step, top float64) string {
	unit, scale := "", 1.0
	switch {
	case top >= 1e10 || top < 1e-3:
		return short(t)
	case top >= 1e9:
		unit, scale = "G", 1e9
	case top >= 1e6:
		unit, scale = "M", 1e6
	case top >= 1e4:
		unit, scale = "k", 1e3
	}
	if t == 0 && unit != "" {
		return "0"
	}
	decimals := 0
	for d := step / scale; decimals < 4 && math.Abs(d-math.Round(d)) > 1e-6; d *= 10 {
		decimals++
	}
	s := strconv.FormatFloat(t/scale, 'f', decimals, 64) + unit
	if len(s) > yLabelWidth { // no room for what tells it from its neighbours
		return short(t)
	}
	return s
}

// Number writes a value with about three figures in at most seven cells:
// 0.612, 12.5, 498, 12.5k, 3.1e-05, -0.83.
func Number(v float64) string {
	a := math.Abs(v)
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "+Inf"
	case math.IsInf(v, -1):
		return "-Inf"
	case a == 0:
		return "0"
	case a < 0.001 || a >= 1e10:
		return short(v)
	case a < 9.995:
		return strconv.FormatFloat(v, 'f', 3, 64)
	case a < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a < 9999.5:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a < 999_950:
		return strconv.FormatFloat(v/1e3, 'f', 1, 64) + "k"
	case a < 999_950_000:
		return strconv.FormatFloat(v/1e6, 'f', 1, 64) + "M"
	}
	return strconv.FormatFloat(v/1e9, 'f', 1, 64) + "G"
}

// Brief writes a value with three figures at most, for a place where it need
// not change with every step: 0.61, 1.54, 12.5, 498.
func Brief(v float64) string {
	switch a := math.Abs(v); {
	case a >= 0.01 && a < 9.995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case a >= 0.001 && a < 0.01:
		return strconv.FormatFloat(v, 'f', 4, 64)
	}
	return Number(v)
}

// short is the exponent form without a padded exponent, in the room that an
// axis has if need be with one figure: 3.1e-5, -3e-5.
func short(v float64) string {
	if v == 0 {
		return "0"
	}
	if s := exponent(v, 1); len(s) <= yLabelWidth {
		return s
	}
	return exponent(v, 0)
}

func exponent(v float64, decimals int) string {
	s := strconv.FormatFloat(v, 'e', decimals, 64)
	s = strings.Replace(s, "e-0", "e-", 1)
	s = strings.Replace(s, "e+0", "e", 1)
	s = strings.Replace(s, "e+", "e", 1)
	return strings.Replace(s, ".0e", "e", 1)
}
