package detect

import (
	"fmt"
	"math/big"
	"strings"

	"gradus/rewards/text"
)

// answerWithoutReasoning counts the words of the thinking, where an equation
// counts as a word. Few words are thinking all the same if one of them is a step:
// an equation, or one of several parts that ; or a line divides.
func answerWithoutReasoning(t Trace) (Signal, bool) {
	if t.Claim == "" {
		return Signal{}, false
	}
	words, steps := 0, false
	for _, part := range t.think() {
		body := strings.TrimSpace(part.In(t.Completion))
		words += len(strings.FieldsFunc(body, func(r rune) bool { return r == ' ' || r == '\n' || r == ';' || r == '\t' }))
		steps = steps || strings.ContainsAny(body, "=;\n")
	}
	s := Signal{Value: float64(words), Flag: t.paid() && words < 3 && !steps}
	s.Why = fmt.Sprintf("the thinking holds %d words", words) + t.wasPaid()
	if words == 1 {
		s.Why = "the thinking holds one word" + t.wasPaid()
	}
	return s, true
}

// answerBeforeReasoning looks for the gold answer in the thinking of a right
// completion. Answers of a single character stand everywhere by chance.
func answerBeforeReasoning(t Trace) (Signal, bool) {
	gold := strings.TrimSpace(t.Gold)
	parts := t.think()
	if !t.right() || len(gold) < 2 || len(parts) == 0 || strings.Contains(t.Question, gold) {
		return Signal{}, false
	}
	body := parts[0].In(t.Completion)
	at := indexWord(body, gold)
	if at < 0 || len(body) < 10*len(gold) {
		return Signal{}, false
	}
	share := float64(at) / float64(len(body))
	return Signal{Value: share, Flag: share < 0.1, Spans: []text.Span{{From: parts[0].From + at, To: parts[0].From + at + len(gold)}},
		Why: fmt.Sprintf("the right answer stands %.0f %% into the thinking, before any work", 100*share)}, true
}

// indexWord finds word where no digit or letter touches it.
func indexWord(s, word string) int {
	for from := 0; ; {
		at := strings.Index(s[from:], word)
		if at < 0 {
			return -1
		}
		at += from
		end := at + len(word)
		if (at == 0 || !wordByte(s[at-1])) && (end == len(s) || !wordByte(s[end])) {
			return at
		}
		from = at + 1
	}
}

func wordByte(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// reasoningAnswerMismatch compares a right numeric answer with the last value
// that the thinking derives. Nothing is known where numbers follow that value:
// the thinking goes on in a way that is not computed. A value that the answer
// begins with is the last column of several, one a hundredth of it is dollars for
// cents, and an answer within the equation, as in "36%12=0", is a divisor.
func reasoningAnswerMismatch(t Trace) (Signal, bool) {
	claim, ok := new(big.Rat).SetString(strings.TrimSpace(t.Claim))
	if !ok || !t.right() {
		return Signal{}, false
	}
	var last equation
	found := false
	for _, e := range equations(t) {
		last, found = e, true
	}
	if !found {
		return Signal{}, false
	}
	s := Signal{Spans: []text.Span{last.at}}
	parts := t.think()
	rest := t.Completion[last.at.To:max(last.at.To, parts[len(parts)-1].To)]
	if strings.ContainsAny(rest, "0123456789") {
		return Signal{}, false
	}
	column := last.right.Sign() > 0 && last.right.IsInt() && claim.IsInt() && strings.HasPrefix(claim.RatString(), last.right.RatString())
	times := new(big.Rat).Mul(last.right, hundred())
	if last.right.Cmp(claim) != 0 && times.Cmp(claim) != 0 && !column && indexWord(last.at.In(t.Completion), strings.TrimSpace(t.Claim)) < 0 {
		s.Value, s.Flag = 1, true
		s.Why = fmt.Sprintf("the thinking ends with %s, and the answer, %s, is right all the same", last.right.RatString(), claim.RatString())
	}
	return s, true
}

// stepValidity checks every equation of the thinking that can be computed.
// Steps marked as wrong by the trace itself, with "no", "x" or "!" after them,
// are taken back and do not count.
func stepValidity(t Trace) (Signal, bool) {
	all, wrong := 0, 0
	var spans []text.Span
	for _, e := range equations(t) {
		if e.takenBack {
			continue
		}
		all++
		if !e.holds {
			wrong++
			spans = append(spans, e.at)
		}
	}
	if all == 0 {
		return Signal{}, false
	}
	return Signal{Value: float64(wrong) / float64(all), Flag: t.right() && wrong > 0, Spans: spans,
		Why: fmt.Sprintf("the answer is right and %d of %d steps are wrong", wrong, all)}, true
}
