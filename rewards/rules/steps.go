package rules

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"gradus/rewards"
	"gradus/rewards/rules/rule"
	"gradus/rewards/text"
)

// openR1Steps is open-r1's reasoning_steps_reward: a third for each match of
//
//	(Step \d+:|^\d+\.|\n-|\n\*|First,|Second,|Next,|Finally,)
//
// at most 1. As published, "^" matches only at the start of the completion,
// so of a numbered list only its first line counts, and "First,First,First,"
// is paid in full. gradus.reasoning_steps is the repaired form.
func openR1Steps(s rewards.Sample) rewards.Result {
	return stepsResult(openR1Markers(s.Completion), 3)
}

// openR1Markers finds the matches of the published expression in linear time.
func openR1Markers(c string) []text.Span {
	var found []text.Span
	for i := 0; i < len(c); {
		if i > 0 || digits(c) == 0 {
			at := strings.IndexAny(c[i:], "SFN\n")
			if at < 0 {
				break
			}
			i += at
		}
		n := openR1Marker(c[i:], i == 0)
		if n == 0 {
			i++
			continue
		}
		found = append(found, text.Span{From: i, To: i + n})
		i += n
	}
	return found
}

// openR1Marker returns the length of the marker at the start of s, or 0.
func openR1Marker(s string, first bool) int {
	for _, m := range [...]string{"\n-", "\n*", "First,", "Second,", "Next,", "Finally,"} {
		if strings.HasPrefix(s, m) {
			return len(m)
		}
	}
	if rest, ok := strings.CutPrefix(s, "Step "); ok {
		if n := digits(rest); n > 0 && strings.HasPrefix(rest[n:], ":") {
			return len("Step ") + n + 1
		}
	}
	if n := digits(s); first && n > 0 && strings.HasPrefix(s[n:], ".") {
		return n + 1
	}
	return 0
}

// digits returns the length of the decimal digits at the start of s. As in
// Python's \d they may be of any script.
func digits(s string) int {
	n := 0
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		if !unicode.Is(unicode.Nd, r) {
			break
		}
		n += size
	}
	return n
}

// StepsParams are the parameters of gradus.reasoning_steps.
type StepsParams struct {
	Steps int `json:"steps"` // steps for the full score, at least 1; 3
}

// newSteps pays min(1, n/steps) for n different lines of the think part that
// open a step: "Step 2:", "2." or "2)", a bullet, or a word of sequence. A
// line counts once however many markers it holds, and so do equal lines.
func newSteps(params map[string]any) (rewards.Reward, error) {
	const name = "gradus.reasoning_steps"
	p := StepsParams{Steps: 3}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	if p.Steps < 1 {
		return nil, fmt.Errorf("reward %s: steps is %d; give at least 1", name, p.Steps)
	}
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{0, 1}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		var found []text.Span
		var seen map[string]bool
		for _, part := range s.Segments().Think {
			for from := part.Body.From; from < part.Body.To; {
				line := text.Span{From: from, To: part.Body.To}
				if n := strings.IndexByte(line.In(s.Completion), '\n'); n >= 0 {
					line.To = from + n
				}
				from = line.To + 1
				line = text.TrimSpace(s.Completion, line)
				if words := line.In(s.Completion); opensStep(words) && !seen[words] {
					if seen == nil {
						seen = map[string]bool{}
					}
					seen[words] = true
					found = append(found, line)
				}
			}
		}
		return stepsResult(found, p.Steps)
	}), nil
}

// opensStep says whether a line, without white space around it, opens a step
// and says something in it. Most lines are told by their first byte.
func opensStep(line string) bool {
	if line == "" {
		return false
	}
	switch c := line[0]; {
	case c == 's' || c == 'S':
		if len(line) > 5 && strings.EqualFold(line[:4], "step") && isBlank(line[4]) {
			number := strings.TrimLeft(line[5:], " \t")
			n := digits(number)
			return n > 0 && len(number) > n+1 && strings.IndexByte(":.)", number[n]) >= 0
		}
		return opensWith("Second", line)
	case c == 'F':
		return opensWith("First", line) || opensWith("Finally", line)
	case c == 'T':
		return opensWith("Third", line) || opensWith("Then", line)
	case c == 'N':
		return opensWith("Next", line)
	case c == 'L':
		return opensWith("Lastly", line)
	case c == '-' || c == '*':
		return strings.HasPrefix(line[1:], " ")
	case c >= '0' && c <= '9', c >= 0x80:
		if n := digits(line); n > 0 {
			return len(line) > n+2 && (line[n] == '.' || line[n] == ')') && isBlank(line[n+1])
		}
		return strings.HasPrefix(line, "• ")
	}
	return false
}

// opensWith says whether a line opens with a word of sequence.
func opensWith(word, line string) bool {
	after, ok := strings.CutPrefix(line, word)
	return ok && len(after) > 1 && (isBlank(after[0]) || after[0] == ',' || after[0] == ':')
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' }

func stepsResult(found []text.Span, full int) rewards.Result {
	r := rewards.Result{Reason: "steps.counted", Why: fmt.Sprintf("%d steps, %d are paid in full", len(found), full),
		Score: min(1, float64(len(found))/float64(full)), Facts: map[string]any{"steps": len(found)}}
	for _, m := range found[:min(len(found), maxSpans)] {
		r.Spans = append(r.Spans, rule.Span(m, "step"))
	}
	return r
}

// maxSpans bounds the spans of one result: a trace of bullets alone would
// otherwise store more spans than text.
const maxSpans = 64
