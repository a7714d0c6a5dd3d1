package ifevalg

import (
	"fmt"
	"slices"

	"gradus/rewards/rules/openinstruct/literaleval"
	"gradus/rewards/rules/pytext"
)

// arguments are the kwargs of an instruction, without those that are None.
type arguments map[string]any

// drawn is the error where open-instruct draws an argument at random, so that
// it decides otherwise in each run.
func drawn(key, why string) error {
	return fmt.Errorf("%s is %s, and open-instruct draws it at random then; give it in kwargs", key, why)
}

// wrong is the error where an argument's type makes open-instruct raise one.
func wrong(key string, v any, want string) error {
	return fmt.Errorf("%s is %s, not %s", key, literaleval.Kind(v), want)
}

// given is an argument without which one is drawn.
func (a arguments) given(key string) (any, error) {
	v, ok := a[key]
	if !ok {
		return nil, drawn(key, "missing")
	}
	return v, nil
}

// truthy is an argument for which another is drawn if it is empty or 0.
func (a arguments) truthy(key string) (any, error) {
	v, err := a.given(key)
	if err == nil && !literaleval.True(v) {
		return nil, drawn(key, "empty or 0")
	}
	return v, err
}

// count is a number of at least 0; another is drawn for what is below.
func (a arguments) count(key string) (float64, error) {
	n, err := a.number(key)
	if err == nil && n < 0 {
		return 0, drawn(key, "negative")
	}
	return n, err
}

// number is a number, of any sign.
func (a arguments) number(key string) (float64, error) {
	v, err := a.given(key)
	if err != nil {
		return 0, err
	}
	n, ok := literaleval.Float(v)
	if !ok {
		return 0, wrong(key, v, "a number")
	}
	return n, nil
}

// equal says whether a count equals an argument that is not 0; what is no
// number equals none.
func (a arguments) equal(key string) (func(n int) bool, error) {
	v, err := a.truthy(key)
	if err != nil {
		return nil, err
	}
	want, ok := literaleval.Float(v)
	return func(n int) bool { return ok && float64(n) == want }, nil
}

// text is a text; where it is missing one is drawn.
func (a arguments) text(key string) (string, error) {
	v, err := a.given(key)
	if err != nil {
		return "", err
	}
	s, ok := v.(string)
	if !ok {
		return "", wrong(key, v, "a text")
	}
	return s, nil
}

// word is a text without the white space around it; where it is missing or
// empty one is drawn.
func (a arguments) word(key string) (string, error) {
	if _, err := a.truthy(key); err != nil {
		return "", err
	}
	s, err := a.text(key)
	return pytext.Strip(s), err
}

// firstWord is word, or that of a list's first element.
func (a arguments) firstWord(key string) (string, error) {
	v, err := a.truthy(key)
	if err != nil {
		return "", err
	}
	if list, ok := v.([]any); ok {
		v = list[0]
	} else if tuple, ok := v.(literaleval.Tuple); ok {
		v = tuple[0]
	}
	s, ok := v.(string)
	if !ok {
		return "", wrong(key, v, "a text")
	}
	return pytext.Strip(s), nil
}

// prompt is the text to be repeated, which has to be there.
func (a arguments) prompt() (string, error) {
	const key = "prompt_to_repeat"
	v := a[key]
	if !literaleval.True(v) {
		return "", fmt.Errorf("%s must be set", key)
	}
	s, ok := v.(string)
	if !ok {
		return "", wrong(key, v, "a text")
	}
	return s, nil
}

// texts are a list's texts in alphabetical order.
func (a arguments) texts(key string) ([]string, error) {
	v, err := a.truthy(key)
	if err != nil {
		return nil, err
	}
	items, ok := literaleval.Items(v)
	if !ok {
		return nil, wrong(key, v, "a list")
	}
	out := make([]string, len(items))
	for i, item := range items {
		if out[i], ok = item.(string); !ok {
			return nil, wrong(key, item, "a list of texts alone")
		}
	}
	slices.Sort(out)
	return out, nil
}

// relation says whether a count is less than a number, or at least it.
func (a arguments) relation(key string) (func(have, want float64) bool, error) {
	v, err := a.given(key)
	if err != nil {
		return nil, err
	}
	switch v {
	case "less than":
		return func(have, want float64) bool { return have < want }, nil
	case "at least":
		return func(have, want float64) bool { return have >= want }, nil
	}
	return nil, fmt.Errorf("%s is neither %q nor %q", key, "less than", "at least")
}

// related is an instruction about a count, a number and a relation.
func related(number, relation string, count func(t *Text) int) instruction {
	return instruction{[]string{number, relation}, func(a arguments) (Check, error) {
		want, err := a.count(number)
		if err != nil {
			return nil, err
		}
		holds, err := a.relation(relation)
		return plain(func(t *Text) bool { return holds(float64(count(t)), want) }), err
	}}
}

// counted is an instruction about a count and a number, which is to be
// reached or, if exactly is true, to be met.
func counted(number string, exactly bool, count func(t *Text) int) instruction {
	return instruction{[]string{number}, func(a arguments) (Check, error) {
		want, err := a.count(number)
		return plain(func(t *Text) bool {
			have := float64(count(t))
			return have == want || have > want && !exactly
		}), err
	}}
}

// stated is an instruction about a word that it names.
func stated(key string, read func(a arguments, key string) (string, error), follows func(t *Text, word string) bool) instruction {
	return instruction{[]string{key}, func(a arguments) (Check, error) {
		word, err := read(a, key)
		return plain(func(t *Text) bool { return follows(t, word) }), err
	}}
}
