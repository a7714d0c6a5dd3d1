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
