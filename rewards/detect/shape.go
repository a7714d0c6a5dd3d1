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

// suffixes is the suffix automaton of a text. The edges of a state are a list,
// which is short for most: a table or a map for each takes far longer to make
// than to search.
type suffixes struct {
	states []suffixState
	edges  []suffixEdge
}

type suffixState struct {
	edge, link, length int32 // first edge, 0 for none; -1 has no link
}

type suffixEdge struct {
	next, to int32
	by       byte
}

// step returns the edge by c out of a state, nil for none.
func (a *suffixes) step(state int32, c byte) *suffixEdge {
	for e := a.states[state].edge; e > 0; e = a.edges[e].next {
		if a.edges[e].by == c {
			return &a.edges[e]
		}
	}
	return nil
}

func (a *suffixes) join(from, to int32, c byte) {
	a.edges = append(a.edges, suffixEdge{next: a.states[from].edge, to: to, by: c})
	a.states[from].edge = int32(len(a.edges) - 1)
}

func newSuffixes(text string) *suffixes {
	a := &suffixes{states: make([]suffixState, 1, 2*len(text)+2), edges: make([]suffixEdge, 1, 3*len(text)+2)}
	a.states[0].link = -1
	last := int32(0)
	for i := range len(text) {
		c := text[i]
		cur := int32(len(a.states))
		a.states = append(a.states, suffixState{length: a.states[last].length + 1})
		p := last
		for ; p >= 0 && a.step(p, c) == nil; p = a.states[p].link {
			a.join(p, cur, c)
		}
		if p >= 0 {
			q := a.step(p, c).to
			if a.states[q].length == a.states[p].length+1 {
				a.states[cur].link = q
			} else {
				clone := int32(len(a.states))
				a.states = append(a.states, suffixState{link: a.states[q].link, length: a.states[p].length + 1})
				for e := a.states[q].edge; e > 0; e = a.edges[e].next {
					a.join(clone, a.edges[e].to, a.edges[e].by)
				}
				for ; p >= 0; p = a.states[p].link {
					e := a.step(p, c)
					if e == nil || e.to != q {
						break
					}
					e.to = clone
				}
				a.states[q].link, a.states[cur].link = clone, clone
			}
		}
		last = cur
	}
	return a
}

// longestCommon returns the longest substring of a that b has, by a suffix
// automaton of b: linear in both.
func longestCommon(a, b string) text.Span {
	in := newSuffixes(b)
	var best text.Span
	at, length := int32(0), 0
	for i := range len(a) {
		e := in.step(at, a[i])
		for e == nil && at > 0 {
			at = in.states[at].link
			length = int(in.states[at].length)
			e = in.step(at, a[i])
		}
		if e != nil {
			at = e.to
			length++
		}
		if length > best.Len() {
			best = text.Span{From: i + 1 - length, To: i + 1}
		}
	}
	return best
}
