package openinstruct

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/openinstruct/literaleval"
	"gradus/rewards/rules/rule"
)

// newFollow is IFEvalVerifierOld: the gold answer is an object that names a
// function of if_functions.py and its arguments; those that are null are left
// out.
func newFollow() rule.Judge {
	functions := instructions()
	return func(s rewards.Sample) rewards.Result {
		value, ok := loads(s.Problem.Gold)
		object, isObject := value.(map[string]any)
		if !ok || !isObject {
			return unread(fmt.Sprintf("the gold answer %q is no JSON object", short(s.Problem.Gold)))
		}
		raw, named := object["func_name"]
		if !named {
			return rewards.Result{Reason: "ifeval.no_function", Why: "the gold answer names no func_name"}
		}
		name, _ := raw.(string)
		f, known := functions[name]
		if !known {
			return failed(fmt.Sprintf("open-instruct has no function %q; it has %s", short(fmt.Sprint(raw)), strings.Join(slices.Sorted(maps.Keys(functions)), ", ")))
		}
		a := arguments{}
		for key, v := range object {
			if key != "func_name" && v != nil {
				a[key] = v
			}
		}
		for key := range a {
			if !slices.Contains(f.takes, key) {
				return failed(fmt.Sprintf("%s takes no argument %q", name, key))
			}
		}
		for _, key := range f.takes {
			if _, given := a[key]; !given {
				return failed(fmt.Sprintf("%s needs the argument %q", name, key))
			}
		}
		followed, err := f.holds(afterThinking(s.Completion), a)
		switch {
		case err != nil:
			return failed(fmt.Sprintf("%s: %v", name, err))
		case followed:
			return rewards.Result{Score: 1, Reason: "ifeval.followed", Why: "the completion follows " + name}
		}
		return rewards.Result{Reason: "ifeval.broken", Why: "the completion does not follow " + name}
	}
}

// arguments are an instruction's, as JSON gives them.
type arguments map[string]any

func (a arguments) number(key string) (float64, error) {
	if v, ok := literaleval.Float(a[key]); ok {
		return v, nil
	}
	return 0, fmt.Errorf("%s is %v, not a number", key, a[key])
}

func (a arguments) text(key string) (string, error) {
	if v, ok := a[key].(string); ok {
		return v, nil
	}
	return "", fmt.Errorf("%s is %v, not a text", key, a[key])
}

// texts are a list's texts, or the characters of one text, as Python goes
// through it.
func (a arguments) texts(key string) ([]string, error) {
	switch v := a[key].(type) {
	case string:
		return strings.Split(v, ""), nil
	case []any:
		out := make([]string, len(v))
		for i, e := range v {
			text, ok := e.(string)
			if !ok {
				return nil, fmt.Errorf("%s holds %v, not a text", key, e)
			}
			out[i] = text
		}
		return out, nil
	}
	return nil, fmt.Errorf("%s is %v, not a list of texts", key, a[key])
}

// index is a whole number.
func (a arguments) index(key string) (int, error) {
	if n, ok := a[key].(literaleval.Number); ok && n.Whole != "" {
		i, _ := literaleval.Int(n)
		return i, nil
	}
	return 0, fmt.Errorf("%s is %v, not a whole number", key, a[key])
}
