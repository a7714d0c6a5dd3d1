// Package provenance reads from a data file which runs wrote it. Traces that
// 'gradus export' and 'gradus traces --json' write name in every row the run
// and the policy that sampled it, so a file made of them tells its teachers
// however it was cut, joined or filtered, as long as those columns stay.
package provenance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"gradus/rewards/lines"
	"gradus/rewards/parquet"
	"gradus/runner/rundir"
)

// Source is a run that wrote rows of a file.
type Source struct {
	Run      string   // its id
	Rows     int      // how many
	Policies [][2]int // the policies that did, counted in steps: runs of them, both ends included, ascending
}

// Last is the newest policy that wrote a row.
func (s Source) Last() int { return s.Policies[len(s.Policies)-1][1] }

// maxLine bounds a row. A longer one names nobody.
const maxLine = 16 << 20

// columns are what a row says of its writer: the run and the step of its
// policy, or the checkpoint as RUN@STEP.
func columns() []string { return []string{"run", "policy_version", "ckpt"} }

// Read returns the runs that the rows of a JSONL or Parquet file name, by id.
// Rows that name none are counted nowhere: most files are nobody's traces.
func Read(path string) ([]Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("who wrote the rows of a data file: %w", err)
	}
	defer f.Close()
	found := tally{}
	table, err := parquet.OpenFile(f)
	switch {
	case err != nil:
	case table != nil:
		err = found.parquet(table)
	default:
		err = found.lines(f)
	}
	if err != nil {
		return nil, fmt.Errorf("who wrote the rows of %s: %w", path, err)
	}
	return found.sources(), nil
}

// tally counts rows by run and policy.
type tally map[string]map[int]int

func (t tally) lines(r io.Reader) error {
	return lines.Each(r, maxLine, func(_ int, line []byte, tooLong error) error {
		if tooLong != nil || !bytes.Contains(line, []byte(`"policy_version"`)) && !bytes.Contains(line, []byte(`"ckpt"`)) {
			return nil
		}
		var row map[string]json.RawMessage
		if json.Unmarshal(line, &row) == nil {
			t.add(row)
		}
		return nil
	})
}

func (t tally) parquet(file *parquet.File) error {
	have := slices.DeleteFunc(columns(), func(name string) bool { return !slices.Contains(file.Columns(), name) })
	if len(have) == 0 {
		return nil
	}
	return file.Rows(have, func(_ int, row map[string]json.RawMessage) error {
		t.add(row)
		return nil
	})
}

// add counts a row; one that names nobody, or in another form, is left out.
func (t tally) add(row map[string]json.RawMessage) {
	var run, ckpt string
	policy, err := strconv.Atoi(string(bytes.TrimSpace(row["policy_version"])))
	known := errors.Join(optional(row["run"], &run), optional(row["ckpt"], &ckpt)) == nil
	if run == "" { // an older export
		id, step, _ := strings.Cut(ckpt, "@")
		run = id
		policy, err = strconv.Atoi(step)
	}
	if !known || err != nil || policy < 0 || !rundir.ValidID(run) {
		return
	}
	if t[run] == nil {
		t[run] = map[int]int{}
	}
	t[run][policy]++
}

// optional reads a text that may be missing or null.
func optional(raw json.RawMessage, into *string) error {
	if len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, into)
}

func (t tally) sources() []Source {
	var out []Source
	for run, policies := range t {
		s := Source{Run: run}
		var steps []int
		for step, rows := range policies {
			s.Rows += rows
			steps = append(steps, step)
		}
		slices.Sort(steps)
		for _, step := range steps {
			if n := len(s.Policies); n > 0 && s.Policies[n-1][1] == step-1 {
				s.Policies[n-1][1] = step
				continue
			}
			s.Policies = append(s.Policies, [2]int{step, step})
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Source) int { return strings.Compare(a.Run, b.Run) })
	return out
}
