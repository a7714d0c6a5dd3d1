// Package latextext turns LaTeX into plain text as the Python package
// pylatexenc 2.11 does by default (LatexNodes2Text().latex_to_text, tolerant
// parsing, math as text), for graders that were published with it: \frac{a}{b}
// becomes a/b, \sqrt{a} becomes √(a), unknown macros vanish and their
// arguments stay. Left out is what has no place in an answer: \title, \author,
// \date, \maketitle, \today and the macros for exercise sheets give no text.
package latextext

import "errors"

// ErrFails says that pylatexenc raises an exception on this text, as on a
// \sqrt without its brackets as the argument of another macro.
var ErrFails = errors.New("pylatexenc fails on this text")

// ErrDeep says that groups are nested deeper than Python's stack allows.
var ErrDeep = errors.New("groups nested too deep for pylatexenc")

// Text is the plain text of LaTeX. Any input is read; an error is ErrFails or
// ErrDeep.
func Text(latex string) (string, error) {
	w := &walker{s: []rune(latex)}
	nodes, _ := w.nodes(0, until{}, state{})
	t := &writer{}
	out := t.list(nodes)
	switch {
	case w.deep || t.deep:
		return "", ErrDeep
	case w.failed || t.failed:
		return "", ErrFails
	}
	return out, nil
}
