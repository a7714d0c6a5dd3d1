package parquet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gradus/rewards/parquet/parquettest"
)

func written(t *testing.T, name string) []byte {
	t.Helper()
	b, err := parquettest.Written(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// values are those of one column of a file of pyarrow.
func values(t *testing.T, file, column string) []string {
	t.Helper()
	rows, err := read(written(t, file), column)
	if err != nil {
		t.Fatalf("%s of %s: %v", column, file, err)
	}
	for i, r := range rows {
		rows[i] = strings.TrimSuffix(strings.TrimPrefix(r, `{"`+column+`":`), "}")
	}
	return rows
}

// Stored values stand for others: the numbers are those that written/write.py
// gave pyarrow.
func TestMeanings(t *testing.T) {
	for _, c := range []struct {
		file, column string
		want         []string
	}{
		{"types", "money", []string{"12.50", "-3.25", "0.01", "null"}},
		{"decimalsAsIntegers", "money", []string{"12.50", "-3.25", "0.01", "null"}},
		{"types", "big", []string{"-123456789012345678.5", "0.0", "null", "1.5"}},
		{"types", "small", []string{"0", "4294967295", "null", "7"}},
		{"types", "large", []string{"18446744073709551615", "0", "null", "7"}},
		{"types", "half", []string{"1.5", "-2", "null", "65504"}},
		{"types", "day", []string{`"2024-02-29"`, `"1969-12-31"`, "null", "null"}},
		{"types", "at", []string{`"2024-01-02T03:04:05.678"`, `"1969-12-31T23:59:59"`, "null", "null"}},
		{"types", "clock", []string{`"01:02:03"`, "null", "null", "null"}},
		{"int96", "at", []string{`"2024-01-02T03:04:05.678"`, "null"}},
		{"nested", "grader_files", []string{`[["g.cpp","int"],["h.h",null]]`, "null", "[]"}},
		{"nested", "test_cases", []string{`[["a","in","out"],["b","in2"]]`, "[[],null]", "null"}},
		{"nested", "test_names", []string{`["a","b"]`, "[]", "null"}},
		{"nested", "official_tests", []string{"null", `[{"input":"1","output":"2"},{"input":"3","output":null}]`, "[]"}},
		{"nested", "official_tests.output", []string{"null", `["2",null]`, "[]"}},
		{"nested", "reward_model", []string{`{"style":"rule","ground_truth":{"numbers":[3,5,7],"target":22}}`, `{"style":"rule","ground_truth":null}`, "null"}},
		{"nested", "reward_model.ground_truth", []string{`{"numbers":[3,5,7],"target":22}`, "null", "null"}},
		{"nested", "reward_model.ground_truth.numbers", []string{"[3,5,7]", "null", "null"}},
	} {
		if got := values(t, c.file, c.column); !slices.Equal(got, c.want) {
			t.Errorf("%s of %s: %s\nwant %s", c.column, c.file, got, c.want)
		}
	}
}

func TestEncodings(t *testing.T) {
	texts := []string{`""`, `"ab"`, `"abc"`, `"abd"`, `"b"`, "null", `"bcé"`, `"bcéf"`}
	a, b, n, i, x := values(t, "delta", "a"), values(t, "delta", "b"), values(t, "delta", "n"), values(t, "delta", "i"), values(t, "delta", "x")
	for k := range 48 {
		number := "null"
		if k%7 != 0 {
			number = fmt.Sprint(k*k*7919%100003 - 50000)
		}
		least := "-2147483648"
		if k%2 == 1 {
			least = "2147483647"
		}
		if want := texts[k%8]; a[k] != want || b[k] != want || n[k] != number || i[k] != least || x[k] != fmt.Sprint(float64(k)/8) {
			t.Errorf("row %d: %s %s %s %s %s", k, a[k], b[k], n[k], i[k], x[k])
		}
	}
}

// A file without rows has a row group without pages.
func TestNoRows(t *testing.T) {
	if rows, err := read(written(t, "noRows")); err != nil || len(rows) != 0 {
		t.Errorf("%v, %v", rows, err)
	}
}

// Damage anywhere in files with nested columns, delta encodings and checksums: an
// error or other rows, but no panic. The pages of delta have checksums (their
// headers have none), so what damage changes there is found.
func TestDamagedColumns(t *testing.T) {
	for _, name := range []string{"nested", "delta", "types"} {
		good := written(t, name)
		footer := len(good) - 8 - int(uint32(good[len(good)-8])|uint32(good[len(good)-7])<<8)
		want, err := read(good)
		if err != nil {
			t.Fatal(err)
		}
		other := 0
		stride := 1
		if testing.Short() {
			stride = 7
		}
		for i := 0; i < len(good); i += stride {
			b := bytes.Clone(good)
			b[i] ^= 1 << (i % 8)
			f, err := Open(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				continue
			}
			var rows []string
			err = f.Rows(nil, func(_ int, row map[string]json.RawMessage) error {
				line, err := json.Marshal(row)
				if rows = append(rows, string(line)); len(rows) > 1000 {
					return errors.New("more rows than bytes")
				}
				return err
			})
			if err != nil && strings.Contains(err.Error(), "runtime error") {
				t.Errorf("%s, byte %d: %v", name, i, err)
			}
			if err == nil && i < footer && !slices.Equal(rows, want) {
				other++
			}
		}
		t.Logf("%s: %d of %d damaged files of pages were read as other rows", name, other, footer)
		if name == "delta" && other > 5 {
			t.Errorf("%d damaged pages got past their checksums", other)
		}
	}
}
