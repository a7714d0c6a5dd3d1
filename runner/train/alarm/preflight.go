package alarm

import (
	"fmt"
	"math"

	"gradus/store"
)

// Preflight is what is known before the first update of a grpo stage: the
// first rollout, scored again by the trainer's own forward pass.
type Preflight struct {
	Step   int
	Vocab  int
	Tokens int // sampled tokens

	NonFinite    int     // log-probs or entropies that are NaN or infinite
	LogPDiffMax  float64 // largest |trainer - sampler| log-prob
	HasReference bool
	RefDiffMax   float64 // largest |policy - reference| log-prob
	LogP         float64 // mean log-prob of the sampled tokens, nats
	Entropy      float64 // mean entropy, nats

	Rewards []RewardSpread

	Completions int
	Clipped     int // cut at the length limit
	Limit       int // tokens

	LongestPrompt int // tokens
	PromptLimit   int // tokens
	Positions     int // tokens the model can hold
	UnknownBytes  int // prompts with bytes that the tokenizer does not know
	Prompts       int
}

// RewardSpread is what one reward function did over the first rollout.
type RewardSpread struct {
	Name         string
	Scored       int // completions with a score
	Groups       int
	SpreadGroups int // groups whose completions did not all score the same
	Min, Max     float64
}

// Check says for each invariant whether it holds. hard is the first failed one
// under which training would be wrong rather than slow; the run must not go
// on.
func (p Preflight) Check() (alerts []store.Alert, hard *store.Alert) {
	add := func(code string, ok, fatal bool, value float64, pass, fail string) {
		a := store.Alert{Step: p.Step, Level: "info", Code: "preflight." + code, Message: pass, Value: finite(value), Passed: ok}
		if !ok {
			a.Level, a.Message = "warn", fail
			if fatal {
				a.Level = "error"
			}
		}
		alerts = append(alerts, a)
		if !ok && fatal && hard == nil {
			hard = &a
		}
	}

	add("finite", p.NonFinite == 0, true, float64(p.NonFinite),
		fmt.Sprintf("All %d log-probs of the first rollout are finite.", p.Tokens),
		fmt.Sprintf("%d of %d log-probs or entropies of the first rollout are not finite: the weights are broken, and no update could mend them.", p.NonFinite, p.Tokens))

	add("ratio", p.LogPDiffMax == 0, true, p.LogPDiffMax,
		fmt.Sprintf("Sampler and trainer agree to the bit on all %d log-probs: the first ratio is exactly 1.", p.Tokens),
		fmt.Sprintf("Sampler and trainer differ by up to %.3g in log-prob, so the first ratio is not 1 and every gradient is biased. This is a bug of gradus: run gradus doctor and report it with this run's folder.", p.LogPDiffMax))

	if p.HasReference {
		add("kl", p.RefDiffMax == 0, true, p.RefDiffMax,
			"Policy and reference agree to the bit: KL starts at exactly 0.",
			fmt.Sprintf("Policy and reference differ by up to %.3g in log-prob before the first update, so KL does not start at 0. The reference is not the policy that the stage began with.", p.RefDiffMax))
	}

	lnV := math.Log(float64(p.Vocab))
	add("logprob", p.LogP < 0 && p.LogP > -1.1*lnV, false, p.LogP,
		fmt.Sprintf("The mean log-prob of sampled tokens is %.3f (a uniform guess has %.3f).", p.LogP, -lnV),
		fmt.Sprintf("The mean log-prob of sampled tokens is %.3f, outside %.3f .. 0: wrong weights, or a wrong tokenizer.", p.LogP, -1.1*lnV))

	low, high := 0.01, 0.95*lnV
	entropy := fmt.Sprintf("The mean entropy is %.3f nats a token, between %.2f and %.3f.", p.Entropy, low, high)
	why := "the policy is sure of every token, so completions of a group will not differ; raise temperature"
	if p.Entropy > high {
		why = "the policy is hardly better than random; give it a cold start (an sft stage), or it will find no reward"
	}
	add("entropy", p.Entropy >= low && p.Entropy <= high, false, p.Entropy, entropy,
		fmt.Sprintf("The mean entropy is %.3f nats a token: %s.", p.Entropy, why))

	for _, r := range p.Rewards {
		p.checkReward(r, add)
	}

	share := 0.0
	if p.Completions > 0 {
		share = float64(p.Clipped) / float64(p.Completions)
	}
	add("length", share <= clippedShare, false, share,
		fmt.Sprintf("%d of %d completions ended by themselves within %d tokens.", p.Completions-p.Clipped, p.Completions, p.Limit),
		fmt.Sprintf("%d of %d completions were cut at max_completion_length %d: answers that never end earn nothing. Raise it, or give the model a cold start.", p.Clipped, p.Completions, p.Limit))

	add("prompt", p.LongestPrompt <= p.PromptLimit && p.LongestPrompt+p.Limit <= p.Positions, true, float64(p.LongestPrompt),
		fmt.Sprintf("The longest prompt takes %d tokens; with %d of completion that fits the model's %d positions.", p.LongestPrompt, p.Limit, p.Positions),
		fmt.Sprintf("The longest prompt takes %d tokens (limits.max_prompt_length %d); with %d of completion that is more than the model's %d positions.", p.LongestPrompt, p.PromptLimit, p.Limit, p.Positions))

	add("tokenizer", p.UnknownBytes == 0, false, float64(p.UnknownBytes),
		fmt.Sprintf("The tokenizer knows every byte of the %d prompts.", p.Prompts),
		fmt.Sprintf("%d of %d prompts hold bytes that the tokenizer does not know, so the model cannot read them. Use tokenizer.kind = \"bytes\".", p.UnknownBytes, p.Prompts))
	return alerts, hard
}

func (p Preflight) checkReward(r RewardSpread, add func(string, bool, bool, float64, string, string)) {
	ok := fmt.Sprintf("%s differs within %d of %d groups (%.3g .. %.3g).", r.Name, r.SpreadGroups, r.Groups, r.Min, r.Max)
	passed := r.SpreadGroups > 0
	if r.Scored > 0 && r.Min == r.Max && r.Min > 0 {
		passed, ok = true, fmt.Sprintf("%s already gives %.3g to every completion: it has nothing left to teach.", r.Name, r.Max)
	}
	fail := fmt.Sprintf("%s gave %.3g to all completions of every group in the first rollout: it teaches nothing yet. If it stays so, look at the traces.", r.Name, r.Max)
	switch {
	case r.Scored == 0:
		fail = fmt.Sprintf("%s scored none of the %d completions; the traces say why.", r.Name, p.Completions)
	case r.Min != r.Max:
		fail = fmt.Sprintf("%s differs between prompts (%.3g .. %.3g) but in no group of one prompt, so it teaches nothing yet.", r.Name, r.Min, r.Max)
	}
	add("reward."+r.Name, passed, false, float64(r.SpreadGroups), ok, fail)
}
