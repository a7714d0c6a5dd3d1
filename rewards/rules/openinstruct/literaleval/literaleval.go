// Package literaleval reads gold answers as open-instruct does: the literals of
// ast.literal_eval, with its strings of every kind, sets and sums of complex
// numbers, and JSON, both into a few kinds of values. Package pyvalue has the
// values that are compared and sorted as Python does.
//
// A value is nil (None), a bool, a string, a Number, a []any (list), a Tuple, a
// Set, a map[string]any (a dict whose keys are texts) or an Other.
package literaleval

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Number is an int or a float.
type Number struct {
	Float float64
	Whole string // the decimal digits of an int, with its sign; "" for a float
}

// Tuple and Set are what their names say.
type (
	Tuple []any
	Set   []any
)

// Other is a value that is read but not kept: bytes, complex numbers, dicts
// with keys that are no texts, the Ellipsis.
type Other struct{ Kind string }

// Int is a number as an int; ok is false for floats and what is no number.
// bool counts as 0 and 1. Ints beyond 2⁵³ are that.
func Int(v any) (n int, ok bool) {
	switch v := v.(type) {
	case bool:
		return int(truth(v)), true
	case Number:
		if v.Whole != "" {
			return int(max(-1<<53, min(1<<53, v.Float))), true
		}
	}
	return 0, false
}

// Float is a number, or a bool as one.
func Float(v any) (f float64, ok bool) {
	switch v := v.(type) {
	case bool:
		return truth(v), true
	case Number:
		return v.Float, true
	}
	return 0, false
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// True is bool(v).
func True(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case Tuple:
		return len(v) > 0
	case Set:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	case Other:
		return true
	}
	f, _ := Float(v)
	return f != 0
}

// Items are what list(v) holds, the keys of a dict in alphabetical order; ok is
// false for what cannot be gone through.
func Items(v any) (items []any, ok bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case Tuple:
		return v, true
	case Set:
		return v, true
	case string:
		for _, r := range v {
			items = append(items, string(r))
		}
		return items, true
	case map[string]any:
		for k := range v {
			items = append(items, k)
		}
		slices.SortFunc(items, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
		return items, true
	}
	return nil, false
}

// Kind is what Python calls a value's type.
func Kind(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "a bool"
	case string:
		return "a text"
	case Number:
		if v.Whole == "" {
			return "a float"
		}
		return "an int"
	case []any:
		return "a list"
	case Tuple:
		return "a tuple"
	case Set:
		return "a set"
	case map[string]any:
		return "a dict"
	case Other:
		return v.Kind
	}
	return "nothing known"
}

// maxDigits is how many digits Python reads as an int at most.
const maxDigits = 4300

// whole makes an int of its digits; ok is false where Python raises
// ValueError.
func whole(digits string) (Number, bool) {
	if len(strings.TrimPrefix(digits, "-")) > maxDigits {
		return Number{}, false
	}
	f, err := strconv.ParseFloat(digits, 64)
	if digits == "-0" {
		f, digits = 0, "0"
	}
	return Number{Float: f, Whole: digits}, err == nil || math.IsInf(f, 0)
}
