package rules

import (
	"fmt"
	"slices"
	"strings"

	"gradus/rewards"
	"gradus/rewards/language"
	"gradus/rewards/rules/rule"
	"gradus/rewards/text"
)

// LanguageParams are the parameters of gradus.language_consistency.
type LanguageParams struct {
	Language string `json:"language"` // code of the target language; "en"
}

// newLanguage is R1's language consistency reward (DeepSeek-R1, section
// 2.3.2): the share of target-language words among the words of the thinking.
// Mathematics, code, addresses, tags, numbers and single letters are masked
// first. Thinking without a word of any language is skipped: it is neither
// consistent nor inconsistent.
func newLanguage(params map[string]any) (rewards.Reward, error) {
	const name = "gradus.language_consistency"
	p := LanguageParams{Language: "en"}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	target, ok := language.Find(p.Language)
	if !ok {
		return nil, fmt.Errorf("reward %s: language %q is unknown; did you mean %q? Known are %s",
			name, p.Language, text.Nearest(p.Language, language.Codes()), strings.Join(language.Codes(), ", "))
	}
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{0, 1}, Deterministic: true}
	meter := language.NewMeter(target)
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result { return languageShare(target, meter, s) }), nil
}

func languageShare(target language.Language, meter *language.Meter, s rewards.Sample) rewards.Result {
	g := s.Segments()
	parts := make([]text.Span, 0, len(g.Think)+1)
	for _, t := range g.Think {
		parts = append(parts, t.Body)
	}
	switch {
	case g.OpenThink >= 0:
		parts = append(parts, text.Span{From: g.OpenThink, To: len(s.Completion)})
	case len(parts) == 0:
		// A chat template may have opened the think part in the prompt.
		end := len(s.Completion)
		for _, t := range g.Tags {
			if t.Kind == text.KindThinkClose {
				end = t.From
				break
			}
		}
		parts = append(parts, text.Span{From: 0, To: end})
	}
	var total language.Count
	var spans []rewards.Span
	for _, part := range parts {
		c := meter.Measure(part.In(s.Completion))
		total.Add(c)
		for _, f := range c.Foreign {
			spans = append(spans, rewards.Span{From: part.From + f.From, To: part.From + f.To, Label: "other language"})
		}
	}
	facts := map[string]any{"target": total.Target, "other": total.Other, "neutral": total.Neutral, "masked_bytes": total.Masked, "languages": total.Languages}
	if total.Target+total.Other == 0 {
		return rewards.Result{Status: rewards.Skipped, Reason: "language.no_words", Facts: facts,
			Why: "the thinking holds no words whose language can be told"}
	}
	others := make([]string, 0, len(total.Languages))
	for code := range total.Languages {
		if code != target.Code {
			others = append(others, code)
		}
	}
	slices.Sort(others)
	r := rewards.Result{Score: float64(total.Target) / float64(total.Target+total.Other), Reason: "language.share", Facts: facts,
		Spans: spans[:min(len(spans), maxSpans)]}
	r.Why = fmt.Sprintf("%d of %d words are %s", total.Target, total.Target+total.Other, target.Name)
	if len(others) > 0 {
		r.Why += "; others: " + strings.Join(others, ", ")
	}
	return r
}
