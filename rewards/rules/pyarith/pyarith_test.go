package pyarith_test

import (
	"math"
	"strings"
	"testing"

	"gradus/rewards/rules/pyarith"
)

// TestPythonArithmetic holds values that CPython 3.11 prints.
func TestPythonArithmetic(t *testing.T) {
	for _, c := range []struct {
		expr string
		want float64
	}{
		{"2**3**2", 512}, {"-2**2", -4}, {"2**-1", 0.5}, {"2**-2**2", 0.0625}, {"0**0", 1},
		{"3//2", 1}, {"-3//2", -2}, {"3.5//0.7", 5}, {"7//-2", -4}, {"-7.5//2", -4},
		{"00+5", 5}, {"03.5", 3.5}, {".5", 0.5}, {"5.", 5}, {"5.-3", 2}, {"5.*3", 15}, {"1.5.", math.NaN()},
		{"3/4/5", 0.15}, {"(3\r+5)", 8}, {"3\f+5", 8}, {"3\t+ 5", 8}, {"3+-+-5", 8}, {"--3", 3},
		{"10**400/10**399", 10}, {"(-8)**3", -512}, {"1-0.9", 0.09999999999999998},
		{"(-1)**7", -1}, {"(-1)**8", 1}, {"0**5", 0}, {"1**999999999999999999999", 1},
		{"1e3", 1000}, {"1.5E-2*2", 0.03}, {"3*(4+(2-(1)))", 15}, {"(((2)))", 2},
	} {
		v, err := pyarith.Eval(c.expr)
		if math.IsNaN(c.want) {
			if err == nil {
				t.Errorf("%q gives %+v, want an error", c.expr, v)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", c.expr, err)
			continue
		}
		f, err := v.ToFloat()
		if err != nil || f != c.want {
			t.Errorf("%q = %v, want %v", c.expr, f, c.want)
		}
	}
	for _, expr := range []string{"", "03", "3 .", "3..", "...", ".", "3\r+5", "3\v+5", "3(5)", "()", "1 2", "3* *2", "3/ /2", "3***2",
		"10**400/3", "10.0**400", "10**400*1.0", "0**-1", "0.0**-1", "1/0", "1//0", "1.0/0", "1e", ".e3", "1e5e2", "(1", "1)", ")(", "*3", "3*", "(-8)**0.5",
		"9**9**9**9", strings.Repeat("(", 201) + "3" + strings.Repeat(")", 201), strings.Repeat("-", 1<<20) + "3"} {
		if v, err := pyarith.Eval(expr); err == nil {
			t.Errorf("%.40q gives %+v, want an error", expr, v)
		}
	}
	if _, err := pyarith.Eval(strings.Repeat("(", 200) + "3" + strings.Repeat(")", 200)); err != nil {
		t.Error("CPython evaluates 200 nested parentheses")
	}
}

func FuzzPythonArithmetic(f *testing.F) {
	for _, s := range []string{"2**3**2", "-2**-2", "(1)//0.5", "((((1))))", "3..", "9**9**9", "03.5*.5", "1\r+1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := pyarith.Eval(s)
		if err == nil && v.Int != nil && v.Int.BitLen() > 2*pyarith.MaxBits {
			t.Fatalf("%q has %d bits", s, v.Int.BitLen())
		}
	})
}
