// Package tora holds what the descendants of ToRA's math_equal
// (microsoft/ToRA, src/eval/grader.py) have in common: those of
// Qwen2.5-Math and of PRIME.
package tora

import (
	"math"
	"strings"
	"unicode/utf8"
)

// Close is math.isclose with a relative tolerance of 1e-4.
func Close(a, b float64) bool {
	if a == b {
		return true
	}
	return !math.IsInf(a, 0) && !math.IsInf(b, 0) && math.Abs(a-b) <= 1e-4*math.Max(math.Abs(a), math.Abs(b))
}

// CloseAsPercent says whether a claimed number is close to the gold one, to a
// hundredth or to a hundred times of it.
func CloseAsPercent(claim, gold float64) bool {
	return Close(gold/100, claim) || Close(gold, claim) || Close(gold*100, claim)
}

// Bare takes the brackets out of both texts: round and curly ones all, square
// ones at the ends where the claim stands between brackets and the gold answer
// does not begin with the other kind.
func Bare(claim, gold string) (bareClaim, bareGold string) {
	around := func(open, closing string) bool {
		return strings.HasPrefix(claim, open) && strings.HasSuffix(claim, closing)
	}
	if around("[", "]") && !strings.HasPrefix(gold, "(") || around("(", ")") && !strings.HasPrefix(gold, "[") {
		claim, gold = strings.Trim(claim, "[]()"), strings.Trim(gold, "[]()")
	}
	r := strings.NewReplacer("{", "", "}", "", "(", "", ")", "")
	return r.Replace(claim), r.Replace(gold)
}

// Inner is s[1:-1].
func Inner(s string) string {
	_, first := utf8.DecodeRuneInString(s)
	_, last := utf8.DecodeLastRuneInString(s)
	return s[first:max(first, len(s)-last)]
}
