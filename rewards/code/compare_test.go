package code

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		how       Compare
		got, want string
		tolerance float64
		equal     bool
	}{
		{Tokens, "3\n", "3", 0, true},
		{Tokens, " 3  4 \n\n", "3 4", 0, true},
		{Tokens, "3\n4", "3 4", 0, false},
		{Tokens, "3", "3\n4", 0, false},  // a right beginning is not enough
		{Tokens, "3\n4", "3", 0, false},  // nor is more than what was asked for
		{Tokens, "", "3", 0, false},      //
		{Tokens, "", "", 0, true},        //
		{Tokens, "1.50", "1.5", 0, true}, // LiveCodeBench compares decimals
		{Tokens, "1e2", "100", 0, true},  //
		{Tokens, "50000000000000001", "50000000000000000", 0, false},
		{Tokens, "0.333333", "0.3333333333", 0, false},
		{Tokens, "0.333333", "0.3333333333", 1e-6, true},
		{Tokens, "1000001", "1000000", 1e-6, true}, // relative
		{Tokens, "1000002", "1000000", 1e-6, false},
		{Tokens, "nan", "nan", 1e-6, true}, // the same text
		{Tokens, "nan", "1", 1e-6, false},
		{Tokens, "1e999999999", "1", 0, false}, // and no hang
		{Tokens, "YES", "yes", 0, false},
		{Lines, "1.50", "1.5", 0, false},
		{Lines, "a b ", "a b", 0, true},
		{Lines, "a  b", "a b", 0, false},
		{Exact, "a \n", "a \n", 0, true},
		{Exact, "a\n", "a", 0, true},
		{Exact, "a ", "a", 0, false},
		{OpenR1, "3", "3\n4", 0, true}, // as published: zip stops at the shorter one
		{OpenR1, "3\n5", "3\n4", 0, false},
		{OpenR1, "", "3", 0, false},
	} {
		if got, why := c.how.equal(c.got, c.want, c.tolerance); got != c.equal || got == (why != "") {
			t.Errorf("%s %q for %q: %v (%s), want %v", c.how, c.got, c.want, got, why, c.equal)
		}
	}
}

func TestSameValue(t *testing.T) {
	for _, c := range []struct {
		got, want string
		tolerance float64
		equal     bool
	}{
		{"1", "1", 0, true}, {"1", "1.0", 0, true}, {"true", "1", 0, true}, {"false", "0", 0, true}, {"1", "2", 0, false}, {"null", "null", 0, true}, {"null", "0", 0, false},
		{`"a"`, `"a"`, 0, true}, {`"1"`, "1", 0, false}, {"[1,2]", "[1,2]", 0, true}, {"[1,2]", "[2,1]", 0, false}, {"[1]", "[1,2]", 0, false},
		{`{"$":["tuple",[1,2]]}`, "[1,2]", 0, true}, {`{"$":["set",[1,2]]}`, "[1,2]", 0, false}, {`{"$":["other",0]}`, "0", 0, false},
		{`{"a":[1]}`, `{"a":[1]}`, 0, true}, {`{"a":1}`, `{"a":1,"b":2}`, 0, false}, {`{"$":["dict",[[1,2]]]}`, `{"1":2}`, 0, true},
		{`{"$":["float","nan"]}`, "1", 0, false}, {"0.1", "0.1", 0, true}, {"0.30000000000000004", "0.3", 0, false}, {"0.30000000000000004", "0.3", 1e-9, true},
		{"123456789012345678901234567890", "123456789012345678901234567890", 0, true}, {"123456789012345678901234567891", "123456789012345678901234567890", 0, false},
		{"1e400000000", "1", 0, false}, {`{"$":["dict",5]}`, `{}`, 0, false},
	} {
		got, err := decodeValue([]byte(c.got))
		if err != nil {
			t.Fatal(err)
		}
		want, err := decodeValue([]byte(c.want))
		if err != nil {
			t.Fatal(err)
		}
		if sameValue(got, want, c.tolerance) != c.equal {
			t.Errorf("%s for %s: not %v", c.got, c.want, c.equal)
		}
	}
	if _, err := decodeValue([]byte(strings.Repeat("[", 1000) + strings.Repeat("]", 1000))); err == nil {
		t.Error("a deeply nested value is read")
	}
}

func FuzzSameValue(f *testing.F) {
	f.Add([]byte(`{"$":["tuple",[1,2]]}`), []byte("[1,2]"))
	f.Add([]byte("1e5"), []byte("100000"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		x, errX := decodeValue(a)
		y, errY := decodeValue(b)
		if errX == nil && errY == nil {
			_ = sameValue(x, y, 0)
			if json.Valid(a) && sameValue(x, y, 0) != sameValue(y, x, 0) {
				t.Fatalf("%s and %s are equal in one direction only", a, b)
			}
		}
	})
}

func TestExtract(t *testing.T) {
	python := []string{"python", "py"}
	for name, c := range map[string]struct {
		completion, want string
		found            bool
	}{
		"one block":              {"text\n```python\nx = 1\n```\nmore", "x = 1\n", true},
		"the last one":           {"```python\na\n```\n```py\nb\n```", "b\n", true},
		"another language after": {"```python\na\n```\n```cpp\nb\n```", "a\n", true},
		"no language":            {"```\na\n```", "a\n", true},
		"named before unnamed":   {"```python\na\n```\n```\noutput\n```", "a\n", true},
		"in the thinking":        {"<think>\n```python\na\n```\n</think>\nno", "", false},
		"after the thinking":     {"<think>\n```python\na\n```\n</think>\n```python\nb\n```", "b\n", true},
		"not closed":             {"```python\na", "", false},
		"longer fence":           {"````python\na\n```\nb\n````", "a\n```\nb\n", true},
		"closed before a tag":    {"<answer>\n```python\na\n```</answer>", "a\n", true},
		"upper case":             {"```Python\na\n```", "a\n", true},
		"indented":               {"  ```python\n  a\n  ```", "  a\n", true},
		"empty":                  {"```python\n```", "", true},
		"none":                   {"x = 1", "", false},
		"inline":                 {"use ```x = 1``` here", "", false},
	} {
		b, found := Extract(c.completion, python)
		if found != c.found || c.completion[b.From:b.To] != c.want {
			t.Errorf("%s: %q, %v", name, c.completion[b.From:b.To], found)
		}
	}
}

func FuzzExtract(f *testing.F) {
	f.Add("```python\nx\n```</think>```\n\n````")
	f.Fuzz(func(t *testing.T, s string) {
		if b, found := Extract(s, []string{"python"}); found && (b.From > b.To || b.To > len(s)) {
			t.Fatalf("%q: %+v", s, b)
		}
		if from, to := LastBlock(s, "python"); from > to || to > len(s) {
			t.Fatalf("%q: %d %d", s, from, to)
		}
	})
}
