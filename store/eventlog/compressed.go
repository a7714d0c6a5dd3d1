package eventlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"

	"github.com/klauspost/compress/zstd"
)

// A compressed segment is named like the plain one with ".zst" behind it. It is
// in the seekable format of zstd (facebook/zstd, contrib/seekable_format): a
// frame for every MiB, each with a checksum, and a table of their sizes in a
// skippable frame at the end. 'zstd -d' makes the plain segment of it.
const (
	compressedSuffix = ".zst"
	zstdBlock        = 1 << 20

	seekTableMagic  = 0x184D2A5E
	seekFooterMagic = 0x8F92EAB1
	seekFooterSize  = 9
	seekEntrySize   = 8 // no checksums: the frames have their own
)

// compressedSegment reads a compressed segment at any offset of the plain one.
type compressedSegment struct {
	f      *os.File
	dec    *zstd.Decoder
	blocks []zstdPlace
	size   int64 // of the plain segment

	held  int // block whose bytes plain has; -1: none
	plain []byte
	z     []byte
}

// zstdPlace is where a block begins.
type zstdPlace struct {
	at, z       int64 // in the file, and bytes there
	from, bytes int64 // in the plain segment, and bytes of it
}

// damagedBlock says that a part of a compressed segment cannot be read.
type damagedBlock struct {
	from int64 // in the plain segment
	err  error
}

func (d *damagedBlock) Error() string {
	return fmt.Sprintf("the compressed part that begins at byte %d cannot be read: %v", d.from, d.err)
}

func (d *damagedBlock) Unwrap() error { return d.err }

func openCompressed(path string) (_ *compressedSegment, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &compressedSegment{f: f, held: -1}
	defer func() {
		if err != nil {
			s.Close()
			err = fmt.Errorf("read event log %s: %w", path, err)
		}
	}()
	if err := s.readTable(); err != nil {
		return nil, err
	}
	s.dec, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*zstdBlock), zstd.WithDecoderLowmem(true))
	return s, err
}

var errSeekTable = errors.New("the table at its end is damaged")

func (s *compressedSegment) readTable() error {
	info, err := s.f.Stat()
	if err != nil {
		return err
	}
	total := info.Size()
	var foot [seekFooterSize]byte
	if total < seekFooterSize+8 {
		return errSeekTable
	}
	if _, err := s.f.ReadAt(foot[:], total-seekFooterSize); err != nil {
		return err
	}
	n := int64(binary.LittleEndian.Uint32(foot[:]))
	table := n*seekEntrySize + seekFooterSize
	if binary.LittleEndian.Uint32(foot[5:]) != seekFooterMagic || foot[4] != 0 || table+8 > total {
		return errSeekTable
	}
	b := make([]byte, 8+table)
	if _, err := s.f.ReadAt(b, total-int64(len(b))); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(b) != seekTableMagic || int64(binary.LittleEndian.Uint32(b[4:])) != table {
		return errSeekTable
	}
	at := int64(0)
	for i := range n {
		e := b[8+i*seekEntrySize:]
		p := zstdPlace{at: at, z: int64(binary.LittleEndian.Uint32(e)), from: s.size, bytes: int64(binary.LittleEndian.Uint32(e[4:]))}
		if p.z > 2*zstdBlock || p.bytes == 0 || p.bytes > zstdBlock {
			return errSeekTable
		}
		at += p.z
		s.size += p.bytes
		s.blocks = append(s.blocks, p)
	}
	if at != total-int64(len(b)) {
		return errSeekTable
	}
	return nil
}

// ReadAt reads bytes of the plain segment.
func (s *compressedSegment) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) {
		if off >= s.size {
			return n, io.EOF
		}
		i := sort.Search(len(s.blocks), func(i int) bool { return s.blocks[i].from > off }) - 1
		if err := s.load(i); err != nil {
			return n, err
		}
		k := copy(b[n:], s.plain[off-s.blocks[i].from:])
		n += k
		off += int64(k)
	}
	return n, nil
}

func (s *compressedSegment) load(i int) error {
	if s.held == i {
		return nil
	}
	p := s.blocks[i]
	s.held = -1
	if int64(cap(s.z)) < p.z {
		s.z = make([]byte, p.z)
	}
	s.z = s.z[:p.z]
	if _, err := s.f.ReadAt(s.z, p.at); err != nil {
		return &damagedBlock{p.from, err}
	}
	var err error
	if s.plain, err = s.dec.DecodeAll(s.z, s.plain[:0]); err == nil && int64(len(s.plain)) != p.bytes {
		err = fmt.Errorf("it has %d bytes and should have %d", len(s.plain), p.bytes)
	}
	if err != nil {
		return &damagedBlock{p.from, err}
	}
	s.held = i
	return nil
}

// Size is that of the plain segment.
func (s *compressedSegment) Size() (int64, error) { return s.size, nil }

// Name is the name of the file.
func (s *compressedSegment) Name() string { return s.f.Name() }

// Close closes the file.
func (s *compressedSegment) Close() error {
	if s.dec != nil {
		s.dec.Close()
	}
	return s.f.Close()
}

// writeCompressed writes size bytes of r in the compressed form.
func writeCompressed(w io.Writer, r io.ReaderAt, size int64) error {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true), zstd.WithWindowSize(zstdBlock))
	if err != nil {
		return err
	}
	defer enc.Close()
	plain := make([]byte, zstdBlock)
	var z, table []byte
	for off := int64(0); off < size; {
		part := plain[:min(size-off, zstdBlock)]
		if n, err := r.ReadAt(part, off); n < len(part) {
			return fmt.Errorf("read: %w", err)
		}
		z = enc.EncodeAll(part, z[:0])
		if _, err := w.Write(z); err != nil {
			return err
		}
		table = binary.LittleEndian.AppendUint32(table, uint32(len(z)))
		table = binary.LittleEndian.AppendUint32(table, uint32(len(part)))
		off += int64(len(part))
	}
	end := binary.LittleEndian.AppendUint32(nil, seekTableMagic)
	end = binary.LittleEndian.AppendUint32(end, uint32(len(table)+seekFooterSize))
	end = append(end, table...)
	end = binary.LittleEndian.AppendUint32(end, uint32(len(table)/seekEntrySize))
	end = append(end, 0)
	_, err = w.Write(binary.LittleEndian.AppendUint32(end, seekFooterMagic))
	return err
}
