package qwen

import (
	"strings"

	"gradus/rewards/rules/pytext"
)

// Extract is extract_answer with data_name "math": the answer of a completion
// in the form that Strip makes. "" is no answer.
func (p *Parser) Extract(s string) string {
	answer := p.find(strings.ReplaceAll(s, "ки", ""))
	answer = p.lines.ReplaceAllLiteralString(answer, "")
	answer = strings.TrimPrefix(answer, ":")
	answer = strings.TrimSuffix(answer, ".")
	answer = strings.TrimSuffix(answer, "/")
	return p.Strip(answer)
}

// find is the part of extract_answer that finds the answer.
func (p *Parser) find(s string) string {
	const final, hope = "final answer is $", "$. I hope"
	switch {
	case strings.Contains(s, final) && strings.Contains(s, hope):
		_, rest, _ := strings.Cut(s, final)
		answer, _, _ := strings.Cut(rest, hope)
		return pytext.Strip(answer)
	case strings.Contains(s, "boxed"):
		return box(s[strings.LastIndex(s, "boxed")+len("boxed"):])
	case strings.Contains(s, "he answer is"):
		return pytext.Strip(behindLast(s, "he answer is"))
	case strings.Contains(s, "final answer is"):
		return pytext.Strip(behindLast(s, "final answer is"))
	case strings.Contains(s, "答案是"):
		answer, _, _ := strings.Cut(pytext.Strip(strings.Split(s, "答案是")[1]), "\n\n")
		return pytext.Strip(answer)
	}
	return p.lastNumber(s)
}

func behindLast(s, mark string) string { return s[strings.LastIndex(s, mark)+len(mark):] }

// lastNumber is the last match of -?\d*\.?\d+ in a text without commas.
func (p *Parser) lastNumber(s string) string {
	all := p.number.FindAllString(strings.ReplaceAll(s, ",", ""), -1)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

// box is what stands in the braces that s begins with, to their end or, when
// they are never closed, to the end of the text; without braces, what stands
// before a dollar sign.
func box(s string) string {
	inside, braced := strings.CutPrefix(s, "{")
	if !braced {
		answer, _, _ := strings.Cut(s, "$")
		return pytext.Strip(answer)
	}
	open := 1
	for i := range len(inside) {
		switch inside[i] {
		case '{':
			open++
		case '}':
			if open--; open == 0 {
				return inside[:i]
			}
		}
	}
	return inside
}
