package nltk

import (
	"slices"
	"strings"

	"gradus/rewards/rules/pytext"
)

// Sentences are those that sent_tokenize finds.
func Sentences(text string) []string {
	runes := []rune(text)
	var out []string
	for _, s := range sentences(runes) {
		out = append(out, string(runes[s[0]:s[1]]))
	}
	return out
}

// sentences are the slices of PunktSentenceTokenizer.span_tokenize, rune
// offsets.
func sentences(runes []rune) [][2]int {
	m := learned()
	var slices [][2]int
	begin := 0
	for _, c := range contexts(runes) {
		if !m.breaks(c.text(runes)) {
			continue
		}
		slices = append(slices, [2]int{begin, c.end + 1})
		begin = c.end + 1
		if c.next >= 0 {
			begin = c.next
		}
	}
	end := len(runes)
	for end > 0 && pytext.Space(runes[end-1]) {
		end--
	}
	return realign(runes, append(slices, [2]int{begin, end}))
}

// context is a full stop, question or exclamation mark behind which a sentence
// may end, the word before it and what follows.
type context struct {
	begin, end int // of the word before, and the mark
	after      int // end of what follows
	next       int // where the next word begins, -1 where punctuation follows
}

func (c context) text(runes []rune) []rune { return runes[c.begin:c.after] }

// contexts are those of _match_potential_end_contexts: marks that punctuation
// or white space and a word follow, of those with the same word before them
// the last.
func contexts(runes []rune) []context {
	var out []context
	last := context{begin: 0, end: 0, next: -2} // none yet
	for i, r := range runes {
		if !endMark(r) || i+1 == len(runes) {
			continue
		}
		after, next := i+2, -1
		if !nonWord(runes[i+1]) {
			next = i + 1
			for next < len(runes) && pytext.Space(runes[next]) {
				next++
			}
			if next == i+1 || next == len(runes) {
				continue
			}
			for after = next; after < len(runes) && !pytext.Space(runes[after]); {
				after++
			}
		}
		begin := last.begin
		if at := lastBlank(runes[last.end:i]); at > 0 {
			begin = last.end + at + 1
		}
		if last.next > -2 && last.end <= begin {
			out = append(out, last)
		}
		last = context{begin, i, after, next}
	}
	if last.next > -2 {
		out = append(out, last)
	}
	return out
}

func endMark(r rune) bool { return r == '.' || r == '?' || r == '!' }

// nonWord are the characters that do not stand within a word.
func nonWord(r rune) bool {
	switch r {
	case ')', '"', ';', '}', ']', '*', ':', '@', '\'', '(', '{', '[', '?', '!':
		return true
	}
	return false
}

// lastBlank is where the last blank of ASCII stands, 0 where there is none.
func lastBlank(runes []rune) int {
	for i, r := range slices.Backward(runes) {
		if r == ' ' || r >= '\t' && r <= '\r' {
			return i
		}
	}
	return 0
}

// realign moves closing quotes and brackets from the beginning of a sentence
// to the end of the one before, and drops what is empty.
func realign(runes []rune, slices [][2]int) [][2]int {
	var out [][2]int
	moved := 0
	for i, s := range slices {
		s[0] += moved
		moved = 0
		if i+1 < len(slices) {
			next := slices[i+1]
			if to := closing(runes, next); to > 0 {
				end := next[0] + to
				for end > next[0] && pytext.Space(runes[end-1]) {
					end--
				}
				out = append(out, [2]int{s[0], end})
				moved = to
				continue
			}
		}
		if s[0] < s[1] {
			out = append(out, s)
		}
	}
	return out
}

// closing is how much of a sentence's beginning is closing punctuation, with
// the white space behind it.
func closing(runes []rune, s [2]int) int {
	for i := s[0]; i < s[1]; i++ {
		if !strings.ContainsRune(`"')]}`, runes[i]) {
			return 0
		}
		end := i + 1
		for end < s[1] && pytext.Space(runes[end]) {
			end++
		}
		if end > i+1 || end == s[1] || end+1 < s[1] && runes[end] == '-' && runes[end+1] == '-' {
			return end - s[0]
		}
	}
	return 0
}

// token is a word of a context, as Punkt annotates it.
type token struct {
	text                             []rune
	kind                             string // the word in lower case, ##number## for numbers
	final, breaks, abbreviated, dots bool
}

// breaks says whether a sentence ends within a context.
func (m *model) breaks(text []rune) bool {
	tokens := m.annotated(text)
	for i := range tokens {
		if i+1 < len(tokens) {
			m.second(&tokens[i], &tokens[i+1])
			if tokens[i].breaks {
				return true
			}
		}
	}
	return false
}

func (m *model) annotated(text []rune) []token {
	var out []token
	for begin := 0; begin <= len(text); {
		end := begin
		for end < len(text) && text[end] != '\n' {
			end++
		}
		for _, w := range punktWords(text[begin:end]) {
			out = append(out, m.first(w))
		}
		begin = end + 1
	}
	return out
}

// first is what a token is by itself (_first_pass_annotation).
func (m *model) first(w []rune) token {
	t := token{text: w, kind: pytext.Lower(string(w)), final: w[len(w)-1] == '.'}
	dots := 0
	for dots < len(w) && w[len(w)-1-dots] == '.' {
		dots++
	}
	if number(w) {
		t.kind = "##number##"
	}
	switch {
	case len(w) == 1 && endMark(w[0]):
		t.breaks = true
	case dots == len(w) && dots > 1:
		t.dots = true
	case dots == 1:
		word := pytext.Lower(string(w[:len(w)-1]))
		t.abbreviated = m.abbreviations[word] || m.abbreviations[word[strings.LastIndexByte(word, '-')+1:]]
		t.breaks = !t.abbreviated
	}
	return t
}

// number is ^-?[\.,]?\d[\d,\.-]*\.?$.
func number(w []rune) bool {
	i := 0
	if w[0] == '-' {
		i++
	}
	if i < len(w) && (w[i] == '.' || w[i] == ',') {
		i++
	}
	if i == len(w) || !decimal(w[i]) {
		return false
	}
	return !slices.ContainsFunc(w[i:], func(r rune) bool { return !decimal(r) && r != ',' && r != '.' && r != '-' })
}

func decimal(r rune) bool { _, ok := pytext.Decimal(r); return ok }

func (t *token) withoutStop() string {
	if len(t.kind) > 1 && strings.HasSuffix(t.kind, ".") {
		return t.kind[:len(t.kind)-1]
	}
	return t.kind
}

// withoutSentenceStop is the word without the full stop that ends a sentence.
func (t *token) withoutSentenceStop() string {
	if t.breaks {
		return t.withoutStop()
	}
	return t.kind
}

// initial says whether a token is a letter with a full stop.
func (t *token) initial() bool {
	return len(t.text) == 2 && t.text[1] == '.' && pytext.Word(t.text[0]) && !decimal(t.text[0])
}

// second decides about a token by the one that follows (_second_pass_annotation).
func (m *model) second(t, next *token) {
	if !t.final {
		return
	}
	word, following := t.withoutStop(), next.withoutSentenceStop()
	initial := t.initial()
	if m.collocations[word+"/"+following] {
		t.breaks, t.abbreviated = false, true
		return
	}
	starts := m.starts(next)
	if (t.abbreviated || t.dots) && !initial {
		if starts == yes || pytext.UpperLetter(next.text[0]) && m.starters[following] {
			t.breaks = true
			return
		}
	}
	if !initial && word != "##number##" {
		return
	}
	if starts == no || starts == unknown && initial && pytext.UpperLetter(next.text[0]) && m.contexts[following]&lower == 0 {
		t.breaks, t.abbreviated = false, true
	}
}

type answer int

const (
	unknown answer = iota
	yes
	no
)

// starts says whether a token is the first of a sentence, by the contexts in
// which its word was seen (_ortho_heuristic).
func (m *model) starts(t *token) answer {
	if len(t.text) == 1 && strings.ContainsRune(";:,.!?", t.text[0]) {
		return no
	}
	seen := m.contexts[t.withoutSentenceStop()]
	switch {
	case pytext.UpperLetter(t.text[0]) && seen&lower != 0 && seen&middleUpper == 0:
		return yes
	case pytext.LowerLetter(t.text[0]) && (seen&upper != 0 || seen&beginLower == 0):
		return no
	}
	return unknown
}

// punktWords are the tokens of a line: runs of dashes and dots, words, and
// other characters one by one.
func punktWords(line []rune) [][]rune {
	var out [][]rune
	for i := 0; i < len(line); {
		if pytext.Space(line[i]) {
			i++
			continue
		}
		end := i + several(line[i:])
		if end == i {
			end++
			if !strings.ContainsRune("(\"`{[:;&#*@)}]-,", line[i]) {
				for end < len(line) && !wordEnd(line, end) {
					end++
				}
			}
		}
		out = append(out, line[i:end])
		i = end
	}
	return out
}

// several is the length of punctuation of several characters: dashes, dots, or
// dots with white space between them.
func several(line []rune) int {
	for _, sign := range "-." {
		n := 0
		for n < len(line) && line[n] == sign {
			n++
		}
		if n > 1 {
			return n
		}
	}
	n := 0
	for n+1 < len(line) && line[n] == '.' && pytext.Space(line[n+1]) {
		n += 2
	}
	switch {
	case n < len(line) && line[n] == '.' && n >= 4:
		return n + 1
	case n >= 6: // the last dot of what was taken is the one that ends it
		return n - 1
	}
	return 0
}

// wordEnd says whether a word that has begun ends at a position.
func wordEnd(line []rune, i int) bool {
	if stop(line, i) {
		return true
	}
	return line[i] == ',' && (i+1 == len(line) || stop(line, i+1))
}

// stop says whether what stands at a position ends a word.
func stop(line []rune, i int) bool {
	r := line[i]
	if r == '-' || r == '.' {
		return several(line[i:min(len(line), i+5)]) > 0
	}
	return pytext.Space(r) || nonWord(r)
}
