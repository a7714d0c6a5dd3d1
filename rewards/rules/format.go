package rules

import (
	"fmt"

	"gradus/rewards"
	"gradus/rewards/rules/rule"
	"gradus/rewards/text"
)

// strictFormat pays 1 when the completion is exactly one <think>…</think> and
// then one <answer>…</answer>, both with something in them, and nothing but
// white space around them. Everything else is 0, with the reason.
//
// It is the repaired form of the published format rewards, which also pay for
// empty thinking, repeated blocks or text after the answer.
func strictFormat(s rewards.Sample) rewards.Result {
	c := s.Completion
	g := s.Segments()
	fail := func(reason, why string, spans ...rewards.Span) rewards.Result {
		if s.Truncated {
			why += "; it was cut at the length limit"
		}
		return rewards.Result{Reason: "format." + reason, Why: why, Spans: spans}
	}
	name := func(t text.Tag) string { return text.Tags()[t.Kind] }
	switch {
	case len(g.Tags) == 0:
		return fail("no_tags", "the completion has no think and answer tags")
	case g.OpenThink >= 0:
		return fail("unclosed_think", "<think> is never closed", rewards.Span{From: g.OpenThink, To: len(c), Label: "unclosed think"})
	case g.OpenAnswer >= 0:
		return fail("unclosed_answer", "<answer> is never closed", rewards.Span{From: g.OpenAnswer, To: len(c), Label: "unclosed answer"})
	case len(g.Stray) > 0:
		t := g.Stray[0]
		return fail("stray_tag", fmt.Sprintf("%s at byte %d closes or opens nothing", name(t), t.From), rule.Span(t.Span, "stray tag"))
	case len(g.Think) == 0:
		return fail("no_think", "there is no <think>…</think>")
	case len(g.Answer) == 0:
		return fail("no_answer", "there is no <answer>…</answer>")
	case len(g.Think) > 1:
		return fail("repeated_think", fmt.Sprintf("there are %d think parts", len(g.Think)), rule.Span(g.Think[1].Whole(), "second think"))
	case len(g.Answer) > 1:
		return fail("repeated_answer", fmt.Sprintf("there are %d answer parts", len(g.Answer)), rule.Span(g.Answer[1].Whole(), "second answer"))
	case g.Answer[0].Open.From < g.Think[0].Open.From:
		return fail("order", "the answer stands before the thinking", rule.Span(g.Answer[0].Whole(), "answer"))
	case text.Blank(c, g.Think[0].Body):
		return fail("empty_think", "the think part is empty", rule.Span(g.Think[0].Whole(), "empty think"))
	case text.Blank(c, g.Answer[0].Body):
		return fail("empty_answer", "the answer part is empty", rule.Span(g.Answer[0].Whole(), "empty answer"))
	}
	for _, o := range g.Outside {
		if !text.Blank(c, o) {
			return fail("outside", "there is text outside the think and answer parts", rule.Span(text.TrimSpace(c, o), "outside"))
		}
	}
	return rewards.Result{Score: 1, Reason: "format.ok", Why: "one think part, then one answer part, nothing else",
		Spans: []rewards.Span{rule.Span(g.Think[0].Whole(), "think"), rule.Span(g.Answer[0].Whole(), "answer")}}
}

// r1Format is the format reward as the paper words it (DeepSeek-R1, section
// 2.2.2): the model puts "its thinking process between '<think>' and
// '</think>' tags". It pays 1 when the completion, after white space, opens
// with <think> and a </think> follows. The paper says nothing of what may be
// inside or after, so nothing is asked of it. Where the prompt ends in <think>,
// a </think> is enough.
func r1Format(s rewards.Sample) rewards.Result {
	format := text.After(s.Prompt)
	g := s.Segments()
	if !format.Prefilled && (len(g.Tags) == 0 || g.Tags[0].Kind != text.KindThinkOpen || !text.Blank(s.Completion, text.Span{From: 0, To: g.Tags[0].From})) {
		return rewards.Result{Reason: "format.no_think", Why: "the completion does not start with <think>"}
	}
	if len(g.Think) == 0 {
		return rewards.Result{Reason: "format.unclosed_think", Why: "<think> is never closed",
			Spans: []rewards.Span{{From: g.OpenThink, To: len(s.Completion), Label: "unclosed think"}}}
	}
	return rewards.Result{Score: 1, Reason: "format.ok", Why: "the thinking stands between <think> and </think>",
		Spans: []rewards.Span{rule.Span(g.Think[0].Whole(), "think")}}
}
