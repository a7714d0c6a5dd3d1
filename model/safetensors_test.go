package model

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"
)

func open(b []byte) (*safetensors, error) {
	return openSafetensors(bytes.NewReader(b), int64(len(b)))
}

// A file that the safetensors library 0.8.0 (Python) wrote: f32 (2, 2) = 1, -2,
// 0.5, 3; bf16 (3) = 1, -2.5, 0.15625; f16 (2, 1) = 0.333251953125, 5.9604645e-08.
const foreignFile = "0AAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJmMzIiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzIsMl0s" +
	"ImRhdGFfb2Zmc2V0cyI6WzAsMTZdfSwiYmYxNiI6eyJkdHlwZSI6IkJGMTYiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOlsx" +
	"NiwyMl19LCJmMTYiOnsiZHR5cGUiOiJGMTYiLCJzaGFwZSI6WzIsMV0sImRhdGFfb2Zmc2V0cyI6WzIyLDI2XX19AACAPwAAAMAA" +
	"AAA/AABAQIA/IMAgPlU1AQA="

func TestReadForeignSafetensors(t *testing.T) {
	b, err := base64.StdEncoding.DecodeString(foreignFile)
	if err != nil {
		t.Fatal(err)
	}
	s, err := open(b)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]float32{
		"f32": {1, -2, 0.5, 3}, "bf16": {1, -2.5, 0.15625}, "f16": {0.333251953125, 0x1p-24},
	} {
		x := s.tensors[name]
		if x == nil {
			t.Fatalf("no tensor %s in %v", name, s.tensors)
		}
		got := make([]float32, x.elements())
		if err := s.read(got, x, 0); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s = %v, want %v (%v)", name, got, want, err)
		}
		if err := s.read(got[1:], x, 1); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s from element 1 = %v (%v)", name, got, err)
		}
		if err := s.read(make([]float32, 1000), x, 0); err == nil {
			t.Errorf("%s: 1000 elements were read", name)
		}
	}
	if s.meta["format"] != "pt" || len(s.tensors) != 3 {
		t.Errorf("metadata %v, %d tensors", s.meta, len(s.tensors))
	}
}

// Every half-precision number, against the definition of IEEE 754-2008, 3.4.
func TestFromHalf(t *testing.T) {
	for h := range 1 << 16 {
		sign, exp, frac := 1.0, h>>10&31, float64(h&1023)
		if h>>15 == 1 {
			sign = -1
		}
		want := sign * math.Ldexp(1+frac/1024, exp-15)
		switch {
		case exp == 0:
			want = math.Copysign(math.Ldexp(frac/1024, -14), sign)
		case exp == 31 && frac == 0:
			want = math.Inf(int(sign))
		case exp == 31:
			want = math.NaN()
		}
		got := fromHalf(uint16(h))
		if math.IsNaN(want) != (got != got) || (want == want && (float64(got) != want || math.Signbit(float64(got)) != math.Signbit(want))) {
			t.Fatalf("half %#x is %v, want %v", h, got, want)
		}
	}
}

func TestSafetensorsRefused(t *testing.T) {
	file := func(header string, data int) []byte {
		return slices.Concat(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), []byte(header), make([]byte, data))
	}
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "no header"},
		{"seven bytes", make([]byte, 7), "no header"},
		{"header beyond the end", []byte{9, 0, 0, 0, 0, 0, 0, 0, '{'}, "truncated"},
		{"huge header", []byte{0, 0, 0, 0, 0, 0, 0, 0x80, '{'}, "truncated"},
		{"no JSON", file("hello", 0), "header"},
		{"no object", file("[]", 0), "want {"},
		{"no end", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}`, 4), "unexpected EOF"},
		{"two objects", file(`{}{}`, 0), "follows"},
		{"bytes behind", file(`{}`, 1), "something follows"},
		{"gap before", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8), "gap"},
		{"gap between", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}`, 12), "gap"},
		{"overlap", file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8), "overlap"},
		{"same bytes", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4), "overlap"},
		{"backwards", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`, 4), "overlap"},
		{"beyond the end", file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 4), "truncated"},
		{"other size", file(`{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, 8), "want 12"},
		{"type", file(`{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}`, 8), "I64"},
		{"shape overflows", file(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0), "impossible shape"},
		{"shape overflows to zero", file(`{"a":{"dtype":"F32","shape":[9223372036854775807,2],"data_offsets":[0,0]}}`, 0), "impossible shape"},
		{"negative size", file(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 4), "not negative"},
		{"fraction", file(`{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}`, 4), "whole number"},
		{"large offset", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551616]}}`, 4), "whole number"},
		{"rank", file(`{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}`, 4), "more than 8"},
		{"one offset", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}`, 4), "two numbers"},
		{"three offsets", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}`, 4), "more than 2"},
		{"nested", file(`{"a":{"dtype":"F32","shape":[[[1]]],"data_offsets":[0,4]}}`, 4), "want a number"},
		{"missing field", file(`{"a":{"dtype":"F32","shape":[1]}}`, 0), "want dtype"},
		{"unknown field", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}`, 4), "unknown field"},
		{"field twice", file(`{"a":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}}`, 4), "stands twice"},
		{"tensor twice", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4), "stands twice"},
		{"metadata twice", file(`{"__metadata__":{},"__metadata__":{}}`, 0), "two __metadata__"},
		{"metadata key twice", file(`{"__metadata__":{"a":"b","a":"c"}}`, 0), "stands twice"},
		{"metadata number", file(`{"__metadata__":{"a":1}}`, 0), "want a string"},
		{"tensor is a list", file(`{"a":[]}`, 0), "want {"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := open(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	for _, ok := range []string{`{}`, `{}   `, `{"a":{"dtype":"F32","shape":[0,7],"data_offsets":[0,0]}}`, `{"__metadata__":{"a":"b"}}`} {
		if _, err := open(file(ok, 0)); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	if _, err := open(file(`{"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4)); err != nil {
		t.Errorf("a scalar: %v", err)
	}
}

func TestWriteSafetensors(t *testing.T) {
	values := map[string][]float32{"z": {1, 2, 3, 4, 5, 6}, "a": {float32(math.Inf(-1))}, `"<q>"`: {}}
	var out []outTensor
	for name, shape := range map[string][]int64{"z": {2, 3}, "a": {1}, `"<q>"`: {0}} {
		out = append(out, outTensor{name, shape, int64(len(values[name])), func(dst []float32, off int64) error {
			copy(dst, values[name][off:])
			return nil
		}})
	}
	var b bytes.Buffer
	if err := writeSafetensors(&b, map[string]string{"format": "pt"}, out); err != nil {
		t.Fatal(err)
	}
	if n := binary.LittleEndian.Uint64(b.Bytes()); n%8 != 0 || !strings.HasPrefix(string(b.Bytes()[8:]), `{"__metadata__":{"format":"pt"},`) {
		t.Errorf("header of %d bytes: %q", n, b.Bytes()[8:8+n])
	}
	s, err := open(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range values {
		got := make([]float32, len(want))
		if err := s.read(got, s.tensors[name], 0); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s = %v, want %v (%v)", name, got, want, err)
		}
	}
	if !slices.Equal(s.tensors["z"].shape, []int64{2, 3}) || s.tensors["z"].end != int64(b.Len())-s.data {
		t.Errorf("z is %+v", s.tensors["z"])
	}
	slices.Reverse(out)
	var c bytes.Buffer
	if err := writeSafetensors(&c, map[string]string{"format": "pt"}, out); err != nil || !bytes.Equal(b.Bytes(), c.Bytes()) {
		t.Errorf("the order of tensors changes the file (%v)", err)
	}
}

func FuzzSafetensors(f *testing.F) {
	b, err := base64.StdEncoding.DecodeString(foreignFile)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{2, 0, 0, 0, 0, 0, 0, 0, '{', '}'})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := open(b)
		if err != nil {
			return
		}
		// Whatever is taken can be read to the last byte, and no byte twice.
		used := int64(0)
		for _, x := range s.tensors {
			if err := s.read(make([]float32, x.elements()), x, 0); err != nil {
				t.Errorf("tensor %+v: %v", x, err)
			}
			used += x.end - x.begin
		}
		if used != int64(len(b))-s.data {
			t.Errorf("tensors cover %d of %d bytes", used, int64(len(b))-s.data)
		}
	})
}
