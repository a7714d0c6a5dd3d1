package train

import (
	"testing"
)

// chainSum begins with a cold start so short that most completions miss the
// format; GRPO has to find it.
const chainSum = `
name = "chain-sum"
[model]
hidden_size = 48
num_hidden_layers = 2
num_attention_heads = 4
max_position_embeddings = 96
[task]
name = "chain_sum"
level = 1
template = "short"
[[reward]]
name = "gradus.accuracy"
[[reward]]
name = "gradus.format"
[[stage]]
kind = "sft"
steps = 30
batch_size = 32
learning_rate = 5e-3
style = { careful = 1.0, terse = 1.0 }
[[stage]]
kind = "grpo"
steps = 40
prompts_per_step = 8
num_generations = 8
max_completion_length = 32
learning_rate = 2e-3
[eval]
prompts = 64
[checkpoint]
save_steps = 0
[store]
token_data = "none"
[limits]
max_prompt_length = 24
`

func TestLearns(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for some seconds")
	}
	dir := newRun(t, chainSum)
	var reward []float64
	env := testEnv(t, dir)
	env.Progress = func(e Event) {
		if e.Stage == "grpo" && e.Metrics != nil {
			reward = append(reward, e.Metrics.Values["reward"])
			t.Log(e)
		}
	}
	mustRun(t, env)
	mean := func(v []float64) (m float64) {
		for _, x := range v {
			m += x / float64(len(v))
		}
		return m
	}
	first, last := mean(reward[:5]), mean(reward[len(reward)-5:])
	// The format alone pays 1; 64 completions a step make the error of a mean
	// of five steps less than 0.03.
	if last < first+0.2 {
		t.Errorf("mean reward went from %.3f to %.3f, want a rise of 0.2", first, last)
	}
}
