// Package call reads and writes calls of reward functions in the shape in
// which TRL makes them: completions as texts or messages, and keyword
// arguments that hold one value for each completion.
package call

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"gradus/rewards"
)

// Call is one call: a group of completions and the function's parameters.
type Call struct {
	Group  rewards.Group
	Params map[string]any
	// Kwargs are the keyword arguments as they stand in the row.
	Kwargs map[string]json.RawMessage
	// Rest are the row's other fields, to be handed through.
	Rest map[string]json.RawMessage
}

// goldColumns are the keyword arguments that hold the gold answer, the first
// that is there wins.
func goldColumns() []string { return []string{"solution", "answer", "gold", "ground_truth", "target"} }

// Parse reads {"completions":[…],"kwargs":{…},"params":{…}}. A completion is
// a text or a list of messages, of which the first one's content counts, as in
// open-r1 and TRL. Of the keyword arguments, completion_ids and prompts and
// the gold answers are read by name; every other list with one value for each
// completion becomes a column. "nums" beside "target" make a countdown problem.
func Parse(row []byte) (Call, error) {
	var in struct {
		Completions []json.RawMessage          `json:"completions"`
		Kwargs      map[string]json.RawMessage `json:"kwargs"`
		Params      map[string]any             `json:"params"`
	}
	var rest map[string]json.RawMessage
	if err := json.Unmarshal(row, &rest); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return Call{}, fmt.Errorf(`is not a JSON object but a JSON %s; want {"completions":[…],"kwargs":{…},"params":{…}}`, wrong.Value)
		}
		return Call{}, fmt.Errorf("is not a JSON object: %w", err)
	}
	if err := json.Unmarshal(row, &in); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return Call{}, fmt.Errorf(`%q is a %s; want "completions" as a list, "kwargs" and "params" as objects`, wrong.Field, wrong.Value)
		}
		return Call{}, err
	}
	n := len(in.Completions)
	if n == 0 {
		ids, listed := countOf(in.Kwargs["completion_ids"])
		if in.Completions == nil && !listed {
			return Call{}, errors.New(`has no "completions"; give a list`)
		}
		// Functions over token ids need no text. Of no completions there are
		// no scores, as with the publishers' functions.
		n = ids
		in.Completions = slices.Repeat([]json.RawMessage{json.RawMessage(`""`)}, n)
	}
	for _, key := range []string{"completions", "kwargs", "params"} {
		delete(rest, key)
	}
	c := Call{Params: in.Params, Kwargs: in.Kwargs, Rest: rest, Group: rewards.Group{Samples: make([]rewards.Sample, n)}}
	for i, raw := range in.Completions {
		text, err := content(raw)
		if err != nil {
			return Call{}, fmt.Errorf("completion %d: %w", i+1, err)
		}
		c.Group.Samples[i].Completion = text
	}
	for key, raw := range in.Kwargs {
		if err := c.column(key, raw); err != nil {
			return Call{}, err
		}
	}
	for i := range c.Group.Samples {
		c.Group.Samples[i].Problem = problem(&c.Group.Samples[i], i)
	}
	return c, nil
}

// Want says which of the named keyword arguments the call lacks or gives as
// null, as Python would; any column with gold answers stands for "solution".
func (c Call) Want(names []string) error {
	for _, name := range names {
		among := []string{name}
		if name == "solution" {
			among = goldColumns()
		}
		if len(c.Group.Samples) > 0 && !slices.ContainsFunc(among, func(n string) bool { return len(c.Kwargs[n]) > 0 && string(c.Kwargs[n]) != "null" }) {
			return fmt.Errorf("kwargs has no %q, which the function needs; give a list with one value for each completion", name)
		}
	}
	return nil
}

// Take makes parameters of keyword arguments that are none of the columns.
// Those that the row gives as parameters stay.
func (c *Call) Take(names []string) error {
	for _, name := range names {
		raw, ok := c.Kwargs[name]
		if _, given := c.Params[name]; !ok || given || string(raw) == "null" {
			continue
		}
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			return fmt.Errorf("kwargs.%s: %w", name, err)
		}
		if c.Params == nil {
			c.Params = map[string]any{}
		}
		c.Params[name] = v
	}
	return nil
}

// column gives each sample its value of one keyword argument.
func (c *Call) column(key string, raw json.RawMessage) error {
	named := key == "completion_ids" || key == "prompts" || slices.Contains(goldColumns(), key)
	var values []json.RawMessage
	if err := json.Unmarshal(raw, &values); err != nil || len(values) != len(c.Group.Samples) {
		switch {
		case !named || bytes.Equal(bytes.TrimSpace(raw), []byte("null")):
			return nil // something of the trainer's, as its state
		case err != nil:
			return fmt.Errorf("kwargs.%s is no list; give one value for each of the %d completions", key, len(c.Group.Samples))
		}
		return fmt.Errorf("kwargs.%s has %d values for %d completions", key, len(values), len(c.Group.Samples))
	}
	for i, v := range values {
		s := &c.Group.Samples[i]
		switch key {
		case "completion_ids":
			ids := []int32{}
			if err := json.Unmarshal(v, &ids); err != nil {
				return fmt.Errorf("kwargs.completion_ids of completion %d is %.40s; want a list of token ids, whole numbers of 32 bits", i+1, v)
			}
			s.TokenIDs = ids
		case "prompts":
			// Prompts of images and the like stay out: hardly a function reads them.
			s.Prompt, _ = content(v)
		default:
			if s.Columns == nil {
				s.Columns = map[string]json.RawMessage{}
			}
			s.Columns[key] = v
		}
	}
	return nil
}

// problem makes the problem that the checkers read from the columns.
func problem(s *rewards.Sample, i int) rewards.Problem {
	p := rewards.Problem{Task: "jsonl", ID: fmt.Sprintf("call/%d", i+1), Question: s.Prompt}
	nums, target := s.Columns["nums"], s.Columns["target"]
	if nums == nil {
		nums = s.Columns["numbers"]
	}
	if nums != nil && target != nil {
		p.Task = "countdown"
		p.Data = json.RawMessage(fmt.Sprintf(`{"numbers":%s,"target":%s}`, nums, target))
		return p
	}
	for _, key := range goldColumns() {
		raw, ok := s.Columns[key]
		if !ok {
			continue
		}
		if err := json.Unmarshal(raw, &p.Gold); err != nil {
			p.Gold = string(raw) // a number, say
		}
		break
	}
	return p
}

// content returns the text of a completion or prompt: itself, or the content
// of the first of its messages.
func content(raw json.RawMessage) (string, error) {
	var text *string
	if err := json.Unmarshal(raw, &text); err == nil && text != nil {
		return *text, nil
	}
	var messages []struct {
		Content *string `json:"content"`
	}
	if err := json.Unmarshal(raw, &messages); err != nil {
		return "", errors.New(`is neither a text nor a list of messages with a text as "content"`)
	}
	if len(messages) == 0 || messages[0].Content == nil {
		return "", errors.New("has no message with a content")
	}
	return *messages[0].Content, nil
}

// countOf is the length of a list; ok says whether it is one.
func countOf(raw json.RawMessage) (n int, ok bool) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || list == nil {
		return 0, false
	}
	return len(list), true
}
