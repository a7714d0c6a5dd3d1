// Package tfevents writes TensorBoard's event files: TFRecord framing around
// Event messages (tensorflow/core/util/event.proto, framework/summary.proto,
// lib/io/record_writer.h). Values are float32, as TensorBoard's scalars are.
package tfevents

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"time"
)

// Writer writes one event file. Not safe for use by several goroutines.
type Writer struct {
	w io.Writer
	b []byte
}

// NewWriter begins a file with the record that names its version.
func NewWriter(w io.Writer, begin time.Time) (*Writer, error) {
	f := &Writer{w: w}
	return f, f.event(begin, 0, fieldBytes(nil, 3, []byte("brain.Event:2")))
}

// Scalar is one value of a curve.
type Scalar struct {
	Tag   string
	Value float64
}

// Scalars writes the values of one step.
func (f *Writer) Scalars(at time.Time, step int64, values []Scalar) error {
	var summary []byte
	for _, v := range values {
		value := fieldBytes(nil, 1, []byte(v.Tag))
		value = binary.LittleEndian.AppendUint32(append(value, 2<<3|wireFixed32), math.Float32bits(float32(v.Value)))
		summary = fieldBytes(summary, 1, value)
	}
	return f.event(at, step, fieldBytes(nil, 5, summary))
}

// Text writes a text, which TensorBoard renders as Markdown.
func (f *Writer) Text(at time.Time, step int64, tag, text string) error {
	const dtString, dataClassTensor = 7, 2
	plugin := fieldBytes(nil, 1, []byte("text"))
	metadata := fieldVarint(fieldBytes(nil, 1, plugin), 4, dataClassTensor)
	shape := fieldBytes(nil, 2, fieldVarint(nil, 1, 1)) // one dimension of size 1
	tensor := fieldBytes(fieldBytes(fieldVarint(nil, 1, dtString), 2, shape), 8, []byte(text))
	value := fieldBytes(fieldBytes(fieldBytes(nil, 1, []byte(tag+"/text_summary")), 8, tensor), 9, metadata)
	return f.event(at, step, fieldBytes(nil, 5, fieldBytes(nil, 1, value)))
}

// event writes an Event; what is its field of one of several kinds.
func (f *Writer) event(at time.Time, step int64, what []byte) error {
	seconds := float64(at.UnixMicro()) / 1e6
	b := binary.LittleEndian.AppendUint64(append(f.b[:0], 1<<3|wireFixed64), math.Float64bits(seconds))
	if step != 0 {
		b = fieldVarint(b, 2, uint64(step))
	}
	f.b = append(b, what...)
	return f.record(f.b)
}

// record frames data: its length, a checksum of the length, the data, and a
// checksum of the data.
func (f *Writer) record(data []byte) error {
	b := binary.LittleEndian.AppendUint64(make([]byte, 0, len(data)+16), uint64(len(data)))
	b = binary.LittleEndian.AppendUint32(b, masked(b))
	b = append(b, data...)
	b = binary.LittleEndian.AppendUint32(b, masked(data))
	if _, err := f.w.Write(b); err != nil {
		return fmt.Errorf("write TensorBoard events: %w", err)
	}
	return nil
}

// masked is the CRC-32C in the form of TFRecord, which keeps a checksum of
// data that holds checksums from being trivial.
func masked(b []byte) uint32 {
	c := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
	return (c>>15 | c<<17) + 0xa282ead8
}

// Wire types of Protocol Buffers.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

func fieldVarint(b []byte, id int, v uint64) []byte {
	return binary.AppendUvarint(append(b, byte(id<<3|wireVarint)), v)
}

func fieldBytes(b []byte, id int, data []byte) []byte {
	b = binary.AppendUvarint(append(b, byte(id<<3|wireBytes)), uint64(len(data)))
	return append(b, data...)
}
