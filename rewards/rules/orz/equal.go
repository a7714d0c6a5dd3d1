package orz

import (
	"unicode/utf8"

	"gradus/rewards/rules/mathtext"
	"gradus/rewards/rules/parselatex"
	"gradus/rewards/rules/pytext"
)

// texts compares answers.
type texts struct {
	hendrycks mathtext.Hendrycks
	minerva   mathtext.Minerva
}

func newTexts() texts {
	return texts{mathtext.Hendrycks{OnePercent: true, NoCommas: true}, mathtext.NewMinerva(true)}
}

// equivalent is is_equiv: the normal forms are the same number or text.
func (t texts) equivalent(a, b string) bool {
	x, okX := t.hendrycks.Normal(a)
	y, okY := t.hendrycks.Normal(b)
	if !okX || !okY {
		return a == b
	}
	v, okV := pytext.Float(x)
	w, okW := pytext.Float(y)
	if okV && okW {
		return v == w
	}
	return x == y
}

// latexEqual is is_latex_equal in its legacy mode. A long text that repeats
// itself is equal to nothing.
func (t texts) latexEqual(a, b string) bool {
	for _, s := range [...]string{a, b} {
		if len(s) > longest || utf8.RuneCountInString(s) > 128 && mathtext.Repeats(s) {
			return false
		}
	}
	if equal, ok := latexSame(a, b); ok && equal {
		return true
	}
	x, y := t.minerva.Whole(a), t.minerva.Whole(b)
	equal, ok := latexSame(x, y)
	if !ok {
		return x == y
	}
	return equal
}

// longest bounds the bytes of an answer that is read; the published code
// gives up after a second.
const longest = 8192

// latexSame compares by parse_latex and evalf; ok is false where they raise.
func latexSame(a, b string) (equal, ok bool) {
	x, err := parselatex.Parse(a)
	if err != nil {
		return false, false
	}
	y, err := parselatex.Parse(b)
	if err != nil {
		return false, false
	}
	return parselatex.EvalfEqual(x, y)
}
