// Package squad compares answers as SQuAD does (Rajpurkar et al. 2016): as
// words without case, ASCII punctuation and articles.
package squad

import (
	"strings"
	"unicode"

	"gradus/rewards/rules/pytext"
)

// Normal is SQuAD's normalisation of an answer: lower case, without ASCII
// punctuation and articles, words parted by one space.
func Normal(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && r > ' ' && !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return -1
		}
		return r
	}, pytext.Lower(s))
	// \b stands between what Python's \w matches and what it does not.
	var b strings.Builder
	for len(s) > 0 {
		n := strings.IndexFunc(s, pytext.Word)
		if n < 0 {
			n = len(s)
		}
		b.WriteString(s[:n])
		s = s[n:]
		end := strings.IndexFunc(s, func(r rune) bool { return !pytext.Word(r) })
		if end < 0 {
			end = len(s)
		}
		switch word := s[:end]; word {
		case "a", "an", "the":
			b.WriteByte(' ')
		default:
			b.WriteString(word)
		}
		s = s[end:]
	}
	return strings.Join(pytext.Words(b.String()), " ")
}

// F1 is the harmonic mean of precision and recall of the claim's normal words
// among the gold answer's, each as often as it stands there.
func F1(claim, gold string) float64 {
	a, b := pytext.Words(Normal(claim)), pytext.Words(Normal(gold))
	left := map[string]int{}
	for _, w := range b {
		left[w]++
	}
	same := 0
	for _, w := range a {
		if left[w] > 0 {
			left[w]--
			same++
		}
	}
	if same == 0 {
		return 0
	}
	precision, recall := float64(same)/float64(len(a)), float64(same)/float64(len(b))
	return 2 * precision * recall / (precision + recall)
}
