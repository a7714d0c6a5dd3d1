package code

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Case is one test case. A row's cases are all of one kind.
type Case struct {
	Stdin, Stdout string            // of a whole program
	Args          []json.RawMessage // of a function
	Want          json.RawMessage   // what the function returns
	Wrapped       bool              // Want may be a list around it, as in APPS
	Assert        string            // Python code that fails if the program is wrong
}

// Kind says what cases ask for.
type Kind string

// The kinds of cases.
const (
	Stdio    Kind = "stdio"    // programs that read and write
	Function Kind = "function" // calls of a Python function
	Asserts  Kind = "asserts"  // Python statements
	Check    Kind = "check"    // a Python function check(candidate)
)

// Tests are the tests of one row.
type Tests struct {
	Kind      Kind
	Language  string // "" when the row does not say
	Entry     string // function, as "f" or "Solution().f"
	Setup     string // Python code before the assertions
	Prompt    string // Python code before the program, where the row has some
	Cases     []Case
	TimeLimit time.Duration // of the row, 0 when it has none
	Memory    int64         // bytes, 0 when the row has none
}

// maxCases bounds the cases of a row.
const maxCases = 10_000

// ErrNoTests says that a row has no tests in any layout that is known.
var ErrNoTests = errors.New("the row has no tests: want a column verification_info, test_cases, input_output, public_test_cases, official_tests, test_list, or test with entry_point, or one of these as the answer")

// ReadTests reads the tests of a row from its columns, in whichever of the
// published layouts they are:
//
//   - open-r1: verification_info = {"language", "test_cases": [{"input", "output", "type", "fn_name"}]}
//   - open-r1's Codeforces sets: official_tests = [{"input", "output"}], time_limit (s), memory_limit (MB)
//   - APPS, TACO, PRIME: input_output = {"inputs", "outputs", "fn_name"}, often as a text
//   - LiveCodeBench: public_test_cases and private_test_cases = [{"input", "output", "testtype"}], metadata = {"func_name"}
//   - MBPP: test_list and challenge_test_list = ["assert …"], test_imports, test_setup_code
//   - HumanEval, LeetCodeDataset: test with a function check(candidate), entry_point, prompt
//   - ours: test_cases, a list of cases or an object as input_output
//
// gold is the answer column, which may hold any of these as JSON, or lines of
// assertions.
func ReadTests(columns map[string]json.RawMessage, gold string) (Tests, error) {
	t, found, err := fromColumns(columns)
	if !found && err == nil && strings.TrimSpace(gold) != "" {
		t, found, err = fromGold(gold)
	}
	switch {
	case err != nil:
		return Tests{}, err
	case !found:
		return Tests{}, ErrNoTests
	case len(t.Cases) == 0:
		return Tests{}, errors.New("the row's list of tests is empty")
	case len(t.Cases) > maxCases:
		return Tests{}, fmt.Errorf("the row has %d test cases; at most %d are run", len(t.Cases), maxCases)
	}
	return t, nil
}

func fromGold(gold string) (Tests, bool, error) {
	trimmed := strings.TrimSpace(gold)
	var fields map[string]json.RawMessage
	switch {
	case json.Unmarshal([]byte(trimmed), &fields) == nil && fields != nil:
		if t, found, err := fromColumns(fields); found || err != nil {
			return t, found, err
		}
		return fromColumns(map[string]json.RawMessage{"test_cases": json.RawMessage(trimmed)})
	case strings.HasPrefix(trimmed, "["):
		var texts []string
		if json.Unmarshal([]byte(trimmed), &texts) == nil {
			return fromColumns(map[string]json.RawMessage{"test_list": json.RawMessage(trimmed)})
		}
		return fromColumns(map[string]json.RawMessage{"test_cases": json.RawMessage(trimmed)})
	case strings.HasPrefix(trimmed, "assert "):
		var t Tests
		t.Kind = Asserts
		for _, line := range strings.Split(trimmed, "\n") {
			if strings.TrimSpace(line) != "" {
				t.Cases = append(t.Cases, Case{Assert: line})
			}
		}
		return t, true, nil
	}
	return Tests{}, false, nil
}

func fromColumns(columns map[string]json.RawMessage) (t Tests, found bool, err error) {
	c := row(columns)
	t.Language = c.text("language")
	if s := c.number("time_limit"); s > 0 && s <= 600 {
		t.TimeLimit = time.Duration(s * float64(time.Second))
	}
	if mb := c.number("memory_limit"); mb > 0 && mb <= 1<<20 {
		t.Memory = int64(mb * (1 << 20))
	}
	switch {
	case c.has("verification_info"):
		info, err := c.object("verification_info")
		if err != nil {
			return t, true, err
		}
		if l := info.text("language"); l != "" {
			t.Language = l
		}
		return t, true, t.list(info, "test_cases")
	case c.has("official_tests"):
		return t, true, t.list(c, "official_tests")
	case c.has("input_output"):
		return t, true, t.table(c, "input_output")
	case c.has("public_test_cases"), c.has("private_test_cases"):
		return t, true, t.liveCodeBench(c)
	case c.has("test_list"):
		return t, true, t.asserts(c)
	case c.has("test") && c.has("entry_point"):
		t.Kind, t.Entry, t.Setup, t.Prompt = Check, c.text("entry_point"), c.text("test"), c.text("prompt")
		t.Cases = []Case{{}}
		if t.Setup == "" || t.Entry == "" {
			return t, true, errors.New("columns test and entry_point: want texts")
		}
		return t, true, nil
	case c.has("test_cases"):
		if raw := unquote(c["test_cases"]); strings.HasPrefix(strings.TrimSpace(string(raw)), "[") {
			return t, true, t.list(c, "test_cases")
		}
		return t, true, t.table(c, "test_cases")
	}
	return t, false, nil
}

// list reads a list of cases, each with input, output and perhaps fn_name.
func (t *Tests) list(c row, column string) error {
	var cases []struct {
		Input, Output json.RawMessage
		Type          string
		TestType      string
		FnName        *string `json:"fn_name"`
	}
	if err := json.Unmarshal(unquote(c[column]), &cases); err != nil {
		return fmt.Errorf("column %s: want a list of objects with input and output: %w", column, err)
	}
	for i, e := range cases {
		entry := ""
		if e.FnName != nil {
			entry = *e.FnName
		}
		if e.Type == "function_call" && entry == "" || e.Input == nil && e.Output == nil {
			return fmt.Errorf("column %s, case %d: has no input and output, or no fn_name", column, i+1)
		}
		if err := t.add(e.Input, e.Output, entry, e.TestType == "functional"); err != nil {
			return fmt.Errorf("column %s, case %d: %w", column, i+1, err)
		}
	}
	return nil
}

// table reads {"inputs": […], "outputs": […], "fn_name"}.
func (t *Tests) table(c row, column string) error {
	var table struct {
		Inputs, Outputs []json.RawMessage
		FnName          *string `json:"fn_name"`
	}
	if err := json.Unmarshal(unquote(c[column]), &table); err != nil {
		return fmt.Errorf("column %s: want an object with inputs and outputs: %w", column, err)
	}
	if len(table.Inputs) != len(table.Outputs) {
		return fmt.Errorf("column %s: %d inputs for %d outputs", column, len(table.Inputs), len(table.Outputs))
	}
	entry := ""
	if table.FnName != nil {
		entry = *table.FnName
	}
	for i := range table.Inputs {
		if err := t.add(table.Inputs[i], table.Outputs[i], entry, false); err != nil {
			return fmt.Errorf("column %s, case %d: %w", column, i+1, err)
		}
	}
	return nil
}

func (t *Tests) liveCodeBench(c row) error {
	if metadata, err := c.object("metadata"); err == nil {
		t.Entry = metadata.text("func_name")
	}
	for _, column := range []string{"public_test_cases", "private_test_cases"} {
		raw := unquote(c[column])
		if len(raw) == 0 || string(raw) == "null" || string(raw) == `""` {
			continue
		}
		if raw[0] == '"' || raw[0] != '[' {
			unpacked, err := unpack(string(raw))
			if err != nil {
				return fmt.Errorf("column %s: %w", column, err)
			}
			raw = unpacked
		}
		if err := t.list(row{column: raw}, column); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tests) asserts(c row) error {
	t.Kind = Asserts
	var setup []string
	if c.has("test_imports") {
		if err := json.Unmarshal(unquote(c["test_imports"]), &setup); err != nil {
			return fmt.Errorf("column test_imports: %w", err)
		}
	}
	if s := c.text("test_setup_code"); s != "" {
		setup = append(setup, s)
	}
	t.Setup = strings.Join(setup, "\n")
	for _, column := range []string{"test_list", "challenge_test_list"} {
		if !c.has(column) {
			continue
		}
		var list []string
		if err := json.Unmarshal(unquote(c[column]), &list); err != nil {
			return fmt.Errorf("column %s: want a list of texts: %w", column, err)
		}
		for _, a := range list {
			t.Cases = append(t.Cases, Case{Assert: a})
		}
	}
	return nil
}

// add adds a case of standard input and output, or, with an entry, of a
// function.
func (t *Tests) add(input, output json.RawMessage, entry string, functional bool) error {
	kind := Stdio
	if functional || entry != "" {
		kind = Function
		if entry == "" {
			entry = t.Entry
		}
		if entry == "" {
			return errors.New("calls a function, but no name is given (fn_name, or metadata with func_name)")
		}
	}
	if t.Kind != "" && t.Kind != kind || t.Entry != "" && kind == Function && t.Entry != entry {
		return errors.New("is of another kind, or calls another function, than the cases before it")
	}
	t.Kind = kind
	if kind == Stdio {
		in, err := lines(input)
		if err != nil {
			return fmt.Errorf("input: %w", err)
		}
		out, err := lines(output)
		if err != nil {
			return fmt.Errorf("output: %w", err)
		}
		t.Cases = append(t.Cases, Case{Stdin: in, Stdout: out})
		return nil
	}
	t.Entry = entry
	c := Case{Want: output}
	var err error
	if c.Args, err = arguments(input); err != nil {
		return fmt.Errorf("input: %w", err)
	}
	var text string
	if functional && json.Unmarshal(output, &text) == nil { // LiveCodeBench has JSON in the text
		c.Want = json.RawMessage(text)
	} else {
		c.Wrapped = !functional
	}
	if _, err := decodeValue(c.Want); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	t.Cases = append(t.Cases, c)
	return nil
}

// arguments reads a list of arguments, or a text with one JSON value a line.
func arguments(raw json.RawMessage) ([]json.RawMessage, error) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil && list != nil {
		return list, nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil, errors.New("want a list of arguments, or a text with one JSON value a line")
	}
	for _, line := range strings.Split(text, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if !json.Valid([]byte(line)) {
			return nil, fmt.Errorf("%.60q is no JSON value", line)
		}
		list = append(list, json.RawMessage(line))
	}
	return list, nil
}

// lines reads a text, or a list of lines as APPS has.
func lines(raw json.RawMessage) (string, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text, nil
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		var out []string
		for _, e := range list {
			if json.Unmarshal(e, &text) != nil {
				text = string(e) // a number, say
			}
			out = append(out, text)
		}
		return strings.Join(out, "\n"), nil
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil && n != "" {
		return n.String(), nil
	}
	return "", errors.New("want a text or a list of lines")
}

// row gives columns by name; null is the same as none.
type row map[string]json.RawMessage

func (c row) has(name string) bool {
	raw, ok := c[name]
	return ok && string(raw) != "null" && string(raw) != `""`
}

func (c row) text(name string) string {
	var s string
	if json.Unmarshal(c[name], &s) != nil {
		return ""
	}
	return s
}

func (c row) number(name string) float64 {
	var n float64
	if json.Unmarshal(c[name], &n) != nil {
		return 0
	}
	return n
}

// object reads a column that is an object, or a text that holds one.
func (c row) object(name string) (row, error) {
	var out row
	if err := json.Unmarshal(unquote(c[name]), &out); err != nil {
		return nil, fmt.Errorf("column %s: want an object: %w", name, err)
	}
	return out, nil
}

// unquote takes the JSON out of a text that holds some.
func unquote(raw json.RawMessage) json.RawMessage {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return json.RawMessage(strings.TrimSpace(s))
	}
	return raw
}
