package train

import (
	"context"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"gradus/model"
	"gradus/rewards"
	"gradus/runner/recipe"
	"gradus/runner/train/feed"
	"gradus/runner/train/judge"
	"gradus/runner/train/shape"
	"gradus/store"
)

// completion is one sampled and judged answer.
type completion struct {
	model.Completion
	judge.Judgement
	group     int // index of its prompt
	index     int // in its group
	stream    uint64
	text      string
	advantage float64
}

// rollout is the completions of some prompts, group by group.
type rollout struct {
	prompts []feed.Prompt
	all     []completion
	group   int // completions a prompt
	version int // optimizer updates of the policy that sampled
	limit   int // most tokens of a completion

	sampling time.Duration
	judging  time.Duration // beyond sampling
}

// sampleOptions of a stage.
func sampleOptions(g recipe.GRPO, seed uint64, stop []int32) model.SampleOptions {
	return model.SampleOptions{
		Temperature: float32(g.Temperature), TopP: float32(g.TopP), TopK: g.TopK,
		MaxNew: g.MaxCompletionLength, Stop: stop, Seed: seed,
	}
}

// sample draws group completions of each prompt and has them judged: a group
// as soon as it is whole, while others are still being drawn. stream gives the
// random stream of a completion.
func (r *run) sample(ctx context.Context, told func(done, total int), prompts []feed.Prompt, group int, o model.SampleOptions, step int, stream func(prompt, index int) uint64) (*rollout, error) {
	ro := &rollout{prompts: prompts, group: group, version: r.m.OptimizerSteps(), limit: o.MaxNew}
	reqs := make([]model.Request, len(prompts))
	for i, p := range prompts {
		reqs[i] = model.Request{Prompt: p.Tokens, Streams: make([]uint64, group)}
		for k := range group {
			reqs[i].Streams[k] = stream(i, k)
		}
	}
	begin := r.env.Clock.Now()
	sampling, stop := context.WithCancel(ctx)
	defer stop()
	queue := r.judge.Queue(ctx, len(prompts), stop)
	groups := make([]rewards.Group, len(prompts))
	drawn, err := r.m.Generate(sampling, reqs, o, model.Watch{Progress: told, Group: func(i int, drawn []model.Completion) {
		groups[i] = r.toJudge(prompts[i], drawn, step)
		queue.Add(i, groups[i])
	}})
	if err != nil {
		return nil, queue.Close(err)
	}
	ro.sampling = r.env.Clock.Now().Sub(begin)
	begin = r.env.Clock.Now()
	judged, err := queue.Wait()
	if err != nil {
		return nil, err
	}
	for i := range prompts {
		for k, c := range drawn[i] {
			ro.all = append(ro.all, completion{
				Completion: c, Judgement: judged[i][k], group: i, index: k, stream: reqs[i].Streams[k], text: groups[i].Samples[k].Completion,
			})
		}
	}
	ro.judging = r.env.Clock.Now().Sub(begin)
	return ro, ctx.Err()
}

// toJudge is what the rewards see of the completions of a prompt.
func (r *run) toJudge(p feed.Prompt, drawn []model.Completion, step int) rewards.Group {
	g := rewards.Group{ID: p.Hash}
	for _, c := range drawn {
		g.Samples = append(g.Samples, rewards.Sample{
			Prompt: p.Text, Completion: r.text(c), TokenIDs: c.Tokens, Truncated: c.Finish == model.FinishLength, Problem: p.Problem, Step: step,
		})
	}
	return g
}

// text is a completion without the token that stopped it.
func (r *run) text(c model.Completion) string {
	ids := c.Tokens
	if c.Finish == model.FinishStop {
		ids = ids[:len(ids)-1]
	}
	return r.shape.Tok.Decode(ids)
}

// tokens is the number of prompt and completion tokens.
func (ro *rollout) tokens() (prompt, completion int) {
	for _, c := range ro.all {
		prompt += len(ro.prompts[c.group].Tokens)
		completion += len(c.Tokens)
	}
	return prompt, completion
}

// sequences are the completions with their prompts, for the trainer.
func (ro *rollout) sequences() []model.Sequence {
	seqs := make([]model.Sequence, len(ro.all))
	for i, c := range ro.all {
		p := ro.prompts[c.group].Tokens
		ids := make([]int32, 0, len(p)+len(c.Tokens))
		seqs[i] = model.Sequence{Tokens: append(append(ids, p...), c.Tokens...), Prompt: len(p)}
	}
	return seqs
}

// rewards is one number a completion, NaN where none could be computed.
func (ro *rollout) rewards() (values []float64, group []int) {
	for _, c := range ro.all {
		v := c.Total
		if c.Unscorable {
			v = math.NaN()
		}
		values, group = append(values, v), append(group, c.group)
	}
	return values, group
}

// parts is one row a reward and one column a completion, NaN where the reward
// gave no number, and the weights of the rewards.
func (ro *rollout) parts() (scores [][]float64, weights []float64) {
	for i, c := range ro.all {
		for k, p := range c.Parts {
			if i == 0 {
				scores, weights = append(scores, make([]float64, len(ro.all))), append(weights, p.Weight)
			}
			scores[k][i] = c.Scores[k]
		}
	}
	return scores, weights
}

// records are the completions as the store keeps them. keep says of which
// prompts the token data is stored.
func (ro *rollout) records(keep func(prompt int) bool) ([]store.Prompt, []store.Sample) {
	prompts := make([]store.Prompt, len(ro.prompts))
	for i, p := range ro.prompts {
		prompts[i] = p.Record(len(p.Tokens))
	}
	rows := make([]store.Sample, len(ro.all))
	for i, c := range ro.all {
		s := store.Sample{
			Prompt: c.group, Group: c.group, Index: c.index, Stream: c.stream, Finish: c.Finish, PolicyVersion: ro.version, Tokens: len(c.Tokens),
			Reward: c.Total, Advantage: c.advantage, Unscorable: c.Unscorable, Correct: c.Correct, Claim: c.Claim, Rewards: c.Parts,
		}
		if utf8.ValidString(c.text) {
			s.Text = c.text
		} else {
			s.RawText = []byte(c.text)
		}
		if keep(c.group) {
			s.TokenIDs, s.LogProbs, s.Entropies = c.Tokens, c.LogProbs, c.Entropies
		}
		rows[i] = s
	}
	return prompts, rows
}

// keepTokens is the recipe's store.token_data: of which prompts of a step the
// token data is stored.
func keepTokens(policy string, step, prompts int) func(prompt int) bool {
	return func(prompt int) bool {
		switch policy {
		case "none":
			return false
		case "sampled":
			return prompts > 0 && prompt == step%prompts
		}
		return true
	}
}

// promptsAt encodes the prompts of a grpo step.
func (r *run) promptsAt(src *feed.Source, position int64, n int) ([]feed.Prompt, error) {
	list := make([]feed.Prompt, n)
	for i := range list {
		p, err := src.Problem(position + int64(i))
		if err != nil {
			return nil, err
		}
		if list[i], err = r.enc.Encode(p); err != nil {
			return nil, err
		}
		if err := shape.CheckPrompt(list[i], r.shape.Limits.PromptLen, r.rec, r.shape.Config); err != nil {
			return nil, fmt.Errorf("step %d: %w", r.at.Step+1, err)
		}
	}
	return list, nil
}
