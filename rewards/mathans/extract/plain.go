package extract

import (
	"strings"
	"unicode/utf8"

	"gradus/rewards/text"
)

// numbers finds numbers and arithmetic in plain text as Math-Verify 0.8 does
// (parser.py, lazy_expr_regex).
type numbers struct {
	s        string
	runEnd   *finder // first byte that no arithmetic holds
	operator *finder // next + - * / ^ ( ) × ÷
	cut      int     // last place in the run that ends at cutRun where an expression may end
	cutRun   int
}

func newNumbers(s string) *numbers {
	n := &numbers{s: s, cutRun: -1}
	n.runEnd = newFinder(len(s), func(i, limit int) int {
		for i < limit {
			w := arithmetic(s, i)
			if w == 0 {
				return i
			}
			i += w
		}
		return limit
	})
	n.operator = newFinder(len(s), func(i, limit int) int {
		for ; i < limit; i++ {
			if operator(s, i) > 0 {
				return i
			}
		}
		return limit
	})
	return n
}

// operator returns the length of an operator sign at i.
func operator(s string, i int) int {
	switch s[i] {
	case '+', '-', '*', '/', '^', '(', ')':
		return 1
	}
	if strings.HasPrefix(s[i:], "×") || strings.HasPrefix(s[i:], "÷") {
		return 2
	}
	return 0
}

func arithmetic(s string, i int) int {
	if c := s[i]; isDigit(c) || c == '.' || isSpace(c) {
		return 1
	}
	return operator(s, i)
}

// prefix matches (^|\s|=)(\*\*)? at i and returns where it ends; -1 if it does
// not match.
func (n *numbers) prefix(i int) int {
	switch {
	case i < len(n.s) && (isSpace(n.s[i]) || n.s[i] == '='):
		i++
	case i != 0:
		return -1
	}
	if strings.HasPrefix(n.s[i:], "**") {
		return i + 2
	}
	return i
}

// at matches an expression or a number with its prefix at i.
func (n *numbers) at(i int) (c Candidate, end int, ok bool) {
	if c, end, ok = n.expression(i); ok {
		return c, end, ok
	}
	return n.number(i)
}

// expression matches arithmetic with at least one operator.
func (n *numbers) expression(i int) (c Candidate, end int, ok bool) {
	s := n.s
	from := n.prefix(i)
	if from < 0 {
		return c, 0, false
	}
	digit := from
	for k := 0; k < 3 && digit < len(s); k++ { // -?\(?-?
		switch {
		case s[digit] == '-' && k != 1, s[digit] == '(' && k < 2:
			if s[digit] == '(' {
				k = 1
			}
			digit++
		}
	}
	if digit >= len(s) || !isDigit(s[digit]) {
		return c, 0, false
	}
	run := n.runEnd.after(from)
	stop := n.lastEnd(run)
	op := n.operator.after(digit + 1)
	if op >= len(s) || stop <= op+operator(s, op) {
		return c, 0, false
	}
	end = stop
	if strings.HasPrefix(s[end:], "**") {
		end += 2
	}
	if end < len(s) {
		end++ // the sign after it belongs to the match
	}
	return Candidate{Form: Arithmetic, Whole: text.Span{From: i, To: end}, Parts: []Part{{Span: text.Span{From: from, To: stop}}}}, end, true
}

// lastEnd returns the last place, up to the end of the run, that is followed
// by (\*\*)?[.,:\s)$] or the end of the text.
func (n *numbers) lastEnd(run int) int {
	if n.cutRun == run {
		return n.cut
	}
	s := n.s
	k := run
	for ; k > 0; k-- {
		j := k
		if ends(s, j) || strings.HasPrefix(s[j:], "**") && ends(s, j+2) {
			break
		}
		if k < run && arithmetic(s, k) == 0 && utf8.RuneStart(s[k]) {
			k = 0
			break
		}
	}
	n.cutRun, n.cut = run, k
	return k
}

func ends(s string, j int) bool {
	if j >= len(s) {
		return true
	}
	switch c := s[j]; {
	case c == '.', c == ',', c == ':', c == ')', c == '$', isSpace(c):
		return true
	}
	return false
}

const currencySigns = "$€£¥₹₽₪₩₫฿₡₢₣₤₥₦₧₨₭₮₯₰₱₲₳₴₵₶₷₸₺₻₼₾₿"

// number matches one number with its prefix and currency.
func (n *numbers) number(i int) (c Candidate, end int, ok bool) {
	s := n.s
	from := n.prefix(i)
	if from < 0 || from >= len(s) {
		return c, 0, false
	}
	if r, size := utf8.DecodeRuneInString(s[from:]); strings.ContainsRune(currencySigns, r) {
		from += size
	}
	if from > 0 && from < len(s) && isDigit(s[from-1]) {
		return c, 0, false
	}
	to := MatchNumber(s, from)
	if to == 0 {
		return c, 0, false
	}
	p := Part{Span: text.Span{From: from, To: to}}
	end = to
	if w := percent(s[skipSpace(s, to):]); w > 0 && s[skipSpace(s, to)] != '\\' {
		p.Percent = true
		end = skipSpace(s, to) + w
	}
	return Candidate{Form: Number, Whole: text.Span{From: i, To: end}, Parts: []Part{p}}, end, true
}

// MatchNumber matches a number at i: 1,234.5 or 1 234.5, 12.5 or 12,5, .5, 12.
// It returns the end, 0 when there is none.
func MatchNumber(s string, i int) int {
	digits := func(k int) int {
		for k < len(s) && isDigit(s[k]) {
			k++
		}
		return k
	}
	k := i
	if k < len(s) && s[k] == '-' {
		k++
	}
	if k < len(s) && s[k] == '.' && k == i {
		if to := digits(k + 1); to > k+1 {
			return to
		}
		return 0
	}
	first := digits(k)
	if first == k {
		return 0
	}
	if s[k] != '0' && first-k <= 3 {
		to := first
		for to+3 < len(s) && (s[to] == ' ' || s[to] == ',') && isDigit(s[to+1]) && isDigit(s[to+2]) && isDigit(s[to+3]) {
			to += 4
		}
		if to > first {
			if to+1 < len(s) && s[to] == '.' && isDigit(s[to+1]) {
				return digits(to + 1)
			}
			return to
		}
	}
	if first+1 < len(s) && (s[first] == '.' || s[first] == ',') && isDigit(s[first+1]) {
		return digits(first + 1)
	}
	return first
}
