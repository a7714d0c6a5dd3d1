package parquet

import "encoding/binary"

// compact writes Thrift's compact protocol, as far as Parquet's metadata needs
// it (apache/thrift, doc/specs/thrift-compact-protocol.md).
type compact struct {
	b    []byte
	last []int // id of the last field, of each open struct
}

// Types of the compact protocol.
const (
	typeTrue   = 1
	typeI32    = 5
	typeI64    = 6
	typeBinary = 8
	typeList   = 9
	typeStruct = 12
)

func (c *compact) begin() { c.last = append(c.last, 0) }

func (c *compact) end() {
	c.b = append(c.b, 0)
	c.last = c.last[:len(c.last)-1]
}

func (c *compact) field(id int, kind byte) {
	at := len(c.last) - 1
	if d := id - c.last[at]; d > 0 && d < 16 {
		c.b = append(c.b, byte(d)<<4|kind)
	} else {
		c.b = append(c.b, kind)
		c.b = binary.AppendVarint(c.b, int64(id))
	}
	c.last[at] = id
}

func (c *compact) i32(id int, v int) {
	c.field(id, typeI32)
	c.b = binary.AppendVarint(c.b, int64(v)) // zigzag
}

func (c *compact) i64(id int, v int64) {
	c.field(id, typeI64)
	c.b = binary.AppendVarint(c.b, v)
}

func (c *compact) yes(id int) { c.field(id, typeTrue) }

func (c *compact) text(id int, s string) {
	c.field(id, typeBinary)
	c.bytes(s)
}

func (c *compact) bytes(s string) {
	c.b = binary.AppendUvarint(c.b, uint64(len(s)))
	c.b = append(c.b, s...)
}

func (c *compact) list(id, n int, kind byte) {
	c.field(id, typeList)
	if n < 15 {
		c.b = append(c.b, byte(n)<<4|kind)
		return
	}
	c.b = append(c.b, 0xf0|kind)
	c.b = binary.AppendUvarint(c.b, uint64(n))
}

func (c *compact) structure(id int) {
	c.field(id, typeStruct)
	c.begin()
}
