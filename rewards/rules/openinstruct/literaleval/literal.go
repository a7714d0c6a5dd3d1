package literaleval

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"gradus/rewards/rules/pytext"
)

// deepestLiteral are the brackets within brackets that Python's tokenizer
// reads.
const deepestLiteral = 200

// Literal is ast.literal_eval: the value of a text that is a Python literal.
func Literal(s string) (any, error) {
	if strings.IndexByte(s, 0) >= 0 {
		return nil, errors.New("it holds a null character")
	}
	s = strings.TrimLeft(s, " \t")
	r := &literalReader{in: s}
	r.blanks(true)
	if line := s[:r.at]; r.at > 0 && strings.ContainsAny(line, "\r\n") && strings.IndexByte(" \t", line[len(line)-1]) >= 0 {
		return nil, errors.New("its first line is indented")
	}
	v, err := r.tuple("")
	if err != nil {
		return nil, err
	}
	if r.blanks(true); r.at < len(r.in) {
		return nil, r.unexpected()
	}
	return v, nil
}

type literalReader struct {
	in    string
	at    int
	depth int
}

func (r *literalReader) unexpected() error {
	if r.at >= len(r.in) {
		return errors.New("it ends too early")
	}
	rest := r.in[r.at:]
	for _, name := range [...]string{"null", "true", "false"} {
		if strings.HasPrefix(rest, name) {
			return fmt.Errorf("%s at byte %d is JSON's, in Python it is %s", name, r.at, map[string]string{"null": "None", "true": "True", "false": "False"}[name])
		}
	}
	return fmt.Errorf("%.20q at byte %d is no literal", rest, r.at)
}

// blanks skips white space and comments; lines may end within brackets.
func (r *literalReader) blanks(lines bool) {
	for r.at < len(r.in) {
		switch c := r.in[r.at]; {
		case c == ' ' || c == '\t' || c == '\f', (lines || r.depth > 0) && (c == '\n' || c == '\r'):
			r.at++
		case c == '#':
			for r.at < len(r.in) && r.in[r.at] != '\n' && r.in[r.at] != '\r' {
				r.at++
			}
		case strings.HasPrefix(r.in[r.at:], "\\\n"):
			r.at += 2
		default:
			return
		}
	}
}

func (r *literalReader) take(s string) bool {
	if strings.HasPrefix(r.in[r.at:], s) {
		r.at += len(s)
		return true
	}
	return false
}

// tuple reads values with commas between them up to a closing sign, or to the
// end of the text: one without a comma is itself.
func (r *literalReader) tuple(end string) (any, error) {
	list, comma, err := r.list(end)
	switch {
	case err != nil:
		return nil, err
	case len(list) == 1 && !comma:
		return list[0], nil
	case len(list) == 0 && end == "":
		return nil, r.unexpected()
	}
	return Tuple(list), nil
}

// list reads values up to a closing sign; comma says that one stands in there.
func (r *literalReader) list(end string) (list []any, comma bool, err error) {
	list = []any{}
	closed := func() bool {
		r.blanks(false)
		if end != "" {
			return r.take(end)
		}
		back := r.at
		if r.blanks(true); r.at == len(r.in) {
			return true
		}
		r.at = back
		return false
	}
	for !closed() {
		v, err := r.sum()
		if err != nil {
			return nil, false, err
		}
		list = append(list, v)
		if closed() {
			return list, comma, nil
		}
		if !r.take(",") {
			return nil, false, r.unexpected()
		}
		comma = true
	}
	return list, comma, nil
}

// sum reads a value; a number may be the real part of a complex one.
func (r *literalReader) sum() (any, error) {
	v, err := r.signed()
	if err != nil {
		return nil, err
	}
	r.blanks(false)
	if _, number := v.(Number); number && (r.take("+") || r.take("-")) {
		r.blanks(false)
		if other, err := r.atom(); err != nil || other != any(Other{"a complex number"}) {
			return nil, errors.New("it computes, which a literal does not")
		}
		return Other{"a complex number"}, nil
	}
	return v, nil
}

func (r *literalReader) signed() (any, error) {
	r.blanks(false)
	negative := r.take("-")
	if !negative && !r.take("+") {
		return r.atom()
	}
	r.blanks(false)
	v, err := r.atom()
	if err != nil {
		return nil, err
	}
	n, ok := v.(Number)
	switch {
	case v == any(Other{"a complex number"}):
		return v, nil
	case !ok:
		return nil, errors.New("a sign before what is no number")
	case negative && n.Whole == "0":
		return n, nil
	case negative:
		n.Float = -n.Float
		if n.Whole != "" {
			n.Whole = "-" + n.Whole
		}
	}
	return n, nil
}

func (r *literalReader) atom() (any, error) {
	if r.at >= len(r.in) {
		return nil, r.unexpected()
	}
	switch c := r.in[r.at]; {
	case c == '(' || c == '[' || c == '{':
		if r.depth++; r.depth > deepestLiteral {
			return nil, errors.New("more than 200 brackets within one another")
		}
		defer func() { r.depth-- }()
		r.at++
		switch c {
		case '(':
			return r.bracketed()
		case '[':
			list, _, err := r.list("]")
			return list, err
		}
		return r.braces()
	case c >= '0' && c <= '9' || c == '.' && r.at+1 < len(r.in) && r.in[r.at+1] >= '0' && r.in[r.at+1] <= '9':
		return r.number()
	case r.take("..."):
		return Other{"the Ellipsis"}, nil
	}
	if prefix, ok := r.quoted(); ok {
		return r.texts(prefix)
	}
	word := r.word()
	switch word {
	case "None":
		return nil, nil
	case "True":
		return true, nil
	case "False":
		return false, nil
	case "set":
		if r.blanks(false); r.take("(") {
			if r.blanks(true); r.take(")") {
				return Set{}, nil
			}
		}
	}
	r.at -= len(word)
	return nil, r.unexpected()
}

func (r *literalReader) word() string {
	from := r.at
	for r.at < len(r.in) {
		c, n := utf8.DecodeRuneInString(r.in[r.at:])
		if !pytext.Word(c) {
			break
		}
		r.at += n
	}
	return r.in[from:r.at]
}

func (r *literalReader) bracketed() (any, error) {
	list, comma, err := r.list(")")
	if err == nil && len(list) == 1 && !comma {
		return list[0], nil
	}
	return Tuple(list), err
}

// braces reads a dict or a set.
func (r *literalReader) braces() (any, error) {
	if r.blanks(false); r.take("}") {
		return map[string]any{}, nil
	}
	dict, set := map[string]any{}, Set{}
	isDict, texts := false, true
	for first := true; ; first = false {
		key, err := r.sum()
		if err != nil {
			return nil, err
		}
		switch key.(type) {
		case []any, Set, map[string]any:
			return nil, fmt.Errorf("%s cannot be a key or in a set", Kind(key))
		}
		r.blanks(false)
		colon := r.take(":")
		if first {
			isDict = colon
		}
		if colon != isDict {
			return nil, r.unexpected()
		}
		if isDict {
			v, err := r.sum()
			if err != nil {
				return nil, err
			}
			name, ok := key.(string)
			texts = texts && ok
			dict[name] = v
		} else {
			set = append(set, key)
		}
		r.blanks(false)
		if r.take(",") {
			r.blanks(false)
		} else if r.at >= len(r.in) || r.in[r.at] != '}' {
			return nil, r.unexpected()
		}
		if r.take("}") {
			break
		}
	}
	switch {
	case !isDict:
		return set, nil
	case !texts:
		return Other{"a dict with keys that are no texts"}, nil
	}
	return dict, nil
}

func (r *literalReader) number() (any, error) {
	from := r.at
	rest := strings.ToLower(r.in[r.at:min(len(r.in), r.at+2)])
	if rest == "0x" || rest == "0o" || rest == "0b" {
		r.at += 2
		r.word()
		n, ok := new(big.Int).SetString(r.in[from:r.at], 0)
		if !ok {
			return nil, fmt.Errorf("%.20q is no number", r.in[from:r.at])
		}
		f, _ := new(big.Float).SetInt(n).Float64()
		return Number{Float: f, Whole: n.String()}, nil
	}
	digits := func() {
		for r.at < len(r.in) && (r.in[r.at] >= '0' && r.in[r.at] <= '9' || r.in[r.at] == '_') {
			r.at++
		}
	}
	digits()
	isInt := true
	if r.take(".") {
		isInt = false
		digits()
	}
	if r.take("e") || r.take("E") {
		isInt = false
		if !r.take("+") {
			r.take("-")
		}
		digits()
	}
	text := r.in[from:r.at]
	imaginary := r.take("j") || r.take("J")
	f, ok := pytext.Float(text)
	if next, _ := utf8.DecodeRuneInString(r.in[r.at:]); !ok || r.at < len(r.in) && pytext.Word(next) {
		return nil, fmt.Errorf("%.20q is no number", r.in[from:])
	}
	if imaginary {
		return Other{"a complex number"}, nil
	}
	if !isInt {
		return Number{Float: f}, nil
	}
	plain := strings.ReplaceAll(text, "_", "")
	if plain[0] == '0' && strings.Trim(plain, "0") != "" {
		return nil, fmt.Errorf("%.20q begins with 0", text)
	}
	if strings.Trim(plain, "0") == "" {
		plain = "0"
	}
	n, ok := whole(plain)
	if !ok {
		return nil, errors.New("an int of more than 4300 digits")
	}
	return n, nil
}

// quoted says whether a text begins here, and takes what stands before its
// quotes.
func (r *literalReader) quoted() (prefix string, ok bool) {
	n := 0
	for n < 2 && r.at+n < len(r.in) && strings.IndexByte("rRbBuUfF", r.in[r.at+n]) >= 0 {
		n++
	}
	if r.at+n == len(r.in) || r.in[r.at+n] != '\'' && r.in[r.at+n] != '"' {
		return "", false
	}
	prefix = strings.ToLower(r.in[r.at : r.at+n])
	switch prefix {
	case "", "r", "b", "u", "br", "rb":
		r.at += n
		return prefix, true
	}
	return "", false
}

// texts reads a text, and those that follow it as one with it.
func (r *literalReader) texts(prefix string) (any, error) {
	var b strings.Builder
	bytes := strings.Contains(prefix, "b")
	for {
		s, err := r.text(strings.Contains(prefix, "r"), bytes)
		if err != nil {
			return nil, err
		}
		b.WriteString(s)
		back := r.at
		r.blanks(false)
		next, ok := r.quoted()
		if !ok {
			r.at = back
			break
		}
		if strings.Contains(next, "b") != bytes {
			return nil, errors.New("texts and bytes side by side")
		}
		prefix = next
	}
	if bytes {
		return Other{"bytes"}, nil
	}
	return b.String(), nil
}

func (r *literalReader) text(raw, bytes bool) (string, error) {
	quote := r.in[r.at : r.at+1]
	if strings.HasPrefix(r.in[r.at:], strings.Repeat(quote, 3)) {
		quote = strings.Repeat(quote, 3)
	}
	r.at += len(quote)
	var b strings.Builder
	for !r.take(quote) {
		if r.at == len(r.in) {
			return "", errors.New("a text that is not closed")
		}
		c := r.in[r.at]
		r.at++
		switch {
		case c == '\n' && len(quote) == 1, c == '\r' && len(quote) == 1:
			return "", errors.New("a text that is not closed in its line")
		case bytes && c >= utf8.RuneSelf:
			return "", errors.New("bytes beyond ASCII")
		case c == '\r':
			if !strings.HasPrefix(r.in[r.at:], "\n") {
				b.WriteByte('\n')
			}
		case c != '\\':
			b.WriteByte(c)
		case r.at == len(r.in):
			return "", errors.New("a text that is not closed")
		case raw:
			b.WriteByte(c)
			b.WriteByte(r.in[r.at])
			r.at++
		default:
			if err := r.escape(&b, bytes); err != nil {
				return "", err
			}
		}
	}
	return b.String(), nil
}

func (r *literalReader) escape(b *strings.Builder, bytes bool) error {
	c := r.in[r.at]
	r.at++
	if at := strings.IndexByte(`\'"abfnrtv`, c); at >= 0 {
		b.WriteByte("\\'\"\a\b\f\n\r\t\v"[at])
		return nil
	}
	n := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
	switch {
	case c == '\n':
	case c == '\r':
		r.take("\n")
	case c >= '0' && c <= '7':
		from := r.at - 1
		for r.at < len(r.in) && r.at < from+3 && r.in[r.at] >= '0' && r.in[r.at] <= '7' {
			r.at++
		}
		v, _ := strconv.ParseUint(r.in[from:r.at], 8, 32)
		b.WriteRune(rune(v))
	case n > 0 && !(bytes && c != 'x'):
		if r.at+n > len(r.in) {
			return fmt.Errorf("the escape \\%c is cut", c)
		}
		v, err := strconv.ParseUint(r.in[r.at:r.at+n], 16, 32)
		if err != nil || v > utf8.MaxRune {
			return fmt.Errorf("the escape \\%c%.8s is no character", c, r.in[r.at:])
		}
		r.at += n
		b.WriteRune(rune(v)) // half of a pair becomes U+FFFD
	case c == 'N' && !bytes:
		return errors.New("named characters are not built in here; write the character")
	default:
		b.WriteByte('\\')
		b.WriteByte(c)
	}
	return nil
}
