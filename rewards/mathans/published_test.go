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
		{`\boxed{\frac{1}{2}}`, `\boxed{\frac12}`, false, PredUnparsed},
		{`$\frac12$`, `\boxed{\frac{1}{2}}`, false, Equal},
		{`\frac{1}{2}`, `so \boxed{\frac{1}{2}.`, false, PredUnparsed},
	} {
		for _, swapped := range []bool{false, true} {
			if v := literal.Published(c.gold, c.completion, c.latex, swapped); v.Status != c.want {
				t.Errorf("gold %s, completion %s, latex %v, swapped %v: %s (%s), want %s", c.gold, c.completion, c.latex, swapped, v.Status, v.Why, c.want)
			}
		}
	}
}
