package extract

import (
	"cmp"
	"slices"
	"strings"

	"gradus/rewards/text"
)

// Targets are the kinds of claims that MathVerify looks for.
type Targets struct {
	Latex, Expr bool
	Anchored    bool // only behind a box or the word "answer"
	Literal     bool // a box that is cut off is none
	LateBoxes   bool // boxes come with "final answer … is", not before it
}

// Priorities of the groups, first is tried first.
var mathVerifyPriorities = [...]int{0, 50, 100, 200, unanchored}

const unanchored = 300

// keep bounds the candidates of one pattern: only the last ones are tried.
const keep = 32

// MathVerify finds claims in the order of Math-Verify 0.8 (parser.py) with
// boxes first, as its own tests and open-r1's reward set it: what stands in a
// box or before "I hope it is correct", then after "final answer … is", after
// "answer:", after "answer", then any formula or number. In a group the
// rightmost claim comes first. try is called until it returns true.
func MathVerify(s string, targets Targets, try func(Candidate) bool) {
	m := &mathVerify{s: s, env: newEnvs(s), num: newNumbers(s), targets: targets}
	for _, priority := range mathVerifyPriorities {
		if targets.Anchored && priority == unanchored {
			return
		}
		found := m.group(priority)
		slices.SortStableFunc(found, func(a, b Candidate) int {
			if c := cmp.Compare(b.Whole.To, a.Whole.To); c != 0 {
				return c
			}
			return cmp.Compare(a.Whole.From, b.Whole.From)
		})
		for _, c := range found {
			c.Priority = priority
			if try(c) {
				return
			}
		}
	}
}

type mathVerify struct {
	s       string
	words   map[string]int // results of lastFold
	env     *envs
	num     *numbers
	targets Targets
}

// add keeps the last few candidates of a pattern.
func add(list []Candidate, c Candidate) []Candidate {
	if len(list) >= 2*keep {
		list = append(list[:0], list[keep:]...)
	}
	return append(list, c)
}

func (m *mathVerify) group(priority int) []Candidate {
	var all []Candidate
	if m.targets.Latex {
		switch priority {
		case 0:
			all = append(all, m.latexFinal(true)...)
			if !m.targets.LateBoxes {
				all = append(all, m.boxes()...)
			}
		case 50:
			all = append(all, m.latexFinal(false)...)
			if m.targets.LateBoxes {
				all = append(all, m.boxes()...)
			}
		case 100:
			all = append(all, m.latexAnswer(true)...)
		case 200:
			all = append(all, m.latexAnswer(false)...)
		case unanchored:
			all = append(all, m.latexAny(false)...)
		}
	}
	if m.targets.Expr {
		switch priority {
		case 0:
			all = append(all, m.exprFinal(true)...)
		case 50:
			all = append(all, m.exprFinal(false)...)
		case 100:
			all = append(all, m.exprAnswer(true)...)
		case 200:
			all = append(all, m.exprAnswer(false)...)
		case unanchored:
			all = append(all, m.exprAny(m.num.expression)...)
			all = append(all, m.exprAny(m.num.number)...)
		}
	}
	return all
}

// latexAny matches environments anywhere, from left to right.
func (m *mathVerify) latexAny(boxed bool) []Candidate {
	var found []Candidate
	for i := 0; i < len(m.s); {
		switch c := m.s[i]; {
		case c == '$', c == '\\', c == '-', isSpace(c):
			if parts, ends := m.env.list(i, boxed); parts != nil {
				end := ends[len(ends)-1]
				found = add(found, latexClaim(i, end, parts))
				i = end
				continue
			}
		}
		i++
	}
	return found
}

// boxes matches environments with a box inside, and \boxed up to the last
// brace of the text.
func (m *mathVerify) boxes() []Candidate {
	first := strings.Index(m.s, `\boxed{`)
	if first < 0 {
		return nil
	}
	found := m.latexAny(true)
	if last := strings.LastIndexByte(m.s, '}'); last > first+len(`\boxed{`) {
		span := text.Span{From: first, To: last + 1}
		if k := strings.LastIndex(m.s, `\boxed{`); !m.targets.Literal && closing(m.s, k+len(`\boxed`), len(m.s)) < 0 {
			span.To = len(m.s) // cut off inside its last box
		}
		found = append(found, Candidate{Form: Latex, Whole: span, Parts: []Part{{Span: span}}, Last: true})
	}
	return found
}

// hope matches \.?\s?I hope.
func hope(s string, i int) (int, bool) {
	if i < len(s) && s[i] == '.' {
		i++
	}
	if i < len(s) && isSpace(s[i]) {
		i++
	}
	return i + len("I hope"), strings.HasPrefix(s[min(i, len(s)):], "I hope")
}

// foldIndex finds word in any case, at or after i; -1 when there is none.
func foldIndex(s, word string, i int) int {
	for i+len(word) <= len(s) {
		k := strings.IndexAny(s[i:], word[:1]+strings.ToUpper(word[:1]))
		if k < 0 || i+k+len(word) > len(s) {
			return -1
		}
		i += k
		if strings.EqualFold(s[i:i+len(word)], word) {
			return i
		}
		i++
	}
	return -1
}

// lastFold finds where the last few occurrences of word begin: of the claims
// that a pattern finds only the last ones are tried.
func (m *mathVerify) lastFold(word string) int {
	if at, ok := m.words[word]; ok {
		return at
	}
	at := m.findLastFold(word)
	if m.words == nil {
		m.words = map[string]int{}
	}
	m.words[word] = at
	return at
}

func (m *mathVerify) findLastFold(word string) int {
	var last [2 * keep]int
	n := 0
	for i := foldIndex(m.s, word, 0); i >= 0; i = foldIndex(m.s, word, i+len(word)) {
		last[n%len(last)] = i
		n++
	}
	switch {
	case n == 0:
		return -1
	case n <= len(last):
		return last[0]
	}
	return last[n%len(last)]
}

func optional(s string, i int, c byte) int {
	if i < len(s) && s[i] == c {
		return i + 1
	}
	return i
}

// behind finds claims behind the last few occurrences of a word: claim gets
// where one begins and ends, and returns its claim, with the Whole it is to
// have, if there is one. The search goes on after the claim.
func (m *mathVerify) behind(word string, claim func(from, at int) (Candidate, bool)) []Candidate {
	var found []Candidate
	for i := m.lastFold(word); i >= 0; {
		end := i + len(word)
		if c, ok := claim(i, end); ok {
			found, end = add(found, c), c.Whole.To
		}
		i = foldIndex(m.s, word, end)
	}
	return found
}

// latexFinal matches "final answer is X. I hope" (hoped), or
// "final answer … is X".
func (m *mathVerify) latexFinal(hoped bool) []Candidate {
	s := m.s
	return m.behind("final answer", func(from, at int) (Candidate, bool) {
		if !hoped {
			for k := at; k <= at+100 && k < len(s); k++ {
				if j, ok := is(s, k); ok {
					if parts, ends := m.env.listAfterSpace(j, false); parts != nil {
						return latexClaim(from, ends[len(ends)-1], parts), true
					}
				}
			}
			return Candidate{}, false
		}
		if len(s) < at+3 || !strings.EqualFold(s[at:at+3], " is") {
			return Candidate{}, false
		}
		parts, ends := m.env.listAfterSpace(optional(s, at+3, ':'), false)
		for k := len(parts) - 1; k >= 0; k-- {
			if to, ok := hope(s, ends[k]); ok {
				return latexClaim(from, to, parts[:k+1]), true
			}
			// The space before "I hope" may belong to it.
			if to, ok := hope(s, ends[k]-1); ok && isSpace(s[ends[k]-1]) {
				return latexClaim(from, to, parts[:k+1]), true
			}
		}
		return Candidate{}, false
	})
}

func latexClaim(from, to int, parts []Part) Candidate {
	return Candidate{Form: Latex, Whole: text.Span{From: from, To: to}, Parts: parts}
}

// is matches \s+is:? at k.
func is(s string, k int) (int, bool) {
	if k >= len(s) || !isSpace(s[k]) {
		return 0, false
	}
	k = skipSpace(s, k)
	if !strings.HasPrefix(s[k:], "is") {
		return 0, false
	}
	return optional(s, k+2, ':'), true
}

// latexAnswer matches "answer: … X" or "answer … X", X within 50 bytes.
func (m *mathVerify) latexAnswer(colon bool) []Candidate {
	return m.behind("answer", func(from, at int) (Candidate, bool) {
		at, ok := m.afterColon(at, colon)
		for k := at; ok && k <= at+50 && k < len(m.s); k++ {
			if parts, ends := m.env.list(k, false); parts != nil {
				return latexClaim(from, ends[len(ends)-1], parts), true
			}
		}
		return Candidate{}, false
	})
}

// afterColon is where a claim may begin after a word that ends at at: behind
// the colon, where one has to be there.
func (m *mathVerify) afterColon(at int, colon bool) (int, bool) {
	if !colon {
		return at, true
	}
	return at + 1, at < len(m.s) && m.s[at] == ':'
}

// searched is how much of a text is searched for numbers without an anchor.
const searched = 1 << 16

// exprAny matches one pattern anywhere.
func (m *mathVerify) exprAny(match func(int) (Candidate, int, bool)) []Candidate {
	var found []Candidate
	// Only the last candidates are tried, so only the end is searched.
	i := 0
	if len(m.s) > searched {
		i = len(m.s) - searched
		for i < len(m.s) && !isSpace(m.s[i]) {
			i++
		}
	}
	for i < len(m.s) {
		if c, end, ok := m.tryExpr(match, i); ok {
			found = add(found, c)
			i = max(end, i+1)
			continue
		}
		i++
	}
	return found
}

// tryExpr matches at i, but not a number that inline math holds across lines:
// "$ \n 9 \n $" is no formula, so its number is no claim either.
func (m *mathVerify) tryExpr(match func(int) (Candidate, int, bool), i int) (Candidate, int, bool) {
	if c := m.s[i]; i != 0 && !isSpace(c) && c != '=' {
		return Candidate{}, 0, false
	}
	c, end, ok := match(i)
	if !ok || m.split(c.Parts[0].Span) {
		return Candidate{}, 0, false
	}
	return c, end, true
}

func (m *mathVerify) split(p text.Span) bool {
	a := p.From
	for a > 0 && isSpace(m.s[a-1]) && p.From-a < 8 {
		a--
	}
	if a == p.From || !strings.Contains(m.s[a:p.From], "\n") {
		return false
	}
	b := p.To
	for b < len(m.s) && isSpace(m.s[b]) && b-p.To < 8 {
		b++
	}
	head, tail := m.s[:a], m.s[b:]
	return strings.HasSuffix(head, `\(`) && strings.HasPrefix(tail, `\)`) ||
		strings.HasSuffix(head, "$") && !strings.HasSuffix(head, "$$") && strings.HasPrefix(tail, "$")
}

// exprFinal matches "final answer is N. I hope", or "final answer … is N".
func (m *mathVerify) exprFinal(hoped bool) []Candidate {
	s := m.s
	return m.behind("final answer", func(from, at int) (Candidate, bool) {
		if !hoped {
			for k := at; k <= at+100 && k < len(s) && s[k] != '\n'; k++ {
				if j, ok := is(s, k); ok {
					if c, to, ok := m.num.at(j); ok {
						return c.over(from, to), true
					}
				}
			}
			return Candidate{}, false
		}
		if len(s) < at+3 || !strings.EqualFold(s[at:at+3], " is") {
			return Candidate{}, false
		}
		first := optional(s, at+3, ':')
		for k := skipSpace(s, first); k >= first; k-- {
			c, to, ok := m.num.at(k)
			if !ok {
				continue
			}
			if to, ok := hope(s, to); ok {
				return c.over(from, to), true
			}
			if c, to, ok = m.num.number(k); ok {
				if to, ok := hope(s, to); ok {
					return c.over(from, to), true
				}
			}
			break
		}
		return Candidate{}, false
	})
}

// over is the candidate with all that was matched to find it.
func (c Candidate) over(from, to int) Candidate {
	c.Whole = text.Span{From: from, To: to}
	return c
}

// exprAnswer matches "answer: … N" or "answer … N": after the last = within
// 100 bytes, else the first within 50.
func (m *mathVerify) exprAnswer(colon bool) []Candidate {
	return m.behind("answer", func(from, at int) (Candidate, bool) {
		at, ok := m.afterColon(at, colon)
		if !ok {
			return Candidate{}, false
		}
		c, to, ok := m.afterEquals(at)
		if !ok {
			c, to, ok = m.within(at, 50)
		}
		return c.over(from, to), ok
	})
}

func (m *mathVerify) line(at, reach int) int {
	limit := min(at+reach, len(m.s))
	if k := strings.IndexByte(m.s[at:limit], '\n'); k >= 0 {
		return at + k
	}
	return limit
}

func (m *mathVerify) afterEquals(at int) (Candidate, int, bool) {
	for k := m.line(at, 101) - 1; k >= at; k-- {
		if m.s[k] != '=' {
			continue
		}
		for j := skipSpace(m.s, k+1); j > k; j-- {
			if c, to, ok := m.num.at(j); ok && !m.equalsFollows(to) {
				return c, to, true
			}
			if j < k-64 {
				break
			}
		}
	}
	return Candidate{}, 0, false
}

func (m *mathVerify) within(at, reach int) (Candidate, int, bool) {
	for k, last := at, m.line(at, reach); k <= last && k < len(m.s); k++ {
		if c, to, ok := m.num.at(k); ok && !m.equalsFollows(to) {
			return c, to, true
		}
	}
	return Candidate{}, 0, false
}

func (m *mathVerify) equalsFollows(i int) bool {
	k := skipSpace(m.s, i)
	return k < len(m.s) && m.s[k] == '='
}

// IndexFold finds word, in any case of ASCII letters, at or after i; -1 when
// there is none.
func IndexFold(s, word string, i int) int { return foldIndex(s, word, i) }

// LastFormula returns the body of the last environment.
func LastFormula(s string) (text.Span, bool) {
	m := &mathVerify{s: s, env: newEnvs(s)}
	found := m.latexAny(false)
	if len(found) == 0 {
		return text.Span{}, false
	}
	parts := found[len(found)-1].Parts
	return parts[len(parts)-1].Span, true
}
