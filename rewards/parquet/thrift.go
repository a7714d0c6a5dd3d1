package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// fields is a struct of Thrift's compact protocol by field number: int64 for
// every integer, bool, float64, []byte, []any and fields.
type fields map[int16]any

// compact reads Thrift's compact protocol. It never reads past b, nests at
// most maxDepth deep, and allocates no more than b is long, times a constant.
type compact struct {
	b     []byte
	depth int
}

const maxDepth = 16

var errShort = errors.New("it ends within a value")

func (c *compact) byte() (byte, error) {
	if len(c.b) == 0 {
		return 0, errShort
	}
	v := c.b[0]
	c.b = c.b[1:]
	return v, nil
}

func (c *compact) uvarint() (uint64, error) {
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		return 0, errShort
	}
	c.b = c.b[n:]
	return v, nil
}

func (c *compact) varint() (int64, error) {
	v, n := binary.Varint(c.b)
	if n <= 0 {
		return 0, errShort
	}
	c.b = c.b[n:]
	return v, nil
}

func (c *compact) structure() (fields, error) {
	c.depth++
	defer func() { c.depth-- }()
	if c.depth > maxDepth {
		return nil, fmt.Errorf("it nests deeper than %d", maxDepth)
	}
	out := fields{}
	id := int16(0)
	for {
		head, err := c.byte()
		if err != nil {
			return nil, err
		}
		if head == 0 {
			return out, nil
		}
		if delta := int16(head >> 4); delta != 0 {
			id += delta
		} else {
			v, err := c.varint()
			if err != nil {
				return nil, err
			}
			id = int16(v)
		}
		if out[id], err = c.value(head & 15); err != nil {
			return nil, err
		}
	}
}

// value reads a value of a type; booleans of fields have it in their type.
func (c *compact) value(kind byte) (any, error) {
	switch kind {
	case 1:
		return true, nil
	case 2:
		return false, nil
	case 3:
		v, err := c.byte()
		return int64(int8(v)), err
	case 4, 5, 6:
		return c.varint()
	case 7:
		if len(c.b) < 8 {
			return nil, errShort
		}
		v := math.Float64frombits(binary.LittleEndian.Uint64(c.b))
		c.b = c.b[8:]
		return v, nil
	case 8:
		n, err := c.uvarint()
		if err != nil || n > uint64(len(c.b)) {
			return nil, errShort
		}
		v := c.b[:n]
		c.b = c.b[n:]
		return v, nil
	case 9, 10:
		return c.list()
	case 12:
		return c.structure()
	}
	return nil, fmt.Errorf("it has a value of type %d", kind)
}

func (c *compact) list() ([]any, error) {
	c.depth++
	defer func() { c.depth-- }()
	if c.depth > maxDepth {
		return nil, fmt.Errorf("it nests deeper than %d", maxDepth)
	}
	head, err := c.byte()
	if err != nil {
		return nil, err
	}
	n, kind := uint64(head>>4), head&15
	if n == 15 {
		if n, err = c.uvarint(); err != nil {
			return nil, err
		}
	}
	if n > uint64(len(c.b)) { // every element takes a byte at least
		return nil, errShort
	}
	out := make([]any, n)
	for i := range out {
		if kind == 1 || kind == 2 { // in a list a boolean is a byte
			b, err := c.byte()
			if err != nil {
				return nil, err
			}
			out[i] = b == 1
			continue
		}
		if out[i], err = c.value(kind); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (f fields) int(id int16) int64 {
	v, _ := f[id].(int64)
	return v
}

func (f fields) text(id int16) string {
	v, _ := f[id].([]byte)
	return string(v)
}

func (f fields) list(id int16) []any {
	v, _ := f[id].([]any)
	return v
}

func (f fields) sub(id int16) fields {
	v, _ := f[id].(fields)
	return v
}
