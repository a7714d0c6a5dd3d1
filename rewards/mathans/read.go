package mathans

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"gradus/rewards/mathans/ast"
	"gradus/rewards/mathans/extract"
	"gradus/rewards/mathans/latex2sympy"
	"gradus/rewards/mathans/parse"
	"gradus/rewards/text"
)

// reading is an answer as read.
type reading struct {
	expr   *ast.Node // nil when it is no formula
	unit   string
	choice string // the letter of a multiple choice before the formula
	text   string // the source, without what surrounds it
	span   text.Span
	large  bool // it passes a limit
	opaque bool // Math-Verify reads it as a formula and gradus does not
	err    error
}

// readAnswer reads a text that is an answer and nothing else.
func readAnswer(s string) reading {
	span := trimAnswer(s)
	body := span.In(s)
	r := reading{text: body, span: span}
	if strings.Contains(body, `\boxed`) || strings.Contains(body, `\fbox`) {
		if boxes := extract.Boxes(s, span, false); len(boxes) > 0 {
			r.text = join(s, boxes)
		}
	}
	if !parse.Mathematical(r.text) {
		a, err := parse.Parse(r.text, parse.Options{})
		r.large = errors.Is(err, parse.ErrTooLarge)
		if err == nil && a.Expr.Kind != ast.Mul && !wordy(r.text) {
			r.expr, r.unit, r.choice = a.Expr, a.Unit, a.Choice
			return r
		}
		r.err = err
		if words := plainWords(r.text); words != "" && !r.large {
			r.expr = ast.Named(ast.Text, words)
		}
		return r
	}
	a, err := parse.Parse(r.text, parse.Options{})
	if err != nil {
		r.err, r.large = err, errors.Is(err, parse.ErrTooLarge)
		return r
	}
	r.expr, r.unit, r.choice = a.Expr, a.Unit, a.Choice
	return r
}

// wordy says whether a text holds prose outside of LaTeX commands.
func wordy(s string) bool {
	letters := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			for i+1 < len(s) && (s[i+1]|0x20 >= 'a' && s[i+1]|0x20 <= 'z') {
				i++
			}
			// The argument of a text command is text, not prose around it.
			if i+1 < len(s) && s[i+1] == '{' {
				if k := strings.IndexByte(s[i:], '}'); k > 0 {
					i += k
				}
			}
			letters = 0
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			letters++
			if letters >= 3 {
				return true
			}
		default:
			letters = 0
		}
	}
	return false
}

// plainWords is the text of an answer in words.
func plainWords(s string) string {
	s = strings.NewReplacer(`\left`, "", `\right`, "", `\quad`, " ", `\,`, " ", `\ `, " ", "~", " ").Replace(s)
	for _, c := range []string{`\text`, `\textbf`, `\textit`, `\mathrm`, `\mbox`, `\textrm`} {
		s = strings.ReplaceAll(s, c+"{", "{")
	}
	return strings.Join(strings.Fields(s), " ")
}

// trimAnswer takes off what wraps an answer without changing it: white space,
// math delimiters, bold marks, a full stop at the end.
func trimAnswer(s string) text.Span {
	span := text.TrimSpace(s, text.Span{To: len(s)})
	for {
		before := span
		if b := span.In(s); strings.HasSuffix(b, ".") && !strings.HasSuffix(b, "..") {
			span.To--
		}
		b := span.In(s)
		for _, d := range [...][2]string{{"$$", "$$"}, {"$", "$"}, {`\(`, `\)`}, {`\[`, `\]`}, {"**", "**"}} {
			if len(b) > len(d[0])+len(d[1]) && strings.HasPrefix(b, d[0]) && strings.HasSuffix(b, d[1]) &&
				!strings.Contains(b[len(d[0]):len(b)-len(d[1])], d[0]) && !strings.HasSuffix(b, `\$`) {
				span.From += len(d[0])
				span.To -= len(d[1])
				break
			}
		}
		span = text.TrimSpace(s, span)
		if span == before {
			return span
		}
	}
}

func join(s string, spans []text.Span) string {
	if len(spans) == 1 {
		return spans[0].In(s)
	}
	parts := make([]string, len(spans))
	for i, p := range spans {
		parts[i] = p.In(s)
	}
	return strings.Join(parts, ", ")
}

// readMathVerify reads a text as Math-Verify's parse does: the first claim, in
// its order, that can be read.
func readMathVerify(s string, how search) reading {
	if how.bare {
		if r, ok := readWhole(s, how.targets); ok {
			return r
		}
	}
	var out reading
	tried := 0
	var barred text.Span // an improper mixed number: its parts are no answers
	extract.MathVerify(plainSpaces(s), how.targets, func(c extract.Candidate) bool {
		tried++
		if p := c.Parts[0].Span; c.Form == extract.Number && barred.From <= p.From && p.To <= barred.To {
			return false
		}
		r := readCandidate(s, c, how)
		if out.text == "" {
			out.text, out.span = r.text, r.span
		}
		out.large = out.large || r.large
		if r.large && r.expr == nil {
			out.err = r.err
			return true // the best claim is too large: nothing else stands for it
		}
		if r.expr == nil {
			if out.err == nil {
				out.err = r.err
			}
			if r.opaque {
				out.opaque, out.span, out.err = true, r.span, r.err
				return true
			}
			if c.Form == extract.Arithmetic && twoNumbers(r.text) && how.literal == nil {
				barred = c.Parts[0].Span
			}
			return how.firstOnly || tried > maxTried
		}
		out.expr, out.unit, out.choice, out.span, out.err = r.expr, r.unit, r.choice, r.span, nil
		return true
	})
	if tried == 0 {
		out.err = errNothing
	}
	return out
}

// plainSpaces is a text of the same length with blanks for the white space of
// other scripts, as \s in Python's expressions takes it. What is found by
// them is read in the text itself.
func plainSpaces(s string) string {
	other := func(r rune) bool { return r >= 0x1c && r <= 0x1f || r > unicode.MaxASCII && unicode.IsSpace(r) }
	at := strings.IndexFunc(s, other)
	if at < 0 {
		return s
	}
	b := []byte(s)
	for i, r := range s[at:] {
		if other(r) {
			for k := range utf8.RuneLen(r) {
				b[at+i+k] = ' '
			}
		}
	}
	return string(b)
}

// twoNumbers says whether a text is "4 10/3": a number and a fraction that
// make no mixed number. Math-Verify takes one of the numbers in it.
func twoNumbers(s string) bool {
	fields := strings.Fields(s)
	if len(fields) != 2 || strings.Count(fields[1], "/") != 1 {
		return false
	}
	for _, part := range append(strings.Split(fields[1], "/"), fields[0]) {
		if part == "" || strings.Trim(part, "0123456789") != "" {
			return false
		}
	}
	return true
}

// maxTried bounds how many claims of one text are read.
const maxTried = 48

var errNothing = errors.New("no formula, number or box")

// readWhole reads a short text without delimiters as a formula. Math-Verify
// takes such text only when it is a number or a sum of numbers.
func readWhole(s string, targets extract.Targets) (reading, bool) {
	if span, ok := severalLines(s); ok && targets.Latex {
		if a, err := parse.Parse(span.In(s), parse.Options{}); err == nil {
			return reading{expr: a.Expr, unit: a.Unit, choice: a.Choice, text: span.In(s), span: span}, true
		}
	}
	if len(s) > 400 || strings.Count(s, "$")-strings.Count(s, `\$`) > 1 ||
		strings.Contains(s, `\(`) || strings.Contains(s, `\[`) || strings.Contains(s, `\boxed`) || strings.Contains(s, `\fbox`) {
		return reading{}, false // it has an environment or a box
	}
	span := text.TrimSpace(s, text.Span{To: len(s)})
	body := span.In(s)
	if body == "" {
		return reading{}, false
	}
	if targets.Expr {
		if n, ok := wholeNumber(body); ok {
			return reading{expr: n, text: body, span: span}, true
		}
	}
	if !parse.Mathematical(body) {
		return reading{}, false
	}
	a, err := parse.Parse(body, parse.Options{})
	if err != nil {
		return reading{}, false
	}
	return reading{expr: a.Expr, unit: a.Unit, choice: a.Choice, text: body, span: span}, true
}

// severalLines finds the formula of a text that is nothing else, in dollar
// signs and longer than a line. Math-Verify ends a formula with its line, and
// would take a number out of this one.
func severalLines(s string) (text.Span, bool) {
	span := text.TrimSpace(s, text.Span{To: len(s)})
	b := span.In(s)
	if len(b) < 3 || len(b) > maxAnswer || b[0] != '$' || b[len(b)-1] != '$' || strings.Count(b, "$") != 2 || !strings.Contains(b, "\n") {
		return text.Span{}, false
	}
	return text.Span{From: span.From + 1, To: span.To - 1}, true
}

// wholeNumber reads a text that is one number with currency or percent mark.
func wholeNumber(s string) (*ast.Node, bool) {
	trimmed := strings.TrimSpace(strings.Trim(s, "$€£¥₹₽₩ "))
	to := extract.MatchNumber(trimmed, 0)
	if to == 0 || pair(trimmed[:to]) {
		return nil, false
	}
	n, err := numberNode(trimmed[:to])
	if err != nil {
		return nil, false
	}
	switch strings.ToLower(strings.TrimSpace(trimmed[to:])) {
	case "", ".":
		return n, true
	case "%", `\%`, "percent", "pct", "percentage":
		return ast.New(ast.Percent, n), true
	}
	return nil, false
}

// pair says whether a text is "1,3" or "-2,1": with one digit behind the comma
// a whole answer is a list of two, not a decimal.
func pair(s string) bool {
	k := strings.IndexByte(s, ',')
	return k >= 0 && len(s)-k == 2
}

// numberNode reads the text of a number as Math-Verify writes it: commas and
// spaces separate thousands, a comma before other groups is a decimal comma.
func numberNode(s string) (*ast.Node, error) {
	sign := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	if k := strings.IndexAny(s, ", "); k >= 0 {
		// Thousands when the first group has at most three digits, does not
		// begin with 0, and every group has three.
		thousands := k <= 3 && s[0] != '0'
		for _, g := range strings.FieldsFunc(strings.SplitN(s, ".", 2)[0][k:], func(r rune) bool { return r == ',' || r == ' ' }) {
			thousands = thousands && len(g) == 3
		}
		if thousands {
			s = strings.NewReplacer(",", "", " ", "").Replace(s)
		} else {
			s = strings.Replace(s, ",", ".", 1)
		}
	}
	a, err := parse.Parse(s, parse.Options{Arithmetic: true})
	if err != nil {
		return nil, err
	}
	if a.Expr.Kind != ast.Num {
		return nil, fmt.Errorf("%q is no number", s)
	}
	if sign {
		return ast.New(ast.Neg, a.Expr), nil
	}
	return a.Expr, nil
}

// readCandidate reads one claim.
func readCandidate(s string, c extract.Candidate, how search) reading {
	r := readForm(s, c, how.literal != nil)
	if how.literal != nil && !r.large {
		how.literal.candidate(s, c, how, &r)
	}
	return r
}

// readForm reads one claim by its form; a formula is left where it is to be
// read literally.
func readForm(s string, c extract.Candidate, literal bool) reading {
	r := reading{span: c.Parts[0].Span}
	r.text = r.span.In(s)
	if len(r.text) > 4*parse.MaxBytes && c.Form != extract.Latex {
		r.err, r.large = parse.ErrTooLarge, true
		return r
	}
	switch c.Form {
	case extract.Number:
		n, err := numberNode(r.text)
		if err != nil {
			r.err = err
			return r
		}
		if c.Parts[0].Percent {
			n = ast.New(ast.Percent, n)
		}
		r.expr = n
	case extract.Arithmetic:
		a, err := parse.Parse(r.text, parse.Options{Arithmetic: true})
		r.expr, r.err, r.large = a.Expr, err, errors.Is(err, parse.ErrTooLarge)
	case extract.Latex:
		if !literal {
			readLatex(s, c, &r)
		}
	}
	return r
}

// readLatex reads formulas joined by connectives as one list.
func readLatex(s string, c extract.Candidate, r *reading) {
	var all []*ast.Node
	for i, p := range c.Parts {
		src := p.Span.In(s)
		if boxes := extract.Boxes(s, p.Span, c.Last); len(boxes) > 0 {
			src = join(s, boxes)
			if i == 0 {
				r.span = boxes[0]
				if len(boxes) > 1 {
					r.span.To = boxes[len(boxes)-1].To
				}
			}
		}
		if i == 0 {
			r.text = strings.TrimSpace(src)
		}
		a, err := parseOrLast(src)
		if err == nil {
			err = refused(src)
		}
		if err != nil {
			r.large = r.large || errors.Is(err, parse.ErrTooLarge)
			if i == 0 || r.err == nil {
				r.err = err
			}
			if i == 0 {
				r.expr = nil
				return
			}
			break
		}
		if p.Percent {
			a.Expr = ast.New(ast.Percent, a.Expr)
		}
		if i == 0 {
			r.expr, r.unit, r.choice = a.Expr, a.Unit, a.Choice
		}
		all = append(all, a.Expr)
	}
	if len(c.Parts) > 1 && len(all) == len(c.Parts) {
		var flat []*ast.Node
		for _, n := range all {
			if n.Kind == ast.List || n.Kind == ast.Set {
				flat = append(flat, n.Args...)
			} else {
				flat = append(flat, n)
			}
		}
		r.expr = ast.New(ast.List, flat...)
	}
	r.err = nil
}

var errFullStop = errors.New("it ends with a full stop, which Math-Verify cannot read")

// refused says why Math-Verify cannot read a formula that can be read: it ends
// with a full stop, or in a text command inside another group.
func refused(src string) error {
	switch {
	case strings.HasSuffix(strings.TrimSpace(src), "."):
		return errFullStop
	case textBeforeBrace(src):
		return errTextTail
	}
	return nil
}

var errTextTail = errors.New("a \\text before a closing brace ends it, which Math-Verify cannot read")

// textBeforeBrace says whether a formula ends with a text command inside
// another group, as 1 - \frac{1}{\mathrm{e}} does. Math-Verify takes such an
// end, brace and all, for a unit, fails on the rest, and goes on to the next
// number; its tests hold that (test_yujianll.py), so this policy does the same.
func textBeforeBrace(s string) bool {
	s = strings.TrimRight(s, " \n\t")
	if !strings.HasSuffix(s, "}}") {
		return false
	}
	open := strings.LastIndexByte(s, '{')
	if open < 0 || strings.IndexByte(s[open:], '}') != len(s)-open-2 {
		return false
	}
	for _, c := range [...]string{`\text`, `\mathrm`, `\mathit`, `\mathbf`, `\mbox`} {
		if strings.HasSuffix(s[:open], c) {
			return true
		}
	}
	return false
}

// parseOrLast reads a formula, or what follows the last = of a chain of which
// some link cannot be read.
func parseOrLast(src string) (parse.Answer, error) {
	a, err := parse.Parse(src, parse.Options{})
	if err == nil || errors.Is(err, parse.ErrTooLarge) {
		return a, err
	}
	last := latex2sympy.LastLink(src)
	if last == src {
		return a, err
	}
	return parse.Parse(last, parse.Options{})
}
