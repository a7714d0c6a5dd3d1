package eventlog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
)

const readChunk = 256 << 10

// Reader hands out the payloads of a log in order and can follow one that
// grows. It never writes and takes no lock. Not safe for use by several
// goroutines at once.
type Reader struct {
	dir  string
	pos  Position    // of the next record to hand out
	f    segmentFile // segment pos.Segment, or nil
	buf  []byte      // bytes of the file from offset off
	off  int64
	next []frame // complete frames of one Append, not handed out yet

	judged Position // a bad tail here, of this size, was already found to be torn
	size   int64
	again  bool // parse is a second look
}

type frame struct{ from, to int } // payload in buf

// NewReader reads the log in dir from pos, a Position that a Reader or Writer
// gave. The zero Position is the beginning.
func NewReader(dir string, pos Position) *Reader { return &Reader{dir: dir, pos: pos} }

// Position is where the next record begins.
func (r *Reader) Position() Position { return r.pos }

// Close releases the open file. Next may be called again and opens it anew.
func (r *Reader) Close() error {
	f := r.f
	r.f, r.buf, r.next = nil, nil, nil
	if f == nil {
		return nil
	}
	return f.Close()
}

// Next returns the next payload, valid until the following call, and the
// position after it. At the end of valid data, before a record that is still
// being written, and at a torn tail it returns io.EOF and can be called again
// later. Damage in the middle is a *Corrupt.
func (r *Reader) Next() ([]byte, Position, error) {
	if len(r.next) == 0 {
		if err := r.load(); err != nil {
			r.next = nil
			return nil, r.pos, err
		}
	}
	fr := r.next[0]
	r.next = r.next[1:]
	r.pos.Offset = r.off + int64(fr.to)
	r.pos.Seq++
	return r.buf[fr.from:fr.to], r.pos, nil
}

// load reads the frames of the next Append into buf and next.
func (r *Reader) load() error {
	for {
		if err := r.open(); err != nil {
			return err
		}
		err := r.parse()
		if err == nil {
			return nil
		}
		if !errors.Is(err, io.EOF) {
			return err
		}
		moved, err := r.advance()
		if err != nil {
			return err
		}
		if !moved {
			return io.EOF
		}
	}
}

// open opens the segment of pos if it is not open.
func (r *Reader) open() error {
	if r.f != nil {
		return nil
	}
	if r.pos.Segment == 0 {
		nums, err := segments(r.dir)
		if err != nil {
			return err
		}
		if len(nums) == 0 {
			return io.EOF
		}
		if nums[0] != 1 {
			return &Corrupt{Dir: r.dir, Segment: 1, Seq: 1, Reason: fmt.Sprintf("the file is missing, but %s is there", SegmentName(nums[0]))}
		}
		r.pos = Position{Segment: 1, Offset: 0, Seq: 1}
	}
	f, err := openSegment(r.dir, r.pos.Segment)
	if errors.Is(err, fs.ErrNotExist) && r.pos.Offset == 0 && r.pos.Segment == 1 {
		return io.EOF
	}
	if err != nil {
		return fmt.Errorf("read event log: %w", err)
	}
	h, err := readHeader(f, r.pos.Segment)
	if err != nil {
		f.Close()
		if errors.Is(err, errTornHeader) && r.pos.Offset == 0 {
			return io.EOF
		}
		return err
	}
	if r.pos.Offset == 0 {
		r.pos.Offset = headerSize
		if h.first != r.pos.Seq {
			f.Close()
			r.pos.Offset = 0
			return r.corrupt(0, fmt.Sprintf("the file begins with record %d", h.first))
		}
	}
	r.f, r.off, r.buf = f, r.pos.Offset, r.buf[:0]
	return nil
}

// parse takes the frames of one Append from the open segment. io.EOF: they
// are not all there, and nothing valid follows. buf is then empty, because a
// writer may still change those bytes.
func (r *Reader) parse() error {
	r.next = r.next[:0]
	start := int(r.pos.Offset - r.off)
	at, seq := start, r.pos.Seq
	for {
		head, err := r.bytes(&start, &at, frameSize)
		if err != nil {
			return r.incomplete(err, at, seq)
		}
		n, more, got, ok := frameHead(head)
		if !ok {
			return r.judge(at, seq, "the length of the record is impossible")
		}
		whole, err := r.bytes(&start, &at, frameSize+n)
		if err != nil {
			return r.incomplete(err, at, seq)
		}
		if !frameValid(whole) {
			return r.judge(at, seq, "the checksum of the record is wrong")
		}
		if got != seq {
			return r.corrupt(r.off+int64(at), fmt.Sprintf("record %d stands there", got))
		}
		r.next = append(r.next, frame{at + frameSize, at + frameSize + n})
		at += frameSize + n
		seq++
		if !more {
			return nil
		}
		if at-start > MaxBatch {
			return r.corrupt(r.off+int64(at), "the records written in one piece exceed the largest size allowed")
		}
	}
}

// bytes makes buf[*at:*at+n] available and returns it. It may move what lies
// before *start out of the buffer; start, at and the frames move along.
func (r *Reader) bytes(start, at *int, n int) ([]byte, error) {
	for len(r.buf)-*at < n {
		if *start > 0 {
			r.buf = r.buf[:copy(r.buf, r.buf[*start:])]
			r.off += int64(*start)
			for i := range r.next {
				r.next[i].from -= *start
				r.next[i].to -= *start
			}
			*at -= *start
			*start = 0
		}
		// A length read from the file must not make us allocate more than the
		// file has.
		size, err := r.f.Size()
		if err != nil {
			return nil, err
		}
		left := size - r.off - int64(len(r.buf))
		if left <= 0 || int64(len(r.buf))+left < int64(*at+n) {
			return nil, io.EOF
		}
		want := min(left, int64(max(readChunk, *at+n-len(r.buf))))
		have := len(r.buf)
		r.buf = slices.Grow(r.buf, int(want))[:have+int(want)]
		got, err := r.f.ReadAt(r.buf[have:], r.off+int64(have))
		r.buf = r.buf[:have+got]
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, r.failed(err)
		}
		if got == 0 {
			return nil, io.EOF
		}
	}
	return r.buf[*at : *at+n], nil
}

// incomplete handles a frame that goes beyond the end of the file.
func (r *Reader) incomplete(err error, at int, seq uint64) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	return r.judge(at, seq, "the record is cut off")
}

// judge decides whether the bad frame at buf[at:] is a torn tail (io.EOF) or
// damage that valid records follow.
func (r *Reader) judge(at int, seq uint64, reason string) error {
	off := r.off + int64(at)
	r.buf, r.off = r.buf[:0], r.pos.Offset // read again next time
	size, err := r.f.Size()
	if err != nil {
		return err
	}
	if size < r.pos.Offset {
		return r.corrupt(r.pos.Offset, fmt.Sprintf("the file has only %d bytes, less than were already read from it", size))
	}
	here := Position{r.pos.Segment, off, seq}
	if size <= off || (r.judged == here && r.size == size) {
		return io.EOF
	}
	tail := make([]byte, size-off)
	got, err := r.f.ReadAt(tail, off)
	if err != nil && !errors.Is(err, io.EOF) {
		return r.failed(err)
	}
	tail = tail[:got]
	if i, found, ok := findFrame(tail[min(1, len(tail)):], seq); ok {
		if !r.again {
			// The writer may have completed the record since we read it. What
			// precedes a later record is complete, so a second look decides.
			r.again = true
			err := r.parse()
			r.again = false
			return err
		}
		return r.corrupt(off, fmt.Sprintf("%s, but record %d follows at byte %d", reason, found, off+1+int64(i)))
	}
	r.judged, r.size = here, size
	return io.EOF
}

// advance goes to the next segment when this one is read to its end.
func (r *Reader) advance() (bool, error) {
	next, err := exists(r.dir, r.pos.Segment+1)
	if err != nil || !next {
		return false, err
	}
	// The writer may have added records here before it went on, so look once
	// more now that this segment cannot grow any longer.
	r.judged = Position{}
	if err := r.parse(); err == nil {
		return true, nil
	} else if !errors.Is(err, io.EOF) {
		return false, err
	}
	size, err := r.f.Size()
	if err != nil {
		return false, err
	}
	f, err := openSegment(r.dir, r.pos.Segment+1)
	if err != nil {
		return false, fmt.Errorf("read event log: %w", err)
	}
	defer f.Close()
	h, err := readHeader(f, r.pos.Segment+1)
	if errors.Is(err, errTornHeader) {
		return false, nil // being made now, or torn by a crash
	}
	if err != nil {
		return false, err
	}
	if size != r.pos.Offset {
		return false, r.corrupt(r.pos.Offset, fmt.Sprintf("%d bytes here are no record, but the log goes on in %s",
			size-r.pos.Offset, SegmentName(r.pos.Segment+1)))
	}
	if h.first != r.pos.Seq {
		return false, r.corrupt(r.pos.Offset, fmt.Sprintf("the log goes on in %s with record %d", SegmentName(r.pos.Segment+1), h.first))
	}
	r.f.Close()
	r.f = nil
	r.pos = Position{r.pos.Segment + 1, 0, r.pos.Seq}
	return true, nil
}

// failed words the error of reading a segment. A part of a compressed one that
// cannot be read is damage of the log.
func (r *Reader) failed(err error) error {
	var damage *damagedBlock
	if errors.As(err, &damage) {
		return r.corrupt(damage.from, damage.Error())
	}
	return fmt.Errorf("read event log: %w", err)
}

func (r *Reader) corrupt(off int64, reason string) error {
	return &Corrupt{Dir: r.dir, Segment: r.pos.Segment, Offset: off, Seq: r.pos.Seq + uint64(len(r.next)), Reason: reason}
}
