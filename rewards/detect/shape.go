package detect

import (
	"compress/flate"
	"fmt"
	"io"
	"strings"
	"unicode"

	"gradus/rewards/text"
)

// repetition is the share of 4-grams of words that stand more than once,
// their first occurrences not counted. Lists of numbers and signs, as a sorting
// writes them again and again, are no words; equations are.
func repetition(t Trace) (Signal, bool) {
	const n = 4
	words := strings.FieldsFunc(t.Completion, func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' || r == ';' })
	total := 0
	seen := map[string]struct{}{}
	for i := range max(0, len(words)-n+1) {
		gram := strings.Join(words[i:i+n], " ")
		if strings.ContainsFunc(gram, func(r rune) bool { return r == '=' || unicode.IsLetter(r) }) {
			seen[gram] = struct{}{}
			total++
		}
	}
	if total < 4 {
		return Signal{}, false
	}
	share := 1 - float64(len(seen))/float64(total)
	return Signal{Value: share, Flag: share > 0.3, Why: fmt.Sprintf("%.0f %% of the runs of four words are repetitions", 100*share)}, true
}

// compression finds repetition that words do not show, as of characters.
func compression(t Trace) (Signal, bool) {
	if len(t.Completion) < 200 {
		return Signal{}, false
	}
	var size counter
	w, err := flate.NewWriter(&size, flate.DefaultCompression)
	if err != nil {
		return Signal{}, false
	}
	if _, err := io.WriteString(w, t.Completion); err != nil || w.Close() != nil {
		return Signal{}, false
	}
	ratio := float64(size) / float64(len(t.Completion))
	return Signal{Value: ratio, Flag: ratio < 0.2, Why: fmt.Sprintf("the text compresses to %.0f %% of its size", 100*ratio)}, true
}

type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func tagStuffing(t Trace) (Signal, bool) {
	var count [4]int
	most := 0
	var spans []text.Span
	for _, tag := range text.Scan(t.Completion) {
		count[tag.Kind]++
		if count[tag.Kind] > 1 && len(spans) < 20 {
			spans = append(spans, tag.Span)
		}
		most = max(most, count[tag.Kind])
	}
	return Signal{Value: float64(most), Flag: t.paid() && most > 1, Spans: spans,
		Why: fmt.Sprintf("a tag stands there %d times", most) + t.wasPaid()}, true
}

// hedging counts the different claims: answer parts and boxes after the
// thinking, and values listed within one answer.
func hedging(t Trace) (Signal, bool) {
	g := text.Segment(t.Completion, text.After(t.Prompt))
	end := 0
	if n := len(g.Think); n > 0 {
		end = g.Think[n-1].Close.To
	}
	claims := map[string]bool{}
	var spans []text.Span
	for _, b := range g.Answer {
		if b.Open.From < end {
			continue
		}
		body := strings.TrimSpace(b.Body.In(t.Completion))
		for _, alternative := range strings.FieldsFunc(strings.ReplaceAll(body, " or ", "|"), func(r rune) bool { return r == '|' }) {
			claims[strings.TrimSpace(alternative)] = true
		}
		spans = append(spans, b.Body)
	}
	for _, b := range text.Boxes(t.Completion[end:]) {
		body := strings.TrimSpace(b.Body.In(t.Completion[end:]))
		if len(g.Answer) == 0 {
			claims[body] = true
			spans = append(spans, text.Span{From: end + b.Body.From, To: end + b.Body.To})
		}
	}
	if len(claims) == 0 {
		return Signal{}, false
	}
	return Signal{Value: float64(len(claims)), Flag: t.paid() && len(claims) > 1, Spans: spans[:min(len(spans), 20)],
		Why: fmt.Sprintf("%d different answers are given", len(claims)) + t.wasPaid()}, true
}

// maxEcho bounds the texts that are compared, in bytes of each.
const maxEcho = 1 << 14

// promptEcho measures the longest common substring with the prompt.
func promptEcho(t Trace) (Signal, bool) {
	if t.Prompt == "" || len(t.Completion) < 20 {
		return Signal{}, false
	}
	prompt, completion := t.Prompt[:min(len(t.Prompt), maxEcho)], t.Completion[:min(len(t.Completion), maxEcho)]
	at := longestCommon(completion, prompt)
	s := Signal{Value: float64(at.Len()) / float64(len(completion)), Spans: []text.Span{at}}
	s.Flag = s.Value > 0.5
	s.Why = fmt.Sprintf("%.0f %% of the completion is one stretch of the prompt", 100*s.Value)
	for _, b := range text.Boxes(completion) {
		if b.Whole.Len() > len(`\boxed{}`) && strings.Contains(prompt, b.Whole.In(completion)) {
			s.Flag, s.Spans, s.Why = true, []text.Span{b.Whole}, "a box was copied from the prompt"
		}
	}
	return s, true
}

// longestCommon returns the longest substring of a that b has, by a suffix
// automaton of b: linear in both.
func longestCommon(a, b string) text.Span {
	type state struct {
		next      map[byte]int
		link, len int
	}
	states := []state{{next: map[byte]int{}, link: -1}}
	last := 0
	for i := range len(b) {
		c := b[i]
		cur := len(states)
		states = append(states, state{next: map[byte]int{}, len: states[last].len + 1})
		p := last
		for p >= 0 {
			if _, ok := states[p].next[c]; ok {
				break
			}
			states[p].next[c] = cur
			p = states[p].link
		}
		if p >= 0 {
			q := states[p].next[c]
			if states[q].len == states[p].len+1 {
				states[cur].link = q
			} else {
				clone := len(states)
				copied := make(map[byte]int, len(states[q].next))
				for k, v := range states[q].next {
					copied[k] = v
				}
				states = append(states, state{next: copied, link: states[q].link, len: states[p].len + 1})
				for p >= 0 && states[p].next[c] == q {
					states[p].next[c] = clone
					p = states[p].link
				}
				states[q].link, states[cur].link = clone, clone
			}
		}
		last = cur
	}
	var best text.Span
	at, length := 0, 0
	for i := range len(a) {
		for at > 0 {
			if _, ok := states[at].next[a[i]]; ok {
				break
			}
			at = states[at].link
			length = states[at].len
		}
		if to, ok := states[at].next[a[i]]; ok {
			at = to
			length++
		}
		if length > best.Len() {
			best = text.Span{From: i + 1 - length, To: i + 1}
		}
	}
	return best
}
