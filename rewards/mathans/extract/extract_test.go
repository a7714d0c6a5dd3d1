package extract

import (
	"strings"
	"testing"

	"gradus/rewards/text"
)

// TestOrder: the claims of a text in the order they are tried.
func TestOrder(t *testing.T) {
	both := Targets{Latex: true, Expr: true}
	for _, c := range []struct {
		in   string
		want []string
	}{
		{`so $x$ and \boxed{4}.`, []string{`\boxed{4}`, "x"}},
		{`The final answer is $7$. I hope it is correct. $8$`, []string{"7", "7", "7", "7", "7", "8", "8", "7", "7"}},
		{"answer: 5, then 6", []string{"5", "5", "6", "5"}},
		{"a = 3\nb = 1 + 2\n", []string{"1 + 2\n", "2", "1", "3"}},
		{"$ \n 9 \n $", nil},
		{"cost $5 and $6", []string{"6", "5 and ", "5"}},
		{`$1$, $2$ and $3$`, []string{"1|2|3", "3", "2", "1"}},
		{`x [ 3 ] y`, []string{" 3 ", "3"}},
		{`\frac{1}{2} and 3`, []string{"3", `\frac{1}{2}`}},
		{"XY2K", nil},
	} {
		var got []string
		MathVerify(c.in, both, func(k Candidate) bool {
			var parts []string
			for _, p := range k.Parts {
				parts = append(parts, p.Span.In(c.in))
			}
			got = append(got, strings.Join(parts, "|"))
			return false
		})
		if strings.Join(got, "¶") != strings.Join(c.want, "¶") {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

func TestBoxes(t *testing.T) {
	for _, c := range []struct {
		in   string
		last bool
		want string
	}{
		{`\boxed{1}`, true, "1"},
		{`\boxed {\frac{1}{2}}`, true, `\frac{1}{2}`},
		{`\fbox{3}`, true, "3"},
		{`\boxed{1} and \boxed{2}`, true, "1|2"},
		{`\boxed{1} plain text that is quite long \boxed{2}`, true, "2"},
		{`\boxed{1} plain text, that is quite long \boxed{2}`, true, "1|2"},
		{`\boxed{2} plain text, that is quite long \boxed{2}`, true, "2"},
		{`\boxed{1} plain text that is quite long \boxed{2}`, false, "1|2"},
		{`\boxed{1`, true, "1"},
		{"none", true, ""},
	} {
		var got []string
		for _, b := range Boxes(c.in, text.Span{To: len(c.in)}, c.last) {
			got = append(got, b.In(c.in))
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

func FuzzMathVerify(f *testing.F) {
	for _, s := range []string{`$x$ and $y$`, `\boxed{\boxed{1}`, "answer: = 3 = 4", "final answer is 1 + 2. I hope", "$$a$ $b$$", `\[x\\]\]`, "1,2 345.6%", "× ÷ 3×4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tried := 0
		MathVerify(s, Targets{Latex: true, Expr: true}, func(c Candidate) bool {
			tried++
			for _, p := range c.Parts {
				if p.Span.From < 0 || p.Span.To > len(s) || p.Span.From > p.Span.To {
					t.Fatalf("%q: part %+v", s, p)
				}
				Boxes(s, p.Span, c.Last)
			}
			return false
		})
		LastFormula(s)
	})
}
