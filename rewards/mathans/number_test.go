package mathans

import (
	"math"
	"strings"
	"testing"
)

// What float(parse(text)[0]) is (Math-Verify 0.9.0).
func TestNumber(t *testing.T) {
	literal := NewLiteral()
	for text, want := range map[string]float64{
		"$3$": 3, "$-0.5$": -0.5, `$\frac{1}{4}$`: 0.25, `$50\%$`: 0.5, `$2\pi$`: 2 * math.Pi, `$2^{10}$`: 1024, `$\sqrt{2}$`: math.Sqrt2, `$\sqrt[3]{8}$`: 2, "$1,000$": 1000, "7 apples": 7,
		`$1+2\cdot 3$`: 7, `$\infty$`: math.Inf(1),
		"$x$": math.NaN(), "words": math.NaN(), "": math.NaN(), "$(1,2)$": math.NaN(), `$\text{Yes}$`: math.NaN(), "$" + strings.Repeat("1+", 2000) + "1$": math.NaN(),
	} {
		got, ok := literal.Number(text)
		if ok == math.IsNaN(want) || ok && math.Abs(got-want) > 1e-12 && got != want {
			t.Errorf("%.40s: %v, %v, want %v", text, got, ok, want)
		}
	}
}
