// Package parquet writes Parquet files of flat tables: PLAIN values, zstd
// pages with checksums, one page for each column of a row group. It follows
// apache/parquet-format (README.md, Encodings.md, parquet.thrift).
package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"github.com/klauspost/compress/zstd"
)

// Type is the type of a column.
type Type int

// Types, with the Go type of their values.
const (
	Bool   Type = iota // bool
	Int64              // int64
	Double             // float64
	String             // string, valid UTF-8
	JSON               // string of JSON
	Micros             // int64, microseconds since 1970 in UTC
)

// Column is a column of a table. In an optional one a value may be nil.
type Column struct {
	Name     string
	Type     Type
	Optional bool
}

const magic = "PAR1"

// Limits of a row group, after which it is written.
const (
	maxGroupRows  = 1 << 20
	maxGroupBytes = 32 << 20
)

// Writer writes one file. Not safe for use by several goroutines.
type Writer struct {
	w       io.Writer
	enc     *zstd.Encoder
	columns []Column
	chunks  []chunk // of the row group that is being gathered
	rows    int     // in it
	at      int64   // bytes written
	total   int64   // rows written
	groups  []group
	keys    [][2]string
	most    int // bytes of a row group
	err     error
}

// chunk gathers the values of one column.
type chunk struct {
	values []byte
	bits   int    // of a Bool column, in values
	there  []bool // of an optional column
	n      int
}

type group struct {
	rows    int
	columns []written
}

type written struct {
	offset        int64
	plain, packed int64 // with page headers
	values        int
}

// NewWriter begins a file. keys are put into its metadata, in pairs of key and
// value.
func NewWriter(w io.Writer, columns []Column, keys ...[2]string) (*Writer, error) {
	if len(columns) == 0 {
		return nil, errors.New("write Parquet: a table needs a column")
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, err
	}
	p := &Writer{w: w, enc: enc, columns: columns, chunks: make([]chunk, len(columns)), keys: keys, most: maxGroupBytes}
	return p, p.write([]byte(magic))
}

func (p *Writer) write(b []byte) error {
	if p.err != nil {
		return p.err
	}
	n, err := p.w.Write(b)
	p.at += int64(n)
	if err != nil {
		p.err = fmt.Errorf("write Parquet: %w", err)
	}
	return p.err
}

// Write adds a row, a value for each column.
func (p *Writer) Write(row []any) error {
	if p.err != nil {
		return p.err
	}
	if len(row) != len(p.columns) {
		return fmt.Errorf("write Parquet: a row of %d values for %d columns", len(row), len(p.columns))
	}
	size := 0
	for i, v := range row {
		if err := p.chunks[i].add(p.columns[i], v); err != nil {
			p.err = fmt.Errorf("write Parquet: column %s, row %d: %w", p.columns[i].Name, p.total+int64(p.rows), err)
			return p.err
		}
		size += len(p.chunks[i].values)
	}
	if p.rows++; p.rows >= maxGroupRows || size >= p.most {
		return p.flush()
	}
	return nil
}

func (c *chunk) add(col Column, v any) error {
	c.n++
	if col.Optional {
		c.there = append(c.there, v != nil)
	}
	if v == nil {
		if !col.Optional {
			return errors.New("it is not optional, and the value is missing")
		}
		return nil
	}
	ok := false
	switch col.Type {
	case Bool:
		var b bool
		if b, ok = v.(bool); ok {
			c.bit(b)
		}
	case Int64, Micros:
		var n int64
		if n, ok = v.(int64); ok {
			c.values = binary.LittleEndian.AppendUint64(c.values, uint64(n))
		}
	case Double:
		var x float64
		if x, ok = v.(float64); ok {
			c.values = binary.LittleEndian.AppendUint64(c.values, math.Float64bits(x))
		}
	case String, JSON:
		var s string
		if s, ok = v.(string); ok {
			if len(s) > math.MaxInt32/2 {
				return fmt.Errorf("a text of %d bytes is too long", len(s))
			}
			c.values = binary.LittleEndian.AppendUint32(c.values, uint32(len(s)))
			c.values = append(c.values, s...)
		}
	}
	if !ok {
		return fmt.Errorf("a value of type %T does not fit", v)
	}
	return nil
}

// bit packs a Bool, the lowest bit of a byte first.
func (c *chunk) bit(v bool) {
	if c.bits%8 == 0 {
		c.values = append(c.values, 0)
	}
	if v {
		c.values[c.bits/8] |= 1 << (c.bits % 8)
	}
	c.bits++
}

// levels are the definition levels of an optional column: 1 where a value is.
// They are one bit-packed run of the hybrid encoding, with its length before.
func (c *chunk) levels() []byte {
	groups := (len(c.there) + 7) / 8
	run := binary.AppendUvarint(nil, uint64(groups)<<1|1)
	start := len(run)
	run = append(run, make([]byte, groups)...)
	for i, there := range c.there {
		if there {
			run[start+i/8] |= 1 << (i % 8)
		}
	}
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(run))), run...)
}

// flush writes the row group.
func (p *Writer) flush() error {
	g := group{rows: p.rows}
	for i := range p.chunks {
		c := &p.chunks[i]
		body := c.values
		if p.columns[i].Optional {
			body = append(c.levels(), c.values...)
		}
		packed := p.enc.EncodeAll(body, nil)
		var h compact
		h.begin()
		h.i32(1, 0) // DATA_PAGE
		h.i32(2, len(body))
		h.i32(3, len(packed))
		h.i32(4, int(int32(crc32.ChecksumIEEE(packed))))
		h.structure(5) // DataPageHeader
		h.i32(1, c.n)
		h.i32(2, encodingPlain)
		h.i32(3, encodingRLE)
		h.i32(4, encodingRLE)
		h.end()
		h.end()
		g.columns = append(g.columns, written{offset: p.at, plain: int64(len(h.b) + len(body)), packed: int64(len(h.b) + len(packed)), values: c.n})
		if err := p.write(h.b); err != nil {
			return err
		}
		if err := p.write(packed); err != nil {
			return err
		}
		*c = chunk{values: c.values[:0], there: c.there[:0]}
	}
	p.groups = append(p.groups, g)
	p.total += int64(p.rows)
	p.rows = 0
	return nil
}

// Close writes what is left and the metadata. It does not close the writer
// below.
func (p *Writer) Close() error {
	defer p.enc.Close()
	if p.err != nil {
		return p.err
	}
	if p.rows > 0 {
		if err := p.flush(); err != nil {
			return err
		}
	}
	meta := p.footer()
	meta = binary.LittleEndian.AppendUint32(meta, uint32(len(meta)))
	err := p.write(append(meta, magic...))
	if err == nil {
		p.err = errors.New("write Parquet: the file is closed")
	}
	return err
}
