package custom

import (
	"encoding/json"

	"gradus/rewards"
)

// message is one message of a conversation, in the shape of chat data sets.
type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// kwargs are the keyword arguments with which TRL's trainer calls a reward
// function (GRPOTrainer, custom reward functions): prompts, completions and
// completion_ids, the data set's columns repeated for each completion, and
// the trainer's state. With conversational, prompts and completions are lists
// of one message, as chat data sets have them.
//
// Every problem has the columns question, solution and answer (both the gold
// answer), task and problem_id, and "problem", the task's own data.
func kwargs(g rewards.Group, conversational bool) map[string]any {
	n := len(g.Samples)
	prompts, completions := make([]any, n), make([]any, n)
	ids := make([][]int32, n)
	columns := map[string][]any{}
	put := func(i int, key string, value any) {
		if columns[key] == nil {
			columns[key] = make([]any, n)
		}
		columns[key][i] = value
	}
	step := 0
	for i, s := range g.Samples {
		prompts[i], completions[i] = s.Prompt, s.Completion
		if conversational {
			prompts[i], completions[i] = []message{{"user", s.Prompt}}, []message{{"assistant", s.Completion}}
		}
		ids[i] = s.TokenIDs
		if ids[i] == nil {
			ids[i] = []int32{}
		}
		put(i, "question", s.Problem.Question)
		put(i, "solution", s.Problem.Gold)
		put(i, "answer", s.Problem.Gold)
		put(i, "task", s.Problem.Task)
		put(i, "problem_id", s.Problem.ID)
		if len(s.Problem.Data) > 0 {
			put(i, "problem", s.Problem.Data)
		}
		for key, raw := range s.Columns {
			put(i, key, json.RawMessage(raw))
		}
		step = s.Step
	}
	out := map[string]any{}
	for key, values := range columns {
		out[key] = values
	}
	// The trainer's own come last: a column cannot take their place.
	out["prompts"], out["completions"], out["completion_ids"] = prompts, completions, ids
	out["trainer_state"] = map[string]any{"global_step": step}
	return out
}
