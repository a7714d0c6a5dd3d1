package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"
)

// thrift reads the compact protocol into maps by field id: a reader that knows
// nothing of the writer.
type thrift struct{ b []byte }

func (r *thrift) byte() byte {
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *thrift) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	r.b = r.b[n:]
	return v
}

func (r *thrift) varint() int64 {
	v, n := binary.Varint(r.b)
	r.b = r.b[n:]
	return v
}

func (r *thrift) value(kind byte) any {
	switch kind {
	case 1, 2:
		return kind == 1
	case 3:
		return r.byte()
	case 4, 5, 6:
		return r.varint()
	case 8:
		n := r.uvarint()
		s := string(r.b[:n])
		r.b = r.b[n:]
		return s
	case 9:
		head := r.byte()
		n := uint64(head >> 4)
		if n == 15 {
			n = r.uvarint()
		}
		list := make([]any, n)
		for i := range list {
			list[i] = r.value(head & 15)
		}
		return list
	case 12:
		out := map[int]any{}
		for last := 0; ; {
			head := r.byte()
			if head == 0 {
				return out
			}
			if head>>4 == 0 {
				last = int(r.varint())
			} else {
				last += int(head >> 4)
			}
			out[last] = r.value(head & 15)
		}
	}
	panic(fmt.Sprint("thrift type ", kind))
}

// readFile reads what the format's specification says stands in a file.
func readFile(b []byte) (names []string, rows [][]any, keys map[string]string, err error) {
	n := len(b)
	if n < 12 || string(b[:4]) != "PAR1" || string(b[n-4:]) != "PAR1" {
		return nil, nil, nil, errors.New("no magic")
	}
	size := int(binary.LittleEndian.Uint32(b[n-8:]))
	r := thrift{b[n-8-size : n-8]}
	meta := r.value(12).(map[int]any)
	if len(r.b) != 0 {
		return nil, nil, nil, errors.New("bytes after the metadata")
	}
	dec, _ := zstd.NewReader(nil)
	defer dec.Close()
	schema := meta[2].([]any)
	for _, s := range schema[1:] {
		names = append(names, s.(map[int]any)[4].(string))
	}
	if got := schema[0].(map[int]any)[5].(int64); int(got) != len(names) {
		return nil, nil, nil, fmt.Errorf("the root has %d children of %d", got, len(names))
	}
	groups, _ := meta[4].([]any)
	for _, g := range groups {
		group := g.(map[int]any)
		count := int(group[3].(int64))
		first := len(rows)
		for range count {
			rows = append(rows, make([]any, len(names)))
		}
		for i, c := range group[1].([]any) {
			col := c.(map[int]any)[3].(map[int]any)
			s := schema[i+1].(map[int]any)
			if col[3].([]any)[0] != names[i] || col[1] != s[1] || col[4].(int64) != 6 {
				return nil, nil, nil, fmt.Errorf("column %d is %v", i, col)
			}
			at := int(col[9].(int64))
			hr := thrift{b[at:]}
			h := hr.value(12).(map[int]any)
			head := len(b[at:]) - len(hr.b)
			packed := hr.b[:h[3].(int64)]
			if int64(head+len(packed)) != col[7].(int64) || int64(head)+h[2].(int64) != col[6].(int64) {
				return nil, nil, nil, fmt.Errorf("column %s: sizes", names[i])
			}
			if int32(crc32.ChecksumIEEE(packed)) != int32(h[4].(int64)) {
				return nil, nil, nil, fmt.Errorf("column %s: checksum", names[i])
			}
			body, err := dec.DecodeAll(packed, nil)
			if err != nil || int64(len(body)) != h[2].(int64) {
				return nil, nil, nil, fmt.Errorf("column %s: %v", names[i], err)
			}
			if page := h[5].(map[int]any); int(page[1].(int64)) != count || page[2].(int64) != 0 || page[3].(int64) != 3 {
				return nil, nil, nil, fmt.Errorf("column %s: page %v", names[i], page)
			}
			there := make([]bool, count)
			for k := range there {
				there[k] = true
			}
			if s[3].(int64) == 1 {
				there, body = readLevels(body, count)
			}
			bit := 0
			for k := range count {
				if !there[k] {
					continue
				}
				var v any
				switch s[1].(int64) {
				case 0:
					v = body[bit/8]>>(bit%8)&1 == 1
					bit++
				case 2:
					v = int64(binary.LittleEndian.Uint64(body))
					body = body[8:]
				case 5:
					v = math.Float64frombits(binary.LittleEndian.Uint64(body))
					body = body[8:]
				case 6:
					n := binary.LittleEndian.Uint32(body)
					v = string(body[4 : 4+n])
					body = body[4+n:]
				}
				rows[first+k][i] = v
			}
			if len(body) != (bit+7)/8 {
				return nil, nil, nil, fmt.Errorf("column %s: %d bytes are left", names[i], len(body))
			}
		}
	}
	if int64(len(rows)) != meta[3].(int64) {
		return nil, nil, nil, errors.New("number of rows")
	}
	keys = map[string]string{}
	list, _ := meta[5].([]any)
	for _, kv := range list {
		keys[kv.(map[int]any)[1].(string)] = kv.(map[int]any)[2].(string)
	}
	return names, rows, keys, nil
}

// readLevels reads the hybrid of runs and packed bits, of width 1.
func readLevels(body []byte, n int) ([]bool, []byte) {
	size := binary.LittleEndian.Uint32(body)
	r := thrift{body[4 : 4+size]}
	var out []bool
	for len(r.b) > 0 {
		head := r.uvarint()
		if head&1 == 0 {
			v := r.byte() == 1
			for range head >> 1 {
				out = append(out, v)
			}
			continue
		}
		for range head >> 1 {
			b := r.byte()
			for k := range 8 {
				out = append(out, b>>k&1 == 1)
			}
		}
	}
	return out[:n], body[4+size:]
}

// Whatever is written is read back, value by value, by a reader that follows
// the format's specification.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := make([]Column, rapid.IntRange(1, 7).Draw(t, "columns"))
		for i := range columns {
			columns[i] = Column{Name: fmt.Sprint("c", i), Type: Type(rapid.IntRange(0, int(Micros)).Draw(t, "type")), Optional: rapid.Bool().Draw(t, "optional")}
		}
		var rows [][]any
		var file bytes.Buffer
		w, err := NewWriter(&file, columns, [2]string{"k", "v"}, [2]string{"ключ", ""})
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 12).Draw(t, "rows") {
			row := make([]any, len(columns))
			for i, c := range columns {
				if c.Optional && rapid.Bool().Draw(t, "nil") {
					continue
				}
				switch c.Type {
				case Bool:
					row[i] = rapid.Bool().Draw(t, "v")
				case Int64, Micros:
					row[i] = rapid.Int64().Draw(t, "v")
				case Double:
					row[i] = rapid.Float64().Draw(t, "v")
				default:
					row[i] = rapid.String().Draw(t, "v")
				}
			}
			if err := w.Write(row); err != nil {
				t.Fatal(err)
			}
			if rapid.IntRange(0, 9).Draw(t, "group") == 0 {
				if err := w.flush(); err != nil {
					t.Fatal(err)
				}
			}
			rows = append(rows, row)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		names, got, keys, err := readFile(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if len(names) != len(columns) || keys["k"] != "v" || len(keys) != 2 || len(got) != len(rows) {
			t.Fatalf("%v, %v, %d rows of %d", names, keys, len(got), len(rows))
		}
		for i := range rows {
			if !reflect.DeepEqual(got[i], rows[i]) {
				t.Fatalf("row %d is %v, want %v", i, got[i], rows[i])
			}
		}
	})
}

// A large table falls into row groups, so that memory stays bounded.
func TestRowGroups(t *testing.T) {
	var file bytes.Buffer
	w, err := NewWriter(&file, []Column{{Name: "text", Type: String}, {Name: "n", Type: Int64}})
	if err != nil {
		t.Fatal(err)
	}
	w.most = 1 << 20
	text := strings.Repeat("x", 1<<15)
	for i := range 80 {
		if err := w.Write([]any{text, int64(i)}); err != nil {
			t.Fatal(err)
		}
		if len(w.chunks[0].values) > w.most+len(text) {
			t.Fatal("the row group grows without bound")
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, rows, _, err := readFile(file.Bytes())
	if err != nil || len(rows) != 80 || rows[79][1] != int64(79) || len(w.groups) != 3 {
		t.Errorf("%d rows in %d groups, %v", len(rows), len(w.groups), err)
	}
}

func TestRefuses(t *testing.T) {
	if _, err := NewWriter(&bytes.Buffer{}, nil); err == nil {
		t.Error("a table without columns is taken")
	}
	for _, c := range []struct {
		row  []any
		want string
	}{
		{[]any{int64(1), nil}, "column b, row 0: it is not optional"},
		{[]any{"one", int64(1)}, "a value of type string does not fit"},
		{[]any{int64(1)}, "a row of 1 values for 2 columns"},
	} {
		w, err := NewWriter(&bytes.Buffer{}, []Column{{Name: "a", Type: Int64}, {Name: "b", Type: Int64}})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(c.row); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.row, err, c.want)
		}
	}
	// A disk that is full.
	w, err := NewWriter(&short{left: 20}, []Column{{Name: "a", Type: Int64}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write([]any{int64(1)}), w.Close()); err == nil || !strings.Contains(err.Error(), "no space") {
		t.Errorf("a full disk: %v", err)
	}
}

type short struct{ left int }

func (s *short) Write(b []byte) (int, error) {
	if s.left -= len(b); s.left < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(b), nil
}
