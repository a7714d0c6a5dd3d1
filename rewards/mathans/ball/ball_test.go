package ball

import (
	"errors"
	"math"
	"math/big"
	"testing"
)

func context(prec uint) Context {
	steps := 10_000_000
	return Context{Prec: prec, Steps: &steps}
}

func rat(t *testing.T, c Context, a, b int64) Real {
	t.Helper()
	x, err := c.Rat(big.NewRat(a, b))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestAgainstFloat64: functions agree with package math, and their radius is
// small.
func TestAgainstFloat64(t *testing.T) {
	for _, prec := range []uint{128, 320, 600} {
		c := context(prec)
		for _, v := range [][2]int64{{1, 3}, {-7, 2}, {22, 7}, {1, 1000}, {355, 113}, {-999, 10}, {12345, 67}, {1, 1}} {
			x := rat(t, c, v[0], v[1])
			f := float64(v[0]) / float64(v[1])
			check := func(name string, y Real, err error, want float64) {
				t.Helper()
				if err != nil {
					t.Errorf("%s(%v): %v", name, f, err)
					return
				}
				if got := y.Float64(); math.Abs(got-want) > 1e-11*(1+math.Abs(want)) {
					t.Errorf("%s(%v) = %v, math says %v", name, f, got, want)
				}
				if !y.Width(int(prec)-60, y) {
					t.Errorf("%s(%v): radius %v at %d bits", name, f, y.rad, prec)
				}
			}
			if math.Abs(f) < 100 {
				y, err := c.Exp(x)
				check("exp", y, err, math.Exp(f))
			}
			s, co, err := c.SinCos(x)
			check("sin", s, err, math.Sin(f))
			check("cos", co, err, math.Cos(f))
			y, err := c.Atan(x)
			check("atan", y, err, math.Atan(f))
			if f > 0 {
				y, err := c.Log(x)
				check("log", y, err, math.Log(f))
				y, err = c.Sqrt(x)
				check("sqrt", y, err, math.Sqrt(f))
			} else if _, err := c.Log(x); !errors.Is(err, ErrUndefined) {
				t.Errorf("log(%v): %v", f, err)
			}
		}
	}
}

// TestIdentities holds the balls to laws that need all their digits: the
// difference of two equal values must be a ball around 0, and a tiny one.
func TestIdentities(t *testing.T) {
	c := context(600)
	must := func(x Real, err error) Real {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	same := func(name string, a, b Real) {
		t.Helper()
		if d := must(c.Sub(a, b)); !d.Zero() || !d.Width(500, a) {
			t.Errorf("%s: difference %v ± %v", name, d.mid, d.rad)
		}
	}
	x := rat(t, c, 17, 11)
	e := must(c.Exp(x))
	same("log exp", must(c.Log(e)), x)
	s, co, err := c.SinCos(x)
	if err != nil {
		t.Fatal(err)
	}
	same("sin²+cos²", must(c.Add(must(c.Mul(s, s)), must(c.Mul(co, co)))), c.Int(1))
	pi := must(c.Pi())
	same("4 atan 1", must(c.Mul(c.Int(4), must(c.Atan(c.Int(1))))), pi)
	// Machin: π/4 = 4 atan(1/5) − atan(1/239)
	m := must(c.Sub(must(c.Mul(c.Int(4), must(c.Atan(rat(t, c, 1, 5))))), must(c.Atan(rat(t, c, 1, 239)))))
	same("Machin", must(c.Mul(c.Int(4), m)), pi)
	same("exp log 2", must(c.Exp(must(c.Log(c.Int(2))))), c.Int(2))
	root := must(c.Sqrt(c.Int(2)))
	same("√2²", must(c.Mul(root, root)), c.Int(2))
	z, err := c.CExp(Complex{c.Int(0), pi})
	if err != nil {
		t.Fatal(err)
	}
	same("e^iπ", z.Re, c.Int(-1))
}

// TestDifferenceIsProof: close but different values give disjoint balls.
func TestDifferenceIsProof(t *testing.T) {
	c := context(600)
	a := rat(t, c, 1, 3)
	tiny, err := c.Rat(new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 400)))
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Add(a, tiny)
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.Sub(a, b)
	if err != nil || d.Zero() {
		t.Errorf("1/3 and 1/3 + 2^-400 are not told apart: %v ± %v, %v", d.mid, d.rad, err)
	}
}

func TestBudget(t *testing.T) {
	steps := 100
	c := Context{Prec: 128, Steps: &steps}
	var err error
	for range 10 {
		if _, err = c.Exp(c.Int(1)); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrBudget) {
		t.Errorf("100 steps paid for ten exponentials: %v", err)
	}
	c = context(128)
	if _, err := c.Exp(c.Int(1 << 40)); !errors.Is(err, ErrBudget) {
		t.Errorf("e^(2^40): %v", err)
	}
	if _, err := c.Div(c.Int(1), c.Int(0)); !errors.Is(err, ErrUndefined) {
		t.Errorf("1/0: %v", err)
	}
}

// A sum of numbers of far-apart exponents costs no more than one of near ones,
// and its ball still holds the exact sum.
func TestFarApart(t *testing.T) {
	c := Context{Prec: 128, Steps: new(int)}
	*c.Steps = 1 << 30
	power := func(e int) Real { return Real{new(big.Float).SetPrec(128).SetMantExp(big.NewFloat(1), e), newRad()} }
	for _, tt := range []struct{ a, b int }{{0, 0}, {0, -100}, {0, -200}, {300, 0}, {2000, -2000}, {-2000, 1}} {
		got, err := c.Add(power(tt.a), power(tt.b))
		if err != nil {
			t.Fatal(err)
		}
		exact := new(big.Float).SetPrec(8192).Add(power(tt.a).mid, power(tt.b).mid)
		gap := new(big.Float).SetPrec(8192).Sub(exact, got.mid)
		if gap.Abs(gap).Cmp(got.rad) > 0 {
			t.Errorf("2^%d + 2^%d: the ball %g ± %g does not hold it", tt.a, tt.b, got.mid, got.rad)
		}
		up := plus(newRad(), power(tt.a).mid, power(tt.b).mid)
		if up.Cmp(exact) < 0 {
			t.Errorf("2^%d + 2^%d: a radius is rounded down to %g", tt.a, tt.b, up)
		}
		if lo := low(Real{power(tt.a).mid, power(tt.b).mid}); tt.a > tt.b && new(big.Float).SetPrec(8192).Sub(power(tt.a).mid, power(tt.b).mid).Cmp(lo) < 0 {
			t.Errorf("2^%d ± 2^%d: the lower bound is %g", tt.a, tt.b, lo)
		}
	}
	huge, one := power(maxExp-1), power(-maxExp+1)
	if n := testing.AllocsPerRun(10, func() { _, _ = c.Add(huge, one) }); n > 40 {
		t.Errorf("%v allocations", n)
	}
	big1, err := c.Add(huge, one)
	if err != nil || len(big1.mid.Append(nil, 'p', 0)) > 100 {
		t.Errorf("%v", err)
	}
}

// The arc tangent of a number that is known to few digits is known well: its
// slope is small there.
func TestAtanOfHuge(t *testing.T) {
	c := Context{Prec: 128, Steps: new(int)}
	*c.Steps = 1 << 30
	x := Real{new(big.Float).SetPrec(128).SetMantExp(big.NewFloat(1), 500), newRad().SetMantExp(big.NewFloat(1), 400)}
	v, err := c.Atan(x)
	if err != nil || math.Abs(v.Float64()-math.Pi/2) > 1e-15 || !v.Width(100, c.Int(1)) {
		t.Errorf("%v ± %v, %v", v.mid, v.rad, err)
	}
	if _, err := c.Mul(x, Real{x.mid, newRad().SetMantExp(big.NewFloat(1), 700)}); err != ErrBudget {
		t.Errorf("a product of which nothing is known: %v", err)
	}
}
