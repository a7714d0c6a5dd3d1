package reasoninggym

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"

	"gradus/rewards"
	"gradus/rewards/rules/pyvalue"
	"gradus/rewards/rules/rule"
)

// entry is an item of one of reasoning-gym's data sets.
type entry struct {
	answer   string          // the oracle's; "" where it is null
	raw      json.RawMessage // the answer as it came; nil for a gold answer
	metadata json.RawMessage // an object
}

// readEntry finds the item that a sample belongs to: in the columns item,
// entry or metadata as the examples hand it on ({"question","answer",
// "metadata"}), in the columns answer and metadata of a saved data set, or in a
// gold answer that is such an item. A problem's data are columns too.
func readEntry(s rewards.Sample) (entry, error) {
	var item struct {
		Answer   json.RawMessage `json:"answer"`
		Metadata json.RawMessage `json:"metadata"`
	}
	columns := rule.Columns(s)
	for _, raw := range []json.RawMessage{columns["item"], columns["entry"], columns["metadata"], json.RawMessage(s.Problem.Gold)} {
		if raw = bytes.TrimSpace(raw); len(raw) == 0 || raw[0] != '{' {
			continue
		}
		if item.Answer, item.Metadata = nil, nil; json.Unmarshal(raw, &item) == nil && item.Answer != nil && item.Metadata != nil {
			return entry{text(item.Answer), item.Answer, item.Metadata}, nil
		}
	}
	e := entry{answer: s.Problem.Gold, metadata: columns["metadata"]}
	if e.metadata == nil && s.Problem.Task != "jsonl" {
		e.metadata = s.Problem.Data // a built-in task's, as countdown's numbers and target
	}
	if raw, ok := columns["answer"]; ok {
		e.answer, e.raw = text(raw), raw
	}
	if e.answer == "" && e.metadata == nil {
		return e, fmt.Errorf("problem %s has no answer: give the columns answer and metadata, or item with both", s.Problem.ID)
	}
	return e, nil
}

// text is a JSON text, or a number as it is written; null is "".
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		s = string(raw)
	}
	return s
}

// meta reads a field of the metadata.
func (e entry) meta(name string, into any) error {
	var fields map[string]json.RawMessage
	if json.Unmarshal(e.metadata, &fields) != nil || fields[name] == nil {
		return rowError(fmt.Sprintf("the row's metadata has no %q", name))
	}
	if err := json.Unmarshal(fields[name], into); err != nil {
		return rowError(fmt.Sprintf("the row's metadata: %s: %v", name, err))
	}
	return nil
}

// inOrder lists names, each with what it is read into: where several are missing,
// the first is told.
func inOrder[T any](name string, into T, more ...any) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for yield(name, into) && len(more) > 1 {
			name, into, more = more[0].(string), more[1].(T), more[2:]
		}
	}
}

// has says whether the metadata has a field.
func (e entry) has(name string) bool {
	var fields map[string]json.RawMessage
	return json.Unmarshal(e.metadata, &fields) == nil && fields[name] != nil
}

// value is a field of the metadata as Python has it.
func (e entry) value(name string) (any, error) {
	var raw json.RawMessage
	if err := e.meta(name, &raw); err != nil {
		return nil, err
	}
	v, err := pyvalue.JSON(string(raw))
	if err != nil {
		return nil, rowError(fmt.Sprintf("the row's metadata: %s: %v", name, err))
	}
	return v, nil
}

// null says whether the oracle has no answer.
func (e entry) null() bool { return string(e.raw) == "null" }

// truth is bool(answer).
func (e entry) truth() bool {
	if v, err := pyvalue.JSON(string(e.raw)); err == nil {
		return pyvalue.Truth(v)
	}
	return e.answer != ""
}

// rowError says what of a row cannot be read: no fault of the completion.
type rowError string

func (e rowError) Error() string { return string(e) }
