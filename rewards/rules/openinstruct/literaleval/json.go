package literaleval

import (
	"errors"
	"math/big"

	"gradus/rewards/rules/pyvalue"
)

// JSON is json.loads: JSON, and NaN, Infinity and -Infinity. ok is false where
// it raises ValueError; deep where it raises RecursionError instead.
func JSON(s string) (v any, ok, deep bool) {
	v, err := pyvalue.JSON(s)
	if err != nil {
		return nil, false, errors.Is(err, pyvalue.ErrLimit) && !manyDigits(s)
	}
	return ofJSON(v), true, false
}

// manyDigits says whether a text holds more digits in a row than Python reads
// as an int, which is a ValueError.
func manyDigits(s string) bool {
	n := 0
	for i := range len(s) {
		if n++; s[i] < '0' || s[i] > '9' {
			n = 0
		}
		if n > maxDigits {
			return true
		}
	}
	return false
}

// ofJSON is what json.loads made, as the literals of this package are.
func ofJSON(v any) any {
	switch v := v.(type) {
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return Number{Float: f, Whole: v.String()}
	case float64:
		return Number{Float: v}
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = ofJSON(item)
		}
		return out
	case *pyvalue.Dict:
		out := make(map[string]any, len(v.Keys))
		for _, k := range v.Keys {
			item, _ := v.Get(k)
			out[k] = ofJSON(item)
		}
		return out
	}
	return v
}
