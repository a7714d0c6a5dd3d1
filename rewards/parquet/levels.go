package parquet

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// levels reads numbers in the run-length and bit-packed hybrid encoding.
type levels struct {
	b     []byte
	width uint // bits of a number

	run    uint64 // how often value is still to come
	value  int
	packed uint64 // numbers of the packed run that are left
	bit    uint64 // where the next one begins, in bits of b
	bytes  uint64 // of the packed run
}

// levelsOf reads the levels of a page: those given apart, or those at the
// start of body, behind their length.
func levelsOf(apart, body []byte, most int) (*levels, []byte, error) {
	width := uint(bits.Len(uint(most)))
	if apart != nil {
		return &levels{b: apart, width: width}, body, nil
	}
	if len(body) < 4 {
		return nil, nil, errShort
	}
	n := uint64(binary.LittleEndian.Uint32(body))
	if n > uint64(len(body)-4) {
		return nil, nil, errShort
	}
	return &levels{b: body[4 : 4+n], width: width}, body[4+n:], nil
}

func (l *levels) next() (int, error) {
	for l.run == 0 && l.packed == 0 {
		if err := l.begin(); err != nil {
			return 0, err
		}
	}
	if l.run > 0 {
		l.run--
		return l.value, nil
	}
	v, err := l.packedNext()
	return int(v), err
}

// packedNext takes the next number of a packed run.
func (l *levels) packedNext() (uint64, error) {
	v := uint64(0)
	for k := uint(0); k < l.width; {
		at := l.bit + uint64(k)
		if at/8 >= l.bytes {
			return 0, errShort
		}
		take := min(8-uint(at%8), l.width-k)
		v |= (uint64(l.b[at/8]) >> (at % 8) & (1<<take - 1)) << k
		k += take
	}
	l.bit += uint64(l.width)
	if l.packed--; l.packed == 0 {
		l.b = l.b[l.bytes:]
	}
	return v, nil
}

// begin reads the head of a run.
func (l *levels) begin() error {
	if l.width == 0 && len(l.b) == 0 {
		l.run, l.value = 1<<62, 0 // numbers of no bits are all 0
		return nil
	}
	head, n := binary.Uvarint(l.b)
	if n <= 0 {
		return errShort
	}
	l.b = l.b[n:]
	if head&1 == 1 {
		groups := head >> 1
		if groups > 1<<28 {
			return fmt.Errorf("a run of %d groups", groups)
		}
		// The last run may be cut where no more numbers are needed.
		l.packed, l.bit, l.bytes = groups*8, 0, min(groups*uint64(l.width), uint64(len(l.b)))
		return nil
	}
	size := int(l.width+7) / 8
	if size > len(l.b) {
		return errShort
	}
	v := 0
	for i := range size {
		v |= int(l.b[i]) << (8 * i)
	}
	l.b = l.b[size:]
	l.run, l.value = head>>1, v
	return nil
}
