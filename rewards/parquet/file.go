// Package parquet reads the rows of Parquet files, as data sets are published
// in (Apache Parquet format 2.10; pyarrow, DuckDB and Spark write it). It reads
// what such files hold: texts, numbers, times and truth values, structs and
// lists of them, in every encoding that writers use, uncompressed or compressed
// with Snappy, gzip or Zstandard. Of a row group one page of each wanted column is
// in memory at a time; a file that asks for more than the limits below is
// refused, as is one that contradicts itself.
package parquet

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"
)

// Limits on what a file may ask for, in bytes.
const (
	maxFooter = 64 << 20
	maxPage   = 64 << 20 // of one page, decompressed; also of a dictionary
	maxText   = 16 << 20 // of one value
	maxLeaves = 4096     // columns
)

const magic = "PAR1"

// IsParquet says whether a file begins as Parquet files do.
func IsParquet(head []byte) bool { return strings.HasPrefix(string(head), magic) }

// File is an open Parquet file.
type File struct {
	r      io.ReaderAt
	size   int64
	leaves []leaf
	nodes  map[string]*node // columns by name, the outermost of each
	named  map[string]int   // how many leaves have a name
	groups []rowGroup
}

// leaf is a column that holds values.
type leaf struct {
	name   string // as rows name it, "" for one that cannot be read
	kind   int64  // physical type
	length int    // of fixed-length values
	maxDef int
	maxRep int
	// listDef is the definition level from which on a repeated column has an
	// element.
	listDef int
	means   meaning
	why     string // why it cannot be read
}

type rowGroup struct {
	rows   int64
	chunks []chunk
}

type chunk struct {
	codec    int64
	from, to int64 // bytes of the file
	values   int64
}

// OpenFile is Open for a file that begins as Parquet files do. Of any other it
// returns nil and no error.
func OpenFile(f *os.File) (*File, error) {
	head := make([]byte, len(magic))
	if _, err := f.ReadAt(head, 0); err != nil || !IsParquet(head) {
		return nil, nil
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return Open(f, info.Size())
}

// Open reads the footer of a file.
func Open(r io.ReaderAt, size int64) (*File, error) {
	const tail = 8
	if size < 4+tail {
		return nil, fmt.Errorf("it is %d bytes long, too short for a Parquet file", size)
	}
	end := make([]byte, tail)
	if _, err := r.ReadAt(end, size-tail); err != nil {
		return nil, fmt.Errorf("read its end: %w", err)
	}
	if string(end[4:]) != magic {
		if string(end[4:]) == "PARE" {
			return nil, fmt.Errorf("it is encrypted, which is not read")
		}
		return nil, fmt.Errorf("it does not end as a Parquet file: it was cut short, or is none")
	}
	n := int64(binary.LittleEndian.Uint32(end))
	if n > maxFooter || n > size-tail-4 {
		return nil, fmt.Errorf("its footer would be %d bytes of %d", n, size)
	}
	foot := make([]byte, n)
	if _, err := r.ReadAt(foot, size-tail-n); err != nil {
		return nil, fmt.Errorf("read its footer: %w", err)
	}
	meta, err := (&compact{b: foot}).structure()
	if err != nil {
		return nil, fmt.Errorf("read its footer: %w", err)
	}
	f := &File{r: r, size: size}
	if err := f.schema(meta.list(2)); err != nil {
		return nil, fmt.Errorf("its schema: %w", err)
	}
	for i, g := range meta.list(4) {
		group, _ := g.(fields)
		if err := f.group(group); err != nil {
			return nil, fmt.Errorf("row group %d: %w", i, err)
		}
	}
	return f, nil
}

func (f *File) group(g fields) error {
	chunks := g.list(1)
	if len(chunks) != len(f.leaves) {
		return fmt.Errorf("it has %d columns and the schema %d", len(chunks), len(f.leaves))
	}
	out := rowGroup{rows: g.int(3)}
	if out.rows < 0 {
		return fmt.Errorf("it has %d rows", out.rows)
	}
	for i, raw := range chunks {
		cc, _ := raw.(fields)
		m := cc.sub(3)
		if cc.text(1) != "" || m == nil {
			return fmt.Errorf("column %q is in another file, which is not read", f.leaves[i].name)
		}
		if m.int(5) == 0 { // no pages: some writers give it no place either
			out.chunks = append(out.chunks, chunk{})
			continue
		}
		from := m.int(9)
		dict, hasDict := m[11].(int64)
		if hasDict && dict > 0 {
			from = min(from, dict)
		}
		c := chunk{codec: m.int(4), from: from, values: m.int(5), to: from + m.int(7)}
		if from < 4 || c.to < from || c.to > f.size {
			return fmt.Errorf("column %q should be bytes %d to %d of %d", f.leaves[i].name, from, c.to, f.size)
		}
		out.chunks = append(out.chunks, c)
	}
	f.groups = append(f.groups, out)
	return nil
}
