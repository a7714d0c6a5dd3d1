package code

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// packed is LiveCodeBench's packing of private cases, as Python's
// base64.b64encode(zlib.compress(pickle.dumps(text))) writes it (protocol 4).
func packed(t testing.TB, text string) string {
	t.Helper()
	p := []byte{0x80, 4, 0x95}
	p = binary.LittleEndian.AppendUint64(p, uint64(len(text)+7))
	p = append(p, 'X')
	p = binary.LittleEndian.AppendUint32(p, uint32(len(text)))
	p = append(append(p, text...), 0x94, '.')
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write(p); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// TestReadTests reads rows as their publishers lay them out.
func TestReadTests(t *testing.T) {
	private := packed(t, `[{"input":"5","output":"6","testtype":"stdin"}]`)
	for _, c := range []struct {
		name, row, gold string
		kind            Kind
		cases           int
		first           Case
		entry           string
		check           func(Tests) bool
	}{
		{name: "open-r1", row: addStdio, kind: Stdio, cases: 2, first: Case{Stdin: "1 2\n", Stdout: "3"}, check: func(t Tests) bool { return t.Language == "python" }},
		{name: "open-r1 as text", row: `{"verification_info":"{\"language\":\"cpp\",\"test_cases\":[{\"input\":\"1\",\"output\":\"2\"}]}"}`, kind: Stdio, cases: 1, first: Case{Stdin: "1", Stdout: "2"},
			check: func(t Tests) bool { return t.Language == "cpp" }},
		{name: "open-r1 function", row: `{"verification_info":{"language":"python","test_cases":[{"fn_name":"f","input":"[1, 2]","output":"3","type":"function_call"}]}}`, kind: Function, cases: 1, entry: "f",
			check: func(t Tests) bool { return len(t.Cases[0].Args) == 1 }},
		{name: "Codeforces", row: `{"official_tests":[{"input":"1","output":"2"}],"time_limit":2.5,"memory_limit":256.0}`, kind: Stdio, cases: 1, first: Case{Stdin: "1", Stdout: "2"},
			check: func(t Tests) bool { return t.TimeLimit == 2500*time.Millisecond && t.Memory == 256<<20 }},
		{name: "APPS stdin", row: `{"input_output":"{\"inputs\":[\"1\\n2\\n\",[\"3\",\"4\"]],\"outputs\":[\"3\\n\",[\"7\"]]}"}`, kind: Stdio, cases: 2, first: Case{Stdin: "1\n2\n", Stdout: "3\n"},
			check: func(t Tests) bool { return t.Cases[1].Stdin == "3\n4" && t.Cases[1].Stdout == "7" }},
		{name: "TACO function", row: addFunction, kind: Function, cases: 2, entry: "add", check: func(t Tests) bool { return len(t.Cases[0].Args) == 2 && t.Cases[1].Wrapped }},
		{name: "LiveCodeBench stdin", row: fmt.Sprintf(`{"public_test_cases":"[{\"input\":\"3\",\"output\":\"4\",\"testtype\":\"stdin\"}]","private_test_cases":%q,"metadata":"{}"}`, private),
			kind: Stdio, cases: 2, first: Case{Stdin: "3", Stdout: "4"}, check: func(t Tests) bool { return t.Cases[1].Stdin == "5" }},
		{name: "LiveCodeBench functional", row: `{"public_test_cases":"[{\"input\":\"[1, 2]\\n\\\"a\\\"\",\"output\":\"[3]\",\"testtype\":\"functional\"}]","metadata":"{\"func_name\": \"f\"}"}`,
			kind: Function, cases: 1, entry: "f", check: func(t Tests) bool {
				return len(t.Cases[0].Args) == 2 && string(t.Cases[0].Args[1]) == `"a"` && string(t.Cases[0].Want) == "[3]" && !t.Cases[0].Wrapped
			}},
		{name: "MBPP", row: `{"test_list":["assert f(1) == 2","assert f(2) == 3"],"test_imports":["import math"],"challenge_test_list":["assert f(5) == 6"]}`, kind: Asserts, cases: 3,
			first: Case{Assert: "assert f(1) == 2"}, check: func(t Tests) bool { return t.Setup == "import math" }},
		{name: "HumanEval", row: addCheck, kind: Check, cases: 1, entry: "add", check: func(t Tests) bool { return strings.HasPrefix(t.Prompt, "def add") }},
		{name: "test_cases list", row: `{"test_cases":[{"input":"1","output":"2"}],"language":"js"}`, kind: Stdio, cases: 1, first: Case{Stdin: "1", Stdout: "2"}, check: func(t Tests) bool { return t.Language == "js" }},
		{name: "test_cases table", row: `{"test_cases":{"inputs":["1"],"outputs":["2"]}}`, kind: Stdio, cases: 1, first: Case{Stdin: "1", Stdout: "2"}},
		{name: "answer column with a table", gold: `{"inputs":["1"],"outputs":["2"]}`, kind: Stdio, cases: 1, first: Case{Stdin: "1", Stdout: "2"}},
		{name: "answer column with a list", gold: `[{"input":"1","output":"2"}]`, kind: Stdio, cases: 1, first: Case{Stdin: "1", Stdout: "2"}},
		{name: "answer column with a row", gold: addStdio, kind: Stdio, cases: 2, first: Case{Stdin: "1 2\n", Stdout: "3"}},
		{name: "answer column with assertions", gold: "assert f(1) == 2\nassert f(2) == 3\n", kind: Asserts, cases: 2, first: Case{Assert: "assert f(1) == 2"}},
		{name: "answer column with a list of assertions", gold: `["assert f(1) == 2"]`, kind: Asserts, cases: 1, first: Case{Assert: "assert f(1) == 2"}},
	} {
		row := c.row
		if row == "" {
			row = "{}"
		}
		got, err := ReadTests(columns(t, row), c.gold)
		if err != nil || got.Kind != c.kind || len(got.Cases) != c.cases || got.Entry != c.entry || c.check != nil && !c.check(got) {
			t.Errorf("%s: %+v, %v", c.name, got, err)
			continue
		}
		if f := got.Cases[0]; c.kind != Function && (f.Stdin != c.first.Stdin || f.Stdout != c.first.Stdout || f.Assert != c.first.Assert) {
			t.Errorf("%s: first case %+v, want %+v", c.name, f, c.first)
		}
	}
	if raw, err := unpack(private); err != nil || !strings.Contains(string(raw), `"output":"6"`) {
		t.Errorf("unpacked %s, %v", raw, err)
	}
	// What Python 3.11 writes: pickle.dumps, zlib.compress, base64.b64encode.
	const fromPython = "eJxrYJlqwQABPSbR1UqZeQWlJUpWCkqGSjoKSvmlJVCuEYhbklpcUlJZkAoSKC5JycxTqo2dogcAOgkSqg=="
	if raw, err := unpack(fromPython); err != nil || string(raw) != `[{"input": "1", "output": "2", "testtype": "stdin"}]` {
		t.Errorf("unpacked %s, %v", raw, err)
	}
}

func TestReadTestsRefuses(t *testing.T) {
	for want, row := range map[string]string{
		"no tests":                      `{"question":"x"}`,
		"is empty":                      `{"test_list":[]}`,
		"verification_info":             `{"verification_info":3}`,
		"test_cases: want a list":       `{"verification_info":{"test_cases":{"a":1}}}`,
		"case 1: has no input":          `{"test_cases":[{"in":"1"}]}`,
		"2 inputs for 1":                `{"input_output":{"inputs":["1","2"],"outputs":["2"]}}`,
		"another kind":                  `{"test_cases":[{"input":"1","output":"2"},{"input":"[1]","output":"2","fn_name":"f"}]}`,
		"no name is given":              `{"public_test_cases":"[{\"input\":\"1\",\"output\":\"2\",\"testtype\":\"functional\"}]"}`,
		"neither a list nor base64":     `{"private_test_cases":"!!"}`,
		"not compressed":                `{"private_test_cases":"aGVsbG8="}`,
		"output: is nested too deeply":  `{"input_output":{"fn_name":"f","inputs":[[1]],"outputs":[` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `]}}`,
		"input: want a text":            `{"test_cases":[{"input":{"a":1},"output":"2"}]}`,
		"want texts":                    `{"test":3,"entry_point":"f"}`,
		"test_list: want a list":        `{"test_list":"assert x"}`,
		"no fn_name":                    `{"verification_info":{"test_cases":[{"input":"1","output":"2","type":"function_call"}]}}`,
		"input: \"x y\" is no JSON":     `{"input_output":{"fn_name":"f","inputs":["x y"],"outputs":[1]}}`,
		"input: want a list of argumen": `{"input_output":{"fn_name":"f","inputs":[5],"outputs":[1]}}`,
	} {
		if _, err := ReadTests(columns(t, row), ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: error %v, want %q", row, err, want)
		}
	}
}

func FuzzReadTests(f *testing.F) {
	for _, s := range []string{addStdio, addFunction, addAsserts, addCheck, `{"private_test_cases":"` + packed(f, "[]") + `"}`} {
		f.Add([]byte(s), "")
		f.Add([]byte("{}"), s)
	}
	f.Fuzz(func(t *testing.T, row []byte, gold string) {
		var c map[string]json.RawMessage
		if json.Unmarshal(row, &c) != nil {
			return
		}
		tests, err := ReadTests(c, gold)
		if err == nil && (len(tests.Cases) == 0 || tests.Kind == "" || tests.Kind == Function && tests.Entry == "") {
			t.Fatalf("%s read as %+v", row, tests)
		}
	})
}

func FuzzPickledText(f *testing.F) {
	f.Add([]byte("\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94."))
	f.Fuzz(func(t *testing.T, p []byte) {
		if text, err := pickledText(p); err == nil && len(text) > len(p) {
			t.Fatalf("%d bytes from %d", len(text), len(p))
		}
	})
}
