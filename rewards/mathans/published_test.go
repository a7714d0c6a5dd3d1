package mathans

import "testing"

// TestPublished holds what open-r1's and TRL's functions return with
// Math-Verify 0.8.0 (their own code, run on these rows).
func TestPublished(t *testing.T) {
	literal := NewLiteral()
	for _, c := range []struct {
		gold, completion string
		latex            bool
		want             Status
	}{
		{`\frac{63}{400}`, `\boxed{\frac{63}{400}}`, false, Equal},
		{"63/400", `\boxed{\frac{63}{400}}`, false, Equal},
		{`\frac{63}{400}`, `\boxed{\frac{64}{400}}`, false, Different},
		{"6", `\boxed{3}`, false, Different},
		{"6", `\boxed{6}`, true, GoldUnparsed}, // no LaTeX
		{"$6$", `\boxed{6}`, true, Equal},
		{"forty two", `\boxed{42}`, false, GoldUnparsed},
		{"x+1", `\boxed{x+1}`, false, GoldUnparsed},
		{"$x+1$", `\boxed{1+x}`, false, Equal},
		{"42", "The final answer is $42$", false, Equal},
		{"42", "$42$", false, NoAnswer}, // neither a box nor words before it
		{"42", "42", false, NoAnswer},
		{"\u00a042", `\boxed{42}`, false, Equal},
		{"\u3000x\u202842", `\boxed{42}`, false, Equal},
		{`\boxed{\frac{1}{2}}`, `\boxed{\frac12}`, false, PredUnparsed},
		{`$\frac12$`, `\boxed{\frac{1}{2}}`, false, Equal},
		{`\frac{1}{2}`, `so \boxed{\frac{1}{2}.`, false, PredUnparsed},
	} {
		callers := []Caller{TRLAccuracy, OpenR1Accuracy}
		if c.latex {
			callers = []Caller{OpenR1Length}
		}
		for _, by := range callers {
			if v := literal.Published(c.gold, c.completion, by); v.Status != c.want {
				t.Errorf("gold %s, completion %s, caller %d: %s (%s), want %s", c.gold, c.completion, by, v.Status, v.Why, c.want)
			}
		}
	}
}

// TestPublishedCallers: where the functions differ, by their own code (open-r1
// 1416fa0, TRL f2cd577, Math-Verify 0.9.0).
func TestPublishedCallers(t *testing.T) {
	literal := NewLiteral()
	for _, c := range []struct {
		gold, completion    string
		trl, openR1, length bool
	}{
		{"$4$", `$\boxed{4}$`, true, true, true},
		{"$4$", `$2+2=\boxed{4}$`, true, true, false},
		{"$4$", `$x=\boxed{4}$`, true, true, true},
		{"$4$", `$a=b=\boxed{4}$`, true, true, true},
		{"$4$", `\[ x = \boxed{4}. \]`, true, true, false},
		{"$4$", `$\boxed{4}\%$`, true, true, false},
		{"$4$", `$\therefore \boxed{4}$`, true, true, false},
		{"$(1,2)$", `$\boxed{(1,2)}$`, true, true, true},
		{"$(1,2)$", `$\boxed{(1,2)}, \boxed{(1,2)}$`, true, true, false},
		{"$1,2$", `$x=\boxed{1,2}$`, true, true, true},
		{"$\\text{Yes}$", `$\boxed{\text{Yes}}$`, true, true, false},
		{"$\\text{Yes}$", `\boxed{\text{Yes}}`, true, true, true},
		{"$x=5$", `\boxed{a=b=5}`, false, true, true},
		{"$x=5$", `\boxed{a=5}`, false, false, false},
		{"$5$", `\boxed{a=b=5}`, true, true, true},
		{`$\{1,2\}$`, `\boxed{a=b=\{1,2\}}`, false, false, false},
		{`$\{1,2\}$`, `\boxed{a=\{1,2\}}`, true, true, true},
		{"$-7$", `\boxed{\text{-7}}`, true, true, true},
		{`$\frac{2}{4}$`, `\boxed{\text{1/2}}`, true, true, true},
		{`$\frac{1}{2}$`, `\boxed{\text{2/4}}`, false, false, false},
		{`$\pi$`, `\boxed{\text{pi}}`, true, true, true},
		{"0.5", `\boxed{\text{1/2}}`, false, false, false},
		{"x [0,1]\n", `\boxed{[0,1]}`, false, false, false},
		{"x [0,1]\n", `\boxed{0,1}`, true, true, true}, // brackets between white space are LaTeX
		{`\boxed{\frac{} and $x+1$`, `\boxed{x+1}`, true, false, false},
	} {
		for by, want := range []bool{TRLAccuracy: c.trl, OpenR1Accuracy: c.openR1, OpenR1Length: c.length} {
			if v := literal.Published(c.gold, c.completion, Caller(by)); v.Equal != want {
				t.Errorf("gold %s, completion %s, caller %d: %s (%s), want equal %v", c.gold, c.completion, by, v.Status, v.Why, want)
			}
		}
	}
}
