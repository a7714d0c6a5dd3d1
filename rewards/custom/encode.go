package custom

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"gradus/rewards"
)

// request is one call of a function, written as JSON by append: a call is made
// for every group of a run, and reflection over it would cost more than many a
// function.
type request struct {
	id             uint64
	function       string
	deadlineMS     int64
	group          rewards.Group
	conversational bool // prompts and completions as lists of messages
	// same sends a text that all completions of the group share once, for who
	// said that it repeats it.
	same bool
	// only, unless nil, are the arguments that the function takes.
	only map[string]bool
}

// append writes
//
//	{"type":"score","id":17,"func":"f","deadline_ms":2000,"kwargs":{…}}
//
// where kwargs are the keyword arguments with which TRL's trainer calls a
// reward function (GRPOTrainer, custom reward functions): prompts, completions
// and completion_ids, the data set's columns repeated for each completion, and
// the trainer's state. Every problem has the columns question, solution and
// answer (both the gold answer), task and problem_id, and "problem", the task's
// own data. With same, "n" is the number of completions and the object "same"
// holds the columns that are one text.
func (r request) append(b []byte) ([]byte, error) {
	b = append(b, `{"type":"score","id":`...)
	b = strconv.AppendUint(b, r.id, 10)
	b = appendText(append(b, `,"func":`...), r.function)
	b = strconv.AppendInt(append(b, `,"deadline_ms":`...), r.deadlineMS, 10)
	b = append(b, `,"kwargs":{`...)
	var once []byte
	step := 0
	for _, c := range r.columns() {
		if r.only != nil && !r.only[c.name] {
			continue
		}
		if text, ok := c.shared(r.group.Samples); ok && r.same {
			once = appendText(append(appendText(once, c.name), ':'), text)
			once = append(once, ',')
			continue
		}
		b = append(appendText(b, c.name), ':', '[')
		for i := range r.group.Samples {
			if i > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = c.append(b, &r.group.Samples[i]); err != nil {
				return nil, fmt.Errorf("column %q: %w", c.name, err)
			}
		}
		b = append(b, ']', ',')
	}
	for i := range r.group.Samples {
		step = r.group.Samples[i].Step
	}
	b = strconv.AppendInt(append(b, `"trainer_state":{"global_step":`...), int64(step), 10)
	b = append(b, "}}"...)
	if r.same {
		b = strconv.AppendInt(append(b, `,"n":`...), int64(len(r.group.Samples)), 10)
		b = append(append(b, `,"same":{`...), bytes.TrimSuffix(once, []byte(","))...)
		b = append(b, '}')
	}
	return append(b, '}'), nil
}

// column is one keyword argument: a list with a value for each completion.
type column struct {
	name   string
	text   func(s *rewards.Sample) string // nil for values that are no texts
	append func(b []byte, s *rewards.Sample) ([]byte, error)
}

// columns are the arguments of a call in the order in which they are written:
// the trainer's own, the problem's, then those of the data set by name. A
// column of the data set wins over the problem's and cannot take the place of
// the trainer's.
func (r request) columns() []column {
	message := func(role string, text func(s *rewards.Sample) string) column {
		return column{append: func(b []byte, s *rewards.Sample) ([]byte, error) {
			b = appendText(append(b, `[{"role":`...), role)
			b = appendText(append(b, `,"content":`...), text(s))
			return append(b, `}]`...), nil
		}}
	}
	prompt := func(s *rewards.Sample) string { return s.Prompt }
	completion := func(s *rewards.Sample) string { return s.Completion }
	list := []column{texts("prompts", prompt), texts("completions", completion)}
	if r.conversational {
		list[0], list[1] = message("user", prompt), message("assistant", completion)
		list[0].name, list[1].name = "prompts", "completions"
	}
	list = append(list, column{name: "completion_ids", append: func(b []byte, s *rewards.Sample) ([]byte, error) { return appendIDs(b, s.TokenIDs), nil }})
	own := []column{
		texts("question", func(s *rewards.Sample) string { return s.Problem.Question }),
		texts("solution", func(s *rewards.Sample) string { return s.Problem.Gold }),
		texts("answer", func(s *rewards.Sample) string { return s.Problem.Gold }),
		texts("task", func(s *rewards.Sample) string { return s.Problem.Task }),
		texts("problem_id", func(s *rewards.Sample) string { return s.Problem.ID }),
		raw("problem", func(s *rewards.Sample) json.RawMessage { return s.Problem.Data }),
	}
	var names []string
	data := false
	for i := range r.group.Samples {
		data = data || len(r.group.Samples[i].Problem.Data) > 0
		for name := range r.group.Samples[i].Columns {
			switch name {
			case "prompts", "completions", "completion_ids", "trainer_state":
			default:
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	for _, c := range own {
		if !slices.Contains(names, c.name) && (c.name != "problem" || data) {
			list = append(list, c)
		}
	}
	for _, name := range names {
		list = append(list, raw(name, func(s *rewards.Sample) json.RawMessage { return s.Columns[name] }))
	}
	return list
}

// shared is the text that a column holds for all completions.
func (c column) shared(samples []rewards.Sample) (string, bool) {
	if c.text == nil || len(samples) == 0 {
		return "", false
	}
	first := c.text(&samples[0])
	for i := range samples[1:] {
		if c.text(&samples[i+1]) != first {
			return "", false
		}
	}
	return first, true
}

func texts(name string, text func(s *rewards.Sample) string) column {
	return column{name, text, func(b []byte, s *rewards.Sample) ([]byte, error) { return appendText(b, text(s)), nil }}
}

// raw is a column of JSON values; a completion without one has null.
func raw(name string, value func(s *rewards.Sample) json.RawMessage) column {
	return column{name: name, append: func(b []byte, s *rewards.Sample) ([]byte, error) {
		v := value(s)
		if len(v) == 0 {
			return append(b, "null"...), nil
		}
		// A line break between two values would break the line in two.
		w := bytes.NewBuffer(b)
		if err := json.Compact(w, v); err != nil {
			return nil, err
		}
		return w.Bytes(), nil
	}}
}

func appendIDs(b []byte, ids []int32) []byte {
	b = append(b, '[')
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(id), 10)
	}
	return append(b, ']')
}

// appendText writes a JSON string. Bytes that are not valid UTF-8 become
// U+FFFD, as encoding/json has it.
func appendText(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[from:i]...), `\ufffd`...)
				from = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[from:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		from = i
	}
	return append(append(b, s[from:]...), '"')
}
