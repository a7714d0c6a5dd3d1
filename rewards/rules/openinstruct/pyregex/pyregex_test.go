package pyregex

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
)

// The file holds what re.finditer of Python 3.12 found: expression, flags (i,
// m, s), text, and the spans of every match and its groups; null where Python
// refused the expression. They were made at random of what re knows.
// GRADUS_PYREGEX names a longer file.
func TestPython(t *testing.T) {
	name := os.Getenv("GRADUS_PYREGEX")
	if name == "" {
		name = "testdata/python.jsonl"
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, refused, other, bad := 0, 0, 0, 0
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for ; lines.Scan(); rows++ {
		var pattern, flags, text string
		var want []Match
		if err := json.Unmarshal(lines.Bytes(), &[]any{&pattern, &flags, &text, &want}); err != nil {
			t.Fatal(err)
		}
		r, err := Compile(pattern, Flags{strings.Contains(flags, "i"), strings.Contains(flags, "m"), strings.Contains(flags, "s")})
		switch {
		case errors.Is(err, ErrUnsupported):
			other++
			continue
		case want == nil:
			refused++
			if !errors.Is(err, ErrSyntax) {
				bad++
				t.Errorf("%q: %v, but Python refuses it", pattern, err)
			}
			continue
		case err != nil:
			bad++
			t.Errorf("%q: %v", pattern, err)
			continue
		}
		got, err := r.All(NewText(text))
		if err != nil || len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			bad++
			t.Errorf("%q %s in %q: %v, %v; Python found %v", pattern, flags, text, got, err, want)
		}
		if bad > 20 {
			t.FailNow()
		}
	}
	t.Logf("%d rows, %d refused, %d not built in", rows, refused, other)
	if rows < 200 || refused == rows || other > rows/2 {
		t.Errorf("%d rows, %d refused, %d not built in", rows, refused, other)
	}
}

// No expression and text make the matcher panic or go on for long.
func FuzzCompile(f *testing.F) {
	for _, p := range []string{`(a|b)*?c{2,3}+(?=[^\d-])`, `(?i)\bK\w+$`, `(?>a*)(?!b)|(?P<n>é)`, `((((a*)*)*)*)*b`, `[]\x41-\u00e9]{,2}`} {
		f.Add(p, "aabcé Kx1\nKk", true)
	}
	f.Fuzz(func(t *testing.T, pattern, text string, fold bool) {
		r, err := Compile(pattern, Flags{IgnoreCase: fold})
		if err != nil {
			return
		}
		found, err := r.All(NewText(text))
		if is, errOne := r.Search(NewText(text)); err == nil && errOne == nil && is != (len(found) > 0) {
			t.Errorf("%q in %q: %v, but %d matches", pattern, text, is, len(found))
		}
	})
}

// Expressions that take exponential time where a matcher goes back and forth.
func TestHostile(t *testing.T) {
	size := 2_000
	if testing.Short() {
		size = 500
	}
	text := NewText(strings.Repeat("a", size))
	for _, pattern := range []string{`(a*)*b`, `(a|a)*b`, `(a+)+$x`, `a*a*a*a*a*b`, `(a|b|ab)*c`, `a++b`, `(?=(a+)+b)a`, `a.*b`, `\s*a.*$x`, `(?>a+)+b`} {
		r, err := Compile(pattern, Flags{})
		if err != nil {
			t.Fatalf("%s: %v", pattern, err)
		}
		if is, err := r.Search(text); is || err != nil && !errors.Is(err, ErrTooMuch) {
			t.Errorf("%s: %v, %v", pattern, is, err)
		}
	}
	if _, err := Compile(strings.Repeat("(a", 10_000), Flags{}); err == nil {
		t.Error("ten thousand groups were read")
	}
	if _, err := Compile("((((a{99}){99}){99}){99})", Flags{}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("99⁴ letters: %v", err)
	}
}
