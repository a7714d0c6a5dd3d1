package latex2sympy

import "strings"

// A rule says where what it matches can end, given where it begins. The
// grammar is ambiguous: a bracket may hold a sum, a tuple or an interval.

// ends is a set of places, ascending.
type ends []int

// rule is one way to read tokens.
type rule func(m *match, at int) ends

// match is the reading of one text.
type match struct {
	g     *Grammar
	toks  []kind
	known map[place]ends
	work  int
}

type place struct {
	name name
	at   int
}

// name is a rule that refers to others, itself among them.
type name uint8

const (
	nMath name = iota
	nExpr
	nMp
	nMpNofunc
	nPostfix
	nPostfixNofunc
	nExp
	nExpNofunc
	nComp
	nCompNofunc
	nFunc
	nAtom
	nAtomExpr
	nSub
	nSup
	nArgs
	nMatrixRows
	nSetRelation
	nMinus
	nSetGroup
	nSetAtom
	nSemicolons
	nElement
	nAtomList
	names
)

// maxWork bounds the places that are tried: a few milliseconds.
const maxWork = 200_000

func ref(n name) rule {
	return func(m *match, at int) ends {
		p := place{n, at}
		if e, ok := m.known[p]; ok {
			return e
		}
		m.known[p] = nil // no rule begins with itself
		e := m.g.rules[n](m, at)
		m.known[p] = e
		return e
	}
}

// tok matches one token of any of the kinds.
func tok(kinds ...kind) rule {
	return func(m *match, at int) ends {
		m.work++
		if at < len(m.toks) {
			for _, k := range kinds {
				if m.toks[at] == k {
					return ends{at + 1}
				}
			}
		}
		return nil
	}
}

func alt(rules ...rule) rule {
	return func(m *match, at int) ends {
		var all ends
		for _, r := range rules {
			all = union(all, r(m, at))
		}
		return all
	}
}

func seq(rules ...rule) rule {
	return func(m *match, at int) ends {
		now := ends{at}
		for _, r := range rules {
			var next ends
			for _, p := range now {
				next = union(next, r(m, p))
			}
			if now = next; len(now) == 0 {
				return nil
			}
		}
		return now
	}
}

func opt(rules ...rule) rule {
	inside := seq(rules...)
	return func(m *match, at int) ends { return union(ends{at}, inside(m, at)) }
}

// star matches any number of times.
func star(rules ...rule) rule {
	inside := seq(rules...)
	return func(m *match, at int) ends {
		all, fresh := ends{at}, ends{at}
		for len(fresh) > 0 && m.work < maxWork {
			var next ends
			for _, p := range fresh {
				next = union(next, inside(m, p))
			}
			fresh = nil
			for _, p := range next {
				m.work++
				if !holds(all, p) {
					fresh = append(fresh, p)
				}
			}
			all = union(all, fresh)
		}
		return all
	}
}

func holds(e ends, p int) bool {
	for _, x := range e {
		if x == p {
			return true
		}
	}
	return false
}

func union(a, b ends) ends {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	out := make(ends, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			out, a = append(out, a[0]), a[1:]
		case b[0] < a[0]:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// Grammar is what latex2sympy reads.
type Grammar struct {
	words *lexicon
	rules [names]rule
}

// NewGrammar makes it.
func NewGrammar() *Grammar {
	g := &Grammar{words: newLexicon()}
	g.values()
	g.functions()
	g.sets()
	return g
}

// Read says whether a normal form is read, and returns it with a space between
// its tokens: \cotx is \cot x there, and \cdots is \cdot s. What is too long
// or too ambiguous to be decided, is read.
func (g *Grammar) Read(s string) (spaced string, ok bool) {
	toks, texts, ok := g.words.lex(s)
	if !ok || len(toks) == 0 {
		return "", false
	}
	spaced = strings.Join(texts, " ")
	if len(toks) > maxTokens {
		return spaced, true
	}
	m := &match{g: g, toks: toks, known: map[place]ends{}}
	return spaced, holds(ref(nMath)(m, 0), len(toks)) || m.work >= maxWork
}

// maxTokens bounds what is decided.
const maxTokens = 600

// in puts rules between two tokens.
func in(open, close kind, rules ...rule) rule {
	return seq(append(append([]rule{tok(open)}, rules...), tok(close))...)
}

// values are the rules of sums, products, powers and their parts.
func (g *Grammar) values() {
	expr := ref(nExpr)
	braced := in(tLBrace, tRBrace, expr)
	g.rules[nExpr] = seq(ref(nMp), star(tok(tAddSub), ref(nMp)))
	g.rules[nMp] = seq(star(tok(tAddSub)), ref(nPostfix), star(ref(nPostfix)), star(tok(tMul), star(tok(tAddSub)), ref(nPostfix), star(ref(nPostfix))))
	// Only the first factor behind a sign may be a function.
	term := seq(star(tok(tAddSub)), ref(nPostfix), star(ref(nPostfixNofunc)))
	g.rules[nMpNofunc] = seq(term, star(tok(tMul), term))
	at := func(mark kind) rule {
		return seq(tok(mark), in(tLBrace, tRBrace, expr, opt(tok(tAssign, tCompare), expr)))
	}
	after := alt(tok(tBang, tAfter), seq(tok(tBar), alt(at(tCaret), at(tUnder), seq(at(tCaret), at(tUnder)))))
	power := seq(tok(tCaret), alt(ref(nAtom), braced), opt(ref(nSub)))
	g.rules[nExp] = seq(ref(nComp), star(power))
	g.rules[nExpNofunc] = seq(ref(nCompNofunc), star(power))
	g.rules[nPostfix] = seq(ref(nExp), star(after))
	g.rules[nPostfixNofunc] = seq(ref(nExpNofunc), star(after))
	g.rules[nComp] = alt(ref(nCompNofunc), ref(nFunc))
	var groups []rule
	for _, pair := range [...][2]kind{{tLParen, tRParen}, {tLGroup, tRGroup}, {tLBrace, tRBrace}, {tLBracket, tRBracket}, {tLBraceVisual, tRBraceVisual}, {tLBraceCmd, tRBraceCmd}, {tLBrack, tRBrack},
		{tBar, tBar}, {tLVert, tRVert}, {tVert, tVert}, {tLFloor, tRFloor}, {tLLCorner, tLRCorner}, {tLCeil, tRCeil}, {tULCorner, tURCorner}} {
		groups = append(groups, in(pair[0], pair[1], expr))
	}
	rows := ref(nMatrixRows)
	row := seq(expr, star(tok(tCol), expr))
	g.rules[nMatrixRows] = seq(row, star(tok(tRow), row), opt(tok(tRow)))
	g.rules[nCompNofunc] = alt(alt(groups...), seq(tok(tPhantom, tBoxed), braced), ref(nAtom), fraction(seq(tok(tFrac), braced, braced)),
		in(tLBrace, tRBrace, expr, tok(tChoose), expr), seq(tok(tBinom), braced, braced),
		in(tMatrixStart, tMatrixEnd, rows), in(tArrayStart, tArrayEnd, rows), in(tDetStart, tDetEnd, rows))
	g.rules[nAtomExpr] = seq(tok(tLetter, tD, tGreek, tSymbolCmd, tAccent), opt(alt(seq(ref(nSup), ref(nSub)), seq(ref(nSub), ref(nSup)), ref(nSub), ref(nSup))))
	g.rules[nAtom] = alt(ref(nAtomExpr), seq(tok(tNumber), opt(ref(nSub))), tok(tInfinity, tPercentNumber, tENotation, tBigE, tDifferential, tVariable, tGamma))
	g.rules[nSub] = seq(tok(tUnder), alt(ref(nAtom), in(tLBrace, tRBrace, ref(nArgs))))
	g.rules[nSup] = seq(tok(tCaret), alt(ref(nAtom), braced))
	g.rules[nArgs] = seq(expr, star(tok(tComma), expr))
}

// fraction is a fraction, of which \frac{d}{dx} wants a factor behind it.
func fraction(plain rule) rule {
	derivative := seq(tok(tFrac), in(tLBrace, tRBrace, tok(tD)), in(tLBrace, tRBrace, tok(tDifferential)))
	return func(m *match, at int) ends {
		if end := derivative(m, at); len(end) == 1 && (end[0] == len(m.toks) || ref(nPostfix)(m, end[0]) == nil) {
			return nil
		}
		return plain(m, at)
	}
}

// functions are the rules of what is applied to something.
func (g *Grammar) functions() {
	expr, sub, sup := ref(nExpr), ref(nSub), ref(nSup)
	braced := in(tLBrace, tRBrace, expr)
	scripts := alt(seq(opt(sub), opt(sup)), seq(opt(sup), opt(sub)))
	argument := alt(in(tLParen, tRParen, ref(nArgs)), ref(nMpNofunc))
	single := alt(in(tLParen, tRParen, expr), ref(nMpNofunc))
	named := func(k kind) rule { return seq(tok(tOperatorname), in(tLBrace, tRBrace, tok(k))) }
	common := alt(ref(nAtom), seq(expr, tok(tComma), opt(ref(nArgs))))
	brackets := alt(in(tLParen, tRParen, common), in(tLBracket, tRBracket, common))
	empty := func(k kind) rule { return seq(tok(k), tok(tLBrace), tok(tRBrace)) }
	bounds := opt(alt(seq(sub, sup), seq(sup, sub), seq(empty(tUnder), empty(tCaret)), seq(empty(tCaret), empty(tUnder))))
	from := seq(tok(tUnder), in(tLBrace, tRBrace, expr, tok(tAssign, tCompare), expr))
	limit := seq(tok(tUnder), in(tLBrace, tRBrace, tok(tLetter, tD, tGreek, tSymbolCmd), tok(tTo), expr, opt(tok(tCaret), in(tLBrace, tRBrace, tok(tAddSub)))))
	g.rules[nFunc] = alt(
		seq(alt(tok(tFunc, tGamma), named(tFuncName)), scripts, single),
		seq(alt(tok(tMultiFunc), named(tMultiName)), scripts, argument),
		seq(tok(tLetter, tD, tGreek, tSymbolCmd, tAccent), opt(sub), opt(sup), alt(brackets, in(tLBrace, tRBrace, brackets))),
		seq(tok(tInt), bounds, alt(seq(opt(expr), tok(tDifferential)), expr)),
		seq(tok(tSqrt), opt(in(tLBracket, tRBracket, expr)), braced),
		seq(tok(tSumProd), alt(seq(from, sup), seq(sup, from)), ref(nMp)),
		seq(tok(tLim), limit, ref(nMp)),
		seq(tok(tE), opt(sup)))
}

// sets are the rules of lists, relations and sets, and of the whole.
func (g *Grammar) sets() {
	expr := ref(nExpr)
	list := ref(nSemicolons)
	g.rules[nSetAtom] = alt(
		seq(tok(tLBracket, tLParen, tLParenVisual, tLBrack, tLGroup), expr, tok(tComma), expr, tok(tRBracket, tRParen, tRParenVisual, tRBrack, tRGroup)),
		tok(tLiteralSet), seq(tok(tLBrace), tok(tRBrace)),
		in(tLParen, tRParen, list), in(tLParenVisual, tRParenVisual, list), in(tLBracket, tRBracket, list),
		in(tLBrace, tRBrace, list), in(tLBraceVisual, tRBraceVisual, list), seq(tok(tBoxed), in(tLBrace, tRBrace, list)))
	plusMinus := seq(opt(expr), tok(tPlusMinus), expr)
	g.rules[nElement] = alt(plusMinus, ref(nSetAtom), seq(expr, star(tok(tAssign, tCompare), expr)))
	g.rules[nSemicolons] = seq(ref(nElement), star(tok(tComma, tSemicolon), ref(nElement)))
	g.rules[nSetGroup] = alt(in(tLParen, tRParen, ref(nMinus)), ref(nSetAtom))
	g.rules[nMinus] = seq(ref(nSetGroup), star(tok(tIntersection, tUnion, tSetMinus), ref(nSetGroup)))
	g.rules[nAtomList] = alt(ref(nAtomExpr), in(tLParen, tRParen, ref(nAtomExpr), star(tok(tComma), ref(nAtomExpr))))
	assigned := seq(star(ref(nAtomList), tok(tIn, tNotin, tAssign)), ref(nMinus))
	g.rules[nSetRelation] = seq(assigned, star(tok(tSubset), assigned))
	value := alt(plusMinus, ref(nSetAtom), expr)
	g.rules[nMath] = alt(list, seq(ref(nAtomList), tok(tIn, tAssign), value, star(tok(tComma, tSemicolon), value)), ref(nSetRelation))
}
