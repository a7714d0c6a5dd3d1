package store

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
)

const (
	plainBelow  = 512       // texts shorter than this stay readable in plain SQL
	blockBytes  = 128 << 10 // of plain text after which a block is full
	maxText     = 256 << 20 // of one decompressed text or block, in bytes
	blockWindow = 256 << 10
)

// newEncoder makes the zstd encoder of stored texts; EncodeAll on it is safe
// for use by several goroutines.
func newEncoder() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(2), zstd.WithEncoderLevel(zstd.SpeedDefault),
		zstd.WithEncoderCRC(false), zstd.WithWindowSize(blockWindow), zstd.WithLowerEncoderMem(true))
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

// packText returns the two columns of a text that is compressed by itself;
// exactly one is not nil.
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

// textPacker puts the longer texts of one samples record into blocks.
// Completions of one policy resemble each other, so a frame over many of them
// is a third smaller than a frame for each.
type textPacker struct {
	enc    *zstd.Encoder
	blocks [][]byte
	buf    []byte
}

// add returns the block, counted from 0 in this packer, and where in it the
// text begins. ok is false for a text that is stored plain.
func (p *textPacker) add(s string) (block, off int, ok bool) {
	if len(s) < plainBelow {
		return 0, 0, false
	}
	block, off = len(p.blocks), len(p.buf)
	p.buf = append(p.buf, s...)
	if len(p.buf) >= blockBytes {
		p.flush()
	}
	return block, off, true
}

func (p *textPacker) flush() {
	if len(p.buf) > 0 {
		p.blocks = append(p.blocks, p.enc.EncodeAll(p.buf, make([]byte, 0, len(p.buf)/2)))
	}
	p.buf = p.buf[:0]
}

func textSum(s string) int64 { return bytesSum([]byte(s)) }
