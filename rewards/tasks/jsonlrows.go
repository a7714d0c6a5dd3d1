package tasks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gradus/rewards/lines"
	"gradus/rewards/parquet"
	"gradus/rewards/text"
)

// maxRowBytes bounds one line of a JSONL file.
const maxRowBytes = 16 << 20

// row is one problem of a file.
type row struct {
	id, question, answer, solution string
	data                           string // the columns for rewards as a JSON object; "" without any
}

// rewardColumns are columns that published reward functions read beside the
// answer. A problem keeps them in its data.
func rewardColumns() []string {
	return []string{"nums", "numbers", "target", "ground_truth", "reward_model", "solution_text_format", "metadata"}
}

// contestColumns are those of problems of Codeforces and tasks of the IOI, as
// open-r1's rewards read them, whatever else a recipe names them for.
func contestColumns() []string {
	return []string{"id", "language", "time_limit", "memory_limit", "official_tests", "generated_checker", "input_mode",
		"year", "subtask", "score", "score_precision", "test_names", "test_cases", "grader_files"}
}

// dataOf are the columns for rewards that a row has and that are no problem's
// question, answer, id or solution.
func dataOf(fields map[string]json.RawMessage, columns Columns) string {
	kept := map[string]json.RawMessage{}
	if fields["official_tests"] != nil || fields["grader_files"] != nil {
		for _, name := range contestColumns() {
			if raw, ok := fields[name]; ok { // an empty one and a missing one differ
				kept[name] = raw
			}
		}
	}
	for _, name := range rewardColumns() {
		if raw, ok := fields[name]; ok && !slices.Contains([]string{columns.Question, columns.Answer, columns.ID, columns.Solution}, name) && string(raw) != "null" {
			kept[name] = raw
		}
	}
	if len(kept) == 0 {
		return ""
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return "" // they come from a JSON object
	}
	return string(text)
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

// Row is one problem of a file, or what is wrong with it.
type Row struct {
	Number   int // line of a JSONL file, row of a Parquet file, from 1
	ID       string
	Question string
	Answer   string
	Solution string
	Err      error // the row is no problem; the rest is empty
}

// EachRow calls each for every row of a JSONL or Parquet file, a bad one with
// its Err, in order and one at a time. preset and columns are as in Config. The
// error is that of each, or of a file that cannot be read on.
func EachRow(path, preset string, columns Columns, each func(Row) error) error {
	c, err := columns.of(preset)
	if err != nil {
		return err
	}
	return eachRow(path, c, func(_ string, n int, r row, err error) error {
		return each(Row{Number: n, ID: r.id, Question: r.question, Answer: r.answer, Solution: r.solution, Err: err})
	})
}

// of are the columns over those of a preset.
func (c Columns) of(name string) (Columns, error) {
	out, err := preset(name)
	for _, col := range []struct{ to, from *string }{
		{&out.Question, &c.Question}, {&out.Answer, &c.Answer}, {&out.ID, &c.ID}, {&out.Solution, &c.Solution},
	} {
		if *col.from != "" {
			*col.to = *col.from
		}
	}
	return out, err
}

// readRows reads a whole file; the first bad row is the error.
func readRows(path string, columns Columns) ([]row, error) {
	var rows rowList
	err := eachRow(path, columns, rows.add)
	if err == nil && len(rows.rows) == 0 {
		err = errNoRows
	}
	if err != nil {
		return nil, fmt.Errorf("%s%w", path, err)
	}
	return rows.rows, nil
}

var errNoRows = errors.New(": the file has no rows")

// eachRow calls each for every row of a file; unit is "line" or "row". Errors
// begin with what follows the name of the file.
func eachRow(path string, columns Columns, each func(unit string, n int, r row, err error) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf(": %w", err)
	}
	defer f.Close() // read only: nothing is lost when closing fails
	table, err := parquet.OpenFile(f)
	if err == nil && table == nil {
		head := make([]byte, 512)
		n, err := f.ReadAt(head, 0)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf(": %w", err)
		}
		if what := notLines(head[:n]); what != "" {
			return fmt.Errorf(": %s", what)
		}
		return parseRows(f, columns, each)
	}
	var said error // by each
	if err == nil {
		err = parquetRows(table, columns, func(unit string, n int, r row, err error) error {
			said = each(unit, n, r, err)
			return said
		})
	}
	if err != nil && said == nil {
		return fmt.Errorf(": %w", err)
	}
	return err
}

// notLines says what a file is that is no JSONL by its first bytes, and what to
// do; "" for any other. Without it, every line of such a file is an error.
func notLines(head []byte) string {
	begins := func(s string) bool { return bytes.HasPrefix(head, []byte(s)) }
	switch {
	case begins("\x1f\x8b"), begins("\x28\xb5\x2f\xfd"), begins("BZh"), begins("\xfd7zXZ\x00"), begins("PK\x03\x04"):
		return "the file is compressed; unpack it, as by gunzip, unzstd, bunzip2, unxz or unzip"
	case begins("\xff\xfe"), begins("\xfe\xff"):
		return "the file is UTF-16; convert it, as by iconv -f utf16 -t utf8"
	case begins("version https://git-lfs.github.com/"):
		return "the file is a pointer of Git LFS, not the data; fetch that, as by git lfs pull"
	}
	switch head = bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))); {
	case begins("["):
		return "the file is a JSON list, not one object a line; convert it, as by jq -c '.[]'"
	case begins("{\n"), begins("{\r\n"):
		return "the file has an object over several lines, not one a line; convert it, as by jq -c ."
	case begins("<"):
		return "the file is HTML or XML, as a server sends instead of a file it has not; fetch the data again"
	}
	return ""
}

// parquetRows reads the rows of a Parquet file, which has the columns that a
// line of a JSONL file has fields.
func parquetRows(file *parquet.File, columns Columns, each func(unit string, n int, r row, err error) error) error {
	var have []string
	for _, name := range []string{columns.Question, columns.Answer, columns.ID, columns.Solution} {
		if name == "" {
			continue
		}
		switch there, why := file.Has(name); {
		case !there:
			return fmt.Errorf("the file has no column %q; it has %s", name, columnList(file.Columns()))
		case why != "":
			return fmt.Errorf("column %q: %s", name, why)
		}
		have = append(have, name)
	}
	ids, solution := optionalColumns()
	other := slices.Concat(ids, []string{solution}, rewardColumns())
	if tests, _ := file.Has("official_tests"); tests {
		other = append(other, contestColumns()...)
	} else if graders, _ := file.Has("grader_files"); graders {
		other = append(other, contestColumns()...)
	}
	for _, name := range other {
		if there, _ := file.Has(name); there {
			have = append(have, name)
		}
	}
	return file.Rows(have, func(n int, fields map[string]json.RawMessage) error {
		for _, name := range have {
			if at, bad := parquet.NotUTF8(fields[name]); bad {
				return each("row", n, row{}, fmt.Errorf("column %q is not UTF-8 from byte %d on; write it as UTF-8 text", name, at+1))
			}
		}
		r, err := rowOf(fields, columns)
		return each("row", n, r, err)
	})
}

// rowList is rows whose ids differ.
type rowList struct {
	rows []row
	seen map[string]int
}

// add adds a row; one without an id is called after its place in the file.
func (l *rowList) add(unit string, n int, r row, err error) error {
	if l.seen == nil {
		l.seen = map[string]int{}
	}
	if r.id == "" {
		r.id = unit + ":" + strconv.Itoa(n)
	}
	if first, dup := l.seen[r.id]; dup && err == nil {
		err = fmt.Errorf("id %q stands in %s %d already; ids must differ", shorten(r.id), unit, first)
	}
	if err != nil {
		return fmt.Errorf(":%d: %w", n, err)
	}
	l.seen[r.id] = n
	l.rows = append(l.rows, r)
	return nil
}

// columnList names some columns for a message.
func columnList(names []string) string {
	short := make([]string, 0, len(names))
	for _, k := range names {
		short = append(short, shorten(k))
	}
	slices.Sort(short)
	if len(short) > 12 {
		short = append(short[:12], "…")
	}
	return strings.Join(short, ", ")
}

// parseRows reads the lines of a JSONL file.
func parseRows(r io.Reader, columns Columns, each func(unit string, n int, r row, err error) error) error {
	n := 0
	var said error // by each
	err := lines.Each(r, maxRowBytes, func(number int, line []byte, err error) error {
		n = number
		var r row
		if err != nil {
			err = fmt.Errorf("the line is %w", err)
		} else {
			r, err = parseRow(line, columns)
		}
		said = each("line", n, r, err)
		return said
	})
	if err != nil && said == nil {
		return fmt.Errorf(":%d: %w", n+1, err)
	}
	return err
}

func parseRow(line []byte, columns Columns) (row, error) {
	var fields map[string]json.RawMessage
	if !utf8.Valid(line) && bytes.HasPrefix(line, []byte("{")) {
		// JSON's reader would put another character in its place, and the
		// question or its gold answer would be a different one.
		return row{}, fmt.Errorf("the line is not UTF-8 from byte %d on; convert the file, as by iconv -f latin1 -t utf8", text.ValidPrefix(line)+1)
	}
	if err := json.Unmarshal(line, &fields); err != nil {
		return row{}, fmt.Errorf("the line is no JSON object: %w", err)
	}
	if fields == nil {
		return row{}, errors.New("the line is null, not a JSON object")
	}
	return rowOf(fields, columns)
}

// rowOf reads a problem from the values of a row.
func rowOf(fields map[string]json.RawMessage, columns Columns) (row, error) {
	r := row{data: dataOf(fields, columns)}
	var err error
	if r.question, err = field(fields, columns.Question, true); err != nil {
		return row{}, err
	}
	if r.answer, err = answerField(fields, columns.Answer); err != nil {
		return row{}, err
	}
	// GSM8K as published has the solution in the answer column and the gold
	// answer after "####".
	if before, after, found := lastCut(r.answer, "####"); found && !structured([]byte(r.answer)) {
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

// answerField reads the answer column as field does. Test cases of programs are
// objects or lists: they stay JSON, for the reward that reads them.
func answerField(fields map[string]json.RawMessage, name string) (string, error) {
	s, err := field(fields, name, true)
	if raw, _ := lookup(fields, name); err != nil && structured(raw) {
		return string(raw), nil
	}
	return s, err
}

// lookup finds a column: "a.b" is column b of the object a where there is no
// column of that name, and of a list of objects the list of theirs, as Parquet
// files name them.
func lookup(fields map[string]json.RawMessage, name string) (json.RawMessage, bool) {
	if raw, ok := fields[name]; ok {
		return raw, true
	}
	for at := range len(name) {
		if raw, ok := fields[name[:at]]; name[at] == '.' && ok {
			if v, found := inside(raw, name[at+1:]); found {
				return v, true
			}
		}
	}
	return nil, false
}

// inside finds a column of an object, or those of a list of objects.
func inside(raw json.RawMessage, name string) (json.RawMessage, bool) {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) == nil {
		return lookup(object, name)
	}
	var objects []map[string]json.RawMessage
	if json.Unmarshal(raw, &objects) != nil || len(objects) == 0 {
		return nil, false
	}
	values := make([]json.RawMessage, 0, len(objects))
	for _, o := range objects {
		v, ok := lookup(o, name)
		if !ok {
			return nil, false
		}
		values = append(values, v)
	}
	list, err := json.Marshal(values)
	return list, err == nil
}

// structured says whether text is a JSON object with something in it, or a list
// of objects or of texts.
func structured(text []byte) bool {
	var object map[string]json.RawMessage
	var objects []map[string]json.RawMessage
	var texts []string
	switch text = bytes.TrimSpace(text); {
	case len(text) == 0:
		return false
	case text[0] == '{':
		return json.Unmarshal(text, &object) == nil && len(object) > 0
	case text[0] == '[':
		return json.Unmarshal(text, &objects) == nil && len(objects) > 0 || json.Unmarshal(text, &texts) == nil && len(texts) > 0
	}
	return false
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
	raw, ok := lookup(fields, name)
	if !ok {
		if !need {
			return "", nil
		}
		return "", fmt.Errorf("the row has no column %q; it has %s", name, columnList(slices.Collect(maps.Keys(fields))))
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		if strings.ContainsRune(s, utf8.RuneError) && !bytes.ContainsRune(raw, utf8.RuneError) && !bytes.Contains(bytes.ToLower(raw), []byte(`\ufffd`)) {
			return "", fmt.Errorf(`column %q has half of a surrogate pair (\ud800 to \udfff alone), which stands for no character`, name)
		}
	} else {
		var one []string
		var n json.Number
		switch {
		case json.Unmarshal(raw, &one) == nil && len(one) == 1:
			s = one[0] // a conversation of one message, as Parquet files have it
		case json.Unmarshal(raw, &n) == nil && n != "":
			s = n.String()
		default:
			return "", fmt.Errorf("column %q is neither text nor a number", name)
		}
	}
	if need && strings.TrimSpace(s) == "" {
		return "", fmt.Errorf("column %q is empty", name)
	}
	return s, nil
}
