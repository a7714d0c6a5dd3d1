package qwen

import (
	"testing"

	"gradus/rewards/rules/rule/ruletest"
)

// What Qwen2.5-Math's parser.py (at a45202b) with word2number 1.1 returned.
func TestStrip(t *testing.T) {
	p := NewParser()
	for _, c := range stripCases {
		if got := p.Strip(c[0]); got != c[1] {
			t.Errorf("strip_string(%q) = %q; published %q", c[0], got, c[1])
		}
	}
}

func TestExtract(t *testing.T) {
	p := NewParser()
	for _, c := range extractCases {
		if got := p.Extract(c[0]); got != c[1] {
			t.Errorf("extract_answer(%q) = %q; published %q", c[0], got, c[1])
		}
	}
}

// What extract_answer, strip_string and math_equal returned in a row, with
// sympy 1.14; bench/rivals/rewards/compare.py --qwen compares many more.
func TestMathEqual(t *testing.T) {
	r := ruletest.New(t, Rules(), "qwen.math_equal", nil)
	for _, tt := range []struct {
		completion, gold string
		want             float64
	}{
		{"\\boxed{50}", "0.5", 1},
		{"\\boxed{50\\%}", "0.5", 1},
		{"\\boxed{3.0001}", "3", 1},
		{"\\boxed{3.001}", "3", 0},
		{"\\boxed{\\frac{x+2}{7}}", "\\frac{x}{7}+\\frac{2}{7}", 1},
		{"\\boxed{(1,4.5)}", "(1,\\frac{9}{2})", 1},
		{"\\boxed{\\{2,1\\}}", "\\{1,2\\}", 1},
		{"\\boxed{2,-2}", "2, 3", 1},
		{"\\boxed{-2,2}", "2,-2", 0},
		{"\\boxed{\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}}", "\\begin{bmatrix} 1 & 2.0 \\\\ 3 & 4 \\end{bmatrix}", 1},
		{"\\boxed{2x - y + 1 = 0}", "y = 2x+1", 0},
		{"\\boxed{k=5}", "5", 1},
		{"\\boxed{x<3}", "x>3", 1},
		{"the answer is (A)", "A", 1},
		{"\\boxed{\\sec^2(y)}", "\\tan^2(y)+1", 0},
		{"\\boxed{2\\pi}", "6.2832", 0},
		{"\\boxed{\\sqrt{2}}", "1.41421", 1},
		{"\\boxed{\\frac{1+\\sqrt{5}}{2}}", "2", 0},
		{"\\boxed{[1,2)}", "(1,2)", 1},
		{"\\boxed{x+1}", "x+2n+1", 0},
		{"\\boxed{(+5)(b+2)}", "(a+5)(b+2)", 1},
		{"\\boxed{five}", "5", 1},
		{"\\boxed{x^2 3}", "x^{23}", 1},
		{"nothing", "3", 0},
		{"\\boxed{-34x-45y+20z-100=0}", "34x+45y-20z+100=0", 1},
		{"\\boxed{10^{400}}", "10^{401}", 1},
	} {
		ruletest.Pays(t, r, tt.completion, tt.gold, tt.want)
	}
}
