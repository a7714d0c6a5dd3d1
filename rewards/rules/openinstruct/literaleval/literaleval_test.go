package literaleval

import (
	"fmt"
	"strings"
	"testing"
)

// What Python 3.12's ast.literal_eval makes of these texts, as Go prints the
// values here; "" where it raises.
func TestLiteral(t *testing.T) {
	for s, want := range map[string]string{
		" \t[1, -2.5, 'a' \"b\", None, True]": "[{1 1} {-2.5 } ab <nil> true]", "[]": "[]", "()": "[]", "(1)": "{1 1}", "1,": "[{1 1}]", "{'a': {1, 2}, 'b': ()}": "map[a:[{1 1} {2 2}] b:[]]", "set()": "[]", "set( )": "[]",
		"{}": "map[]", "{1: 2}": "{a dict with keys that are no texts}", "b'x'": "{bytes}", "1+2j": "{a complex number}", "...": "{the Ellipsis}", "[1, # x\n 2]": "[{1 1} {2 2}]", "0x1F": "{31 31}", "1_000": "{1000 1000}", "00": "{0 0}", "-0": "{0 0}",
		".5e1": "{5 }", "5.": "{5 }", `'\x41\u00e9\101\q\'' u"é"`: `AéA\q'é`, "'''a\nb'''": "a\nb", `r'\n'`: `\n`, "+ 5": "{5 5}", "-True": "", "not 1": "", "null": "", "1 2": "", "[1": "", "1]": "", "01": "", "1__0": "", "1+2": "", "f'x'": "", "'a\nb'": "",
		"'a": "", "": "", "[,]": "", "{'a': 1, 2}": "", "{[1]}": "", "{*[1]}": "", "dict()": "", "a": "", "1a": "", "0x": "", "'a' b'c'": "", "(1, 2": "", "--1": "", "1e": "", "'\\x4'": "", "\x00": "", "\n1": "{1 1}", "\n 1": "", "1\n,2": "", "1 \n+2j": "", "('a'\n'b')": "ab", "'a'\n'b'": "", "rb'\\x'": "{bytes}", "1\n": "{1 1}", "[1]\n\n# x": "[{1 1}]",
		strings.Repeat("[", 300) + strings.Repeat("]", 300): "", strings.Repeat("9", 4301): "",
	} {
		v, err := Literal(s)
		got := ""
		if err == nil {
			got = fmt.Sprint(v)
		}
		if got != want {
			t.Errorf("%.40q: %q, %v; want %q", s, got, err, want)
		}
	}
	if _, err := Literal("[null]"); err == nil || !strings.Contains(err.Error(), "None") {
		t.Errorf("null: %v", err)
	}
}

// What json.loads makes of these texts; "" where it raises ValueError.
func TestJSON(t *testing.T) {
	for s, want := range map[string]string{
		`{"a": [1, -2.50, "x", null, true]}`: "map[a:[{1 1} {-2.5 } x <nil> true]]", "NaN": "{NaN }", "-Infinity": "{-Inf }", "[Infinity]": "[{+Inf }]", "1e5": "{100000 }", "-0": "{0 0}", `{"a":1,"a":2}`: "map[a:{2 2}]", " []\n": "[]", `"\ud83d\ude00\n"`: "😀\n",
		"-NaN": "", "1NaN": "", "NaNNaN": "", "01": "", "1.": "", "{'a':1}": "", "[1,]": "", "{\"a\"}": "", "\"a\tb\"": "", `"\x"`: "", `"\u12"`: "", "": "", "[": "", "nul": "", "1 2": "", "\ufeff1": "", ".5": "", "+1": "", "-": "", "\u00a01": "", strings.Repeat("1", 4301): "",
		strings.Repeat("1", 4300) + ".5": "{+Inf }",
	} {
		v, ok, deep := JSON(s)
		got := ""
		if ok {
			got = fmt.Sprint(v)
		}
		if got != want || deep {
			t.Errorf("%.40q: %q; want %q", s, got, want)
		}
	}
	if _, ok, deep := JSON(strings.Repeat("[", 1<<20)); ok || !deep {
		t.Error("a million brackets were read")
	}
}

func FuzzLiteral(f *testing.F) {
	for _, s := range []string{`[{'a': (1, 2.5e3), "b": r'\x', 'c': {b'x', -1j}}]`, `{"a": "\ud800\u0041", "b": [NaN, 1e5]}`, "'''x\n'''  'y' # z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, err := Literal(s); err == nil {
			True(v)
			Items(v)
		}
		JSON(s)
	})
}
