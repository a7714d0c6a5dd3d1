package eventlog

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// A segment file is a header and then frames, all numbers little endian:
//
//	header  magic [8]byte, version u32, segment u32, first seq u64, crc32c u32 of those, 4 zero bytes
//	frame   length u32, crc32c u32, seq u64, payload [length]byte
//
// The checksum of a frame covers its length, its seq and its payload. Bit 31
// of the length says that the next frame belongs to the same Append: readers
// hand out the frames of one Append only when the last of them is there, so a
// step that was torn in the middle is torn as a whole.
const (
	headerSize = 32
	frameSize  = 16
	moreFollow = 1 << 31

	// Version is the newest log version that this package reads; it writes it too.
	Version = 1
	// MaxRecord bounds one payload, in bytes.
	MaxRecord = 64 << 20
	// MaxBatch bounds the frames of one Append, in bytes.
	MaxBatch = 256 << 20
	// SegmentBytes is the size at which the log goes on in a new file.
	SegmentBytes = 64 << 20
)

const magic = "GRADUSEV"

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

func appendHeader(b []byte, segment int, first uint64) []byte {
	start := len(b)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint32(b, Version)
	b = binary.LittleEndian.AppendUint32(b, uint32(segment))
	b = binary.LittleEndian.AppendUint64(b, first)
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli()))
	return append(b, 0, 0, 0, 0)
}

// header is what a segment says of itself.
type header struct {
	segment int
	first   uint64 // seq of its first frame
}

// errTornHeader says that a segment was being made when the machine stopped.
var errTornHeader = fmt.Errorf("its header is incomplete")

// parseHeader reads a header. b holds the first bytes of the file, at most headerSize.
func parseHeader(b []byte) (header, error) {
	if len(b) < headerSize || allZero(b) {
		return header{}, errTornHeader
	}
	if string(b[:8]) != magic {
		return header{}, fmt.Errorf("it is not a gradus event log (it begins with %q)", b[:8])
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v > Version {
		return header{}, fmt.Errorf("it has log version %d and this gradus reads up to %d; use a newer gradus", v, Version)
	}
	if crc32.Checksum(b[:24], castagnoli()) != binary.LittleEndian.Uint32(b[24:]) {
		return header{}, fmt.Errorf("the checksum of its header is wrong")
	}
	return header{
		segment: int(binary.LittleEndian.Uint32(b[12:])),
		first:   binary.LittleEndian.Uint64(b[16:]),
	}, nil
}

func appendFrame(b, payload []byte, seq uint64, more bool) []byte {
	n := uint32(len(payload))
	if more {
		n |= moreFollow
	}
	start := len(b)
	b = binary.LittleEndian.AppendUint32(b, n)
	b = append(b, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, seq)
	b = append(b, payload...)
	binary.LittleEndian.PutUint32(b[start+4:], frameSum(b[start:]))
	return b
}

// frameSum is the checksum of a whole frame: all of it but the checksum.
func frameSum(f []byte) uint32 {
	t := castagnoli()
	return crc32.Update(crc32.Update(0, t, f[:4]), t, f[8:])
}

// frameHead reads the fixed part of a frame. ok is false when the length is
// impossible.
func frameHead(b []byte) (length int, more bool, seq uint64, ok bool) {
	n := binary.LittleEndian.Uint32(b)
	more = n&moreFollow != 0
	n &^= moreFollow
	return int(n), more, binary.LittleEndian.Uint64(b[8:]), n >= 1 && n <= MaxRecord
}

func frameValid(f []byte) bool { return binary.LittleEndian.Uint32(f[4:]) == frameSum(f) }

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// findFrame looks in b for a valid frame with a seq in [from, from+n], where
// n is how many frames b can hold at all. It is how damage in the middle of a
// log, which good records follow, is told from a torn tail.
func findFrame(b []byte, from uint64) (at int, seq uint64, found bool) {
	limit := from + uint64(len(b)/(frameSize+1)) + 1
	for i := 0; i+frameSize < len(b); i++ {
		seq := binary.LittleEndian.Uint64(b[i+8:])
		if seq < from || seq > limit {
			continue
		}
		n, _, _, ok := frameHead(b[i:])
		if !ok || i+frameSize+n > len(b) {
			continue
		}
		if frameValid(b[i : i+frameSize+n]) {
			return i, seq, true
		}
	}
	return 0, 0, false
}
