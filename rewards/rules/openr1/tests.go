package openr1

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"gradus/rewards/parquet"
)

// errTests says that tests are missing or cannot be read.
var errTests = errors.New("the tests cannot be read")

// maxKept bounds the bytes of tests that are kept in memory; the last ones
// read stay whatever they take.
const maxKept = 512 << 20

// isFolder says whether a folder is there.
func isFolder(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is no folder", path)
	}
	if err != nil {
		return fmt.Errorf("tests_folder: %w", err)
	}
	return nil
}

// kept holds what was read last, by name, each with its size in bytes.
type kept[V any] struct {
	mu    sync.Mutex
	names []string // the last one was asked for last
	all   map[string]V
	sizes map[string]int
	bytes int
}

// get returns what is kept under a name, or reads it.
func (k *kept[V]) get(name string, read func() (V, int, error)) (V, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if v, ok := k.all[name]; ok {
		at := slices.Index(k.names, name)
		k.names = append(slices.Delete(k.names, at, at+1), name)
		return v, nil
	}
	v, size, err := read()
	if err != nil {
		return v, err
	}
	if k.all == nil {
		k.all, k.sizes = map[string]V{}, map[string]int{}
	}
	k.all[name], k.sizes[name], k.names = v, size, append(k.names, name)
	k.bytes += size
	for k.bytes > maxKept && len(k.names) > 1 {
		first := k.names[0]
		k.bytes -= k.sizes[first]
		delete(k.all, first)
		delete(k.sizes, first)
		k.names = k.names[1:]
	}
	return v, nil
}

// rows calls each for the rows of a parquet file.
func rows(path string, columns []string, each func(map[string]json.RawMessage)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	p, err := parquet.OpenFile(f)
	if err == nil && p == nil {
		err = errors.New("it is no Parquet file")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, c := range columns {
		if !slices.Contains(p.Columns(), c) {
			return fmt.Errorf("%s has no column %s", path, c)
		}
	}
	err = p.Rows(columns, func(_ int, row map[string]json.RawMessage) error { each(row); return nil })
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// cfTests are the generated tests of open-r1/codeforces: a file for each
// contest.
type cfTests struct {
	folder string
	kept   kept[map[string][]json.RawMessage]
}

func newCFTests(folder string) *cfTests { return &cfTests{folder: folder} }

// of returns the tests of a problem, in the order of the file; none where the
// contest has no file.
func (t *cfTests) of(contest *big.Int, id string) ([]json.RawMessage, error) {
	path := filepath.Join(t.folder, fmt.Sprintf("test_cases_%04d.parquet", contest))
	problems, err := t.kept.get(path, func() (map[string][]json.RawMessage, int, error) {
		problems, size := map[string][]json.RawMessage{}, 0
		if err := isFolder(t.folder); err != nil {
			return nil, 0, err
		}
		err := rows(path, []string{"problem_id", "input", "output"}, func(row map[string]json.RawMessage) {
			problem, ok := str(row["problem_id"])
			if !ok {
				return // pandas leaves rows without a group out
			}
			test, err := json.Marshal(map[string]json.RawMessage{"input": row["input"], "output": row["output"]})
			if err != nil {
				return // of JSON values: cannot be
			}
			problems[problem] = append(problems[problem], test)
			size += len(test)
		})
		if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		return problems, size, err
	})
	if err != nil {
		return nil, fmt.Errorf("the generated tests of contest %v: %w", contest, err)
	}
	return problems[id], nil
}

// ioiTests are the tests of open-r1/ioi-test-cases: a folder for each year.
type ioiTests struct {
	folder string
	kept   kept[map[string]pair]
}

func newIOITests(folder string) *ioiTests { return &ioiTests{folder: folder} }

// of returns the tests of a task by their names.
func (t *ioiTests) of(year int, id string) (map[string]pair, error) {
	return t.kept.get(fmt.Sprintf("%d/%s", year, id), func() (map[string]pair, int, error) {
		pattern := filepath.Join(t.folder, fmt.Sprint(year), "*.parquet")
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			return nil, 0, fmt.Errorf("no file is like %s", pattern)
		}
		tests, size := map[string]pair{}, 0
		for _, path := range files {
			err := rows(path, []string{"problem_id", "test_name", "test_input", "test_output"}, func(row map[string]json.RawMessage) {
				problem, _ := str(row["problem_id"])
				name, ok := str(row["test_name"])
				if problem != id || !ok {
					return
				}
				var p pair
				p[0], _ = str(row["test_input"])
				p[1], _ = str(row["test_output"]) // none: nothing is compared
				tests[name] = p
				size += len(p[0]) + len(p[1])
			})
			if err != nil {
				return nil, 0, err
			}
		}
		if len(tests) == 0 {
			return nil, 0, fmt.Errorf("no file like %s has tests of the task %.40q", pattern, id)
		}
		return tests, size, nil
	})
}
