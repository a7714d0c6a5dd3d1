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
// and says something in it.
func opensStep(line string) bool {
	if line == "" {
		return false
	}
	// Most lines begin with nothing that could be a marker.
	if c := line[0]; c < 0x80 && !(c >= '0' && c <= '9') && strings.IndexByte("sSFTNL-*", c) < 0 {
		return false
	}
	rest, isStep := line, false
	if len(line) > 5 && strings.EqualFold(line[:4], "step") && isBlank(line[4]) {
		rest, isStep = strings.TrimLeft(line[5:], " \t"), true
	}
	if n := digits(rest); n > 0 {
		after := rest[n:]
		if isStep {
			return len(after) > 1 && strings.IndexByte(":.)", after[0]) >= 0
		}
		return len(after) > 2 && (after[0] == '.' || after[0] == ')') && isBlank(after[1])
	}
	for _, bullet := range [...]string{"- ", "* ", "• "} {
		if strings.HasPrefix(line, bullet) {
			return true
		}
	}
	for _, word := range [...]string{"First", "Second", "Third", "Next", "Then", "Finally", "Lastly"} {
		if after, ok := strings.CutPrefix(line, word); ok && len(after) > 1 && (isBlank(after[0]) || after[0] == ',' || after[0] == ':') {
			return true
		}
	}
	return false
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
