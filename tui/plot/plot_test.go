package plot

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func text(c Canvas) string {
	var rows []string
	for y := range c.H {
		rows = append(rows, strings.TrimRight(c.Row(y, func(_ Class, s string) string { return s }), " "))
	}
	return strings.Join(rows, "\n")
}

// learning is a curve as a run gives it, with noise.
func learning(n int) *Series {
	r := rand.New(rand.NewPCG(1, 2))
	s := NewSeries()
	for i := range n {
		x := float64(i + 1)
		s.Append(x, 0.66/(1+math.Exp(-(x-float64(n)/4)/(float64(n)/12)))+0.05*r.NormFloat64()+0.1)
	}
	return s
}

func spec(s ...*Series) Spec {
	out := Spec{X: &Axis{}, Y: &Axis{}, XName: "step"}
	for i, c := range s {
		out.Curves = append(out.Curves, Curve{c, i})
	}
	return out
}

func points(ys ...float64) *Series {
	s := NewSeries()
	for i, y := range ys {
		s.Append(float64(i), y)
	}
	return s
}

func TestDrawStraightLine(t *testing.T) {
	s := spec(points(0, 1, 2, 3, 4, 5, 6, 7))
	s.X.Fix(0, 7)
	s.Y.Fix(0, 7)
	// 4 by 2 cells of 2 by 4 dots: one dot a column, rising by one.
	if got, want := text(Draw(s, 4, 2)), "  ⡠⠊\n⡠⠊"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	s.ASCII = true
	s.X.Fix(0, 3)
	s.Y.Fix(0, 3)
	s.Curves[0].Series = points(0, 1, 2, 3)
	if got, want := text(Draw(s, 4, 2)), "  .'\n.'"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestDrawChart(t *testing.T) {
	s := spec(points(0, 0.5, 1))
	s.XName = "step"
	s.Marks = []float64{8}
	s.Fit(16, 9)
	got := text(Draw(s, 40, 9))
	for _, line := range []string{"   1.0┤", "   0.5┤", "   0.0┤", "      └─────────────────────────────────", "       0 "} {
		if !strings.Contains(got, line) {
			t.Errorf("no %q in\n%s", line, got)
		}
	}
	if !strings.HasSuffix(got, "step 16") {
		t.Errorf("the end of the x axis is not named:\n%s", got)
	}
	if n := strings.Count(got, "┆"); n != 7 {
		t.Errorf("mark is %d rows tall, want 7:\n%s", n, got)
	}
}

func TestGapsAreNotJoined(t *testing.T) {
	nan := math.NaN()
	s := spec(points(1, 1, nan, nan, nan, 1, 1, math.Inf(1), 1))
	s.X.Fix(0, 8)
	s.Y.Fix(0, 1)
	for _, smooth := range []int{0, 1} {
		s.Smooth = smooth
		got := []rune(text(Draw(s, 9, 1)))
		if len(got) != 9 || got[2] != ' ' || got[3] != ' ' || got[0] == ' ' || got[8] == ' ' {
			t.Errorf("smooth %d: %q", smooth, string(got))
		}
	}
	if n := s.Curves[0].Series.Bad(); n != 4 {
		t.Errorf("%d values not finite, want 4", n)
	}
}

func TestLogarithmicAxisLeavesOutWhatIsNotPositive(t *testing.T) {
	s := spec(points(0, -1, 0.001, 0.01, 0.1))
	s.Y.Log = true
	s.Fit(4, 12)
	if s.Y.Lo != 0.001 || s.Y.Hi != 0.1 {
		t.Errorf("axis %v to %v", s.Y.Lo, s.Y.Hi)
	}
	if got, want := s.Y.Ticks(5), []float64{0.001, 0.01, 0.1}; !reflect.DeepEqual(got, want) {
		t.Errorf("ticks %v", got)
	}
	rows := strings.Split(text(Draw(s, 12, 2)), "\n")
	if strings.TrimSpace(rows[0]) == "" || strings.HasPrefix(rows[1], "⠁") {
		t.Errorf("%q", rows)
	}
	all := spec(points(-1, 0))
	all.Y.Log = true
	all.Fit(4, 12)
	Draw(all, 20, 5) // nothing to show, no trouble
}

func TestTicks(t *testing.T) {
	for _, tt := range []struct {
		lo, hi float64
		want   int
		labels string
		axis   string
	}{
		{0, 1, 4, "0.00 0.25 0.50 0.75 1.00", "0 1"},
		{0.31, 0.62, 4, "0.0 0.2 0.4 0.6", "0 0.7"},
		{0, 0.031, 4, "0.00 0.01 0.02 0.03", "0 0.035"},
		{-0.05, 0.95, 4, "0.00 0.25 0.50 0.75 1.00", "-0.125 1"},
		{351, 498, 3, "350 400 450 500", "350 500"},
		{0, 2048, 4, "0 500 1000 1500 2000", "0 2125"},
		{0, 25000, 4, "0 10k 20k", "0 25000"},
		{1e-7, 5e-7, 4, "0 2e-7 4e-7", "0 5e-7"},
		{-3, -1, 4, "-3.0 -2.5 -2.0 -1.5 -1.0", "-3 -1"},
		{5, 5, 4, "4 6", "2.5 7.5"},
		{0, 0, 4, "0.00 0.25 0.50 0.75 1.00", "0 1"},
	} {
		a := &Axis{}
		a.Cover(tt.lo, tt.hi, tt.want)
		if got := strings.Join(Labels(a.Ticks(5)), " "); got != tt.labels {
			t.Errorf("%v to %v: ticks %s, want %s", tt.lo, tt.hi, got, tt.labels)
		}
		if a.Lo > tt.lo || a.Hi < tt.hi {
			t.Errorf("%v to %v not covered by %v to %v", tt.lo, tt.hi, a.Lo, a.Hi)
		}
	}
}

func TestTicksAreFewAndInside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		num := rapid.Float64Range(-1e12, 1e12)
		a := &Axis{Log: rapid.Bool().Draw(t, "log")}
		for range rapid.IntRange(1, 4).Draw(t, "n") {
			x, y := num.Draw(t, "x"), num.Draw(t, "y")
			a.Cover(min(x, y), max(x, y), rapid.IntRange(0, 8).Draw(t, "want"))
		}
		if !a.Set() {
			return
		}
		limit := rapid.IntRange(2, 9).Draw(t, "limit")
		ticks := a.Ticks(limit)
		if len(ticks) > limit+1 {
			t.Fatalf("%d ticks, limit %d", len(ticks), limit)
		}
		for i, v := range ticks {
			if v < a.Lo-1e-6*math.Abs(a.Lo) || v > a.Hi+1e-6*math.Abs(a.Hi) || (i > 0 && v <= ticks[i-1]) {
				t.Fatalf("ticks %v of %v to %v", ticks, a.Lo, a.Hi)
			}
		}
		for _, l := range Labels(ticks) {
			if len(l) > 7 { // -2e-100
				t.Fatalf("label %q", l)
			}
		}
	})
}

// The axis of a single value is a guess: a KL divergence begins at 0, and must
// not lie on the ground of a chart up to 1 from then on.
func TestAxisOfOneValueIsAGuess(t *testing.T) {
	for _, tt := range []struct{ first, lo, hi float64 }{
		{0, 0, 0.07}, {0, -0.01, 0.02}, {0.5, 0.5, 0.51}, {-3, -3, -2.9}, {0, 0, 12}, {2, 0, 0.5},
	} {
		watched, opened := &Axis{}, &Axis{}
		watched.Cover(tt.first, tt.first, 3)
		if watched.Lo > tt.first || watched.Hi < tt.first || watched.Lo == watched.Hi {
			t.Errorf("%v alone has the axis %v to %v", tt.first, watched.Lo, watched.Hi)
		}
		before := *watched
		if watched.Cover(tt.first, tt.first, 3); *watched != before {
			t.Errorf("%v again moves the axis", tt.first)
		}
		watched.Cover(tt.lo, tt.hi, 3)
		opened.Cover(min(tt.first, tt.lo), max(tt.first, tt.hi), 3)
		if watched.Lo != opened.Lo || watched.Hi != opened.Hi {
			t.Errorf("%v, then %v to %v: axis %v to %v, opened later %v to %v", tt.first, tt.lo, tt.hi, watched.Lo, watched.Hi, opened.Lo, opened.Hi)
		}
	}
}

func TestAxisGrowsInJumps(t *testing.T) {
	a := &Axis{}
	changes, prev := 0, 0.0
	for x := range 10000 {
		a.Grow(float64(x))
		if a.Hi != prev {
			changes, prev = changes+1, a.Hi
		}
	}
	if changes > 32 || a.Hi < 9999 || a.Hi > 12500 {
		t.Errorf("%d jumps to %v", changes, a.Hi)
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.612: "0.612", -0.83: "-0.830", 1: "1.000", 9.996: "10.0", 12.54: "12.5", 498: "498", 2048: "2048", 12500: "12.5k",
		1e6: "1.0M", 3.1e-5: "3.1e-5", 1e-7: "1e-7", 2e12: "2e12", -4.2e-10: "-4e-10",
	} {
		if got := Number(v); got != want {
			t.Errorf("Number(%v) = %q, want %q", v, got, want)
		}
	}
	if Number(math.NaN()) != "NaN" || Number(math.Inf(-1)) != "-Inf" {
		t.Error("not finite")
	}
}

// The summary agrees with the plain list of points on range, last value and
// moving average, at every length.
func TestSeriesKeepsExtremesAndAverages(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	s := NewSeries()
	lo, hi, avg := math.Inf(1), math.Inf(-1), [4]float64{}
	var sumW [4]float64
	for i := range 50_000 {
		y := r.NormFloat64()
		if i == 31_000 {
			y = 40 // one spike
		}
		s.Append(float64(i), y)
		lo, hi = min(lo, y), max(hi, y)
		for k, w := range Smoothings() {
			avg[k] = w*avg[k] + (1-w)*y
			sumW[k] = w*sumW[k] + (1 - w)
		}
		if i%997 != 0 {
			continue
		}
		gl, gh, _ := s.Range(0)
		_, last, _ := s.Last()
		if gl != lo || gh != hi || last != y || s.Len() != i+1 {
			t.Fatalf("at %d: range %v %v, want %v %v; last %v, want %v", i, gl, gh, lo, hi, last, y)
		}
		for k := range avg {
			if got, want := s.Smoothed(k), avg[k]/sumW[k]; math.Abs(got-want) > 1e-9 {
				t.Fatalf("at %d: average %d is %v, want %v", i, k, got, want)
			}
		}
		if len(s.buckets) > MaxBuckets {
			t.Fatalf("%d buckets", len(s.buckets))
		}
	}
	if v, ok := s.SmoothedAt(31_010, 0); !ok || math.IsNaN(v) {
		t.Error("no value at 31010")
	}
}

func TestSeriesTakesAPointAgain(t *testing.T) {
	a, b := points(1, 2, 3), NewSeries()
	for _, p := range [][2]float64{{0, 1}, {1, 9}, {1, 2}, {2, -5}, {2, 3}} {
		b.Append(p[0], p[1])
	}
	for k := range Smoothings() {
		if x, y := a.Smoothed(k), b.Smoothed(k); math.Abs(x-y) > 1e-12 {
			t.Errorf("average %d: %v, want %v", k, y, x)
		}
	}
	if lo, hi, _ := b.Range(0); lo != 1 || hi != 3 || b.Len() != 3 {
		t.Errorf("range %v to %v of %d points", lo, hi, b.Len())
	}
	b.Append(0.5, 100) // out of order: only widens
	if _, hi, _ := b.Range(0); hi != 100 {
		t.Error("a late point was lost")
	}
}

// The x axis begins at 0 for a curve that is there from the start, and just
// before the first point for one that begins late in the plan.
func TestFitBeginsWhereTheCurveDoes(t *testing.T) {
	for _, c := range []struct{ first, planned, want float64 }{
		{1, 1100, 0}, {100, 1100, 0}, {111, 1100, 110}, {1001, 1100, 1000}, {1100, 1100, 0}, {2000, 1100, 0},
	} {
		series := NewSeries()
		series.Append(c.first, 0.5)
		s := Spec{Curves: []Curve{{Series: series}}, X: &Axis{}, Y: &Axis{}}
		s.Fit(c.planned, 10)
		if s.X.Lo != c.want {
			t.Errorf("a curve from %v of %v: axis from %v, want %v", c.first, c.planned, s.X.Lo, c.want)
		}
	}
}

func TestDrawFitsAnySize(t *testing.T) {
	long := learning(20_000)
	rapid.Check(t, func(t *rapid.T) {
		ys := rapid.SliceOfN(rapid.Float64(), 0, 20).Draw(t, "ys")
		s := spec(points(ys...), long)
		s.Y.Log = rapid.Bool().Draw(t, "log")
		s.ASCII = rapid.Bool().Draw(t, "ascii")
		s.Smooth = rapid.IntRange(0, 3).Draw(t, "smooth")
		s.Marks = []float64{rapid.Float64Range(-10, 1e5).Draw(t, "mark")}
		s.Fit(rapid.SampledFrom([]float64{0, 10, 20_000}).Draw(t, "planned"), rapid.IntRange(-1, 30).Draw(t, "fit"))
		w, h := rapid.IntRange(-2, 60).Draw(t, "w"), rapid.IntRange(-2, 20).Draw(t, "h")
		c := Draw(s, w, h)
		if w > 0 && h > 0 && len(c.Cells) != w*h {
			t.Fatalf("%d cells", len(c.Cells))
		}
		for _, cell := range c.Cells {
			if s.ASCII && cell.Rune > 126 {
				t.Fatalf("%q in plain ASCII", cell.Rune)
			}
		}
	})
}

func TestSmoothingLeavesRawValuesFaint(t *testing.T) {
	s := spec(learning(300))
	s.Smooth = 2
	s.Fit(300, 10)
	count := func(c Canvas, class Class) (n int) {
		for _, cell := range c.Cells {
			if cell.Class == class {
				n++
			}
		}
		return n
	}
	if c := Draw(s, 80, 12); count(c, Faint) == 0 || count(c, Curve0) == 0 {
		t.Error("faint or curve missing")
	}
	s.NoFaint = true
	if c := Draw(s, 80, 12); count(c, Faint) != 0 {
		t.Error("raw values are drawn where nothing tells them apart")
	}
}

func BenchmarkAppend(b *testing.B) {
	s := NewSeries()
	x := 0
	for b.Loop() {
		s.Append(float64(x), float64(x&7))
		x++
	}
}

// Six charts of n points, as the live screen has them at 160x45.
func BenchmarkSixCharts(b *testing.B) {
	for _, n := range []int{1000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			specs := make([]Spec, 6)
			for i := range specs {
				specs[i] = spec(learning(n))
				specs[i].Smooth = 2
				specs[i].Fit(float64(n), 18)
			}
			style := func(_ Class, s string) string { return "\x1b[36m" + s + "\x1b[m" }
			b.ReportAllocs()
			for b.Loop() {
				for _, s := range specs {
					c := Draw(s, 76, 18)
					for y := range c.H {
						c.Row(y, style)
					}
				}
			}
		})
	}
}
