package detect

import (
	"fmt"
	"sync"

	"gradus/rewards/language"
	"gradus/rewards/text"
)

// minWords is how many words must tell their language before anything is said
// of it.
const minWords = 20

// meters measure texts against each language by its code; to make one costs more
// than most measurements.
var meters = sync.OnceValue(func() map[string]*language.Meter {
	out := map[string]*language.Meter{}
	for _, code := range language.Codes() {
		target, _ := language.Find(code)
		out[code] = language.NewMeter(target)
	}
	return out
})

// ownLanguage is the share of the completion's words that are of the question's
// language, as the language consistency of DeepSeek-R1 (section 2.3.2), and how
// many words are of others. ok is false where either text has too few words to
// tell.
func (t Trace) ownLanguage() (share float64, others int, spans []text.Span, ok bool) {
	code, most := "", 0
	for c, n := range meters()["en"].Measure(t.Question).Languages {
		if n > most || n == most && c < code {
			code, most = c, n
		}
	}
	meter, known := meters()[code]
	if !known || most < 3 {
		return 0, 0, nil, false
	}
	c := meter.Measure(t.Completion)
	n := float64(c.Target + c.Other)
	if n < minWords {
		return 0, 0, nil, false
	}
	for _, f := range c.Foreign {
		spans = append(spans, text.Span{From: f.From, To: f.To})
	}
	return float64(c.Target) / n, c.Other, spans, true
}

func languageMix(t Trace) (Signal, bool) {
	share, others, spans, ok := t.ownLanguage()
	// A few words alone are too often names, or words that two languages share.
	return Signal{Value: share, Flag: share < 0.9 && others >= minWords, Spans: spans, Facts: map[string]any{"words_of_others": others, "runs": len(spans)},
		Why: fmt.Sprintf("%.0f %% of its words are of another language than the question", 100*(1-share))}, ok
}

// languageDrift compares the means of ownLanguage.
func languageDrift(r Run) (Signal, bool) {
	mean := func(traces []Trace) (float64, int) {
		sum, n := 0.0, 0
		for _, t := range traces {
			if share, _, _, ok := t.ownLanguage(); ok {
				sum += share
				n++
			}
		}
		return sum / float64(max(n, 1)), n
	}
	first, n1 := mean(r.First)
	last, n2 := mean(r.Last)
	return Signal{Value: last - first, Flag: first-last > 0.1,
		Why: fmt.Sprintf("the share of words in the question's language went from %.2f to %.2f", first, last)}, n1 >= minTraces && n2 >= minTraces
}
