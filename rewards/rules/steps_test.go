package rules

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"gradus/rewards/text"
)

// TestOpensStep: the lines that open a step are those of the expression.
func TestOpensStep(t *testing.T) {
	const end = `(?s:.)` // something is said
	step := regexp.MustCompile(`^([sS][tT][eE][pP][ \t]+\p{Nd}+[:.)]` + end + `|\p{Nd}+[.)][ \t]` + end +
		`|[-*•] |(First|Second|Third|Next|Then|Finally|Lastly)[ \t,:]` + end + `)`)
	pieces := []string{"Step", "step", "sTeP", "STEP ", " ", "\t", "1", "12", "٣", "2)", "3.", ":", ".", ")", ",", "- ", "-", "* ", "*", "•", "• ", "First", "Second,", "Third", "Next",
		"Then", "Finally:", "Lastly", "x", "the", "é", "\xff", "ſtep 1: a", "S", "$", "T"}
	rng := rand.New(rand.NewPCG(5, 5))
	opened := 0
	for range 20_000 {
		var b strings.Builder
		for range rng.IntN(6) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		line := b.String()
		line = text.TrimSpace(line, text.Span{To: len(line)}).In(line)
		got := opensStep(line)
		if want := step.MatchString(line); got != want {
			t.Fatalf("%q: %v, want %v", line, got, want)
		}
		if got {
			opened++
		}
	}
	if opened < 1000 {
		t.Errorf("only %d of the lines open a step", opened)
	}
}
