package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// deltas reads DELTA_BINARY_PACKED numbers: blocks of differences, each block
// with a least one and the others above it, packed in miniblocks of a width of
// their own (Parquet's Encodings document).
type deltas struct {
	b       []byte
	perMini int // numbers of a miniblock
	minis   int // miniblocks of a block
	left    int64
	value   int64
	begun   bool // the first number was given

	least  int64
	widths []byte  // of the miniblocks of the block that are still to come
	mini   *levels // the miniblock that is being read
	inMini int     // numbers of it that are left
}

func newDeltas(b []byte) (*deltas, error) {
	d := &deltas{b: b}
	var head [3]uint64
	for i := range head {
		v, n := binary.Uvarint(d.b)
		if n <= 0 {
			return nil, errShort
		}
		head[i], d.b = v, d.b[n:]
	}
	first, n := binary.Varint(d.b)
	if n <= 0 {
		return nil, errShort
	}
	d.b, d.value = d.b[n:], first
	const most = 1 << 20
	if head[0] == 0 || head[0] > most || head[1] == 0 || head[1] > head[0] || head[0]%head[1] != 0 || head[0]/head[1]%8 != 0 || head[2] > 1<<31 {
		return nil, fmt.Errorf("differences in blocks of %d numbers and %d miniblocks, %d in all", head[0], head[1], head[2])
	}
	d.perMini, d.minis, d.left = int(head[0]/head[1]), int(head[1]), int64(head[2])
	return d, nil
}

// next returns the next number.
func (d *deltas) next() (int64, error) {
	if d.left <= 0 {
		return 0, errShort
	}
	d.left--
	if !d.begun {
		d.begun = true
		return d.value, nil
	}
	if d.inMini == 0 {
		body, width, err := d.miniblock()
		if err != nil {
			return 0, err
		}
		d.mini = &levels{b: body, width: width, packed: uint64(d.perMini), bytes: uint64(len(body))}
		d.inMini = d.perMini
	}
	d.inMini--
	above, err := d.mini.packedNext()
	if err != nil {
		return 0, err
	}
	d.value += d.least + int64(above)
	return d.value, nil
}

// miniblock takes the next miniblock.
func (d *deltas) miniblock() (body []byte, width uint, err error) {
	if len(d.widths) == 0 {
		least, n := binary.Varint(d.b)
		if n <= 0 || len(d.b)-n < d.minis {
			return nil, 0, errShort
		}
		d.least, d.widths, d.b = least, d.b[n:n+d.minis], d.b[n+d.minis:]
	}
	width = uint(d.widths[0])
	if width > 64 {
		return nil, 0, fmt.Errorf("differences of %d bits", width)
	}
	size := d.perMini / 8 * int(width)
	if size > len(d.b) {
		return nil, 0, errShort
	}
	body, d.b, d.widths = d.b[:size], d.b[size:], d.widths[1:]
	return body, width, nil
}

// end returns what follows the numbers, without reading them.
func (d deltas) end() ([]byte, error) {
	for left := d.left - 1; left > 0; left -= int64(d.perMini) {
		if _, _, err := d.miniblock(); err != nil {
			return nil, err
		}
	}
	return d.b, nil
}

// deltaTexts reads texts whose lengths are deltas, and whose beginnings may be
// those of the text before.
type deltaTexts struct {
	lengths *deltas
	rest    []byte
	same    *deltas // how much of the text before; nil: nothing
	before  []byte
}

// newDeltaTexts reads a page in encoding DELTA_LENGTH_BYTE_ARRAY, or
// DELTA_BYTE_ARRAY if prefixes is set.
func newDeltaTexts(b []byte, prefixes bool) (*deltaTexts, error) {
	t := &deltaTexts{}
	var err error
	if prefixes {
		if t.same, err = newDeltas(b); err != nil {
			return nil, err
		}
		if b, err = t.same.end(); err != nil {
			return nil, err
		}
	}
	if t.lengths, err = newDeltas(b); err != nil {
		return nil, err
	}
	t.rest, err = t.lengths.end()
	return t, err
}

func (t *deltaTexts) next() ([]byte, error) {
	n, err := t.lengths.next()
	if err != nil {
		return nil, err
	}
	kept := int64(0)
	if t.same != nil {
		if kept, err = t.same.next(); err != nil {
			return nil, err
		}
	}
	if n < 0 || n > int64(len(t.rest)) || kept < 0 || kept > int64(len(t.before)) {
		return nil, errShort
	}
	if n+kept > maxText {
		return nil, errors.New(tooLong(n + kept))
	}
	text := t.rest[:n]
	t.rest = t.rest[n:]
	if t.same != nil {
		text = append(append(make([]byte, 0, kept+n), t.before[:kept]...), text...)
		t.before = text
	}
	return text, nil
}

func tooLong(n int64) string {
	return fmt.Sprintf("a value of %d bytes; at most %d MiB are read", n, maxText>>20)
}

// streams reads numbers in encoding BYTE_STREAM_SPLIT: the first bytes of all,
// then the second ones, and so on.
type streams struct {
	b           []byte
	width, n, i int
}

func newStreams(b []byte, width int) (*streams, error) {
	if len(b)%width != 0 {
		return nil, fmt.Errorf("%d bytes of numbers of %d each", len(b), width)
	}
	return &streams{b: b, width: width, n: len(b) / width}, nil
}

func (s *streams) next() ([]byte, error) {
	if s.i >= s.n {
		return nil, errShort
	}
	out := make([]byte, s.width)
	for k := range out {
		out[k] = s.b[k*s.n+s.i]
	}
	s.i++
	return out, nil
}
