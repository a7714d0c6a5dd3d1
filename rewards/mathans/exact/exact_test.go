package exact

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func sqrtOf(t *testing.T, a, b int64) Number {
	t.Helper()
	x, err := FromRat(big.NewRat(a, b)).Sqrt()
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// float computes a real number from its terms.
func (x Number) float() float64 {
	sum := 0.0
	for _, t := range x.terms {
		q, _ := t.q.Float64()
		sum += q * math.Sqrt(float64(t.n))
	}
	return sum
}

// TestFieldLaws: sums, products and inverses of random numbers agree with
// float64, and (x·y)/y is x again.
func TestFieldLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := func() Number {
		x := FromRat(big.NewRat(r.Int64N(19)-9, r.Int64N(5)+1))
		for range 2 {
			root := sqrtOf(t, r.Int64N(30)+1, r.Int64N(4)+1)
			scaled, err := root.Mul(FromRat(big.NewRat(r.Int64N(9)-4, r.Int64N(3)+1)))
			if err != nil {
				t.Fatal(err)
			}
			if x, err = x.Add(scaled); err != nil {
				t.Fatal(err)
			}
		}
		return x
	}
	for range 300 {
		x, y := random(), random()
		p, err := x.Mul(y)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := p.float(), x.float()*y.float(); math.Abs(got-want) > 1e-9*(1+math.Abs(want)) {
			t.Fatalf("product %v, float64 says %v", got, want)
		}
		inv, err := y.Inv()
		if y.IsZero() {
			if !errors.Is(err, ErrZero) {
				t.Fatalf("1/0: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		back, err := p.Mul(inv)
		if err != nil {
			t.Fatal(err)
		}
		if !back.Equal(x) {
			t.Fatalf("x·y/y is %v, x is %v", back.terms, x.terms)
		}
	}
}

func TestRoots(t *testing.T) {
	two, three := sqrtOf(t, 2, 1), sqrtOf(t, 3, 1)
	sum, err := two.Add(three)
	if err != nil {
		t.Fatal(err)
	}
	square, err := sum.Pow(2) // 5 + 2√6
	if err != nil {
		t.Fatal(err)
	}
	root, err := square.Sqrt()
	if err != nil || !root.Equal(sum) {
		t.Errorf("√(√2+√3)² = %v, %v", root.terms, err)
	}
	if x := sqrtOf(t, -4, 9); !func() bool {
		y, _ := I().Mul(FromRat(big.NewRat(2, 3)))
		return x.Equal(y)
	}() {
		t.Errorf("√(-4/9) = %v", x.terms)
	}
	if x, err := sqrtOf(t, -2, 1).Mul(sqrtOf(t, -3, 1)); err != nil || !x.Equal(sqrtOf(t, 6, 1).Neg()) {
		t.Errorf("√-2·√-3 = %v, %v; want -√6", x.terms, err)
	}
	if x := sqrtOf(t, 72, 50); !x.Equal(FromRat(big.NewRat(6, 5))) {
		t.Errorf("√(72/50) = %v", x.terms)
	}
	if _, err := two.Add(FromRat(big.NewRat(1, 1))); err != nil {
		t.Error(err)
	}
	// √(1+√2) is in no field of square roots of rationals.
	one, _ := two.Add(FromRat(big.NewRat(1, 1)))
	if _, err := one.Sqrt(); !errors.Is(err, ErrNotExact) {
		t.Errorf("√(1+√2): %v", err)
	}
}

func TestLimits(t *testing.T) {
	if _, err := FromRat(big.NewRat(3, 1)).Pow(1 << 40); !errors.Is(err, ErrBudget) {
		t.Errorf("3^(2^40): %v", err)
	}
	if x, err := FromRat(big.NewRat(-1, 1)).Pow(1<<40 + 1); err != nil || !x.Equal(FromRat(big.NewRat(-1, 1))) {
		t.Errorf("(-1)^odd = %v, %v", x.terms, err)
	}
	if _, err := FromRat(big.NewRat(1, 3)).Pow(-2); err != nil {
		t.Error(err)
	}
	if _, err := (Number{}).Inv(); !errors.Is(err, ErrZero) {
		t.Errorf("1/0: %v", err)
	}
}
