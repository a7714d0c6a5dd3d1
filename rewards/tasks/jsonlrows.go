package tasks

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// maxRowBytes bounds one line of a JSONL file.
const maxRowBytes = 16 << 20

// row is one problem of a file.
type row struct {
	id, question, answer, solution string
}

// preset returns the columns of a known layout.
func preset(name string) (Columns, error) {
	switch name {
	case "":
		return Columns{Question: "question", Answer: "answer"}, nil
	case "gsm8k":
		return Columns{Question: "question", Answer: "answer"}, nil
	case "math500":
		return Columns{Question: "problem", Answer: "answer"}, nil
	}
	return Columns{}, fmt.Errorf("task jsonl: preset %q is unknown; use gsm8k or math500, or name the columns", shorten(name))
}

// optionalColumns are used when the first row has them and the recipe names
// no others.
func optionalColumns() (id []string, solution string) {
	return []string{"id", "unique_id"}, "solution"
}

// canonicalText is a question without differences in white space and case.
func canonicalText(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// readRows reads a whole file; the first bad row is the error.
func readRows(path string, columns Columns) ([]row, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("task jsonl: %w", err)
	}
	defer f.Close() // read only: nothing is lost when closing fails
	return parseRows(f, path, columns)
}

func parseRows(r io.Reader, path string, columns Columns) ([]row, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxRowBytes)
	var rows []row
	seen := map[string]int{}
	n := 0
	for lines.Scan() {
		n++
		line := bytes.TrimSpace(lines.Bytes())
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		if len(line) == 0 {
			continue
		}
		r, err := parseRow(line, columns)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		if r.id == "" {
			r.id = "line:" + strconv.Itoa(n)
		}
		if first, dup := seen[r.id]; dup {
			return nil, fmt.Errorf("%s:%d: id %q stands in line %d already; ids must differ", path, n, shorten(r.id), first)
		}
		seen[r.id] = n
		rows = append(rows, r)
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			return nil, fmt.Errorf("%s:%d: the line is longer than %d MiB", path, n+1, maxRowBytes>>20)
		}
		return nil, fmt.Errorf("%s:%d: %w", path, n+1, err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s: the file has no rows", path)
	}
	return rows, nil
}

func parseRow(line []byte, columns Columns) (row, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return row{}, fmt.Errorf("the line is no JSON object: %w", err)
	}
	if fields == nil {
		return row{}, errors.New("the line is null, not a JSON object")
	}
	var r row
	var err error
	if r.question, err = field(fields, columns.Question, true); err != nil {
		return row{}, err
	}
	if r.answer, err = field(fields, columns.Answer, true); err != nil {
		return row{}, err
	}
	// GSM8K as published has the solution in the answer column and the gold
	// answer after "####".
	if before, after, found := lastCut(r.answer, "####"); found {
		r.answer, r.solution = strings.TrimSpace(after), strings.TrimSpace(before)
		if r.answer == "" {
			return row{}, fmt.Errorf("column %q has nothing after its \"####\"", columns.Answer)
		}
	}
	ids, solution := optionalColumns()
	if columns.Solution != "" {
		if r.solution, err = field(fields, columns.Solution, true); err != nil {
			return row{}, err
		}
	} else if r.solution == "" && columns.Answer != solution && columns.Question != solution {
		r.solution, _ = field(fields, solution, false)
	}
	if columns.ID != "" {
		r.id, err = field(fields, columns.ID, true)
		return r, err
	}
	for _, name := range ids {
		if r.id, _ = field(fields, name, false); r.id != "" {
			break
		}
	}
	return r, nil
}

func lastCut(s, sep string) (before, after string, found bool) {
	at := strings.LastIndex(s, sep)
	if at < 0 {
		return s, "", false
	}
	return s[:at], s[at+len(sep):], true
}

// field reads a column as text: a string, or a number as it is written.
func field(fields map[string]json.RawMessage, name string, need bool) (string, error) {
	raw, ok := fields[name]
	if !ok {
		if !need {
			return "", nil
		}
		names := make([]string, 0, len(fields))
		for k := range fields {
			names = append(names, shorten(k))
		}
		slices.Sort(names)
		if len(names) > 12 {
			names = append(names[:12], "…")
		}
		return "", fmt.Errorf("the row has no column %q; it has %s", name, strings.Join(names, ", "))
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		var n json.Number
		if json.Unmarshal(raw, &n) != nil || n == "" {
			return "", fmt.Errorf("column %q is neither text nor a number", name)
		}
		s = n.String()
	}
	if need && strings.TrimSpace(s) == "" {
		return "", fmt.Errorf("column %q is empty", name)
	}
	return s, nil
}
