package export

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gradus/store"
	"gradus/store/storetest"
)

func written(t *testing.T, db *store.DB, opt Options) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), opt.Format)
	files, err := Write(context.Background(), db, dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(files) {
		t.Fatalf("%d files are there and %d were told of, %v", len(entries), len(files), err)
	}
	return dir
}

func lines(t *testing.T, path string) []map[string]any {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	for line := range bytes.Lines(b) {
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		var v map[string]any
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		out = append(out, v)
	}
	return out
}

// What is written as JSON lines and as CSV is what the store holds.
func TestLinesAndCSV(t *testing.T) {
	ctx := context.Background()
	db, _ := storetest.Open(t, storetest.Spec{Seed: 8, Steps: 6, RewindAt: 3, EvalPrompts: 4, Generations: 2, Hostile: true})
	dir := written(t, db, Options{Format: "jsonl", Tokens: true})
	got := lines(t, filepath.Join(dir, "traces.jsonl"))
	n, err := db.CountSamples(ctx, store.SampleQuery{}, 0)
	if err != nil || len(got) != n || n == 0 {
		t.Fatalf("%d traces of %d, %v", len(got), n, err)
	}
	h, err := db.Header(ctx)
	if err != nil {
		t.Fatal(err)
	}
	tokens := lines(t, filepath.Join(dir, "tokens.jsonl"))
	perTrace := map[string]int{}
	for _, row := range tokens {
		perTrace[row["trace"].(json.Number).String()]++
	}
	raw := 0
	for _, row := range got {
		id, _ := row["id"].(json.Number).Int64()
		d, err := db.Sample(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if row["completion_base64"] != nil {
			raw++
			if row["completion_base64"] != base64Of(d.Text) {
				t.Errorf("trace %d: base64", id)
			}
		} else if row["completion"] != d.Text {
			t.Errorf("trace %d: %q, want %q", id, row["completion"], d.Text)
		}
		if row["run"] != h.ID || row["policy_version"].(json.Number).String() != fmt.Sprint(d.PolicyVersion) {
			t.Errorf("trace %d was written by policy %v of run %v", id, row["policy_version"], row["run"])
		}
		if row["prompt"] != d.Prompt.Text || row["reward"].(json.Number).String() != fmt.Sprint(d.Reward) || perTrace[fmt.Sprint(id)] != len(d.TokenIDs) {
			t.Errorf("trace %d: %v", id, row)
		}
	}
	if raw == 0 {
		t.Error("no trace of a hostile run was not valid UTF-8")
	}
	if _, err := os.Stat(filepath.Join(dir, "layers.jsonl")); err == nil {
		t.Error("a table without rows has a file")
	}
	points := map[string]int{}
	for _, row := range lines(t, filepath.Join(dir, "metrics.jsonl")) {
		points[row["series"].(string)]++
	}
	names, err := db.SeriesNames(ctx)
	if err != nil || len(points) != len(names) || points["reward"] != 6 {
		t.Errorf("%v of %v, %v", points, names, err)
	}

	dir = written(t, db, Options{Format: "csv"})
	f, err := os.Open(filepath.Join(dir, "rewards.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, row := range got {
		id, _ := row["id"].(json.Number).Int64()
		d, _ := db.Sample(ctx, id)
		for i, p := range d.Rewards {
			want++
			cells := rows[want]
			if cells[0] != fmt.Sprint(id) || cells[1] != fmt.Sprint(i) || cells[2] != p.Name || cells[5] != fmt.Sprint(p.Score) || cells[9] != strings.ToValidUTF8(p.Why, "\uFFFD") {
				t.Errorf("trace %d, part %d: %q", id, i, cells)
			}
		}
	}
	if len(rows) != want+1 || rows[0][2] != "name" {
		t.Errorf("%d rows of %d, header %q", len(rows)-1, want, rows[0])
	}
}

func base64Of(s string) string {
	b, _ := json.Marshal([]byte(s)) // base64 in quotes
	return strings.Trim(string(b), `"`)
}

func TestRefuses(t *testing.T) {
	db, dir := storetest.Open(t, storetest.Spec{Seed: 8, Steps: 2})
	if _, err := Write(context.Background(), db, dir, Options{Format: "csv"}); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("a folder with files: %v", err)
	}
	into := t.TempDir()
	if _, err := Write(context.Background(), db, into, Options{Format: "xml"}); err == nil || !strings.Contains(err.Error(), `there is no format "xml"`) {
		t.Errorf("an unknown format: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Write(ctx, db, into, Options{Format: "csv"}); err == nil {
		t.Error("a context that has ended is not minded")
	}
	if entries, _ := os.ReadDir(into); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
}

// python is an interpreter that has the modules: that of GRADUS_EXPORT_PYTHON,
// else python3.
func python(t *testing.T, modules string) string {
	t.Helper()
	name := os.Getenv("GRADUS_EXPORT_PYTHON")
	if name == "" {
		name = "python3"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("there is no %s on this machine", name)
	}
	if out, err := exec.Command(path, "-c", "import importlib.util as u, sys\nsys.exit([m for m in '"+modules+"'.split() if not u.find_spec(m)] or 0)").CombinedOutput(); err != nil {
		t.Skipf("%s lacks %s; pip install pyarrow tensorboard, and name the interpreter in GRADUS_EXPORT_PYTHON", path, strings.TrimSpace(string(out)))
	}
	return path
}

func runPython(t *testing.T, path, script string, args ...string) {
	t.Helper()
	out, err := exec.Command(path, append([]string{"-c", script}, args...)...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "equal") {
		t.Errorf("%v\n%s", err, out)
	}
}

// pyarrow reads every file, with checksums of pages, and finds the values that
// stand in the JSON lines.
func TestPyarrowReads(t *testing.T) {
	path := python(t, "pyarrow")
	db, _ := storetest.Open(t, storetest.Spec{Seed: 8, Steps: 6, RewindAt: 3, EvalPrompts: 4, Generations: 2, Hostile: true})
	runPython(t, path, `
import glob, json, os, sys, datetime
import pyarrow.parquet as pq
n = 0
for path in sorted(glob.glob(sys.argv[1] + "/*.parquet")):
    f = pq.ParquetFile(path, page_checksum_verification=True)
    assert f.schema_arrow.metadata[b"gradus.run_id"], path
    rows = f.read().to_pylist()
    name = os.path.basename(path)[:-8]
    with open(sys.argv[2] + "/" + name + ".jsonl") as lines:
        want = [json.loads(line) for line in lines]
    assert len(rows) == len(want), (name, len(rows), len(want))
    for a, b in zip(rows, want):
        for k, v in b.items():
            x = a[k]
            if isinstance(x, datetime.datetime):
                x = int(round(x.timestamp() * 1e6))
            if isinstance(x, str) and not isinstance(v, str) and v is not None:
                x = json.loads(x)
            assert x == v, (name, k, x, v)
            n += 1
assert n > 200
print("equal", n)
`, written(t, db, Options{Format: "parquet", Tokens: true}), written(t, db, Options{Format: "jsonl", Tokens: true}))
}

// TensorBoard's own reader finds every point of every curve.
func TestTensorBoardReads(t *testing.T) {
	path := python(t, "tensorboard")
	db, _ := storetest.Open(t, storetest.Spec{Seed: 8, Steps: 20, RewindAt: 10})
	runPython(t, path, `
import json, sys, struct
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
acc = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "tensors": 0})
acc.Reload()
want = {}
with open(sys.argv[2] + "/metrics.jsonl") as lines:
    for line in lines:
        p = json.loads(line)
        want.setdefault(p["series"], []).append((p["step"], struct.unpack("f", struct.pack("f", p["value"]))[0]))
tags = set(acc.Tags()["scalars"])
assert tags == set(want) | {"eval/accuracy", "eval/format"}, tags ^ set(want)
n = 0
for name, points in want.items():
    got = [(e.step, e.value) for e in acc.Scalars(name)]
    assert got == points, (name, got[:5], points[:5])
    n += len(got)
assert len(acc.Scalars("eval/accuracy")) == 2
assert acc.Tags()["tensors"] == ["recipe/text_summary"], acc.Tags()
assert b"toml" in acc.Tensors("recipe/text_summary")[0].tensor_proto.string_val[0]
print("equal", n)
`, written(t, db, Options{Format: "tensorboard"}), written(t, db, Options{Format: "jsonl"}))
}
