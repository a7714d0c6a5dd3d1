package parquet

// Numbers of parquet.thrift.
const (
	encodingPlain = 0
	encodingRLE   = 3
	codecZstd     = 6

	physicalBoolean   = 0
	physicalInt64     = 2
	physicalDouble    = 5
	physicalByteArray = 6

	convertedUTF8   = 0
	convertedMicros = 10
	convertedJSON   = 19

	required = 0
	optional = 1
)

func (t Type) physical() int {
	switch t {
	case Bool:
		return physicalBoolean
	case Double:
		return physicalDouble
	case String, JSON:
		return physicalByteArray
	}
	return physicalInt64
}

// footer is the FileMetaData.
func (p *Writer) footer() []byte {
	var c compact
	c.begin()
	c.i32(1, 1) // version
	c.list(2, len(p.columns)+1, typeStruct)
	c.begin()
	c.text(4, "schema")
	c.i32(5, len(p.columns))
	c.end()
	for _, col := range p.columns {
		c.schema(col)
	}
	c.i64(3, p.total)
	c.list(4, len(p.groups), typeStruct)
	for _, g := range p.groups {
		p.group(&c, g)
	}
	if len(p.keys) > 0 {
		c.list(5, len(p.keys), typeStruct)
		for _, kv := range p.keys {
			c.begin()
			c.text(1, kv[0])
			c.text(2, kv[1])
			c.end()
		}
	}
	c.text(6, "gradus")
	c.end()
	return c.b
}

// schema is a SchemaElement.
func (c *compact) schema(col Column) {
	c.begin()
	c.i32(1, col.Type.physical())
	if col.Optional {
		c.i32(3, optional)
	} else {
		c.i32(3, required)
	}
	c.text(4, col.Name)
	// The logical type, and before it the older name of the same.
	logical := func(converted, id int, inside func()) {
		c.i32(6, converted)
		c.structure(10)
		c.structure(id)
		if inside != nil {
			inside()
		}
		c.end()
		c.end()
	}
	switch col.Type {
	case String:
		logical(convertedUTF8, 1, nil)
	case JSON:
		logical(convertedJSON, 12, nil)
	case Micros:
		logical(convertedMicros, 8, func() {
			c.yes(1) // isAdjustedToUTC
			c.structure(2)
			c.structure(2) // MICROS
			c.end()
			c.end()
		})
	}
	c.end()
}

func (p *Writer) group(c *compact, g group) {
	c.begin()
	c.list(1, len(g.columns), typeStruct)
	var plain, packed int64
	for i, w := range g.columns {
		plain += w.plain
		packed += w.packed
		c.begin()
		c.i64(2, w.offset)
		c.structure(3) // ColumnMetaData
		c.i32(1, p.columns[i].Type.physical())
		c.encodings(p.columns[i].Optional)
		c.list(3, 1, typeBinary)
		c.bytes(p.columns[i].Name)
		c.i32(4, codecZstd)
		c.i64(5, int64(w.values))
		c.i64(6, w.plain)
		c.i64(7, w.packed)
		c.i64(9, w.offset)
		c.end()
		c.end()
	}
	c.i64(2, plain)
	c.i64(3, int64(g.rows))
	c.i64(5, g.columns[0].offset)
	c.i64(6, packed)
	c.end()
}

func (c *compact) encodings(levels bool) {
	if !levels {
		c.list(2, 1, typeI32)
		c.b = append(c.b, encodingPlain<<1)
		return
	}
	c.list(2, 2, typeI32)
	c.b = append(c.b, encodingPlain<<1, encodingRLE<<1)
}
