package rules

import (
	"regexp"
	"strings"

	"gradus/rewards"
	"gradus/rewards/text"
)

// newOpenR1Format is open-r1's format_reward, its expression kept: tags on
// lines of their own, from the first byte on. As published, "$" also matches
// at the end of any line, so text and further blocks after the answer, nested
// tags and empty thinking are paid too. gradus.format is the repaired form.
func newOpenR1Format() judge {
	// Python's re.match anchors at the start; \A is that. RE2 runs in time
	// linear in the text.
	pattern := regexp.MustCompile(`(?sm)\A<think>\n.*?\n</think>\n<answer>\n.*?\n</answer>$`)
	return func(s rewards.Sample) rewards.Result {
		at := pattern.FindStringIndex(s.Completion)
		if at == nil {
			return rewards.Result{Reason: "format.no_match",
				Why: "the completion does not start with think and answer parts whose tags stand on lines of their own"}
		}
		return rewards.Result{Score: 1, Reason: "format.ok", Why: "the completion starts with a think part and an answer part, tags on lines of their own",
			Spans: []rewards.Span{{From: at[0], To: at[1], Label: "match"}}}
	}
}

// trlThinkFormat is TRL's think_format_reward,
// ^<think>(?!.*<think>)(.*?)</think>.*$ with DOTALL and MULTILINE: the
// completion starts with <think>, there is no other <think> anywhere, and a
// </think> follows. Empty thinking is paid, as published.
func trlThinkFormat(s rewards.Sample) rewards.Result {
	rest, found := strings.CutPrefix(s.Completion, text.ThinkOpen)
	if !found {
		return rewards.Result{Reason: "format.no_think", Why: "the completion does not start with <think>"}
	}
	if at := strings.Index(rest, text.ThinkOpen); at >= 0 {
		from := len(text.ThinkOpen) + at
		return rewards.Result{Reason: "format.repeated_think", Why: "there is a second <think>",
			Spans: []rewards.Span{{From: from, To: from + len(text.ThinkOpen), Label: "second think"}}}
	}
	end := strings.Index(rest, text.ThinkClose)
	if end < 0 {
		return rewards.Result{Reason: "format.unclosed_think", Why: "<think> is never closed"}
	}
	return rewards.Result{Score: 1, Reason: "format.ok", Why: "one <think> at the start, closed by </think>",
		Spans: []rewards.Span{{From: 0, To: len(text.ThinkOpen) + end + len(text.ThinkClose), Label: "think"}}}
}
