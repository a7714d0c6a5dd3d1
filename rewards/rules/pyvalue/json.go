package pyvalue

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"gradus/rewards/rules/pytext"
)

var (
	// ErrJSON is json.JSONDecodeError.
	ErrJSON = errors.New("no JSON")
	// ErrLimit is Python's RecursionError of deep lists, or ValueError of
	// numbers of more than 4300 digits: not a JSONDecodeError.
	ErrLimit = errors.New("beyond Python's limits")
)

// deepest is about how deep lists may nest in Python's json (its recursion
// limit of 1000 counts its callers too).
const deepest = 970

// JSON is json.loads(s). It takes NaN and the infinities, and the last of
// equal keys. Halves of surrogate pairs become U+FFFD.
func JSON(s string) (any, error) {
	d := decoder{text: s}
	v, err := d.value(0)
	if err != nil {
		return nil, err
	}
	if d.space(); d.at != len(s) {
		return nil, ErrJSON
	}
	return v, nil
}

type decoder struct {
	text string
	at   int
}

func (d *decoder) space() {
	for d.at < len(d.text) && strings.IndexByte(" \t\n\r", d.text[d.at]) >= 0 {
		d.at++
	}
}

// take says whether the next character after white space is c, and takes it.
func (d *decoder) take(c byte) bool {
	if d.space(); d.at < len(d.text) && d.text[d.at] == c {
		d.at++
		return true
	}
	return false
}

func (d *decoder) value(depth int) (any, error) {
	if depth > deepest {
		return nil, ErrLimit
	}
	if d.take('"') {
		return d.string()
	}
	if d.take('[') {
		return d.list(depth + 1)
	}
	if d.take('{') {
		return d.dict(depth + 1)
	}
	rest := d.text[d.at:]
	for name, v := range map[string]any{"null": nil, "true": true, "false": false, "NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)} {
		if strings.HasPrefix(rest, name) {
			d.at += len(name)
			return v, nil
		}
	}
	return d.number()
}

func (d *decoder) list(depth int) (any, error) {
	list := []any{}
	if d.take(']') {
		return list, nil
	}
	for {
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		if d.take(']') {
			return list, nil
		}
		if !d.take(',') {
			return nil, ErrJSON
		}
	}
}

func (d *decoder) dict(depth int) (any, error) {
	dict := &Dict{values: map[string]any{}}
	if d.take('}') {
		return dict, nil
	}
	for {
		if !d.take('"') {
			return nil, ErrJSON
		}
		key, err := d.string()
		if err != nil {
			return nil, err
		}
		if !d.take(':') {
			return nil, ErrJSON
		}
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		dict.set(key, v)
		if d.take('}') {
			return dict, nil
		}
		if !d.take(',') {
			return nil, ErrJSON
		}
	}
}

func (d *decoder) number() (any, error) {
	begin := d.at
	if d.at < len(d.text) && d.text[d.at] == '-' {
		d.at++
	}
	whole := d.digits()
	if whole == "" {
		return nil, ErrJSON
	}
	if whole[0] == '0' { // what follows a 0 is no part of the number
		d.at -= len(whole) - 1
	}
	fraction := false
	for _, starts := range []string{".", "eE"} {
		mark := d.at
		if mark == len(d.text) || strings.IndexByte(starts, d.text[mark]) < 0 {
			continue
		}
		d.at++
		if starts != "." && d.at < len(d.text) && strings.IndexByte("+-", d.text[d.at]) >= 0 {
			d.at++
		}
		if d.digits() == "" {
			d.at = mark // the number ends before it
			break
		}
		fraction = true
	}
	text := d.text[begin:d.at]
	if fraction {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil && !math.IsInf(f, 0) {
			return nil, ErrJSON
		}
		return f, nil
	}
	n, ok := pytext.Int(text)
	if !ok {
		return nil, ErrLimit
	}
	return n, nil
}

func (d *decoder) digits() string {
	begin := d.at
	for d.at < len(d.text) && d.text[d.at] >= '0' && d.text[d.at] <= '9' {
		d.at++
	}
	return d.text[begin:d.at]
}

// string reads on behind the opening quote.
func (d *decoder) string() (string, error) {
	begin := d.at
	var b strings.Builder
	for d.at < len(d.text) {
		switch c := d.text[d.at]; {
		case c == '"':
			b.WriteString(d.text[begin:d.at])
			d.at++
			return b.String(), nil
		case c < ' ':
			return "", ErrJSON
		case c == '\\':
			b.WriteString(d.text[begin:d.at])
			d.at++
			r, ok := d.escape()
			if !ok {
				return "", ErrJSON
			}
			b.WriteRune(r)
			begin = d.at
		default:
			d.at++
		}
	}
	return "", ErrJSON
}

func (d *decoder) escape() (r rune, ok bool) {
	if d.at == len(d.text) {
		return 0, false
	}
	c := d.text[d.at]
	d.at++
	if c != 'u' {
		i := strings.IndexByte(`"\/bfnrt`, c)
		if i < 0 {
			return 0, false
		}
		return rune("\"\\/\b\f\n\r\t"[i]), true
	}
	if r, ok = d.hex(); !ok || !utf16.IsSurrogate(r) {
		return r, ok
	}
	if mark := d.at; strings.HasPrefix(d.text[d.at:], `\u`) {
		d.at += 2
		low, ok := d.hex()
		if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
			return pair, true
		}
		d.at = mark
	}
	return utf8.RuneError, true
}

func (d *decoder) hex() (rune, bool) {
	if len(d.text)-d.at < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(d.text[d.at:d.at+4], 16, 32)
	d.at += 4
	return rune(n), err == nil
}

// Dumps is json.dumps(v), which writes what is beyond ASCII as \u escapes.
func Dumps(v any) string {
	var b strings.Builder
	dump(&b, v)
	return b.String()
}

func dump(b *strings.Builder, v any) {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case *big.Int:
		b.WriteString(v.String())
	case float64:
		b.WriteString(strings.NewReplacer("nan", "NaN", "inf", "Infinity").Replace(pytext.Repr(v)))
	case string:
		dumpText(b, v)
	case *Dict:
		b.WriteByte('{')
		for i, k := range v.Keys {
			if i > 0 {
				b.WriteString(", ")
			}
			dumpText(b, k)
			b.WriteString(": ")
			dump(b, v.values[k])
		}
		b.WriteByte('}')
	default:
		items, _ := Items(v)
		b.WriteByte('[')
		for i, x := range items {
			if i > 0 {
				b.WriteString(", ")
			}
			dump(b, x)
		}
		b.WriteByte(']')
	}
}

func dumpText(b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, r := range s {
		if i := strings.IndexRune("\"\\\n\r\t\f\b", r); i >= 0 {
			b.WriteString([]string{`\"`, `\\`, `\n`, `\r`, `\t`, `\f`, `\b`}[i])
			continue
		}
		if r >= ' ' && r <= '~' {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			b.WriteString(`\u`)
			s := strconv.FormatUint(uint64(unit), 16)
			b.WriteString("0000"[len(s):] + s)
		}
	}
	b.WriteByte('"')
}
