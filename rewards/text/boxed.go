package text

import "strings"

// Box is one \boxed{…} or \fbox{…}.
type Box struct {
	Whole Span // from the backslash to the closing brace
	Body  Span
}

// Boxes finds the closed boxes of a text by matching braces, outermost boxes
// only, from left to right. White space between the command and its brace is
// allowed; a box without a brace, or whose brace is never closed, is no box.
// Braces written \{ and \} do not count. Time is linear in len(s).
func Boxes(s string) []Box {
	var boxes []Box
	// One entry for each open brace, with the box command before it, or -1.
	var stack []boxStart
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			rest := s[i:]
			name := ""
			if strings.HasPrefix(rest, `\boxed`) {
				name = `\boxed`
			} else if strings.HasPrefix(rest, `\fbox`) {
				name = `\fbox`
			}
			if name != "" {
				at := i + len(name)
				for at < len(s) && isSpace(s[at]) {
					at++
				}
				if at < len(s) && s[at] == '{' {
					stack = append(stack, boxStart{i, at})
				}
				// Skip to the brace, or over the command and its spaces, so
				// that runs of spaces are read once.
				i = at
				if at >= len(s) || s[at] != '{' {
					i = at - 1
				}
				continue
			}
			i++ // an escaped character, as \{
		case '{':
			stack = append(stack, boxStart{-1, i})
		case '}':
			if len(stack) == 0 {
				continue
			}
			top := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if top.command < 0 {
				continue
			}
			b := Box{Span{top.command, i + 1}, Span{top.brace + 1, i}}
			// An outer box closes after the inner ones: it replaces them.
			for len(boxes) > 0 && boxes[len(boxes)-1].Whole.From > b.Whole.From {
				boxes = boxes[:len(boxes)-1]
			}
			boxes = append(boxes, b)
		}
	}
	return boxes
}

type boxStart struct{ command, brace int }
