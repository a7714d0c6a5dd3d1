package extract

import (
	"strings"

	"gradus/rewards/text"
)

// envs finds LaTeX environments as Math-Verify 0.8 does (parser.py,
// make_latex_env_pattern): $$…$$, \[…\], $…$ and \(…\) on one line, " [ … ] ",
// and \frac{number}{number} on its own.
type envs struct {
	s       string
	dollar2 *finder // $$
	close2  *finder // \]
	dollar  *finder // $ that no backslash precedes
	newline *finder
	paren   *finder // \)
	boxed   *finder // \boxed{
}

func newEnvs(s string) *envs {
	index := func(sub string) *finder {
		return newFinder(len(s), func(i, limit int) int {
			if k := strings.Index(s[i:min(limit+len(sub)-1, len(s))], sub); k >= 0 {
				return i + k
			}
			return limit
		})
	}
	e := &envs{s: s, dollar2: index("$$"), close2: index(`\]`), newline: index("\n"), paren: index(`\)`), boxed: index(`\boxed{`)}
	e.dollar = newFinder(len(s), func(i, limit int) int {
		for ; i < limit; i++ {
			if s[i] == '$' && (i == 0 || s[i-1] != '\\') {
				return i
			}
		}
		return limit
	})
	return e
}

func (e *envs) escaped(i int) bool { return i > 0 && e.s[i-1] == '\\' }

// at matches one environment that begins at i; boxed asks for a \boxed inside.
func (e *envs) at(i int, boxed bool) (p Part, end int, ok bool) {
	s := e.s
	if i >= len(s) {
		return p, 0, false
	}
	body := text.Span{}
	switch c := s[i]; {
	case c == '$' && !e.escaped(i):
		if i+1 < len(s) && s[i+1] == '$' {
			if close := e.dollar2.after(min(i+3, len(s))); i+3 <= len(s) && close < len(s) && !e.escaped(close) && s[i+2] != '$' {
				body, end = text.Span{From: i + 2, To: close}, close+2
				break
			}
		}
		if i > 0 && isDigit(s[i-1]) || i+1 >= len(s) {
			return p, 0, false
		}
		close := e.dollar.after(i + 1)
		if close >= len(s) || close == i+1 || e.newline.after(i+1) < close {
			return p, 0, false
		}
		body, end = text.Span{From: i + 1, To: close}, close+1
	case c == '\\' && !e.escaped(i) && strings.HasPrefix(s[i:], `\[`):
		close := e.close2.after(i + 2)
		if close >= len(s) || close == i+2 || e.escaped(close) {
			return p, 0, false
		}
		body, end = text.Span{From: i + 2, To: close}, close+2
	case c == '\\' && !e.escaped(i) && strings.HasPrefix(s[i:], `\(`):
		close := e.paren.after(i + 2)
		if close >= len(s) || close == i+2 || e.escaped(close) || e.newline.after(i+2) < close {
			return p, 0, false
		}
		body, end = text.Span{From: i + 2, To: close}, close+2
	case isSpace(c) && i+1 < len(s) && s[i+1] == '[':
		k := i + 2
		for k < len(s) && s[k] != '\n' && s[k] != '[' && s[k] != ']' {
			k++
		}
		if k >= len(s) || s[k] != ']' || k == i+2 || k+1 >= len(s) || !isSpace(s[k+1]) {
			return p, 0, false
		}
		body, end = text.Span{From: i + 2, To: k}, k+2
	case !boxed && (c == '\\' || c == '-'):
		to := simpleFraction(s, i)
		if to == 0 {
			return p, 0, false
		}
		body, end = text.Span{From: i, To: to}, to
	default:
		return p, 0, false
	}
	if boxed {
		b := e.boxed.after(body.From)
		if b+len(`\boxed{`)+1 >= body.To || strings.LastIndexByte(s[b+len(`\boxed{`)+1:body.To], '}') < 0 {
			return p, 0, false
		}
	}
	p.Span = body
	for end < len(s) && isSpace(s[end]) {
		end++
	}
	if n := percent(s[end:]); n > 0 {
		p.Percent = true
		end += n
	}
	return p, end, true
}

// simpleFraction matches -?\frac{number}{number} and returns its end.
func simpleFraction(s string, i int) int {
	if s[i] == '-' {
		i++
	}
	if !strings.HasPrefix(s[i:], `\frac`) {
		return 0
	}
	i += len(`\frac`)
	for range 2 {
		if i >= len(s) || s[i] != '{' {
			return 0
		}
		i++
		if i < len(s) && s[i] == '-' {
			i++
		}
		from := i
		for i < len(s) && isDigit(s[i]) {
			i++
		}
		if i == from {
			return 0
		}
		if i+1 < len(s) && (s[i] == '.' || s[i] == ',') && isDigit(s[i+1]) {
			for i++; i < len(s) && isDigit(s[i]); i++ {
			}
		}
		if i >= len(s) || s[i] != '}' {
			return 0
		}
		i++
	}
	return i
}

// percent returns the length of a percent word at the start of s.
func percent(s string) int {
	for _, w := range []string{`\%`, "%", "percentage", "Percentage", "percent", "Percent", "pct", "Pct"} {
		if strings.HasPrefix(s, w) {
			return len(w)
		}
	}
	return 0
}

// maxJoined is the number of environments that "and", "or" and commas join.
const maxJoined = 6

// list matches environments joined by connectives, beginning at i. ends holds
// the end after each of the parts.
func (e *envs) list(i int, boxed bool) (parts []Part, ends []int) {
	p, end, ok := e.at(i, boxed)
	if !ok {
		return nil, nil
	}
	parts, ends = append(parts, p), append(ends, end)
	for len(parts) < maxJoined {
		k := skipSpace(e.s, end)
		rest := e.s[k:]
		n := 0
		for _, w := range []string{",and", "and", ",or", "or", ","} {
			if strings.HasPrefix(rest, w) {
				n = len(w)
				break
			}
		}
		if n == 0 {
			break
		}
		next, to, ok := e.afterSpace(k+n, boxed)
		if !ok && rest[0] == ',' && n > 1 {
			next, to, ok = e.afterSpace(k+1, boxed)
		}
		if !ok {
			break
		}
		parts, ends = append(parts, next), append(ends, to)
		end = to
	}
	return parts, ends
}

func skipSpace(s string, i int) int {
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	return i
}

// afterSpace matches an environment after white space, of which " [ … ] "
// keeps the last.
func (e *envs) afterSpace(i int, boxed bool) (Part, int, bool) {
	k := skipSpace(e.s, i)
	if p, end, ok := e.at(k, boxed); ok {
		return p, end, true
	}
	if k > i {
		return e.at(k-1, boxed)
	}
	return Part{}, 0, false
}

// listAfterSpace is list after white space.
func (e *envs) listAfterSpace(i int, boxed bool) ([]Part, []int) {
	k := skipSpace(e.s, i)
	if parts, ends := e.list(k, boxed); parts != nil {
		return parts, ends
	}
	if k > i {
		return e.list(k-1, boxed)
	}
	return nil, nil
}
