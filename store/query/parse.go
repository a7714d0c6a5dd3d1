package query

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/agnivade/levenshtein"
)

// What a query may have at most. More is an error: SQLite bounds the depth of
// what it reads, more so for files of strangers.
const (
	MaxBytes  = 4000
	MaxTerms  = 48
	MaxValues = 64 // of all terms together
	maxDepth  = 12
)

// Parse reads a query; nil stands for every trace. The error is an *Error.
func Parse(in string, known Known) (Node, error) {
	if len(in) > MaxBytes {
		return nil, &Error{Query: in, From: cutAt(in, MaxBytes), To: len(in), Message: fmt.Sprintf("the query is longer than %d bytes", MaxBytes)}
	}
	p := &parser{lexer: lexer{in: in}, known: known}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokEnd {
		return nil, nil
	}
	n, err := p.alternatives(0)
	if err == nil && p.tok.kind == tokClose {
		err = p.fail(p.tok.from, p.tok.to, "there is no ( for this ); to search the text for it, quote it")
	}
	if err != nil {
		return nil, err
	}
	return n, nil
}

// cutAt is the last boundary of a character at or before i.
func cutAt(s string, i int) int {
	for i > 0 && s[i]&0xc0 == 0x80 {
		i--
	}
	return i
}

type parser struct {
	lexer
	known         Known
	tok           token
	terms, values int
}

func (p *parser) advance() *Error {
	t, err := p.next()
	p.tok = t
	return err
}

func (p *parser) fail(from, to int, format string, args ...any) *Error {
	return &Error{Query: p.in, From: from, To: to, Message: fmt.Sprintf(format, args...)}
}

// alternatives reads what OR joins.
func (p *parser) alternatives(depth int) (Node, *Error) {
	var out Or
	for {
		n, err := p.together(depth)
		if err != nil {
			return nil, err
		}
		if o, ok := n.(Or); ok {
			out = append(out, o...)
		} else {
			out = append(out, n)
		}
		if p.tok.kind != tokOr {
			break
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if len(out) == 1 {
		return out[0], nil
	}
	return out, nil
}

// together reads terms that stand side by side.
func (p *parser) together(depth int) (Node, *Error) {
	var out And
	for and := false; ; {
		switch p.tok.kind {
		case tokAnd:
			if len(out) == 0 || and {
				return nil, p.fail(p.tok.from, p.tok.to, "AND wants a term on both sides; to search the text for it, quote it")
			}
			and = true
			if err := p.advance(); err != nil {
				return nil, err
			}
			continue
		case tokEnd, tokClose, tokOr:
			switch {
			case and || len(out) == 0 && p.tok.kind == tokEnd:
				return nil, p.fail(p.tok.from, p.tok.to, "a term is missing here")
			case len(out) == 0 && p.tok.kind == tokOr:
				return nil, p.fail(p.tok.from, p.tok.to, "OR wants a term on both sides; to search the text for it, quote it")
			case len(out) == 0:
				return nil, p.fail(p.tok.from, p.tok.to, "a term is missing before this )")
			case len(out) == 1:
				return out[0], nil
			}
			return out, nil
		}
		n, err := p.one(depth)
		if err != nil {
			return nil, err
		}
		and = false
		if a, ok := n.(And); ok {
			out = append(out, a...)
		} else {
			out = append(out, n)
		}
	}
}

// one reads a term, a group, or one of them with a minus sign.
func (p *parser) one(depth int) (Node, *Error) {
	t := p.tok
	if depth > maxDepth {
		return nil, p.fail(t.from, t.to, "groups nest deeper than %d", maxDepth)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	switch t.kind {
	case tokNot:
		switch p.tok.kind {
		case tokEnd, tokClose, tokOr, tokAnd:
			return nil, p.fail(t.from, t.to, "nothing stands after this %s", p.in[t.from:t.to])
		}
		n, err := p.one(depth + 1)
		return Not{n}, err
	case tokOpen:
		n, err := p.alternatives(depth + 1)
		if err != nil {
			return nil, err
		}
		if p.tok.kind != tokClose {
			return nil, p.fail(t.from, t.to, "this ( is never closed")
		}
		return n, p.advance()
	}
	if p.terms++; p.terms > MaxTerms {
		return nil, p.fail(t.from, t.to, "more than %d terms", MaxTerms)
	}
	if t.kind == tokWord {
		return p.words(t)
	}
	return p.field(t)
}

func (p *parser) words(t token) (Node, *Error) {
	if !strings.ContainsFunc(t.word.s, isTokenRune) {
		return nil, p.fail(t.from, t.to, "there is no word to look for; the index knows letters and digits only")
	}
	return Words{Text: t.word.s, Prefix: t.word.star}, nil
}

// isTokenRune tells whether FTS5's unicode61 tokenizer keeps r.
func isTokenRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.Co, r)
}

func (p *parser) field(t token) (Node, *Error) {
	name := t.field
	rest, prefixed := strings.CutPrefix(strings.ToLower(name), "reward.")
	if prefixed {
		name = name[len(name)-len(rest):]
	} else if f, ok := lookup(name); ok {
		return p.term(t, f, "")
	}
	part, several := p.known.part(name)
	switch {
	case part != "":
		return p.term(t, Field{Name: PartField, Kind: Number}, part)
	case len(several) > 0:
		return nil, p.fail(t.from, t.from+len(t.field), "several parts of the reward are called %s: %s; write one in full", name, strings.Join(several, ", "))
	}
	return nil, p.fail(t.from, t.from+len(t.field), "%q is not a field; %s To search the text for it, quote it: %s",
		t.field, p.hint(name), quote(p.in[t.from:t.to]))
}

// hint names the nearest fields, or all.
func (p *parser) hint(name string) string {
	best, least := "", 3
	name = strings.ToLower(name)
	for _, f := range p.known.names() {
		if d := levenshtein.ComputeDistance(name, strings.ToLower(f)); d < least && 2*d <= len(name) {
			best, least = f, d
		}
	}
	if best != "" {
		return "did you mean " + best + "?"
	}
	var names []string
	for _, f := range Fields() {
		names = append(names, f.Name)
	}
	parts := "and the names of rewards"
	if len(p.known.Parts) > 0 {
		parts = "and the rewards " + strings.Join(p.known.Parts, ", ")
	}
	return "fields are " + strings.Join(names, ", ") + ", " + parts + "."
}

// term makes the node of a field, an operator and its values.
func (p *parser) term(t token, f Field, part string) (Node, *Error) {
	if p.values += len(t.value); p.values > MaxValues {
		return nil, p.fail(t.at, t.to, "more than %d values", MaxValues)
	}
	for _, v := range t.value {
		if v.s == "" && !v.quoted && !v.star {
			return nil, p.fail(v.from, v.to, "%s%s wants a value", t.field, t.op)
		}
	}
	compares := t.op != ":" && t.op != "=" && t.op != "!="
	if compares && len(t.value) > 1 {
		return nil, p.fail(t.at, t.to, "%s%s takes one number; several go with a colon: %s:1,2", t.field, t.op, t.field)
	}
	var n Node
	var err *Error
	switch {
	case f.Name == PartField && !compares && p.status(t.value[0].s):
		n, err = p.choice(t, Field{Name: PartField, Choices: Statuses()}, part)
	case f.Kind == Whole || f.Kind == Number:
		n, err = p.ranges(t, f, part)
	case compares:
		return nil, p.fail(t.from+len(t.field), t.at, "%s takes a colon: %s:%s", t.field, t.field, p.in[t.at:t.to])
	case f.Kind == Choice:
		n, err = p.choice(t, f, part)
	default:
		n, err = p.named(t, f)
	}
	if err == nil && t.op == "!=" {
		n = Not{n}
	}
	return n, err
}

func (p *parser) status(s string) bool {
	for _, known := range Statuses() {
		if strings.EqualFold(s, known) {
			return true
		}
	}
	return false
}

func (p *parser) choice(t token, f Field, part string) (Node, *Error) {
	n := Is{Field: f.Name, Part: part}
	for _, v := range t.value {
		found := ""
		for _, c := range f.Choices {
			if strings.EqualFold(c, v.s) || f.Choices[0] == "yes" && strings.EqualFold(c, yesOrNo(v.s)) {
				found = c
			}
		}
		if found == "" || v.star || v.hasBy {
			last := len(f.Choices) - 1
			return nil, p.fail(v.from, v.to, "%s is %s or %s, not %q", t.field, strings.Join(f.Choices[:last], ", "), f.Choices[last], p.in[v.from:v.to])
		}
		n.Values = append(n.Values, Value{Text: found})
	}
	return n, nil
}

func yesOrNo(s string) string {
	switch strings.ToLower(s) {
	case "y", "true", "1", "right", "ok":
		return "yes"
	case "n", "false", "0", "wrong":
		return "no"
	}
	return ""
}

// hashDigits is the length of a prompt's hash, and minHash the least that is
// taken for the beginning of one where words could stand.
const (
	hashDigits = 32
	minHash    = 6
)

func isHex(s string) bool { return strings.Trim(strings.ToLower(s), "0123456789abcdef") == "" }

// looksHashed tells whether all values are hashes, as lists of traces show
// them, and not words.
func looksHashed(values []text) bool {
	for _, v := range values {
		if v.quoted || v.hasBy || len(v.s) < minHash || len(v.s) > hashDigits || !isHex(v.s) {
			return false
		}
	}
	return true
}

func (p *parser) named(t token, f Field) (Node, *Error) {
	if f.Kind == Phrase && looksHashed(t.value) {
		f, _ = lookup("hash")
	}
	n := Is{Field: f.Name}
	for _, v := range t.value {
		val := Value{Text: v.s, Prefix: v.star}
		switch {
		case f.Kind == Label && v.hasBy:
			if v.by == "" {
				return nil, p.fail(v.from, v.to, "the name of an author is missing after the @")
			}
			val.Author = v.by
		case v.hasBy: // an @ means nothing here
			val.Text, val.Prefix = v.s+"@"+v.by, v.star
		}
		switch {
		case f.Name == "hash":
			if val.Text = strings.ToLower(val.Text); !isHex(val.Text) {
				return nil, p.fail(v.from, v.to, "hash is the beginning of a prompt's hash, of 0 to 9 and a to f, not %q; words of a prompt are %s", v.s, "prompt:"+quote(v.s))
			}
			val.Prefix = len(val.Text) < hashDigits
		case f.Kind == Phrase && !strings.ContainsFunc(val.Text, isTokenRune):
			return nil, p.fail(v.from, v.to, "there is no word to look for; the index knows letters and digits only")
		}
		n.Values = append(n.Values, val)
	}
	return n, nil
}
