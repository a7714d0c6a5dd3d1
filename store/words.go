package store

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
)

// IDs are token ids and Floats are numbers per token. In the log they are
// base64 of little-endian 32-bit words: exact to the bit, also for values that
// JSON numbers cannot hold, and an order of magnitude quicker to write and
// read than arrays of decimals.
type (
	IDs    []int32
	Floats []float32
)

// MarshalText implements encoding.TextMarshaler.
func (v IDs) MarshalText() ([]byte, error) {
	return appendWords(len(v), func(i int) uint32 { return uint32(v[i]) }), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (v *IDs) UnmarshalText(text []byte) error {
	b, err := decodeWords(text)
	if err != nil {
		return err
	}
	*v = make(IDs, len(b)/4)
	for i := range *v {
		(*v)[i] = int32(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (v Floats) MarshalText() ([]byte, error) {
	return appendWords(len(v), func(i int) uint32 { return math.Float32bits(v[i]) }), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (v *Floats) UnmarshalText(text []byte) error {
	b, err := decodeWords(text)
	if err != nil {
		return err
	}
	*v = make(Floats, len(b)/4)
	for i := range *v {
		(*v)[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return nil
}

func appendWords(n int, word func(int) uint32) []byte {
	b := make([]byte, 0, 4*n)
	for i := range n {
		b = binary.LittleEndian.AppendUint32(b, word(i))
	}
	return base64.StdEncoding.AppendEncode(nil, b)
}

func decodeWords(text []byte) ([]byte, error) {
	b, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return nil, fmt.Errorf("token data: %w", err)
	}
	if len(b)%4 != 0 {
		return nil, fmt.Errorf("token data: %d bytes are no 32-bit words", len(b))
	}
	return b, nil
}
