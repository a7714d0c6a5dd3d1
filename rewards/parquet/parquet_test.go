package parquet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gradus/rewards/parquet/parquettest"
)

// small is a file of one column of texts that may be null: "a", null, "b".
func small(name string) []byte {
	return parquettest.Texts([]string{name}, [][]string{{"a"}, {parquettest.Null}, {"b"}})
}

func read(b []byte, wanted ...string) (rows []string, err error) {
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	if len(wanted) == 0 {
		wanted = nil
	}
	err = f.Rows(wanted, func(_ int, row map[string]json.RawMessage) error {
		line, err := json.Marshal(row)
		rows = append(rows, string(line))
		return err
	})
	return rows, err
}

func TestSmallFile(t *testing.T) {
	rows, err := read(small("question"))
	if want := `[{"question":"a"} {"question":null} {"question":"b"}]`; err != nil || fmt.Sprint(rows) != want {
		t.Errorf("%v, %v; want %s", rows, err, want)
	}
	if !IsParquet(small("q")) || IsParquet([]byte(`{"a"`)) {
		t.Error("the beginning does not tell")
	}
	if rows, err = read(small("question"), "other"); err != nil || len(rows) != 0 {
		t.Errorf("%v, %v", rows, err)
	}
}

// Whatever is wrong is one error, and soon.
func TestBadFiles(t *testing.T) {
	good := small("question")
	for name, b := range map[string][]byte{
		"empty": nil, "text": []byte("{\"question\":1}\n{\"question\":1}\n"), "cut": good[:len(good)-20], "magic alone": []byte("PAR1PAR1PAR1"),
		"long footer": append(append([]byte{}, good[:len(good)-8]...), "\xff\xff\xff\x7fPAR1"...), "encrypted": append(append([]byte{}, good[:len(good)-4]...), "PARE"...),
	} {
		if _, err := read(b); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	stop := errors.New("enough")
	f, err := Open(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Rows(nil, func(int, map[string]json.RawMessage) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
}

// Every byte of a file damaged, one after the other: an error or other rows,
// never a panic or a hang.
func TestDamagedBytes(t *testing.T) {
	good := small("question")
	for i := range good {
		for _, x := range []byte{1, 0x80, 0xff} {
			b := bytes.Clone(good)
			b[i] ^= x
			f, err := Open(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				continue
			}
			n := 0
			_ = f.Rows(nil, func(int, map[string]json.RawMessage) error {
				if n++; n > 1000 {
					return errors.New("more rows than bytes")
				}
				return nil
			})
		}
	}
}

func FuzzRows(f *testing.F) {
	f.Add(small("q"))
	for _, name := range []string{"nested", "types", "int96", "noRows", "delta"} {
		b, err := parquettest.Written(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		n := 0
		_ = file.Rows(nil, func(_ int, row map[string]json.RawMessage) error {
			for _, v := range row {
				if _, other := NotUTF8(v); !other && !json.Valid(v) {
					t.Errorf("%q is no JSON", v)
				}
			}
			if n++; n > 10_000 {
				return errors.New("enough")
			}
			return nil
		})
	})
}

// Files as pyarrow writes them: types, nulls, lists, structs, several row
// groups and pages, every codec and page version that is read.
func TestPyArrow(t *testing.T) {
	python := os.Getenv("GRADUS_PYARROW")
	if python == "" {
		python = "python3"
	}
	if err := exec.Command(python, "-c", "import pyarrow").Run(); err != nil {
		t.Skip("there is no Python with pyarrow here; GRADUS_PYARROW names one")
	}
	dir := t.TempDir()
	const script = `
import json, sys, pyarrow as pa, pyarrow.parquet as pq
rows = [{"question": "What is %d + 1?" % i + ("é\n" if i % 3 else "") * (i % 5), "answer": str(i + 1) if i % 7 else None, "level": i % 5, "ok": i % 2 == 0 if i % 3 else None,
  "score": i / 4, "extra": {"index": i, "truth": "t%d" % (i % 4)} if i % 6 else None,
  "prompt": [{"role": "user", "content": "q%d" % k} for k in range(i % 4)] if i % 5 else None, "tags": ["a", None, "b"][: i % 4]} for i in range(1000)]
table = pa.Table.from_pylist(rows)
for codec in ["none", "snappy", "gzip", "zstd"]:
    for version in ["1.0", "2.0"]:
        for dictionary in [True, False]:
            pq.write_table(table, "%s/%s-%s-%d.parquet" % (sys.argv[1], codec, version, dictionary), compression=codec, data_page_version=version, use_dictionary=dictionary, row_group_size=300, data_page_size=2000)
pq.write_table(table, sys.argv[1] + "/bad-brotli.parquet", compression="brotli")
for version in ["1.0", "2.0"]:
    for texts in ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"]:
        pq.write_table(table, "%s/%s-%s.parquet" % (sys.argv[1], texts, version), use_dictionary=False, data_page_version=version, row_group_size=300, data_page_size=2000, write_page_checksum=True,
          column_encoding={"question": texts, "answer": texts, "prompt.list.element.content": texts, "tags.list.element": texts, "extra.index": "DELTA_BINARY_PACKED", "level": "DELTA_BINARY_PACKED", "score": "BYTE_STREAM_SPLIT"})
for r in rows:
    e = r["extra"]
    print(json.dumps({"question": r["question"], "answer": r["answer"], "level": r["level"], "ok": r["ok"], "score": r["score"],
      "extra.index": e and e["index"], "extra.truth": e and e["truth"], "prompt.role": r["prompt"] and [m["role"] for m in r["prompt"]], "prompt.content": r["prompt"] and [m["content"] for m in r["prompt"]], "tags": r["tags"]}))
`
	out, err := exec.Command(python, "-c", script, dir).Output()
	if err != nil {
		t.Fatalf("%v", err)
	}
	want := strings.Split(strings.TrimSpace(string(out)), "\n")
	files, err := filepath.Glob(dir + "/*.parquet")
	if err != nil || len(files) != 21 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := read(b)
		if strings.Contains(name, "bad-") {
			if err == nil || !strings.Contains(err.Error(), "not read") {
				t.Errorf("%s: %v", filepath.Base(name), err)
			}
			continue
		}
		if err != nil || len(rows) != len(want) {
			t.Errorf("%s: %d rows, %v", filepath.Base(name), len(rows), err)
			continue
		}
		for i := range rows {
			var a, b any
			if json.Unmarshal([]byte(rows[i]), &a) != nil || json.Unmarshal([]byte(want[i]), &b) != nil || fmt.Sprint(a) != fmt.Sprint(b) {
				t.Errorf("%s row %d:\n%s\n%s", filepath.Base(name), i, rows[i], want[i])
				break
			}
		}
	}
}
