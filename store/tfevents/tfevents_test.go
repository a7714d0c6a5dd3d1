package tfevents

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"math"
	"testing"
	"time"
)

// The first record of every event file, as TensorBoard's own writer makes it
// for wall time 0 (EventFileWriter).
func TestVersionRecord(t *testing.T) {
	var b bytes.Buffer
	if _, err := NewWriter(&b, time.UnixMicro(0)); err != nil {
		t.Fatal(err)
	}
	body := "09" + "0000000000000000" + "1a0d" + hex.EncodeToString([]byte("brain.Event:2"))
	if got := hex.EncodeToString(b.Bytes()[12 : b.Len()-4]); got != body {
		t.Errorf("body %s, want %s", got, body)
	}
	if n := binary.LittleEndian.Uint64(b.Bytes()); n != 24 {
		t.Errorf("length %d", n)
	}
}

// CRC-32C of "123456789" is e3069283 (Castagnoli's check value); the mask is a
// rotation by 15 bits and the addition of a282ead8.
func TestMasked(t *testing.T) {
	c := crc32.Checksum([]byte("123456789"), crc32.MakeTable(crc32.Castagnoli))
	if c != 0xe3069283 {
		t.Fatalf("CRC-32C %x", c)
	}
	if got, want := masked([]byte("123456789")), uint32(3347755237); got != want {
		t.Errorf("masked %x, want %x", got, want)
	}
}

// proto is a message as a generic decoder sees it.
type field struct {
	id   int
	wire int
	num  uint64
	data []byte
}

func decode(t *testing.T, b []byte) []field {
	t.Helper()
	var out []field
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		b = b[n:]
		f := field{id: int(key >> 3), wire: int(key & 7)}
		switch f.wire {
		case 0:
			f.num, n = binary.Uvarint(b)
			b = b[n:]
		case 1:
			f.num = binary.LittleEndian.Uint64(b)
			b = b[8:]
		case 5:
			f.num = uint64(binary.LittleEndian.Uint32(b))
			b = b[4:]
		case 2:
			size, n := binary.Uvarint(b)
			f.data = b[n : n+int(size)]
			b = b[n+int(size):]
		default:
			t.Fatalf("wire type %d", f.wire)
		}
		out = append(out, f)
	}
	return out
}

func records(t *testing.T, b []byte) [][]byte {
	t.Helper()
	var out [][]byte
	for len(b) > 0 {
		n := int(binary.LittleEndian.Uint64(b))
		if binary.LittleEndian.Uint32(b[8:]) != masked(b[:8]) || binary.LittleEndian.Uint32(b[12+n:]) != masked(b[12:12+n]) {
			t.Fatal("checksum")
		}
		out = append(out, b[12:12+n])
		b = b[16+n:]
	}
	return out
}

func TestScalarsAndText(t *testing.T) {
	var b bytes.Buffer
	w, err := NewWriter(&b, time.UnixMicro(1))
	if err != nil {
		t.Fatal(err)
	}
	at := time.UnixMicro(1_768_478_400_250_000)
	if err := w.Scalars(at, 300, []Scalar{{"reward", 0.1}, {"kl", math.Inf(1)}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Text(at, 0, "recipe", "seed = 1"); err != nil {
		t.Fatal(err)
	}
	list := records(t, b.Bytes())
	if len(list) != 3 {
		t.Fatalf("%d records", len(list))
	}
	e := decode(t, list[1])
	if len(e) != 3 || math.Float64frombits(e[0].num) != 1768478400.25 || e[1].id != 2 || e[1].num != 300 || e[2].id != 5 {
		t.Fatalf("event %+v", e)
	}
	values := decode(t, e[2].data)
	if len(values) != 2 {
		t.Fatalf("%d values", len(values))
	}
	for i, want := range []Scalar{{"reward", float64(float32(0.1))}, {"kl", math.Inf(1)}} {
		v := decode(t, values[i].data)
		if string(v[0].data) != want.Tag || v[1].id != 2 || float64(math.Float32frombits(uint32(v[1].num))) != want.Value {
			t.Errorf("value %+v, want %v", v, want)
		}
	}
	text := decode(t, decode(t, decode(t, list[2])[1].data)[0].data)
	if string(text[0].data) != "recipe/text_summary" || text[1].id != 8 || text[2].id != 9 {
		t.Errorf("text %+v", text)
	}
}
