package pyvalue

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"
)

// What json.dumps(json.loads(text)) of Python 3.11 writes; "" where loads
// raises JSONDecodeError.
func TestJSON(t *testing.T) {
	for text, want := range map[string]string{
		` {"b": 1, "a": [true, null, "x"], "b": 2.50} `: `{"b": 2.5, "a": [true, null, "x"]}`,
		"NaN": "NaN", "-Infinity": "-Infinity", "1e400": "Infinity", "-0": "0", "-0.0": "-0.0", "1E2": "100.0", "1e16": "1e+16", "[]": "[]", "{}": "{}", "0": "0",
		`"é\u00e9\ud83d\ude00\n\/"`: `"\u00e9\u00e9\ud83d\ude00\n/"`, `"😀"`: `"\ud83d\ude00"`, `"\u007f"`: `"\u007f"`, "12345678901234567890123": "12345678901234567890123",
		"": "", "01": "", "1.": "", "-": "", "+1": "", "[1,]": "", "{,}": "", "{1: 2}": "", "'a'": "", "\"a\nb\"": "", `"\x"`: "", `"\u12"`: "", "nul": "", "[1 2]": "", `{"a" 1}`: "", "1e": "", "\u00a0 1": "", "--1": "", ".5": "", "True": "", `"a`: "", "[": "", "1 x": "", "1_0": "", "\ufeff1": "",
	} {
		v, err := JSON(text)
		if want == "" {
			if !errors.Is(err, ErrJSON) {
				t.Errorf("%q: %v, %v", text, v, err)
			}
		} else if got := Dumps(v); err != nil || got != want {
			t.Errorf("%q: %s, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{strings.Repeat("[", 5000), strings.Repeat("9", 4301)} {
		if _, err := JSON(text); !errors.Is(err, ErrLimit) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// What json.dumps(eval(text)) writes (tuples as lists); "" where eval raises,
// or where the text is not one that Literal reads.
func TestLiteral(t *testing.T) {
	for text, want := range map[string]string{
		"[1, 2]": "[1, 2]", "(1)": "1", "(1,)": "[1]", "1, 2": "[1, 2]", "()": "[]", "[1,]": "[1]", "[0x1F, 0b11, 0o7, 1_0, 00]": "[31, 3, 7, 10, 0]", "[-1, +2, ~3, --4]": "[-1, 2, -4, 4]", "[1.5, .5, 5., 1e3]": "[1.5, 0.5, 5.0, 1000.0]",
		"[True, False, None]": "[true, false, null]", "-True": "-1", `'a' "b"`: `"ab"`, `r'\n'`: `"\\n"`, `'\x41\101\u0042\t\q\
c'`: `"AAB\t\\qc"`, "'''a\nb'''": `"a\nb"`, "[1, # c\n 2]": "[1, 2]", "[1]\n# end": "[1]", " \t[1]": "[1]", "[1,\\\n2]": "[1, 2]", "u'é'": `"\u00e9"`, "f'a'": `"a"`, "# a\n[1]": "[1]", "[[1], (2, 3), 'x']": `[[1], [2, 3], "x"]`,
		"": "", "[1 2]": "", "[,]": "", "01": "", "1__0": "", "[1]\n[2]": "", "x": "", "Truex": "", "'a": "", "'a\nb'": "", "[1": "", "[1)": "", "[1] + [2]": "", "{1}": "", "{'a': 1}": "", "b'a'": "", "1j": "", "f'{1}'": "", "len('a')": "", "1.2.3": "", "1e": "", "0x": "", "'\\N{DASH}'": "", "-'a'": "", "5 if 1 else 2": "", "~1.5": "", "lambda: 1": "", "\u00a01": "", "#": "", "[1,\n 2": "",
	} {
		v, err := Literal(text)
		if want == "" {
			if err == nil {
				t.Errorf("%q is %s", text, Dumps(v))
			}
		} else if got := Dumps(v); err != nil || got != want {
			t.Errorf("%q: %s, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{strings.Repeat("[", 1<<16), strings.Repeat("-", 1<<16) + "1", strings.Repeat("(", 1<<16) + "1", strings.Repeat("'", 1<<16), strings.Repeat("\\\n", 1<<15)} {
		if _, err := Literal(text); err == nil && !strings.HasPrefix(text, "'") {
			t.Errorf("%.20q is a literal", text)
		}
	}
}

// == and < as Python 3.11 has them.
func TestOrder(t *testing.T) {
	value := func(text string) any {
		v, err := JSON(text)
		if err != nil {
			t.Fatal(text, err)
		}
		return v
	}
	for _, tt := range []struct {
		a, b        string
		equal, less bool
		refused     bool
	}{
		{"1", "true", true, false, false}, {"1", "1.0", true, false, false}, {"0", "false", true, false, false}, {"1", "2", false, true, false}, {"NaN", "NaN", false, false, false},
		{`"a"`, `"b"`, false, true, false}, {`"a"`, "1", false, false, true}, {"null", "null", true, false, true}, {"[1, 2]", "[1, 3]", false, true, false}, {"[1]", "[1, 0]", false, true, false},
		{`[1, "a"]`, "[2, 5]", false, true, false}, {`[1, "a"]`, "[1, 5]", false, false, true}, {"{}", "{}", true, false, true}, {`{"a": 1, "b": 2}`, `{"b": 2.0, "a": true}`, true, false, true},
		{"9007199254740993", "9007199254740992.0", false, false, false}, {"1e400", "12345", false, false, false}, {"-Infinity", "0", false, true, false},
	} {
		a, b := value(tt.a), value(tt.b)
		less, err := Less(a, b)
		if Equal(a, b) != tt.equal || less != tt.less || (err != nil) != tt.refused {
			t.Errorf("%s and %s: equal %v, less %v, %v", tt.a, tt.b, Equal(a, b), less, err)
		}
	}
	if Equal([]any{}, Tuple{}) || Hashable(Tuple{[]any{}}) || !Hashable(Tuple{"a"}) {
		t.Error("a list is no tuple, and a tuple of lists has no hash")
	}
	for _, empty := range []any{nil, false, new(big.Int), 0.0, "", []any{}, Tuple{}, value("{}")} {
		if Truth(empty) {
			t.Errorf("%v is true", empty)
		}
	}
	for _, n := range []int{5, 200} {
		s := make([]float64, n)
		for i := range s {
			s[i] = float64((i * 7) % n)
		}
		if err := Sort(s, func(a, b float64) (bool, error) { return a < b, nil }); err != nil || s[0] != 0 || s[n-1] != float64(n-1) {
			t.Error(s, err)
		}
	}
	s := []float64{3, math.NaN(), 1, 2}
	if Sort(s, func(a, b float64) (bool, error) { return a < b, nil }); s[0] != 3 || !math.IsNaN(s[1]) || s[2] != 1 || s[3] != 2 {
		t.Error(s) // sorted([3, nan, 1, 2]) leaves it as it is
	}
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a": [1, -2.5e3, "\ud83d\ude00"]}`, "[NaN, Infinity]", `"\u12`, "[[[[", "01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := JSON(s)
		if err != nil {
			return
		}
		again, err := JSON(Dumps(v))
		if err != nil || Dumps(again) != Dumps(v) {
			t.Fatalf("%q: %s and %s, %v", s, Dumps(v), Dumps(again), err)
		}
	})
}

func FuzzLiteral(f *testing.F) {
	for _, s := range []string{"[(1, 'a'), -0x1F]", "'''a' 'b'''", `"\x41\N{DASH}"`, "1_0.5e3", "[1, # c\n2,]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, err := Literal(s); err == nil {
			Dumps(v)
			Less(v, v)
		}
	})
}
