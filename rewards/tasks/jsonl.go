package tasks

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"

	"gradus/rewards"
	"gradus/rewards/mathans"
)

// maxRowBytes bounds one line of a JSONL file.
const maxRowBytes = 16 << 20

// jsonl serves the rows of a JSONL file as problems. Their answers are
// compared by mathans.
type jsonl struct {
	spec  Spec
	rows  []row
	byID  map[string]int
	split Split
}

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

// newJSONL reads the rows of one side.
//
//   - Path alone: both sides come from it, by the hash of the question.
//   - EvalPath alone: HeldOut is all of it; Train is an error.
//   - both: Train is Path without the questions that also stand in EvalPath,
//     HeldOut is all of EvalPath.
func newJSONL(cfg Config) (*jsonl, error) {
	columns, err := preset(cfg.Preset)
	if err != nil {
		return nil, err
	}
	for _, c := range []struct{ to, from *string }{
		{&columns.Question, &cfg.Columns.Question}, {&columns.Answer, &cfg.Columns.Answer},
		{&columns.ID, &cfg.Columns.ID}, {&columns.Solution, &cfg.Columns.Solution},
	} {
		if *c.from != "" {
			*c.to = *c.from
		}
	}
	if cfg.Path == "" && cfg.EvalPath == "" {
		return nil, errors.New("task jsonl: needs the path of a JSONL file")
	}
	if cfg.Split == Train && cfg.Path == "" {
		return nil, fmt.Errorf("task jsonl: only held-out rows are given (%s); give a path for training rows too", cfg.EvalPath)
	}
	j := &jsonl{split: cfg.Split}
	path := cfg.Path
	if cfg.Split == HeldOut && cfg.EvalPath != "" {
		path = cfg.EvalPath
	}
	rows, err := readRows(path, columns)
	if err != nil {
		return nil, err
	}
	switch {
	case cfg.EvalPath == "":
		rows = slices.DeleteFunc(rows, func(r row) bool { return splitOf(canonicalText(r.question)) != cfg.Split })
	case cfg.Split == Train:
		eval, err := readRows(cfg.EvalPath, columns)
		if err != nil {
			return nil, err
		}
		held := make(map[string]bool, len(eval))
		for _, r := range eval {
			held[canonicalText(r.question)] = true
		}
		rows = slices.DeleteFunc(rows, func(r row) bool { return held[canonicalText(r.question)] })
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("task jsonl: %s has no %s rows; give more rows or a file of its own for each side", path, cfg.Split)
	}
	j.rows = rows
	j.byID = make(map[string]int, len(rows))
	var used [256]bool
	traces := false
	for i, r := range rows {
		j.byID["jsonl/"+r.id] = i
		traces = traces || r.solution != ""
		for _, s := range []string{r.question, r.answer, r.solution} {
			for k := 0; k < len(s); k++ {
				used[s[k]] = true
			}
		}
	}
	var letters []byte
	for b, yes := range used {
		if yes {
			letters = append(letters, byte(b))
		}
	}
	j.spec = Spec{Name: "jsonl", Version: "1.0.0", Summary: "problems from " + path, MinLevel: 1, MaxLevel: 1,
		Levels:   []Level{{Level: 1, Sentence: fmt.Sprintf("the %d %s rows of the file", len(rows), cfg.Split)}},
		Alphabet: alphabet(string(letters), string(rune(markTerse))), Traces: traces, Size: len(rows)}
	return j, nil
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

func (j *jsonl) Spec() Spec {
	s := j.spec
	s.Levels = slices.Clone(s.Levels)
	return s
}

// Problem returns row number index of an endless stream: each pass over the
// rows is a permutation of its own, keyed by seed and pass.
func (j *jsonl) Problem(seed uint64, index int, level int) (rewards.Problem, error) {
	if err := checkArgs(j.spec, index, level); err != nil {
		return rewards.Problem{}, err
	}
	n := uint64(len(j.rows))
	pass := uint64(index) / n
	r := j.rows[permute(uint64(index)%n, n, mix64(seed^mix64(pass+1)))]
	return rewards.Problem{Task: "jsonl", ID: "jsonl/" + r.id, Question: r.question, Gold: r.answer}, nil
}

// permute maps i to its place in a permutation of 0..n-1 chosen by key: a
// four-round Feistel network over the smallest even number of bits that holds
// n, walked until it lands below n (Black and Rogaway 2002).
func permute(i, n, key uint64) uint64 {
	half := max(1, (bits.Len64(n-1)+1)/2)
	mask := uint64(1)<<half - 1
	for {
		l, r := i>>half, i&mask
		for round := uint64(0); round < 4; round++ {
			l, r = r, l^mix64(r^key^round<<56)&mask
		}
		i = l<<half | r
		if i < n {
			return i
		}
	}
}

func (j *jsonl) Check(p rewards.Problem, claim string) Verdict { return checkMath(p, claim) }

func checkMath(p rewards.Problem, claim string) Verdict {
	m := mathans.Compare(p.Gold, claim)
	return Verdict{
		Correct: m.Status == mathans.Equal,
		Valid:   m.Status == mathans.Equal || m.Status == mathans.Different,
		Skip:    m.Status == mathans.GoldUnparsed,
		Reason:  string(m.Status),
		Why:     m.Why,
		Facts:   map[string]any{"gold": m.Gold, "claim": m.Pred, "rung": m.Rung, "certainty": string(m.Certainty)},
	}
}

// Trace writes the row's solution as the think part. A row has one solution,
// right and whole, so there are only careful and terse traces, and a terse
// one is the bare answer.
func (j *jsonl) Trace(p rewards.Problem, style Style, _ *rand.Rand) string {
	i, ok := j.byID[p.ID]
	if !ok || p.Task != "jsonl" {
		return ""
	}
	r := j.rows[i]
	switch {
	case style == Terse:
		return completion(string(rune(markTerse)), r.answer)
	case style == Careful && r.solution != "":
		return completion(stripCalculator(r.solution), r.answer)
	}
	return ""
}

// stripCalculator removes GSM8K's calculator marks, <<16-3-4=9>>.
func stripCalculator(s string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "<<")
		if !found {
			break
		}
		_, after, closed := strings.Cut(rest, ">>")
		if !closed {
			break
		}
		b.WriteString(before)
		s = after
	}
	b.WriteString(s)
	return b.String()
}
