package pyvalue

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// deepestJSON are the lists within lists that json.loads of Python 3.12.1
// reads before it raises RecursionError; other versions read more or fewer.
const deepestJSON = 1497

// JSON is json.loads: JSON, and NaN, Infinity and -Infinity. ok is false where
// it raises ValueError; deep where it raises RecursionError instead.
func JSON(s string) (v any, ok, deep bool) {
	r := &jsonReader{in: s}
	r.blanks()
	v, ok = r.value()
	r.blanks()
	if r.deep {
		return nil, false, true
	}
	return v, ok && r.at == len(s), false
}

type jsonReader struct {
	in    string
	at    int
	depth int
	deep  bool
}

func (r *jsonReader) blanks() {
	for r.at < len(r.in) && strings.IndexByte(" \t\n\r", r.in[r.at]) >= 0 {
		r.at++
	}
}

func (r *jsonReader) take(s string) bool {
	if strings.HasPrefix(r.in[r.at:], s) {
		r.at += len(s)
		return true
	}
	return false
}

func (r *jsonReader) value() (any, bool) {
	switch {
	case r.take(`"`):
		return r.text()
	case r.take("{"):
		return r.nested(r.object)
	case r.take("["):
		return r.nested(r.array)
	case r.take("null"):
		return nil, true
	case r.take("true"):
		return true, true
	case r.take("false"):
		return false, true
	case r.take("NaN"):
		return Number{Float: math.NaN()}, true
	case r.take("Infinity"):
		return Number{Float: math.Inf(1)}, true
	case r.take("-Infinity"):
		return Number{Float: math.Inf(-1)}, true
	}
	return r.number()
}

func (r *jsonReader) nested(read func() (any, bool)) (any, bool) {
	if r.depth++; r.depth > deepestJSON {
		r.deep = true
		return nil, false
	}
	defer func() { r.depth-- }()
	return read()
}

func (r *jsonReader) array() (any, bool) {
	out := []any{}
	if r.blanks(); r.take("]") {
		return out, true
	}
	for {
		r.blanks()
		v, ok := r.value()
		if !ok {
			return nil, false
		}
		out = append(out, v)
		if r.blanks(); r.take("]") {
			return out, true
		}
		if !r.take(",") {
			return nil, false
		}
	}
}

func (r *jsonReader) object() (any, bool) {
	out := map[string]any{}
	if r.blanks(); r.take("}") {
		return out, true
	}
	for {
		r.blanks()
		if !r.take(`"`) {
			return nil, false
		}
		key, ok := r.text()
		if !ok {
			return nil, false
		}
		if r.blanks(); !r.take(":") {
			return nil, false
		}
		r.blanks()
		v, ok := r.value()
		if !ok {
			return nil, false
		}
		out[key.(string)] = v
		if r.blanks(); r.take("}") {
			return out, true
		}
		if !r.take(",") {
			return nil, false
		}
	}
}

func (r *jsonReader) text() (any, bool) {
	var b strings.Builder
	for r.at < len(r.in) {
		c := r.in[r.at]
		r.at++
		switch {
		case c == '"':
			return b.String(), true
		case c < ' ':
			return nil, false
		case c != '\\':
			b.WriteByte(c)
		case r.at == len(r.in):
			return nil, false
		default:
			c = r.in[r.at]
			r.at++
			if at := strings.IndexByte(`"\/bfnrt`, c); at >= 0 {
				b.WriteByte("\"\\/\b\f\n\r\t"[at])
				continue
			}
			v, ok := r.unit()
			if c != 'u' || !ok {
				return nil, false
			}
			if utf16.IsSurrogate(v) && strings.HasPrefix(r.in[r.at:], `\u`) {
				back := r.at
				r.at += 2
				low, ok := r.unit()
				if pair := utf16.DecodeRune(v, low); ok && pair != utf8.RuneError {
					v = pair
				} else {
					r.at = back
				}
			}
			b.WriteRune(v) // half of a pair becomes U+FFFD
		}
	}
	return nil, false
}

// unit reads four hexadecimal digits.
func (r *jsonReader) unit() (rune, bool) {
	if r.at+4 > len(r.in) {
		return 0, false
	}
	v, err := strconv.ParseUint(r.in[r.at:r.at+4], 16, 16)
	r.at += 4
	return rune(v), err == nil
}

func (r *jsonReader) number() (any, bool) {
	from := r.at
	r.take("-")
	digits := func() bool {
		n := r.at
		for r.at < len(r.in) && r.in[r.at] >= '0' && r.in[r.at] <= '9' {
			r.at++
		}
		return r.at > n
	}
	if !r.take("0") && !digits() {
		return nil, false
	}
	isInt := true
	if back := r.at; r.take(".") {
		if digits() {
			isInt = false
		} else {
			r.at = back
		}
	}
	if back := r.at; r.take("e") || r.take("E") {
		if !r.take("+") {
			r.take("-")
		}
		if digits() {
			isInt = false
		} else {
			r.at = back
		}
	}
	if isInt {
		return whole(r.in[from:r.at])
	}
	f, _ := strconv.ParseFloat(r.in[from:r.at], 64)
	return Number{Float: f}, true
}
