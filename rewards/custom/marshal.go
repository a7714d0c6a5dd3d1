package custom

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"gradus/rewards"
)

// appendMarshal writes a call for the Python worker as a frame: four bytes
// with the length of what follows, in this machine's order, and a list in the
// format of Python's module marshal, which Python reads several times faster
// than JSON:
//
//	[id, function, n, texts that all n completions share {name: text},
//	 texts {name: [text]} or messages {name: [[{role, content}]]},
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
	for i, c := range columns {
		if text, shared := c.shared(samples); shared {
			b = marshalText(marshalText(b, c.name), text)
			columns[i] = column{}
		}
	}
	b = append(b, '0', '{')
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
