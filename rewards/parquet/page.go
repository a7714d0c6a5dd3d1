package parquet

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"

	"gradus/rewards/text"
)

// columnReader reads the values of a column chunk, a page at a time.
type columnReader struct {
	file  *File
	leaf  leaf
	chunk chunk
	at    int64 // next page

	dict [][]byte // values of the dictionary, as JSON
	seen int64    // values so far

	left     int // values of this page
	rep, def *levels
	plain    []byte  // values that are left, plain
	indices  *levels // or places in the dictionary
	numbers  *deltas
	texts    *deltaTexts
	streams  *streams
	bit      int // of plain truth values
	held     bool
	heldRep  int // levels that were looked at
	heldDef  int
}

// next returns the next value with its levels; v only where def is the
// greatest.
func (c *columnReader) next() (v json.RawMessage, rep, def int, err error) {
	if err := c.fill(); err != nil {
		return nil, 0, 0, err
	}
	if rep, def, _, err = c.peek(); err != nil {
		return nil, 0, 0, err
	}
	c.held = false
	c.left--
	if def < c.leaf.maxDef {
		return nil, rep, def, nil
	}
	if c.indices != nil {
		i, err := c.indices.next()
		if err != nil {
			return nil, 0, 0, err
		}
		if i >= len(c.dict) {
			return nil, 0, 0, fmt.Errorf("it names entry %d of a dictionary of %d", i, len(c.dict))
		}
		return c.dict[i], rep, def, nil
	}
	v, err = c.value()
	return v, rep, def, err
}

// value takes the next value of a page without a dictionary, as JSON.
func (c *columnReader) value() (json.RawMessage, error) {
	switch {
	case c.numbers != nil:
		v, err := c.numbers.next()
		if c.leaf.kind == 1 {
			v = int64(int32(v))
		}
		return c.leaf.integer(v), err
	case c.texts != nil:
		b, err := c.texts.next()
		if err != nil {
			return nil, err
		}
		return c.leaf.bytes(b)
	case c.streams != nil:
		b, err := c.streams.next()
		if err != nil {
			return nil, err
		}
		return c.leaf.fixed(b)
	}
	return c.plainValue()
}

// peek are the levels of the next value; more is false at the end.
func (c *columnReader) peek() (rep, def int, more bool, err error) {
	if c.held {
		return c.heldRep, c.heldDef, true, nil
	}
	if c.left == 0 && c.seen >= c.chunk.values {
		return 0, 0, false, nil
	}
	if err := c.fill(); err != nil {
		return 0, 0, false, err
	}
	if c.rep != nil {
		if rep, err = c.rep.next(); err != nil {
			return 0, 0, false, err
		}
	}
	def = c.leaf.maxDef
	if c.def != nil {
		if def, err = c.def.next(); err != nil {
			return 0, 0, false, err
		}
	}
	c.held, c.heldRep, c.heldDef = true, rep, def
	return rep, def, true, nil
}

// fill reads pages until there is a value.
func (c *columnReader) fill() error {
	for c.left == 0 {
		if c.seen >= c.chunk.values || c.at >= c.chunk.to {
			return errors.New("the column ends before the rows do")
		}
		if err := c.page(); err != nil {
			return err
		}
	}
	return nil
}

// page reads the next page.
func (c *columnReader) page() error {
	const maxHeader = 1 << 20 // statistics may hold texts
	head := make([]byte, min(maxHeader, c.chunk.to-c.at))
	if _, err := c.file.r.ReadAt(head, c.at); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	rest := &compact{b: head}
	h, err := rest.structure()
	if err != nil {
		return fmt.Errorf("read a page: %w", err)
	}
	c.at += int64(len(head) - len(rest.b))
	plain, size := h.int(2), h.int(3)
	if plain < 0 || plain > maxPage || size < 0 || size > maxPage+maxPage/8 || size > c.chunk.to-c.at {
		return fmt.Errorf("a page of %d bytes, %d when decompressed; at most %d MiB are read", size, plain, maxPage>>20)
	}
	body := make([]byte, size)
	if _, err := c.file.r.ReadAt(body, c.at); err != nil {
		return err
	}
	c.at += size
	if sum, said := h[4].(int64); said && uint32(sum) != crc32.ChecksumIEEE(body) {
		return errors.New("a page is damaged: its checksum is another one")
	}
	switch h.int(1) {
	case 0:
		if body, err = decompress(c.chunk.codec, body, int(plain)); err != nil {
			return err
		}
		p := h.sub(5)
		return c.data(body, p.int(1), p.int(2), nil, nil)
	case 2:
		if body, err = decompress(c.chunk.codec, body, int(plain)); err != nil {
			return err
		}
		p := h.sub(7)
		return c.dictionary(body, p.int(1), p.int(2))
	case 3:
		p := h.sub(8)
		def, rep := p.int(5), p.int(6)
		if def < 0 || rep < 0 || def+rep > int64(len(body)) {
			return fmt.Errorf("a page whose levels are %d and %d bytes of %d", rep, def, len(body))
		}
		levels := body[:rep+def]
		body = body[rep+def:]
		if packed, said := p[7].(bool); !said || packed {
			if body, err = decompress(c.chunk.codec, body, int(plain-rep-def)); err != nil {
				return err
			}
		}
		return c.data(body, p.int(1), p.int(4), levels[:rep], levels[rep:])
	case 1:
		return nil // an index page
	}
	return fmt.Errorf("a page of type %d", h.int(1))
}

// data takes in a page of values. Of a page of version 2 the levels are apart.
func (c *columnReader) data(body []byte, n, encoding int64, rep, def []byte) error {
	if n < 0 || n > min(c.chunk.values-c.seen, math.MaxInt32) {
		return fmt.Errorf("a page of %d values where the column has %d left", n, c.chunk.values-c.seen)
	}
	c.rep, c.def, c.plain, c.indices, c.numbers, c.texts, c.streams, c.bit = nil, nil, nil, nil, nil, nil, nil, 0
	var err error
	if c.leaf.maxRep > 0 {
		if c.rep, body, err = levelsOf(rep, body, c.leaf.maxRep); err != nil {
			return err
		}
	}
	if c.leaf.maxDef > 0 {
		if c.def, body, err = levelsOf(def, body, c.leaf.maxDef); err != nil {
			return err
		}
	}
	switch encoding {
	case 0:
		c.plain = body
	case 2, 8:
		if c.dict == nil {
			return errors.New("a page refers to a dictionary, and there is none before it")
		}
		if len(body) == 0 {
			body = []byte{0}
		}
		if body[0] > 32 {
			return fmt.Errorf("places in the dictionary of %d bits", body[0])
		}
		c.indices = &levels{b: body[1:], width: uint(body[0])}
	case 3:
		if c.leaf.kind != 0 || len(body) < 4 {
			return errors.New("run-length encoding of values that are no truth values")
		}
		c.indices = &levels{b: body[4:], width: 1}
		c.dict = [][]byte{[]byte("false"), []byte("true")}
	default:
		if err := c.encoded(body, encoding); err != nil {
			return err
		}
	}
	c.left, c.seen = int(n), c.seen+n
	return nil
}

// encoded takes in the values of a page that are neither plain nor places in a
// dictionary.
func (c *columnReader) encoded(body []byte, encoding int64) error {
	kind := c.leaf.kind
	integer, text := kind == 1 || kind == 2, kind == 6 || kind == 7
	var err error
	switch {
	case encoding == 5 && integer:
		if len(body) > 0 { // a page of nulls has nothing
			c.numbers, err = newDeltas(body)
		}
	case encoding == 6 && kind == 6, encoding == 7 && text:
		if len(body) > 0 {
			c.texts, err = newDeltaTexts(body, encoding == 7)
		}
	case encoding == 9 && c.leaf.width() > 0:
		c.streams, err = newStreams(body, c.leaf.width())
	default:
		names := map[int64]string{4: "BIT_PACKED", 5: "DELTA_BINARY_PACKED", 6: "DELTA_LENGTH_BYTE_ARRAY", 7: "DELTA_BYTE_ARRAY", 9: "BYTE_STREAM_SPLIT"}
		return fmt.Errorf("values of type %d in encoding %d (%s), which is not read; write the file with plain or dictionary encoding", kind, encoding, names[encoding])
	}
	return err
}

// dictionary takes in a page of distinct values.
func (c *columnReader) dictionary(body []byte, n, encoding int64) error {
	if c.dict != nil {
		return errors.New("it has two dictionaries")
	}
	if encoding != 0 && encoding != 2 || n < 0 || n > int64(len(body)) {
		return fmt.Errorf("a dictionary of %d values in encoding %d", n, encoding)
	}
	c.plain, c.bit = body, 0
	c.dict = make([][]byte, 0, n)
	for range n {
		v, err := c.plainValue()
		if err != nil {
			return err
		}
		c.dict = append(c.dict, v)
	}
	c.plain = nil
	return nil
}

// plainValue takes the next value in plain encoding, as JSON.
func (c *columnReader) plainValue() (json.RawMessage, error) {
	take := func(n int) ([]byte, error) {
		if n < 0 || n > len(c.plain) {
			return nil, errShort
		}
		b := c.plain[:n]
		c.plain = c.plain[n:]
		return b, nil
	}
	switch c.leaf.kind {
	case 0:
		if len(c.plain) == 0 {
			return nil, errShort
		}
		set := c.plain[0]>>c.bit&1 == 1
		if c.bit++; c.bit == 8 {
			c.bit, c.plain = 0, c.plain[1:]
		}
		return strconv.AppendBool(nil, set), nil
	case 6:
		b, err := take(4)
		if err != nil {
			return nil, err
		}
		n := binary.LittleEndian.Uint32(b)
		if n > maxText {
			return nil, errors.New(tooLong(int64(n)))
		}
		if b, err = take(int(n)); err != nil {
			return nil, err
		}
		return c.leaf.bytes(b)
	}
	b, err := take(c.leaf.width())
	if err != nil {
		return nil, err
	}
	return c.leaf.fixed(b)
}

// width is the size of a value, 0 where values differ in it or are bits.
func (l *leaf) width() int {
	switch l.kind {
	case 1, 4:
		return 4
	case 2, 5:
		return 8
	case 3:
		return 12
	case 7:
		return l.length
	}
	return 0
}

// fixed is a value of width bytes as JSON.
func (l *leaf) fixed(b []byte) (json.RawMessage, error) {
	switch l.kind {
	case 1:
		return l.integer(int64(int32(binary.LittleEndian.Uint32(b)))), nil
	case 2:
		return l.integer(int64(binary.LittleEndian.Uint64(b))), nil
	case 3:
		return int96(b), nil
	case 4:
		return number(float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), 32), nil
	case 5:
		return number(math.Float64frombits(binary.LittleEndian.Uint64(b)), 64), nil
	case 7:
		return l.bytes(b)
	}
	return nil, fmt.Errorf("a value of type %d", l.kind)
}

// notUTF8 begins the value that stands for a text of other bytes. No JSON does.
const notUTF8 = 0xff

// textValue is a text as JSON. JSON's writer would put other characters in the
// place of bytes that are no UTF-8, and the text would be a different one.
func textValue(b []byte) (json.RawMessage, error) {
	if !utf8.Valid(b) {
		return strconv.AppendInt([]byte{notUTF8}, int64(text.ValidPrefix(b)), 10), nil
	}
	return json.Marshal(string(b))
}

// NotUTF8 says whether a value of a row stands for a text that is not UTF-8, or
// for a list with such a text, and from which byte of the text on. Such a value
// is no JSON.
func NotUTF8(v json.RawMessage) (at int, bad bool) {
	if len(v) == 0 || v[0] != notUTF8 {
		return 0, false
	}
	at, _ = strconv.Atoi(string(v[1:]))
	return at, true
}

// number is a float as JSON, which has none that are not finite.
func number(v float64, bits int) json.RawMessage {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return json.RawMessage("null")
	}
	return strconv.AppendFloat(nil, v, 'g', -1, bits)
}

// decompress undoes a codec; size is what must come out.
func decompress(codec int64, b []byte, size int) ([]byte, error) {
	if size < 0 || size > maxPage {
		return nil, fmt.Errorf("a page of %d bytes", size)
	}
	var out []byte
	var err error
	switch codec {
	case 0:
		out = b
	case 1:
		var n int
		if n, err = snappy.DecodedLen(b); err == nil && n == size {
			out, err = snappy.Decode(nil, b)
		}
	case 2:
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(b)); err == nil {
			out, err = io.ReadAll(io.LimitReader(z, int64(size)+1))
		}
	case 6:
		var z *zstd.Decoder
		if z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPage)); err == nil {
			out, err = z.DecodeAll(b, make([]byte, 0, size))
			z.Close()
		}
	default:
		names := map[int64]string{3: "LZO", 4: "Brotli", 5: "LZ4", 7: "LZ4_RAW"}
		return nil, fmt.Errorf("it is compressed with %s (codec %d), which is not read; write it with Snappy, gzip, Zstandard or none", names[codec], codec)
	}
	if err != nil {
		return nil, fmt.Errorf("decompress a page: %w", err)
	}
	if len(out) != size {
		return nil, fmt.Errorf("a page decompresses to %d bytes, not %d", len(out), size)
	}
	return out, nil
}
