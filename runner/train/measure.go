package train

import (
	"math"
	"strings"

	"gradus/model"
	"gradus/rewards"
	"gradus/runner/algo"
	"gradus/runner/train/alarm"
)

// metrics are the scalars of a grpo step under TRL's names.
func (g *grpo) metrics(ro *rollout, stats algo.RewardStats, u *update) map[string]float64 {
	v := u.pieces.Metrics()
	n := float64(u.updates)
	v["loss"], v["grad_norm"] = u.loss/n, u.norm/n
	v["policy_loss"] /= n
	v["reward_std"], v["frac_reward_zero_std"] = stats.Std, stats.FracZeroStd
	if stats.Scored > 0 {
		v["reward"] = stats.Mean
	}
	v["unscorable"] = float64(stats.Unscorable) / float64(len(ro.all))
	prompt, sampled := ro.tokens()
	v["num_tokens"] = float64(g.r.mem.Tokens) + float64(prompt+sampled)
	ro.lengths(v)
	ro.verdicts(v)
	for k, name := range g.r.judge.Names() {
		if mean, std, ok := ro.part(k); ok {
			v["rewards/"+name+"/mean"], v["rewards/"+name+"/std"] = mean, std
		}
	}
	return v
}

// lengths adds how long completions are, in tokens with the stop token. A
// completion is terminated when a stop token ended it.
func (ro *rollout) lengths(v map[string]float64) {
	var all, ended []float64
	for _, c := range ro.all {
		n := float64(len(c.Tokens))
		all = append(all, n)
		if c.Finish == model.FinishStop {
			ended = append(ended, n)
		}
	}
	v["completions/mean_length"], v["completions/min_length"], v["completions/max_length"] = spread(all)
	// TRL reports 0 when no completion has ended.
	v["completions/mean_terminated_length"], v["completions/min_terminated_length"], v["completions/max_terminated_length"] = spread(ended)
	v["completions/clipped_ratio"] = 1 - float64(len(ended))/float64(len(all))
}

func spread(x []float64) (mean, lo, hi float64) {
	if len(x) == 0 {
		return 0, 0, 0
	}
	lo, hi = x[0], x[0]
	for _, v := range x {
		mean += v
		lo, hi = math.Min(lo, v), math.Max(hi, v)
	}
	return mean / float64(len(x)), lo, hi
}

// verdicts adds accuracy and format by the fixed rules, whatever the rewards
// of the recipe are.
func (ro *rollout) verdicts(v map[string]float64) {
	right, judged, format := 0, 0, 0
	for _, c := range ro.all {
		if c.Correct != nil {
			judged++
			if *c.Correct {
				right++
			}
		}
		if c.FormatOK {
			format++
		}
	}
	if judged > 0 {
		v["accuracy"] = float64(right) / float64(judged)
	}
	v["format"] = float64(format) / float64(len(ro.all))
}

// part is mean and standard deviation (n-1, as TRL) of reward number k over
// the completions that it scored; not ok when it scored none.
func (ro *rollout) part(k int) (mean, std float64, ok bool) {
	var x []float64
	for _, c := range ro.all {
		if p := c.Parts[k]; p.Status == rewards.OK.String() {
			x = append(x, p.Score)
		}
	}
	if len(x) == 0 {
		return 0, 0, false
	}
	mean, _, _ = spread(x)
	for _, v := range x {
		std += (v - mean) * (v - mean)
	}
	if len(x) > 1 {
		std = math.Sqrt(std / float64(len(x)-1))
	}
	return mean, std, true
}

// bestFormat is the largest score of the recipe's format reward; NaN when it
// has none.
func (ro *rollout) bestFormat() (name string, best float64) {
	best = math.NaN()
	for _, c := range ro.all {
		for _, p := range c.Parts {
			if strings.Contains(p.Name, "format") && !(p.Score <= best) {
				name, best = p.Name, p.Score
			}
		}
	}
	return name, best
}

// inspect gathers what the preflight looks at.
func (g *grpo) inspect(u *update, scores []model.Scores) alarm.Preflight {
	r, ro := g.r, u.ro
	p := alarm.Preflight{
		Step: r.at.Step + 1, Vocab: r.shape.Config.VocabSize, HasReference: u.ref != nil,
		Completions: len(ro.all), Limit: ro.limit, Prompts: len(ro.prompts),
		PromptLimit: r.shape.Limits.PromptLen, Positions: r.shape.Config.MaxPositionEmbeddings,
	}
	for _, q := range ro.prompts {
		p.LongestPrompt = max(p.LongestPrompt, len(q.Tokens))
		if q.Unknown {
			p.UnknownBytes++
		}
	}
	for i, c := range ro.all {
		if c.Finish == model.FinishLength {
			p.Clipped++
		}
		for t, sampled := range c.LogProbs {
			trained, ent := float64(scores[i].LogProbs[t]), float64(scores[i].Entropies[t])
			p.Tokens++
			p.LogP += float64(sampled)
			p.Entropy += float64(c.Entropies[t])
			if math.IsNaN(trained+ent+float64(sampled)) || math.IsInf(trained+ent+float64(sampled), 0) {
				p.NonFinite++
				continue
			}
			p.LogPDiffMax = math.Max(p.LogPDiffMax, math.Abs(trained-float64(sampled)))
			if u.ref != nil {
				p.RefDiffMax = math.Max(p.RefDiffMax, math.Abs(trained-float64(u.ref[i].LogProbs[t])))
			}
		}
	}
	p.LogP /= float64(p.Tokens)
	p.Entropy /= float64(p.Tokens)
	for k, name := range r.judge.Names() {
		p.Rewards = append(p.Rewards, ro.spreadOf(k, name))
	}
	return p
}

// spreadOf says in how many groups reward number k tells completions apart.
func (ro *rollout) spreadOf(k int, name string) alarm.RewardSpread {
	s := alarm.RewardSpread{Name: name, Groups: len(ro.prompts)}
	lo, hi := map[int]float64{}, map[int]float64{}
	for _, c := range ro.all {
		p := c.Parts[k]
		if p.Status != rewards.OK.String() {
			continue
		}
		if s.Scored == 0 {
			s.Min, s.Max = p.Score, p.Score
		}
		s.Scored++
		s.Min, s.Max = math.Min(s.Min, p.Score), math.Max(s.Max, p.Score)
		if l, seen := lo[c.group]; !seen || p.Score < l {
			lo[c.group] = p.Score
		}
		if h, seen := hi[c.group]; !seen || p.Score > h {
			hi[c.group] = p.Score
		}
	}
	for g := range lo {
		if lo[g] != hi[g] {
			s.SpreadGroups++
		}
	}
	return s
}
