package openinstruct

import (
	"fmt"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/openinstruct/ifevalg"
	"gradus/rewards/rules/openinstruct/literaleval"
	"gradus/rewards/rules/rule"
)

// newIFEval is IFEvalVerifier: the gold answer is a Python literal, a list
// whose first element, a dict or the JSON of one, holds the instructions'
// names (instruction_id) and arguments (kwargs). The score is the share of
// those that the completion behind its thinking follows; pairs are made as far
// as both lists go, and of none the share is 0.
func newIFEval() rule.Judge {
	known := ifevalg.Known()
	return func(s rewards.Sample) rewards.Result {
		names, kwargs, err := constraints(s.Problem.Gold)
		if err != nil {
			return unread(fmt.Sprintf("the gold answer %q names no instructions: %v", short(s.Problem.Gold), err))
		}
		answer := afterThinking(s.Completion)
		if answer == "" {
			return rewards.Result{Reason: "ifeval.empty", Why: "there is nothing behind the thinking"}
		}
		keys, ok := literaleval.Items(names)
		if !ok {
			return failed("instruction_id is " + literaleval.Kind(names) + ", not a list")
		}
		args, ok := literaleval.Items(kwargs)
		if !ok {
			return failed("kwargs is " + literaleval.Kind(kwargs) + ", not a list")
		}
		text := ifevalg.NewText(answer)
		followed, broken := 0, []string{}
		n := min(len(keys), len(args))
		for i := range n {
			name, ok := keys[i].(string)
			if !ok {
				return failed("an instruction's name is " + literaleval.Kind(keys[i]) + ", not a text")
			}
			holds, err := follows(known, text, name, args[i])
			switch {
			case err != nil:
				return failed(fmt.Sprintf("%.60s: %v", name, err))
			case holds:
				followed++
			default:
				broken = append(broken, name)
			}
		}
		r := rewards.Result{Score: float64(followed) / float64(max(n, 1)), Reason: "ifeval.followed", Facts: map[string]any{"instructions": n, "followed": followed}}
		r.Why = fmt.Sprintf("the completion follows %d of %d instructions", followed, n)
		if followed < n || n == 0 {
			r.Reason = "ifeval.broken"
			r.Facts["broken"] = broken
			r.Why += ", not " + strings.Join(broken, ", ")
		}
		return r
	}
}

func follows(known ifevalg.Instructions, text *ifevalg.Text, name string, kwargs any) (bool, error) {
	if kwargs == nil {
		kwargs = map[string]any{}
	}
	dict, ok := kwargs.(map[string]any)
	if !ok {
		return false, fmt.Errorf("its kwargs are %s, not a dict", literaleval.Kind(kwargs))
	}
	given := map[string]any{}
	for k, v := range dict {
		if v != nil {
			given[k] = v
		}
	}
	check, err := known.Build(name, given)
	if err != nil {
		return false, err
	}
	return check(text)
}

// constraints are what a gold answer holds under instruction_id and kwargs.
func constraints(gold string) (names, kwargs any, err error) {
	value, err := literaleval.Literal(gold)
	if err != nil {
		return nil, nil, err
	}
	var list []any
	switch v := value.(type) {
	case []any:
		list = v
	case literaleval.Tuple:
		list = v
	}
	if len(list) == 0 {
		return nil, nil, fmt.Errorf("it is %s, not a list with a dict in it", literaleval.Kind(value))
	}
	first := list[0]
	if text, ok := first.(string); ok {
		if first, ok, _ = literaleval.JSON(text); !ok {
			return nil, nil, fmt.Errorf("its first element, a text, is no JSON")
		}
	}
	dict, ok := first.(map[string]any)
	if !ok {
		return nil, nil, fmt.Errorf("its first element is %s, not a dict", literaleval.Kind(first))
	}
	for _, key := range [...]string{"instruction_id", "kwargs"} {
		if _, ok := dict[key]; !ok {
			return nil, nil, fmt.Errorf("it has no %s", key)
		}
	}
	return dict["instruction_id"], dict["kwargs"], nil
}
