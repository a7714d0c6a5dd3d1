package custom

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"gradus/rewards"
)

// appendMarshal writes a call for the Python worker as a frame: four bytes
// with the length of what follows, in this machine's order, and a list in the
// format of Python's module marshal, which Python reads several times faster
// than JSON:
//
//	[id, function, n, values that all n completions share {name: value},
//	 values {name: [value]} or messages {name: [[{role, content}]]},
//	 token ids as bytes of int32 or None, the other columns as one JSON object,
//	 step]
//
// The format has no name in Python's manual but has not changed for these
// kinds of values since Python 3.0 (Python/marshal.c).
func (r request) appendMarshal(b []byte) ([]byte, error) {
	samples := r.group.Samples
	columns := slices.DeleteFunc(r.columns(), func(c column) bool { return r.only != nil && !r.only[c.name] })
	from := len(b)
	b = marshalSize(append(b, 0, 0, 0, 0, '['), 8)
	b = marshalInt(b, int64(r.id))
	b = marshalText(b, r.function)
	b = append(marshalInt(b, int64(len(samples))), '{')
	var scalars []byte
	for i, c := range columns {
		if text, shared := c.shared(samples); shared {
			b = marshalText(marshalText(b, c.name), text)
			columns[i] = column{}
			continue
		}
		list, shared, ok := c.scalars(samples)
		switch {
		case !ok:
			continue
		case shared:
			b = append(marshalText(b, c.name), list...)
		default:
			scalars = append(marshalSize(append(marshalText(scalars, c.name), '['), len(samples)), list...)
		}
		columns[i] = column{}
	}
	b = append(append(b, '0', '{'), scalars...)
	ids := false
	for _, c := range columns {
		if ids = ids || c.ids; c.text != nil {
			b = c.marshal(b, samples)
		}
	}
	b = append(b, '0')
	if ids {
		b = marshalIDs(b, samples)
	} else {
		b = append(b, 'N')
	}
	b = append(b, 'u', 0, 0, 0, 0, '{')
	other := len(b) - 1
	for _, c := range columns {
		if c.raw == nil {
			continue
		}
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		var err error
		if b, err = c.append(append(appendText(b, c.name), ':'), samples); err != nil {
			return nil, err
		}
	}
	b = append(b, '}')
	binary.LittleEndian.PutUint32(b[other-4:], uint32(len(b)-other))
	b = marshalInt(b, int64(r.step()))
	size := len(b) - from - 4
	if size > math.MaxInt32 {
		return nil, fmt.Errorf("it is %d bytes long; at most %d can be sent", size, math.MaxInt32)
	}
	binary.NativeEndian.PutUint32(b[from:], uint32(size))
	return b, nil
}

// marshal writes the name of texts or messages and the list.
func (c column) marshal(b []byte, samples []rewards.Sample) []byte {
	b = marshalSize(append(marshalText(b, c.name), '['), len(samples))
	for i := range samples {
		if c.role == "" {
			b = marshalText(b, c.text(&samples[i]))
			continue
		}
		b = append(marshalSize(append(b, '['), 1), '{')
		b = marshalText(marshalText(b, "role"), c.role)
		b = marshalText(marshalText(b, "content"), c.text(&samples[i]))
		b = append(b, '0')
	}
	return b
}

// scalars writes the values of a JSON column if none is a list, an object or a
// text with escapes: most columns are numbers and short texts, and to read JSON
// costs Python more than the rest of the frame. One value is written where all
// completions share it.
func (c column) scalars(samples []rewards.Sample) (list []byte, shared, ok bool) {
	if c.raw == nil || len(samples) == 0 {
		return nil, false, false
	}
	first := c.raw(&samples[0])
	one := 0
	shared = true
	for i := range samples {
		v := c.raw(&samples[i])
		shared = shared && bytes.Equal(v, first)
		if list, ok = marshalScalar(list, v); !ok {
			return nil, false, false
		}
		if i == 0 {
			one = len(list)
		}
	}
	if shared {
		list = list[:one]
	}
	return list, shared, true
}

// marshalScalar writes a JSON value that is no list, no object and no text with
// escapes; nothing is null.
func marshalScalar(b []byte, v json.RawMessage) ([]byte, bool) {
	v = bytes.TrimSpace(v)
	switch {
	case len(v) == 0 || string(v) == "null":
		return append(b, 'N'), true
	case string(v) == "true":
		return append(b, 'T'), true
	case string(v) == "false":
		return append(b, 'F'), true
	case v[0] == '"':
		text := v[1:max(1, len(v)-1)]
		if !json.Valid(v) || bytes.IndexByte(text, '\\') >= 0 {
			return b, false
		}
		return marshalText(b, string(text)), true
	case !number(v) || !json.Valid(v):
		return b, false
	}
	if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
		return marshalInt(b, n), true
	}
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil || !bytes.ContainsAny(v, ".eE") {
		return b, false // Python reads any whole number exactly, and 1e999 as infinity
	}
	return binary.LittleEndian.AppendUint64(append(b, 'g'), math.Float64bits(f)), true
}

func marshalIDs(b []byte, samples []rewards.Sample) []byte {
	b = marshalSize(append(b, '['), len(samples))
	for i := range samples {
		ids := samples[i].TokenIDs
		b = marshalSize(append(b, 's'), 4*len(ids))
		for _, id := range ids {
			b = binary.NativeEndian.AppendUint32(b, uint32(id))
		}
	}
	return b
}

// marshalText writes a str. Bytes that are not valid UTF-8 become U+FFFD each.
func marshalText(b []byte, s string) []byte {
	if utf8.ValidString(s) {
		return append(marshalSize(append(b, 'u'), len(s)), s...)
	}
	runes := make([]byte, 0, len(s)+16)
	for _, r := range s {
		runes = utf8.AppendRune(runes, r)
	}
	return append(marshalSize(append(b, 'u'), len(runes)), runes...)
}

// marshalInt writes an int: 32 bits, or digits of 15.
func marshalInt(b []byte, v int64) []byte {
	if v == int64(int32(v)) {
		return binary.LittleEndian.AppendUint32(append(b, 'i'), uint32(v))
	}
	var digits []byte
	rest, n := uint64(max(v, -v)), int32(0)
	for ; rest > 0; rest >>= 15 {
		digits = binary.LittleEndian.AppendUint16(digits, uint16(rest&0x7fff))
		n++
	}
	if v < 0 {
		n = -n
	}
	return append(binary.LittleEndian.AppendUint32(append(b, 'l'), uint32(n)), digits...)
}

func marshalSize(b []byte, n int) []byte {
	return binary.LittleEndian.AppendUint32(b, uint32(n))
}
