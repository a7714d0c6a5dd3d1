package rules

import (
	"fmt"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/rule"
	"gradus/rewards/text"
)

// openR1TagCount is open-r1's tag_count_reward: a quarter for each of the
// four tags, with its line ends, that stands in the completion exactly once.
// As published it looks at neither order nor content: reversed tags around
// nothing are paid in full. gradus.tag_count is the repaired form.
func openR1TagCount(s rewards.Sample) rewards.Result {
	var r rewards.Result
	var missing []string
	for _, tag := range [...]string{"<think>\n", "\n</think>\n", "\n<answer>\n", "\n</answer>"} {
		n := strings.Count(s.Completion, tag)
		if n != 1 {
			missing = append(missing, fmt.Sprintf("%q stands there %d times", tag, n))
			continue
		}
		r.Score += 0.25
		at := strings.Index(s.Completion, tag)
		r.Spans = append(r.Spans, rewards.Span{From: at, To: at + len(tag), Label: "tag"})
	}
	if len(missing) == 0 {
		r.Reason, r.Why = "tags.ok", "each of the four tags stands there once"
		return r
	}
	r.Reason, r.Why = "tags.count", strings.Join(missing, "; ")
	return r
}

// tagCount pays a quarter for each of the four tags that stands in the
// completion exactly once and in its place: <think> first, then </think>,
// <answer>, </answer>. The two tags of a part with nothing in it are not paid.
// A <think> that the prompt ends in counts as the completion's.
func tagCount(s rewards.Sample) rewards.Result {
	tags := s.Segments().Tags
	if text.After(s.Prompt).Prefilled {
		tags = append([]text.Tag{{Kind: text.KindThinkOpen}}, tags...)
	}
	var count [4]int
	for _, t := range tags {
		count[t.Kind]++
	}
	var r rewards.Result
	var wrong []string
	var paid [4]bool
	last := -1
	var at [4]text.Span
	for _, t := range tags {
		if count[t.Kind] != 1 {
			continue
		}
		at[t.Kind] = t.Span
		if int(t.Kind) < last {
			wrong = append(wrong, fmt.Sprintf("%s stands out of order", text.Tags()[t.Kind]))
			continue
		}
		last = int(t.Kind)
		paid[t.Kind] = true
	}
	for kind, n := range count {
		if n != 1 {
			wrong = append(wrong, fmt.Sprintf("%s stands there %d times", text.Tags()[kind], n))
		}
	}
	for open := text.KindThinkOpen; open <= text.KindAnswerOpen; open += 2 {
		if paid[open] && paid[open+1] && text.Blank(s.Completion, text.Span{From: at[open].To, To: at[open+1].From}) {
			paid[open], paid[open+1] = false, false
			wrong = append(wrong, fmt.Sprintf("nothing stands between %s and %s", text.Tags()[open], text.Tags()[open+1]))
		}
	}
	for kind, ok := range paid {
		if ok {
			r.Score += 0.25
			if at[kind].To > 0 { // else it stands in the prompt
				r.Spans = append(r.Spans, rule.Span(at[kind], "tag"))
			}
		}
	}
	if len(wrong) == 0 {
		r.Reason, r.Why = "tags.ok", "each of the four tags stands there once and in its place"
		return r
	}
	r.Reason, r.Why = "tags.count", strings.Join(wrong, "; ")
	return r
}
