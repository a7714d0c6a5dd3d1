package code

import (
	_ "embed"
	"encoding/json"
	"math"
	"strings"

	"gradus/rewards/rules/pytext"
)

// Prime is PRIME's published comparison, as verl's prime_code has it: texts
// without the white space around lines; else, where not all are whole numbers,
// numbers that numpy.allclose takes for the same.
const Prime Compare = "prime"

//go:embed prime_program.py
var primeProgram string

// PrimeProgram wraps a program that reads and writes as verl's prime_code runs
// it: as the body of a function, with the usual imports before it, and with
// the end by sys.exit taken for a good one.
func PrimeProgram(program string) string {
	literal, err := json.Marshal(program)
	if err != nil {
		literal = []byte(`""`) // of a text: cannot be
	}
	return primeProgram + "\nmain(" + string(literal) + ")\n"
}

// PrimeFunction is a program whose functions are called, with the imports
// that verl's prime_code puts before it: a name that it does not define may be
// that of the operator module.
func PrimeFunction(program string) string {
	const stars = "string re datetime collections heapq bisect copy math random statistics itertools functools operator io sys json builtins typing"
	const names = "string re datetime collections heapq bisect copy math random statistics itertools functools operator io sys json"
	var b strings.Builder
	for m := range strings.FieldsSeq(stars) {
		b.WriteString("from " + m + " import *\n")
	}
	for m := range strings.FieldsSeq(names) {
		b.WriteString("import " + m + "\n")
	}
	return b.String() + program
}

// primeEqual compares an output with the expected one.
func primeEqual(got, want string) (bool, string) {
	lines := pytext.Lines(got)
	stripped := make([]string, len(lines))
	for i, line := range lines {
		stripped[i] = pytext.Strip(line)
	}
	if w := pytext.Strip(want); pytext.Strip(strings.Join(lines, "\n")) == w || pytext.Strip(strings.Join(stripped, "\n")) == w {
		return true, ""
	}
	var expected, printed []string
	for line := range strings.SplitSeq(want, "\n") {
		if line != "" {
			expected = append(expected, pytext.Strip(line))
		}
	}
	for _, line := range lines {
		if line != "" {
			printed = append(printed, line)
		}
	}
	if sameLines(lines, expected) || sameLines(printed, expected) || closeNumbers(printed, expected) {
		return true, ""
	}
	return false, "the output differs from the expected one"
}

func sameLines(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// closeNumbers says whether all lines are numbers that are close to each
// other, and not all of them are digits only.
func closeNumbers(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	whole := true
	for i := range a {
		whole = whole && digits(a[i]) && digits(b[i])
		x, okX := pytext.Float(a[i])
		y, okY := pytext.Float(b[i])
		if !okX || !okY || !(x == y || math.Abs(x-y) <= 1e-8+1e-5*math.Abs(y) && !math.IsInf(y, 0)) {
			return false
		}
	}
	return !whole
}

func digits(s string) bool {
	return s != "" && strings.TrimFunc(s, pytext.Digit) == ""
}
