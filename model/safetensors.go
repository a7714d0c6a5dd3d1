package model

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A safetensors file is the length of a JSON header (8 bytes, little endian),
// the header, and the tensors' bytes. The reader trusts none of it: the rules
// below are those of the format's own checker, and every tensor byte belongs
// to exactly one tensor.

const (
	maxHeader = 100_000_000 // bytes, the format's own limit
	maxRank   = 8
)

// elementSize lists the element types that convert to float32 without loss.
func elementSize(dtype string) int64 {
	switch dtype {
	case "F32":
		return 4
	case "F16", "BF16":
		return 2
	}
	return 0
}

// storedTensor is one entry of a safetensors header.
type storedTensor struct {
	name       string
	dtype      string
	shape      []int64
	begin, end int64 // bytes, from the start of the data
}

// elements is the product of the shape, -1 if it does not fit.
func (t *storedTensor) elements() int64 {
	n := int64(1)
	for _, d := range t.shape {
		if d < 0 || (d > 0 && n > math.MaxInt64/8/d) {
			return -1
		}
		n *= d
	}
	return n
}

// safetensors reads tensors from an open file.
type safetensors struct {
	r       io.ReaderAt
	data    int64 // offset of the data in the file
	tensors map[string]*storedTensor
	meta    map[string]string
}

// openSafetensors reads and checks the header of a file of size bytes.
func openSafetensors(r io.ReaderAt, size int64) (*safetensors, error) {
	var head [8]byte
	if size < 8 {
		return nil, fmt.Errorf("safetensors: file of %d bytes has no header", size)
	}
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return nil, fmt.Errorf("safetensors: read header length: %w", err)
	}
	n := binary.LittleEndian.Uint64(head[:])
	if n > maxHeader || int64(n) > size-8 {
		return nil, fmt.Errorf("safetensors: header of %d bytes in a file of %d (at most %d): truncated or not a safetensors file", n, size, maxHeader)
	}
	buf := make([]byte, n)
	if _, err := r.ReadAt(buf, 8); err != nil {
		return nil, fmt.Errorf("safetensors: read header: %w", err)
	}
	s := &safetensors{r: r, data: 8 + int64(n), tensors: map[string]*storedTensor{}}
	list, err := s.parse(buf)
	if err != nil {
		return nil, fmt.Errorf("safetensors: header: %w", err)
	}
	return s, checkRanges(list, size-s.data)
}

// checkRanges holds that the tensors fill the data without gap or overlap.
func checkRanges(list []*storedTensor, size int64) error {
	slices.SortFunc(list, func(a, b *storedTensor) int {
		switch {
		case a.begin != b.begin:
			return cmpInt64(a.begin, b.begin)
		case a.end != b.end:
			return cmpInt64(a.end, b.end)
		}
		return strings.Compare(a.name, b.name)
	})
	at := int64(0)
	for _, t := range list {
		esize, n := elementSize(t.dtype), t.elements()
		switch {
		case esize == 0:
			return fmt.Errorf("safetensors: tensor %q has type %q, want F32, F16 or BF16", t.name, t.dtype)
		case n < 0:
			return fmt.Errorf("safetensors: tensor %q has the impossible shape %v", t.name, t.shape)
		case t.begin != at || t.end < t.begin:
			return fmt.Errorf("safetensors: tensor %q takes bytes %d..%d, want its start at %d: tensors overlap or leave a gap", t.name, t.begin, t.end, at)
		case t.end-t.begin != n*esize:
			return fmt.Errorf("safetensors: tensor %q of shape %v and type %s has %d bytes, want %d", t.name, t.shape, t.dtype, t.end-t.begin, n*esize)
		}
		at = t.end
	}
	if at != size {
		return fmt.Errorf("safetensors: tensors end at byte %d of %d: truncated, or something follows them", at, size)
	}
	return nil
}

func cmpInt64(a, b int64) int {
	if a < b {
		return -1
	}
	return 1
}

// parse reads the header token by token: the standard decoder would let the
// last of two equal names win.
func (s *safetensors) parse(buf []byte) ([]*storedTensor, error) {
	d := json.NewDecoder(bytes.NewReader(buf))
	d.UseNumber()
	var list []*storedTensor
	err := eachField(d, func(name string) error {
		if name == "__metadata__" {
			if s.meta != nil {
				return errors.New("two __metadata__")
			}
			s.meta = map[string]string{}
			return eachField(d, func(key string) error {
				v, err := stringToken(d)
				if _, twice := s.meta[key]; twice {
					return fmt.Errorf("__metadata__ %q stands twice", key)
				}
				s.meta[key] = v
				return err
			})
		}
		if s.tensors[name] != nil {
			return fmt.Errorf("tensor %q stands twice", name)
		}
		t, err := parseTensor(d, name)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		s.tensors[name] = t
		list = append(list, t)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if rest := bytes.Trim(buf[d.InputOffset():], " "); len(rest) > 0 {
		return nil, errors.New("something follows the JSON object")
	}
	return list, nil
}

func parseTensor(d *json.Decoder, name string) (*storedTensor, error) {
	t := &storedTensor{name: name}
	seen := map[string]bool{}
	err := eachField(d, func(field string) (err error) {
		if seen[field] {
			return fmt.Errorf("field %q stands twice", field)
		}
		seen[field] = true
		switch field {
		case "dtype":
			t.dtype, err = stringToken(d)
		case "shape":
			t.shape, err = intsToken(d, maxRank)
		case "data_offsets":
			var o []int64
			if o, err = intsToken(d, 2); err == nil && len(o) != 2 {
				err = errors.New("data_offsets want two numbers")
			}
			if err == nil {
				t.begin, t.end = o[0], o[1]
			}
		default:
			err = fmt.Errorf("unknown field %q", field)
		}
		return err
	})
	if err == nil && len(seen) != 3 {
		err = errors.New("want dtype, shape and data_offsets")
	}
	return t, err
}

// eachField calls f with each key of the object that comes next; f must read
// the value.
func eachField(d *json.Decoder, f func(name string) error) error {
	if err := delim(d, '{'); err != nil {
		return err
	}
	for d.More() {
		k, err := stringToken(d)
		if err != nil {
			return err
		}
		if err := f(k); err != nil {
			return err
		}
	}
	return delim(d, '}')
}

func delim(d *json.Decoder, want json.Delim) error {
	t, err := d.Token()
	if err != nil {
		return noEOF(err)
	}
	if t != want {
		return fmt.Errorf("found %v, want %v", t, want)
	}
	return nil
}

func stringToken(d *json.Decoder) (string, error) {
	t, err := d.Token()
	if err != nil {
		return "", noEOF(err)
	}
	s, ok := t.(string)
	if !ok {
		return "", fmt.Errorf("found %v, want a string", t)
	}
	return s, nil
}

// intsToken reads a list of at most max numbers that are not negative.
func intsToken(d *json.Decoder, max int) ([]int64, error) {
	if err := delim(d, '['); err != nil {
		return nil, err
	}
	list := []int64{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, noEOF(err)
		}
		n, ok := t.(json.Number)
		if !ok {
			return nil, fmt.Errorf("found %v, want a number", t)
		}
		i, err := strconv.ParseInt(n.String(), 10, 64)
		if err != nil || i < 0 {
			return nil, fmt.Errorf("found %v, want a whole number that is not negative", n)
		}
		if len(list) == max {
			return nil, fmt.Errorf("more than %d numbers", max)
		}
		list = append(list, i)
	}
	return list, delim(d, ']')
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// read fills dst with the elements of t from element off on.
func (s *safetensors) read(dst []float32, t *storedTensor, off int64) error {
	size := elementSize(t.dtype)
	buf := make([]byte, int64(len(dst))*size)
	if _, err := s.r.ReadAt(buf, s.data+t.begin+off*size); err != nil {
		return fmt.Errorf("safetensors: read tensor %q: %w", t.name, noEOF(err))
	}
	switch t.dtype {
	case "F32":
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(buf[4*i:]))
		}
	case "BF16":
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(buf[2*i:])) << 16)
		}
	case "F16":
		for i := range dst {
			dst[i] = fromHalf(binary.LittleEndian.Uint16(buf[2*i:]))
		}
	}
	return nil
}

// fromHalf converts IEEE binary16, exactly.
func fromHalf(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch exp {
	case 0: // zero or subnormal: frac * 2^-24
		f := math.Float32bits(float32(frac) * 0x1p-24)
		return math.Float32frombits(sign | f)
	case 31: // infinity or NaN
		return math.Float32frombits(sign | 0xff<<23 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// outTensor is a tensor to write: read fills dst with its elements from off on.
type outTensor struct {
	name  string
	shape []int64
	len   int64
	read  func(dst []float32, off int64) error
}

// writeSafetensors writes tensors as F32, sorted by name. The bytes depend on
// the tensors and meta alone.
func writeSafetensors(w io.Writer, meta map[string]string, tensors []outTensor) error {
	tensors = slices.Clone(tensors)
	slices.SortFunc(tensors, func(a, b outTensor) int { return strings.Compare(a.name, b.name) })

	type entry struct {
		DType   string   `json:"dtype"`
		Shape   []int64  `json:"shape"`
		Offsets [2]int64 `json:"data_offsets"`
	}
	var head bytes.Buffer
	head.WriteByte('{')
	field := func(name string, value any) error {
		k, err := json.Marshal(name)
		if err != nil {
			return err
		}
		v, err := json.Marshal(value) // maps come out sorted by key
		if err != nil {
			return err
		}
		if head.Len() > 1 {
			head.WriteByte(',')
		}
		head.Write(k)
		head.WriteByte(':')
		head.Write(v)
		return nil
	}
	if err := field("__metadata__", meta); err != nil {
		return err
	}
	at := int64(0)
	for _, t := range tensors {
		if err := field(t.name, entry{"F32", t.shape, [2]int64{at, at + 4*t.len}}); err != nil {
			return err
		}
		at += 4 * t.len
	}
	head.WriteByte('}')
	for head.Len()%8 != 0 {
		head.WriteByte(' ')
	}
	if err := binary.Write(w, binary.LittleEndian, uint64(head.Len())); err != nil {
		return err
	}
	if _, err := w.Write(head.Bytes()); err != nil {
		return err
	}
	block, buf := make([]float32, copyBlock), make([]byte, 4*copyBlock)
	for _, t := range tensors {
		for off := int64(0); off < t.len; off += copyBlock {
			b := block[:min(copyBlock, t.len-off)]
			if err := t.read(b, off); err != nil {
				return fmt.Errorf("tensor %q: %w", t.name, err)
			}
			for i, x := range b {
				binary.LittleEndian.PutUint32(buf[4*i:], math.Float32bits(x))
			}
			if _, err := w.Write(buf[:4*len(b)]); err != nil {
				return err
			}
		}
	}
	return nil
}
