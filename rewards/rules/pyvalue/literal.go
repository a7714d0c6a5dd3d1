package pyvalue

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gradus/rewards/rules/pytext"
)

// ErrLiteral says that a text is no Python literal as Literal reads it.
var ErrLiteral = errors.New("no Python literal")

// Literal is eval(s) where s is made of lists, tuples, texts, numbers, True,
// False, None, signs, parentheses and comments. Nothing is executed: of
// names, calls, operators between values, sets, dicts, bytes and complex
// numbers it is an error.
func Literal(s string) (any, error) {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	p := literal{text: strings.TrimLeft(s, " \t")}
	p.space(true) // lines before the first, if they are empty or comments
	if p.at > 0 && p.text[p.at-1] != '\n' {
		return nil, ErrLiteral // indented
	}
	v, err := p.tuple(false)
	if err != nil {
		return nil, err
	}
	if p.space(true); p.at != len(p.text) {
		return nil, ErrLiteral
	}
	return v, nil
}

type literal struct {
	text string
	at   int
	open int // brackets
}

// space skips white space and comments, and line ends where they mean nothing.
func (p *literal) space(lines bool) {
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == ' ' || c == '\t' || c == '\f' || c == '\n' && (lines || p.open > 0):
			p.at++
		case strings.HasPrefix(p.text[p.at:], "\\\n"):
			p.at += 2
		case c == '#':
			if end := strings.IndexByte(p.text[p.at:], '\n'); end >= 0 {
				p.at += end
			} else {
				p.at = len(p.text)
			}
		default:
			return
		}
	}
}

func (p *literal) take(c byte) bool {
	if p.space(false); p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

// ends says whether nothing but the end of the brackets or of the text follows.
func (p *literal) ends() bool {
	p.space(false)
	return p.at == len(p.text) || strings.IndexByte(")]\n", p.text[p.at]) >= 0
}

// tuple reads values with commas between them; one without a comma is itself.
func (p *literal) tuple(list bool) (any, error) {
	items := []any{}
	comma := list
	for !p.ends() {
		v, err := p.signed()
		if err != nil {
			return nil, err
		}
		items = append(items, v)
		if !p.take(',') {
			break
		}
		comma = true
	}
	switch {
	case list:
		return items, nil
	case !comma && len(items) == 1:
		return items[0], nil
	case !comma && p.open == 0:
		return nil, ErrLiteral // nothing at all
	}
	return Tuple(items), nil
}

func (p *literal) signed() (any, error) {
	p.space(false)
	begin := p.at
	signs := ""
	for p.at < len(p.text) && strings.IndexByte("+-~", p.text[p.at]) >= 0 {
		signs += p.text[p.at : p.at+1]
		p.at++
		p.space(false)
		if p.at-begin > 200 {
			return nil, ErrLiteral
		}
	}
	v, err := p.atom()
	for i := len(signs) - 1; err == nil && i >= 0; i-- {
		f, real := v.(float64)
		n, whole := integer(v)
		switch {
		case real && signs[i] == '-':
			v = -f
		case real && signs[i] == '+':
		case !whole:
			return nil, ErrLiteral
		case signs[i] == '-':
			v = new(big.Int).Neg(n)
		case signs[i] == '~':
			v = new(big.Int).Not(n)
		default:
			v = n
		}
	}
	return v, err
}

// longestNumber is more than the digits of any number that Python reads.
const longestNumber = 10_000

var (
	numberPattern = pytext.Expression(`^(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|(?:[0-9](?:_?[0-9])*)?\.?(?:[0-9](?:_?[0-9])*)?(?:[eE][-+]?[0-9](?:_?[0-9])*)?)`)
	textPattern   = pytext.Expression(`^(?i:[rfu]?)(?:'''|"""|'|")`)
)

func (p *literal) atom() (any, error) {
	if p.at == len(p.text) {
		return nil, ErrLiteral
	}
	rest := p.text[p.at:]
	switch c := rest[0]; {
	case c == '(' || c == '[':
		if p.open++; p.open > 200 {
			return nil, ErrLiteral
		}
		p.at++
		v, err := p.tuple(c == '[')
		closing := byte(')')
		if c == '[' {
			closing = ']'
		}
		if err == nil && !p.take(closing) {
			err = ErrLiteral
		}
		p.open--
		return v, err
	case c >= '0' && c <= '9' || c == '.':
		text := numberPattern().FindString(rest[:min(len(rest), longestNumber)])
		p.at += len(text)
		if r, _ := utf8.DecodeRuneInString(rest[len(text):]); r == '_' || r == '.' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			return nil, ErrLiteral
		}
		return numberOf(text)
	}
	if textPattern().MatchString(rest) {
		return p.texts()
	}
	for name, v := range map[string]any{"True": true, "False": false, "None": nil} {
		if after, ok := strings.CutPrefix(rest, name); ok {
			if r, _ := utf8.DecodeRuneInString(after); !pytext.Word(r) && r != '\'' && r != '"' {
				p.at += len(name)
				return v, nil
			}
		}
	}
	return nil, ErrLiteral
}

func numberOf(text string) (any, error) {
	plain := strings.ReplaceAll(text, "_", "")
	if len(plain) > 1 && strings.ContainsRune("xXbBoO", rune(plain[1])) {
		if n, ok := new(big.Int).SetString(plain, 0); ok {
			return n, nil
		}
		return nil, ErrLiteral
	}
	if strings.ContainsAny(plain, ".eE") {
		if f, ok := pytext.Float(plain); ok {
			return f, nil
		}
		return nil, ErrLiteral
	}
	n, ok := pytext.Int(plain)
	if !ok || plain[0] == '0' && n.Sign() != 0 {
		return nil, ErrLiteral
	}
	return n, nil
}

// texts reads texts that stand beside each other as one.
func (p *literal) texts() (any, error) {
	var b strings.Builder
	for {
		start := textPattern().FindString(p.text[p.at:])
		if start == "" {
			return b.String(), nil
		}
		p.at += len(start)
		quote := strings.TrimLeft(start, "rRfFuU")
		prefix := strings.ToLower(strings.TrimSuffix(start, quote))
		s, err := p.quoted(quote, prefix == "r")
		if err != nil || prefix == "f" && strings.ContainsAny(s, "{}") {
			return nil, ErrLiteral
		}
		b.WriteString(s)
		p.space(false)
	}
}

// quoted reads on behind the opening quote.
func (p *literal) quoted(quote string, raw bool) (string, error) {
	var b strings.Builder
	for p.at < len(p.text) {
		rest := p.text[p.at:]
		switch {
		case strings.HasPrefix(rest, quote):
			p.at += len(quote)
			return b.String(), nil
		case rest[0] == '\n' && len(quote) == 1 || rest[0] == 0:
			return "", ErrLiteral
		case rest[0] != '\\':
			b.WriteByte(rest[0])
			p.at++
		case len(rest) == 1:
			return "", ErrLiteral
		case raw:
			b.WriteString(rest[:2])
			p.at += 2
		default:
			s, n, ok := unescape(rest)
			if !ok {
				return "", ErrLiteral
			}
			b.WriteString(s)
			p.at += n
		}
	}
	return "", ErrLiteral
}

// unescape is what an escape at the start of s stands for, and its length. An
// unknown one stands for itself.
func unescape(s string) (text string, n int, ok bool) {
	const known, means = "\n\\'\"abfnrtv", "\x00\\'\"\a\b\f\n\r\t\v"
	c := s[1]
	switch i := strings.IndexByte(known, c); {
	case i == 0:
		return "", 2, true
	case i > 0:
		return means[i : i+1], 2, true
	case c >= '0' && c <= '7':
		n = 2
		for n < len(s) && n < 4 && s[n] >= '0' && s[n] <= '7' {
			n++
		}
		v, err := strconv.ParseUint(s[1:n], 8, 32)
		return string(rune(v)), n, err == nil
	case c == 'x' || c == 'u' || c == 'U':
		n = 2 + map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
		if len(s) < n {
			return "", 0, false
		}
		v, err := strconv.ParseUint(s[2:n], 16, 32)
		return string(rune(v)), n, err == nil && v <= unicode.MaxRune
	case c == 'N':
		return "", 0, false
	}
	return s[:1], 1, true
}
