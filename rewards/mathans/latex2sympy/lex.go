package latex2sympy

import (
	"strings"
	"unicode/utf8"
)

// kind is what a token is to the grammar.
type kind uint8

const (
	tSkip kind = iota
	tNumber
	tPercentNumber
	tENotation
	tLetter // but d, e and E
	tD
	tE
	tBigE
	tDifferential
	tGreek
	tGamma
	tSymbolCmd
	tAccent
	tVariable
	tInfinity
	tAddSub
	tMul // and all that divides
	tCaret
	tUnder
	tBang
	tAfter // transposed, degrees
	tLParen
	tRParen
	tLParenVisual
	tRParenVisual
	tLGroup
	tRGroup
	tLBrace
	tRBrace
	tLBraceVisual
	tRBraceVisual
	tLBraceCmd
	tRBraceCmd
	tLBracket
	tRBracket
	tLBrack
	tRBrack
	tPhantom
	tBoxed
	tBar
	tLVert
	tRVert
	tVert
	tLFloor
	tRFloor
	tLLCorner
	tLRCorner
	tLCeil
	tRCeil
	tULCorner
	tURCorner
	tLim
	tTo
	tInt
	tSumProd
	tFunc
	tMultiFunc
	tFuncName
	tMultiName
	tSqrt
	tFrac
	tBinom
	tChoose
	tOperatorname
	tMatrixStart
	tMatrixEnd
	tArrayStart
	tArrayEnd
	tDetStart
	tDetEnd
	tCol
	tRow
	tComma
	tSemicolon
	tIn
	tNotin
	tAssign
	tCompare // ==, ≈, <, ≠ and the like
	tSubset
	tUnion
	tIntersection
	tSetMinus
	tPlusMinus
	tLiteralSet
	tNothing // read by no rule
)

// lexicon maps what is written in one way; the longest wins.
type lexicon struct {
	words   map[string]kind
	longest int
	accents []string
	trailed map[string]kind // may take one space with them
}

func (l *lexicon) add(k kind, words string) {
	for _, w := range strings.Fields(words) {
		if _, known := l.words[w]; !known {
			l.words[w], l.longest = k, max(l.longest, len(w))
		}
	}
}

func newLexicon() *lexicon {
	l := &lexicon{words: map[string]kind{}, trailed: map[string]kind{}}
	l.add(tAfter, `^T ^{T} ' ^\circ ^\degree ^\circle ^° ^{\circ} ^{\degree} ^{\circle} ^{°}`)
	l.add(tSkip, `\, \thinspace \: \medspace \; \thickspace \quad \qquad \! \negthinspace \negmedspace \negthickspace \$ \vrule \vcenter \vbox \vskip \vspace \hfil`)
	l.add(tAddSub, `+ ∔ ⊕ ⊞ - − ∸`)
	l.add(tMul, `* × ⋅ ⋄ ⊡ ∗ ⋆ ∘ ∙ ⊗ ⊠ ⋈ ⋉ ⋊ / ÷ ∕ \over \times \cdot \div \mod :`)
	for k, w := range map[kind]string{tLParen: "(", tRParen: ")", tLParenVisual: `\(`, tRParenVisual: `\)`, tLGroup: `\lgroup`, tRGroup: `\rgroup`, tLBrace: "{", tRBrace: "}", tLBraceVisual: `\{`, tRBraceVisual: `\}`,
		tLBraceCmd: `\lbrace`, tRBraceCmd: `\rbrace`, tLBracket: "[", tRBracket: "]", tLBrack: `\lbrack`, tRBrack: `\rbrack`, tPhantom: `\phantom`, tBoxed: `\boxed`, tBar: "|", tLVert: `\lvert`, tRVert: `\rvert`, tVert: `\vert`,
		tLFloor: `\lfloor`, tRFloor: `\rfloor`, tLLCorner: `\llcorner`, tLRCorner: `\lrcorner`, tLCeil: `\lceil`, tRCeil: `\rceil`, tULCorner: `\ulcorner`, tURCorner: `\urcorner`, tLim: `\lim`, tInt: `\int`, tSqrt: `\sqrt`,
		tChoose: `\choose`, tOperatorname: `\operatorname`, tUnder: "_", tCaret: "^", tBang: "!", tComma: ",", tSemicolon: ";", tCol: "&", tRow: `\\`, tIn: `\in`, tE: `e \exponentialE`, tBigE: "E", tInfinity: `\infty \$\infty \infty\%`,
		tTo: `\to \rightarrow \Rightarrow \longrightarrow \Longrightarrow`, tSumProd: `\sum \prod`, tFrac: `\frac \dfrac \tfrac \cfrac`, tBinom: `\binom \tbinom \dbinom`} {
		l.add(k, w)
	}
	l.add(tFunc, `\log \ln \exp \sin \cos \tan \csc \sec \cot \arcsin \arccos \arctan \arccsc \arcsec \arccot \sinh \cosh \tanh \arsinh \arcosh \artanh \arcsinh \arccosh \arctanh \floor \ceil \det`)
	l.add(tMultiFunc, `\gcd \lcm \max \min`)
	l.add(tFuncName, `arsinh arcsinh arcosh arccosh artanh arctanh floor ceil eye cols rows norm rank trace tr rref nullspace eig eigen diagonalize eigenvals eigenvalues eigenvects eigenvectors svd SVD`)
	l.add(tMultiName, `gcd lcm zeros ones diag hstack vstack orth ortho orthogonal orthogonalize`)
	l.add(tGamma, `\Gamma \gamma`)
	l.add(tAssign, `= ≡ ≣ ≟ ≎ ≏ ≐ ≑ ≒ ≓ ≔ ≕ ≖ ≗`)
	l.add(tCompare, `== \equiv ~= ≈ ≊ ≋ ≃ ≅ \approx < ≪ ≺ ⋖ \lt \leq \le \leqslant ≤ ≦ ≲ ≾ <= > ≫ ≻ ⋗ \gt \geq \ge \geqslant ≥ ≧ ≳ ≿ >= != !== \ne \neq \not\equiv ≠ ≁ ≄ ≇ ≉ ≢`)
	l.add(tLiteralSet, `\mathbb{N} ℕ \mathbb{Z} ℤ \mathbb{Q} ℚ \mathbb{R} ℝ \mathbb{C} ℂ \emptyset ∅ \{\} \lbrace\rbrace`)
	l.add(tUnion, `\cup ∪`)
	l.add(tIntersection, `\cap ∩`)
	l.add(tSetMinus, `\setminus ∖`)
	l.add(tPlusMinus, `\pm ± ∓ \mp`)
	l.add(tSubset, `\supseteq ⊇ \subseteq ⊆`)
	l.add(tNotin, `\notin ∉`)
	l.add(tMatrixStart, `\begin{matrix} \begin{pmatrix} \begin{bmatrix}`)
	l.add(tMatrixEnd, `\end{matrix} \end{pmatrix} \end{bmatrix}`)
	l.add(tArrayEnd, `\end{array}`)
	l.add(tDetStart, `\begin{vmatrix}`)
	l.add(tDetEnd, `\end{vmatrix}`)
	l.add(tNothing, `\| \langle \rangle . \partial \mathbb{P} ℙ \xrightarrow \xRightarrow <-> <=> \leftrightarrow \Leftrightarrow \mathit matrix pmatrix bmatrix vmatrix`)
	for _, w := range strings.Fields(`\alpha α \beta β \gamma γ \Gamma Γ \delta δ \Delta Δ \epsilon ε \varepsilon ϵ \zeta ζ \eta η \theta θ \Theta Θ \vartheta ϑ \iota ι \kappa κ \lambda λ \Lambda Λ \mu μ \nu ν \xi ξ \Xi Ξ \omicron ο \pi π ` +
		`\Pi Π \varpi ϖ \rho ρ \varrho ϱ \sigma σ \Sigma Σ \varsigma ς \tau τ \upsilon υ \Upsilon Υ \phi φ \Phi Φ \varphi ϕ \chi χ \psi ψ \Psi Ψ \omega ω \Omega Ω`) {
		l.trailed[w] = tGreek
		l.longest = max(l.longest, len(w))
	}
	for _, w := range strings.Fields(`\Bbbk \wp \nabla \bigstar \angle \nexists \diagdown \measuredangle \eth ℵ ℶ ℷ ℸ \diagup \sphericalangle \clubsuit \varnothing \Diamond \complement \diamondsuit \imath \Finv \triangledown \heartsuit ` +
		`\jmath \Game \triangle \spadesuit \ell \hbar \vartriangle \hslash \blacklozenge \lozenge \blacksquare \mho \blacktriangle \sharp \prime \Im \flat \square \backprime \Re \natural \surd \circledS`) {
		l.trailed[w] = tSymbolCmd
		l.longest = max(l.longest, len(w))
	}
	l.accents = strings.Fields(`\acute \bar \overline \breve \check \widecheck \dot \ddot \grave \hat \tilde \widetilde \vec \overrightarrow \bm \boldsymbol \text \textit \textbf \textnormal \mathbb \mathbin \mathbf \mathcal \mathclap ` +
		`\mathclose \mathellipsis \mathfrak \mathinner \mathit \mathnormal \mathop \mathopen \mathord \mathpunct \mathrel \mathring \mathrlap \mathrm \mathscr \mathsf \mathsterling \mathtt \mbox`)
	return l
}

// lex cuts a text into the tokens that the grammar sees, and into their texts; ok
// is false where some of it is none.
func (l *lexicon) lex(s string) (toks []kind, texts []string, ok bool) {
	for i := 0; i < len(s); {
		k, n := l.token(s[i:])
		if n == 0 {
			return nil, nil, false
		}
		if k != tSkip {
			toks, texts = append(toks, k), append(texts, s[i:i+n])
		}
		i += n
	}
	return toks, texts, true
}

// token is the longest token at the start of s; among those of one length a
// word goes before a form.
func (l *lexicon) token(s string) (kind, int) {
	best, size := tSkip, 0
	take := func(k kind, n int) {
		if n > size {
			best, size = k, n
		}
	}
	c := s[0]
	switch {
	case c == ' ' || c == '\t' || c == '\r' || c == '\n':
		return tSkip, 1
	case c >= '0' && c <= '9' || c == '.':
		k, n := number(s)
		take(k, n)
	case c == 'd':
		take(tDifferential, differential(s))
	}
	for n := min(l.longest, len(s)); n > size; n-- {
		if k, known := l.words[s[:n]]; known {
			take(k, n)
		}
		if k, known := l.trailed[s[:n]]; known {
			if n < len(s) && s[n] == ' ' {
				take(k, n+1)
			}
			take(k, n)
		}
	}
	switch {
	case size > 0:
	case c == 'd':
		take(tD, 1)
	case letter(c):
		take(tLetter, 1)
	}
	if c == '\\' {
		take(tAccent, l.accent(s))
		take(tArrayStart, arrayStart(s))
		take(tVariable, variable(s))
	}
	return best, size
}

// number matches a number, with a percent sign or a power of ten behind it.
func number(s string) (kind, int) {
	digits := func(i int) int {
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		return i
	}
	n := digits(0)
	if n < len(s) && s[n] == '.' {
		if end := digits(n + 1); end > n+1 {
			n = end
		}
	}
	if n == 0 {
		return tSkip, 0
	}
	if n < len(s) && s[n] == 'E' {
		i := n + 1
		if r, w := utf8.DecodeRuneInString(s[i:]); strings.ContainsRune("+∔⊕⊞-−∸", r) && w > 0 {
			i += w
		}
		if end := digits(i); end > i {
			return tENotation, end
		}
	}
	i := n
	if i < len(s) && strings.IndexByte(" \t\r\n", s[i]) >= 0 {
		i++
	}
	for _, sign := range [...]string{`\%`, "%"} {
		if strings.HasPrefix(s[i:], sign) {
			return tPercentNumber, i + len(sign)
		}
	}
	return tNumber, n
}

// differential matches d and a letter or command, white space between them.
func differential(s string) int {
	i := 1
	for i < len(s) && strings.IndexByte(" \t\r\n", s[i]) >= 0 {
		i++
	}
	switch {
	case i < len(s) && letter(s[i]):
		return i + 1
	case i+1 < len(s) && s[i] == '\\' && letter(s[i+1]):
		for i++; i < len(s) && letter(s[i]); i++ {
		}
		return i
	}
	return 0
}

// accent matches a command that names what stands in its braces, up to the
// first that closes.
func (l *lexicon) accent(s string) int {
	for _, a := range l.accents {
		rest, ok := strings.CutPrefix(s, a)
		if !ok {
			continue
		}
		if rest != "" && strings.IndexByte(" \t\r\n", rest[0]) >= 0 {
			rest = rest[1:]
		}
		if !strings.HasPrefix(rest, "{") {
			continue
		}
		if k := strings.IndexByte(rest, '}'); k >= 0 {
			return len(s) - len(rest) + k + 1
		}
	}
	return 0
}

// arrayStart matches \begin{array}{ccl}.
func arrayStart(s string) int {
	rest, ok := strings.CutPrefix(s, `\begin{array}{`)
	if !ok {
		return 0
	}
	columns := strings.TrimLeft(rest, "clr")
	if !strings.HasPrefix(columns, "}") {
		return 0
	}
	return len(s) - len(columns) + 1
}

// variable matches \variable{name} of letters and digits.
func variable(s string) int {
	rest, ok := strings.CutPrefix(s, `\variable{`)
	if !ok {
		return 0
	}
	k := strings.IndexByte(rest, '}')
	if k <= 0 || strings.IndexFunc(rest[:k], func(r rune) bool { return !(r < utf8.RuneSelf && (letter(byte(r)) || r >= '0' && r <= '9')) }) >= 0 {
		return 0
	}
	n := len(s) - len(rest) + k + 1
	for _, sign := range [...]string{`\%`, "%"} {
		if strings.HasPrefix(s[n:], sign) {
			return n + len(sign)
		}
	}
	return n
}
