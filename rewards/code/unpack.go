package code

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxUnpacked bounds what a packed column may unpack to.
const maxUnpacked = 256 << 20

// unpack reads LiveCodeBench's private test cases: JSON in a pickled text,
// compressed by zlib, in base64. Of pickle it reads one text, nothing else.
func unpack(s string) (json.RawMessage, error) {
	packed, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("is neither a list nor base64: %w", err)
	}
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("is not compressed by zlib: %w", err)
	}
	pickled, err := io.ReadAll(io.LimitReader(z, maxUnpacked+1))
	if err != nil {
		return nil, fmt.Errorf("cannot be decompressed: %w", err)
	}
	if len(pickled) > maxUnpacked {
		return nil, fmt.Errorf("unpacks to more than %d MiB", maxUnpacked>>20)
	}
	return pickledText(pickled)
}

// pickledText reads a pickle that is a single text (protocols 1 to 5).
func pickledText(p []byte) (json.RawMessage, error) {
	bad := errors.New("is not a pickled text")
	for len(p) > 0 {
		op := p[0]
		p = p[1:]
		size, width := uint64(0), 0
		switch op {
		case 0x80: // PROTO
			width = 1
			if len(p) < width {
				return nil, bad
			}
			p = p[width:]
			continue
		case 0x95: // FRAME
			width = 8
			if len(p) < width {
				return nil, bad
			}
			p = p[width:]
			continue
		case 0x8c: // SHORT_BINUNICODE
			width = 1
			if len(p) >= width {
				size = uint64(p[0])
			}
		case 'X': // BINUNICODE
			width = 4
			if len(p) >= width {
				size = uint64(binary.LittleEndian.Uint32(p))
			}
		case 0x8d: // BINUNICODE8
			width = 8
			if len(p) >= width {
				size = binary.LittleEndian.Uint64(p)
			}
		default:
			return nil, bad
		}
		if len(p) < width || size > uint64(len(p)-width) {
			return nil, bad
		}
		return json.RawMessage(p[width : uint64(width)+size]), nil
	}
	return nil, bad
}
