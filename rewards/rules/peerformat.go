package rules

import (
	"strings"

	"gradus/rewards"
	"gradus/rewards/text"
)

// openR1Format is open-r1's format_reward,
//
//	re.match(r"^<think>\n.*?\n</think>\n<answer>\n.*?\n</answer>$", completion, re.DOTALL | re.MULTILINE)
//
// written as searches, which take linear time. As published, "$" also matches
// at the end of any line, so text and further blocks after the answer, nested
// tags and empty thinking are paid too. gradus.format is the repaired form.
func openR1Format(s rewards.Sample) rewards.Result {
	if end, ok := openR1Match(s.Completion); ok {
		return rewards.Result{Score: 1, Reason: "format.ok", Why: "the completion starts with a think part and an answer part, tags on lines of their own",
			Spans: []rewards.Span{{From: 0, To: end, Label: "match"}}}
	}
	return rewards.Result{Reason: "format.no_match",
		Why: "the completion does not start with think and answer parts whose tags stand on lines of their own"}
}

// openR1Match returns the end of the expression's match.
func openR1Match(c string) (end int, ok bool) {
	const open, middle, closing = "<think>\n", "\n</think>\n<answer>\n", "\n</answer>"
	if !strings.HasPrefix(c, open) {
		return 0, false
	}
	// The first place for the middle leaves the most room for the end.
	at := strings.Index(c[len(open):], middle)
	if at < 0 {
		return 0, false
	}
	for i := len(open) + at + len(middle); ; {
		at := strings.Index(c[i:], closing)
		if at < 0 {
			return 0, false
		}
		i += at + len(closing)
		if i == len(c) || c[i] == '\n' {
			return i, true
		}
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
