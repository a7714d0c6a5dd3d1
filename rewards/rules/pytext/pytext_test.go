package pytext

import (
	"math"
	"strings"
	"testing"
)

func TestPythonText(t *testing.T) {
	for s, want := range map[string]string{"ΑΣ ΣΑΣ": "ας σας", "İX": "i̇x", "Σ": "σ", "ΑΣ.Β": "ασ.β"} {
		if got := Lower(s); got != want {
			t.Errorf("lower %q = %q, Python says %q", s, got, want)
		}
	}
	if got := Words("a\x1cb\u00a0c\u2003d\u200be"); strings.Join(got, "|") != "a|b|c|d\u200be" {
		t.Errorf("words %q", got)
	}
}

// What Python 3.11's float says of these texts; nan stands for ValueError.
func TestFloat(t *testing.T) {
	for s, want := range map[string]float64{" 1_000.5\n": 1000.5, "1__0": math.NaN(), "_1": math.NaN(), "1_": math.NaN(), "1_.5": math.NaN(), ".5": 0.5, "5.": 5, ".": math.NaN(),
		"-1e3": -1000, "1e": math.NaN(), "1e1_0": 1e10, "1e999": math.Inf(1), "-Infinity": math.Inf(-1), "+-inf": math.NaN(), "0x10": math.NaN(), "": math.NaN(), "--1": math.NaN(),
		"\u0663.\u0665": 3.5, "\U0001d7d9": 1, "1 2": math.NaN(), "²": math.NaN(), "1e-999": 0, "infinit": math.NaN(), "1p3": math.NaN()} {
		if got, ok := Float(s); ok == math.IsNaN(want) || ok && got != want {
			t.Errorf("float(%q) = %v, %v; Python says %v", s, got, ok, want)
		}
	}
	if got, ok := Float(" -NaN"); !ok || !math.IsNaN(got) {
		t.Errorf("float(-NaN) = %v, %v", got, ok)
	}
}

// What Python 3.11's int says of these texts; "" stands for ValueError.
func TestInt(t *testing.T) {
	for s, want := range map[string]string{" 1_000\n": "1000", "1__0": "", "_1": "", "1_": "", "+7": "7", "-0": "0", "-12": "-12", "--1": "", "+-1": "", "-+1": "", "": "", " ": "", "- 1": "", "007": "7", "1.0": "", "1e3": "", "0x10": "",
		"\u0664\u0662": "42", "\u00b2": "", "1 2": "", strings.Repeat("9", 4301): "", "+": "", "+_1": ""} {
		got, ok := Int(s)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("int(%.40q) = %v, %v; Python says %q", s, got, ok, want)
		}
	}
}
