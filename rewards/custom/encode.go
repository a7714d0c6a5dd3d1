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
//	{"type":"score","id":17,"func":"f","deadline_ms":2000,"kwargs":{…},"truncated":[false,…]}
//
// where kwargs are the keyword arguments with which TRL's trainer calls a
// reward function (GRPOTrainer, custom reward functions): prompts, completions
// and completion_ids, the data set's columns repeated for each completion, and
// the trainer's state. Every problem has the columns question, solution and
// answer (both the gold answer), task and problem_id, and "problem", the task's
// own data. truncated says which completions were cut at their longest. With same, "n" is the number of completions and the object "same"
// holds the columns that are one text.
func (r request) append(b []byte) ([]byte, error) {
	b = append(b, `{"type":"score","id":`...)
	b = strconv.AppendUint(b, r.id, 10)
	b = appendText(append(b, `,"func":`...), r.function)
	b = strconv.AppendInt(append(b, `,"deadline_ms":`...), r.deadlineMS, 10)
	b = append(b, `,"kwargs":{`...)
	var once []byte
	for _, c := range r.columns() {
		if r.only != nil && !r.only[c.name] {
			continue
		}
		if text, ok := c.shared(r.group.Samples); ok && r.same {
			once = appendText(append(appendText(once, c.name), ':'), text)
			once = append(once, ',')
			continue
		}
		var err error
		if b, err = c.append(append(appendText(b, c.name), ':'), r.group.Samples); err != nil {
			return nil, err
		}
		b = append(b, ',')
	}
	b = strconv.AppendInt(append(b, `"trainer_state":{"global_step":`...), int64(r.step()), 10)
	b = append(b, `}},"truncated":[`...)
	for i, s := range r.group.Samples {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendBool(b, s.Truncated)
	}
	b = append(b, ']')
	if r.same {
		b = strconv.AppendInt(append(b, `,"n":`...), int64(len(r.group.Samples)), 10)
		b = append(append(b, `,"same":{`...), bytes.TrimSuffix(once, []byte(","))...)
		b = append(b, '}')
	}
	return append(b, '}'), nil
}

// appendLine is append with the end of the line.
func (r request) appendLine(b []byte) ([]byte, error) {
	b, err := r.append(b)
	return append(b, '\n'), err
}

// step is the trainer's when the group was sampled.
func (r request) step() int {
	if n := len(r.group.Samples); n > 0 {
		return r.group.Samples[n-1].Step
	}
	return 0
}

// column is one keyword argument: a list with a value for each completion.
type column struct {
	name string
	text func(s *rewards.Sample) string          // of texts and messages
	role string                                  // of messages: who says the text
	raw  func(s *rewards.Sample) json.RawMessage // of JSON values
	ids  bool                                    // token ids
}

// columns are the arguments of a call in the order in which they are written:
// the trainer's own, the problem's, then those of the data set by name. A
// column of the data set wins over the problem's and cannot take the place of
// the trainer's.
func (r request) columns() []column {
	list := []column{
		{name: "prompts", text: func(s *rewards.Sample) string { return s.Prompt }},
		{name: "completions", text: func(s *rewards.Sample) string { return s.Completion }},
		{name: "completion_ids", ids: true},
	}
	if r.conversational {
		list[0].role, list[1].role = "user", "assistant"
	}
	own := []column{
		{name: "question", text: func(s *rewards.Sample) string { return s.Problem.Question }},
		{name: "solution", text: func(s *rewards.Sample) string { return s.Problem.Gold }},
		{name: "answer", text: func(s *rewards.Sample) string { return s.Problem.Gold }},
		{name: "task", text: func(s *rewards.Sample) string { return s.Problem.Task }},
		{name: "problem_id", text: func(s *rewards.Sample) string { return s.Problem.ID }},
		{name: "problem", raw: func(s *rewards.Sample) json.RawMessage { return s.Problem.Data }},
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
		list = append(list, column{name: name, raw: func(s *rewards.Sample) json.RawMessage { return s.Columns[name] }})
	}
	return list
}

// shared is the text that a column holds for all completions.
func (c column) shared(samples []rewards.Sample) (string, bool) {
	if c.text == nil || c.role != "" || len(samples) == 0 {
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

// append writes the list.
func (c column) append(b []byte, samples []rewards.Sample) ([]byte, error) {
	b = append(b, '[')
	for i := range samples {
		if i > 0 {
			b = append(b, ',')
		}
		s := &samples[i]
		switch {
		case c.ids:
			b = appendIDs(b, s.TokenIDs)
		case c.role != "":
			b = appendText(append(b, `[{"role":`...), c.role)
			b = appendText(append(b, `,"content":`...), c.text(s))
			b = append(b, `}]`...)
		case c.text != nil:
			b = appendText(b, c.text(s))
		default:
			v := c.raw(s)
			if len(v) == 0 { // a completion without a value
				b = append(b, "null"...)
				continue
			}
			// A line break between two values would break the line in two.
			w := bytes.NewBuffer(b)
			if err := json.Compact(w, v); err != nil {
				return nil, fmt.Errorf("column %q: %w", c.name, err)
			}
			b = w.Bytes()
		}
	}
	return append(b, ']'), nil
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
