// Package parquettest makes small Parquet files for tests, byte by byte from
// the format's description, so that a test needs no other program.
package parquettest

import "encoding/binary"

const magic = "PAR1"

// compact writes Thrift's compact protocol; delta is the distance from the
// field before.
type compact struct{ b []byte }

func (w *compact) field(delta, kind byte) { w.b = append(w.b, delta<<4|kind) }

func (w *compact) int(delta byte, v int64) {
	w.field(delta, 6)
	w.b = binary.AppendVarint(w.b, v)
}

func (w *compact) bytes(s string) { w.b = append(binary.AppendUvarint(w.b, uint64(len(s))), s...) }

func (w *compact) text(delta byte, s string) {
	w.field(delta, 8)
	w.bytes(s)
}

func (w *compact) list(delta, kind byte, n int) {
	w.field(delta, 9)
	w.b = append(w.b, byte(n)<<4|kind) // of fewer than 15
}

func (w *compact) stop() { w.b = append(w.b, 0) }

// Null is the text that stands for no value.
const Null = "\x00null"

// Texts is a file of at most 14 columns of texts, one row group, uncompressed,
// in plain encoding.
func Texts(columns []string, rows [][]string) []byte {
	file := []byte(magic)
	type place struct{ at, size int }
	var places []place
	for c := range columns {
		var levels, values []byte
		for _, row := range rows {
			if row[c] == Null {
				levels = append(levels, 2, 0) // a run of one 0
				continue
			}
			levels = append(levels, 2, 1)
			values = binary.LittleEndian.AppendUint32(values, uint32(len(row[c])))
			values = append(values, row[c]...)
		}
		body := append(binary.LittleEndian.AppendUint32(nil, uint32(len(levels))), levels...)
		body = append(body, values...)
		var page compact // PageHeader
		page.int(1, 0)
		page.int(1, int64(len(body)))
		page.int(1, int64(len(body)))
		page.field(2, 12) // DataPageHeader
		page.int(1, int64(len(rows)))
		page.int(1, 0)
		page.int(1, 3)
		page.int(1, 3)
		page.stop()
		page.stop()
		places = append(places, place{len(file), len(page.b) + len(body)})
		file = append(append(file, page.b...), body...)
	}
	var m compact // FileMetaData
	m.int(1, 1)
	m.list(1, 12, len(columns)+1) // SchemaElement
	m.text(4, "schema")
	m.int(1, int64(len(columns)))
	m.stop()
	for _, name := range columns {
		m.int(1, 6) // BYTE_ARRAY
		m.int(2, 1) // OPTIONAL
		m.text(1, name)
		m.stop()
	}
	m.int(1, int64(len(rows)))
	m.list(1, 12, 1) // RowGroup
	m.list(1, 12, len(columns))
	for c, name := range columns {
		m.int(2, int64(places[c].at)) // ColumnChunk
		m.field(1, 12)                // ColumnMetaData
		m.int(1, 6)
		m.list(1, 5, 1)
		m.b = binary.AppendVarint(m.b, 0)
		m.list(1, 8, 1)
		m.bytes(name)
		m.int(1, 0)
		m.int(1, int64(len(rows)))
		m.int(1, int64(places[c].size))
		m.int(1, int64(places[c].size))
		m.int(2, int64(places[c].at))
		m.stop()
		m.stop()
	}
	m.int(1, int64(len(file)-len(magic)))
	m.int(1, int64(len(rows)))
	m.stop()
	m.stop()
	file = append(file, m.b...)
	return append(binary.LittleEndian.AppendUint32(file, uint32(len(m.b))), magic...)
}
