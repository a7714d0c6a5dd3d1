package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
)

const (
	plainBelow = 512       // texts shorter than this stay readable in plain SQL
	maxText    = 256 << 20 // of one decompressed text, in bytes
)

// newEncoder makes the zstd encoder of stored texts; EncodeAll on it is safe
// for use by several goroutines.
func newEncoder() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(2), zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderCRC(false), zstd.WithWindowSize(1<<17), zstd.WithLowerEncoderMem(true))
}

// newDecoder makes the decoder. A damaged or hostile frame cannot make it
// allocate more than maxText.
func newDecoder() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(maxText))
}

// sqlText is how a text is stored in a column of type ANY: TEXT where plain
// SQL can show it, BLOB where it is not valid UTF-8 or holds a NUL.
func sqlText(s string) any {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return []byte(s)
}

// packText returns the two columns of a stored text; exactly one is not nil.
func packText(enc *zstd.Encoder, s string) (plain any, z []byte) {
	if len(s) >= plainBelow {
		if z := enc.EncodeAll([]byte(s), make([]byte, 0, len(s)/2)); len(z) < len(s) {
			return nil, z
		}
	}
	return sqlText(s), nil
}

// unpackText is the inverse of packText, for columns as SQLite gives them.
func unpackText(dec *zstd.Decoder, plain, z []byte) (string, error) {
	if z == nil {
		return string(plain), nil
	}
	b, err := dec.DecodeAll(z, nil)
	if err != nil {
		return "", fmt.Errorf("decompress a stored text: %w; check the database or rebuild it from the run's log", err)
	}
	return string(b), nil
}

func textSum(s string) int64 {
	return int64(int32(crc32.Checksum([]byte(s), crc32.MakeTable(crc32.Castagnoli)))) // signed takes fewer bytes
}

// packWords compresses 32-bit words after regrouping their bytes by place:
// the high bytes of token ids and of log-probs hardly vary.
func packWords(enc *zstd.Encoder, w []uint32) []byte {
	if len(w) == 0 {
		return nil
	}
	n := len(w)
	b := make([]byte, 4*n)
	for i, v := range w {
		b[i], b[n+i], b[2*n+i], b[3*n+i] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
	}
	return enc.EncodeAll(b, binary.AppendUvarint(make([]byte, 0, 2*n+16), uint64(n)))
}

func unpackWords(dec *zstd.Decoder, z []byte) ([]uint32, error) {
	if len(z) == 0 {
		return nil, nil
	}
	n, used := binary.Uvarint(z)
	if used <= 0 || n > maxText/4 {
		return nil, fmt.Errorf("decompress stored token data: its length is damaged")
	}
	b, err := dec.DecodeAll(z[used:], nil)
	if err != nil {
		return nil, fmt.Errorf("decompress stored token data: %w", err)
	}
	if uint64(len(b)) != 4*n {
		return nil, fmt.Errorf("decompress stored token data: %d bytes for %d words", len(b), n)
	}
	w := make([]uint32, n)
	for i := range w {
		w[i] = uint32(b[i]) | uint32(b[int(n)+i])<<8 | uint32(b[2*int(n)+i])<<16 | uint32(b[3*int(n)+i])<<24
	}
	return w, nil
}

func idWords(ids []int32) []uint32 {
	w := make([]uint32, len(ids))
	for i, v := range ids {
		w[i] = uint32(v)
	}
	return w
}

func floatWords(fs []float32) []uint32 {
	w := make([]uint32, len(fs))
	for i, v := range fs {
		w[i] = math.Float32bits(v)
	}
	return w
}
