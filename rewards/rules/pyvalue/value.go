// Package pyvalue holds Python's values as its json module and its literals
// make them, compared, ordered and written as Python does.
//
// A value is nil, a bool, a *big.Int, a float64, a string, a []any (list), a
// Tuple or a *Dict.
package pyvalue

import (
	"errors"
	"math/big"
	"slices"
	"strings"

	"gradus/rewards/rules/pytext"
)

// Tuple is a tuple.
type Tuple []any

// Dict is a dict of texts to values, in the order in which the keys came.
type Dict struct {
	Keys   []string
	values map[string]any
}

// Get is the value of a key.
func (d *Dict) Get(key string) (v any, ok bool) {
	v, ok = d.values[key]
	return v, ok
}

func (d *Dict) set(key string, v any) {
	if _, seen := d.values[key]; !seen {
		d.Keys = append(d.Keys, key)
	}
	d.values[key] = v
}

// ErrType is Python's TypeError.
var ErrType = errors.New("TypeError")

// Truth is bool(v).
func Truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case *big.Int:
		return v.Sign() != 0
	case float64:
		return v != 0
	}
	items, _ := Items(v)
	return len(items) > 0
}

// Items are what a for loop takes out of v: elements, characters, keys. ok is
// false where Python raises TypeError.
func Items(v any) (items []any, ok bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case Tuple:
		return v, true
	case string:
		items = make([]any, 0, len(v))
		for _, r := range v {
			items = append(items, string(r))
		}
		return items, true
	case *Dict:
		items = make([]any, len(v.Keys))
		for i, k := range v.Keys {
			items[i] = k
		}
		return items, true
	}
	return nil, false
}

// Str is str(v) of a value that holds no others.
func Str(v any) (s string, ok bool) {
	switch v := v.(type) {
	case nil:
		return "None", true
	case bool:
		if v {
			return "True", true
		}
		return "False", true
	case *big.Int:
		return v.String(), true
	case float64:
		return pytext.Repr(v), true
	case string:
		return v, true
	}
	return "", false
}

// Hashable says whether v can be an element of a set.
func Hashable(v any) bool {
	switch v := v.(type) {
	case []any, *Dict:
		return false
	case Tuple:
		return !slices.ContainsFunc(v, func(x any) bool { return !Hashable(x) })
	}
	return true
}

// Equal is a == b: True is 1 is 1.0, and a list is no tuple.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case string:
		s, ok := b.(string)
		return ok && a == s
	case []any:
		l, ok := b.([]any)
		return ok && slices.EqualFunc(a, l, Equal)
	case Tuple:
		t, ok := b.(Tuple)
		return ok && slices.EqualFunc(a, t, Equal)
	case *Dict:
		d, ok := b.(*Dict)
		if !ok || len(a.Keys) != len(d.Keys) {
			return false
		}
		for k, v := range a.values {
			if w, ok := d.values[k]; !ok || !Equal(v, w) {
				return false
			}
		}
		return true
	}
	order, ok := numbers(a, b)
	return ok && order == 0
}

// Less is a < b, or ErrType.
func Less(a, b any) (bool, error) {
	switch a := a.(type) {
	case string:
		if s, ok := b.(string); ok {
			return strings.Compare(a, s) < 0, nil
		}
	case []any:
		if l, ok := b.([]any); ok {
			return lessList(a, l)
		}
	case Tuple:
		if t, ok := b.(Tuple); ok {
			return lessList(a, t)
		}
	}
	if !number(a) || !number(b) {
		return false, ErrType
	}
	order, ok := numbers(a, b)
	return ok && order < 0, nil
}

func lessList(a, b []any) (bool, error) {
	for i := range min(len(a), len(b)) {
		if !Equal(a[i], b[i]) {
			return Less(a[i], b[i])
		}
	}
	return len(a) < len(b), nil
}

func number(v any) bool {
	switch v.(type) {
	case bool, *big.Int, float64:
		return true
	}
	return false
}

// numbers compares two numbers exactly; ok is false where one is none, or NaN.
func numbers(a, b any) (order int, ok bool) {
	x, ok := a.(float64)
	y, ok2 := b.(float64)
	switch {
	case ok && ok2:
		if x != x || y != y {
			return 0, false
		}
		switch {
		case x < y:
			return -1, true
		case x > y:
			return 1, true
		}
		return 0, true
	case ok:
		order, ok = numbers(b, a)
		return -order, ok
	}
	n, whole := integer(a)
	if !whole {
		return 0, false
	}
	if ok2 {
		if y != y {
			return 0, false
		}
		return new(big.Float).SetInt(n).Cmp(big.NewFloat(y)), true
	}
	m, whole := integer(b)
	return n.Cmp(m), whole
}

// integer is the number that a whole number or a bool is.
func integer(v any) (n *big.Int, ok bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return big.NewInt(1), true
		}
		return new(big.Int), true
	case *big.Int:
		return v, true
	}
	return new(big.Int), false
}
