package drgrpo

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"gradus/rewards"
	"gradus/rewards/rules/rule/ruletest"
)

// What the published functions returned (understand-r1-zero dfca49d with fast; sympy 1.14.0).
func TestPublished(t *testing.T) {
	made := map[string]rewards.Reward{}
	for _, c := range []struct {
		name, completion, gold string
		want                   float64
	}{
		{"drgrpo.boxed", `\boxed{5 km}`, `5`, 1},
		{"drgrpo.boxed", `\boxed{12\text{ apples}}`, `12`, 1},
		{"drgrpo.boxed", `\boxed{\begin{bmatrix}1\\2\end{bmatrix}}`, `\begin{pmatrix}1\\2\end{pmatrix}`, 1},
		{"drgrpo.boxed", `\boxed{3 m}`, `3 s`, 1},
		{"drgrpo.boxed", `\boxed{\begin{array}{c}1\end{array}}`, `\begin{pmatrix}1\end{pmatrix}`, 1},
		{"drgrpo.boxed", `5`, `5`, 0},
		{"drgrpo.boxed", `\boxed{x \neq 1}`, `x \ne 1`, 1},
		{"drgrpo.boxed", `\boxed{a}`, `b`, 0},
		{"drgrpo.boxed", `\boxed{10 sq. m}`, `10`, 0},
		{"drgrpo.boxed", `\boxed{5}`, `\boxed{5`, 0},
		{"drgrpo.r1_zero", `<think>a</think> <answer>5</answer>`, `5`, 1},
		{"drgrpo.r1_zero", `<think>a</think><answer>5</answer>`, `5`, 0},
		{"drgrpo.r1_zero", `</think> <answer>so \boxed{5}</answer>`, `5`, 1},
		{"drgrpo.r1_zero", `</think> <answer>1</answer><answer>5</answer>`, `5`, 1},
		{"drgrpo.r1_zero", `</think> <answer>5`, `5`, 0},
		{"drgrpo.r1_zero", `</think> <answer>5</answer> x`, `5`, 0},
		{"drgrpo.orz", `<answer>5</answer>`, `5`, 1},
		{"drgrpo.orz", `<answer>5`, `5`, 0},
		{"drgrpo.orz", `<answer>\boxed{5</answer>`, `5`, 0},
	} {
		if made[c.name] == nil {
			made[c.name] = ruletest.New(t, Rules(), c.name, map[string]any{"fast": true})
		}
		ruletest.Pays(t, made[c.name], c.completion, c.gold, c.want)
	}
}

// Without fast, Math-Verify's rules have the last word: sets have no order.
func TestLastResort(t *testing.T) {
	for _, fast := range []bool{true, false} {
		want := 1.0
		if fast {
			want = 0
		}
		ruletest.Pays(t, ruletest.New(t, Rules(), "drgrpo.boxed", map[string]any{"fast": fast}), `\boxed{\{2,1\}}`, `\{1,2\}`, want)
	}
}

// What the published condition answered: repeatness of more than 128 characters.
func TestRepeats(t *testing.T) {
	for text, want := range map[string]bool{strings.Repeat("ab", 64): false, strings.Repeat("ab", 65): true, strings.Repeat("x", 129): true, "": false, numbers(): false} {
		if got := repeats(text); got != want {
			t.Errorf("%.20q, %d bytes: %v", text, len(text), got)
		}
	}
}

func numbers() string {
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "%d,", i*i)
	}
	return b.String()
}

// TestUnitsAgainstTheExpression compares the search for units with the
// published expression, run by Go's regexp, on random arrangements of pieces.
func TestUnitsAgainstTheExpression(t *testing.T) {
	units := []string{"m", "ms", "sq m", " m east", "q .", "a .", "p . ms", "° f", "t", "s"}
	var expressions []*regexp.Regexp
	for _, u := range units {
		expressions = append(expressions, regexp.MustCompile(`(\A|[^\p{L}\p{N}_])`+u+`(\z|[^\p{L}\p{N}_])`))
	}
	pieces := []string{"m", "m", "s", " ", " ", "sq", "q ", "a ", "p ", "° f", "t", "5", "_", "é", ".", "\xff", "east", "٣", "\u0301"}
	rng := rand.New(rand.NewPCG(7, 8))
	taken := 0
	for range 20_000 {
		var b strings.Builder
		for range rng.IntN(9) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		s := b.String()
		for i, u := range units {
			want, got := expressions[i].ReplaceAllString(s, "$1$2"), withoutUnit(s, u)
			if got != want {
				t.Fatalf("%q without %q: %q, the expression says %q", s, u, got, want)
			}
			if got != s {
				taken++
			}
		}
	}
	if taken < 5000 {
		t.Errorf("only %d units among the cases", taken)
	}
}
