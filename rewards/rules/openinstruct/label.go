package openinstruct

import (
	"fmt"
	"unicode"

	"gradus/rewards/rules/openinstruct/literaleval"
	"gradus/rewards/rules/pytext"
)

func decimal(r rune) bool { return unicode.Is(unicode.Nd, r) }

// labels reads a gold answer as json.loads does: the texts of a list's
// elements, or the one text of what is no list, each as str() writes it. ok is
// false where it is no JSON; why is not "" for what only Python writes.
func labels(gold string) (texts []string, ok bool, why string) {
	value, ok := loads(gold)
	if !ok {
		return nil, false, ""
	}
	list, many := value.([]any)
	if !many {
		list = []any{value}
	}
	texts = make([]string, 0, len(list))
	for _, v := range list {
		switch v := v.(type) {
		case string:
			texts = append(texts, v)
		case literaleval.Number:
			texts = append(texts, numberText(v))
		case bool:
			texts = append(texts, map[bool]string{true: "True", false: "False"}[v])
		case nil:
			texts = append(texts, "None")
		default:
			return nil, true, fmt.Sprintf("the gold answer %q holds lists or objects; give texts or numbers", short(gold))
		}
	}
	return texts, true, ""
}

// loads is json.loads; ok is false where it raises.
func loads(s string) (any, bool) {
	v, ok, _ := literaleval.JSON(s)
	return v, ok
}

// numberText is str() of a number: whole numbers as they are, others as repr
// writes a float.
func numberText(n literaleval.Number) string {
	if n.Whole != "" {
		return n.Whole
	}
	return pytext.Repr(n.Float)
}
