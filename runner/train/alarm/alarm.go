// Package alarm finds the failures of reinforcement learning that make no
// noise: nothing crashes, the loss is a number, and nothing is learnt. Each
// finding is one plain sentence with its numbers. It knows no model.
package alarm

import (
	"fmt"
	"math"

	"gradus/store"
)

// Codes of the alarms. A code is stable: recipes of queries rely on it.
const (
	ZeroSpread   = "alarm.zero_spread"
	Clipped      = "alarm.clipped"
	FormatZero   = "alarm.format_zero"
	RewardErrors = "alarm.reward_errors"
	Entropy      = "alarm.entropy"
	NonFinite    = "alarm.non_finite"
	Ratio        = "alarm.ratio"
	EvalDrop     = "alarm.eval_drop"
)

// Thresholds. Where the field has an agreed number it is that one.
const (
	zeroSpreadSteps = 3    // steps in a row without any spread
	clippedShare    = 0.9  // share of completions cut at the limit
	formatSteps     = 10   // steps in a row without any format reward
	errorWindow     = 1000 // judgements that the share of failures is taken over
	errorShare      = 0.05 // prime-rl: more than 5 % sustained
	entropySteps    = 5    // steps that entropy and reward are averaged over
	entropyShare    = 0.1  // of the stage's first steps
)

// Step is what one grpo step showed.
type Step struct {
	Step        int
	Groups      int
	Completions int
	Unscorable  int     // of those, completions that no reward scored
	ZeroSpread  float64 // share of groups whose rewards are all equal
	Clipped     float64 // share of completions cut at the length limit
	Limit       int     // that limit, tokens
	Reward      float64 // mean
	Entropy     float64 // mean per token, nats
	// FormatBest is the largest format reward of the step; NaN when the recipe
	// has no format reward.
	FormatBest float64
	FormatName string
	Judged     int // reward calls
	Failed     int // of those: error, timeout or no usable number
	// RatioOff is the largest |trained - sampled| log-prob of the step's first
	// update, where both are the same policy.
	RatioOff float64
}

// Watch holds what alarms must remember. It is saved with checkpoints, so a
// resumed run raises the alarms that an uninterrupted one raises.
type Watch struct {
	Active     map[string]bool `json:"active,omitempty"` // episodes that were reported
	NoSpread   int             `json:"no_spread,omitempty"`
	NoFormat   int             `json:"no_format,omitempty"`
	NoFormatN  int             `json:"no_format_n,omitempty"` // completions in those steps
	FirstN     int             `json:"first_n,omitempty"`
	FirstEnt   float64         `json:"first_ent,omitempty"` // mean of the first steps
	FirstRew   float64         `json:"first_rew,omitempty"`
	RecentEnt  []float64       `json:"recent_ent,omitempty"`
	RecentRew  []float64       `json:"recent_rew,omitempty"`
	RecentJudg [][2]int        `json:"recent_judged,omitempty"` // judged, failed of the last steps
	Best       *Held           `json:"best,omitempty"`          // best held-out evaluation so far
	HeldStep   int             `json:"held_step,omitempty"`     // step of the last one
}

// Held is a held-out evaluation, with the mean reward of the steps before it.
type Held struct {
	Step     int     `json:"step"`
	Accuracy float64 `json:"accuracy"`
	Low      float64 `json:"low"` // 95 % interval
	High     float64 `json:"high"`
	Reward   float64 `json:"reward"`
}

// Begin forgets what belongs to a stage.
func (w *Watch) Begin() { *w = Watch{} }

// Observe takes in a step and returns the alarms that it begins. An alarm that
// goes on is not repeated; one that has ended can begin again.
func (w *Watch) Observe(s Step) []store.Alert {
	var out []store.Alert
	raise := func(code, level string, on bool, value float64, format string, args ...any) {
		if w.Active == nil {
			w.Active = map[string]bool{}
		}
		if on && !w.Active[code] {
			out = append(out, store.Alert{Step: s.Step, Level: level, Code: code, Message: fmt.Sprintf(format, args...), Value: finite(value)})
		}
		if on {
			w.Active[code] = true
		} else {
			delete(w.Active, code)
		}
	}

	w.NoSpread = count(w.NoSpread, s.Groups > 0 && s.ZeroSpread == 1)
	flat := fmt.Sprintf("For %d steps no group had any spread: all completions of a prompt earned the same reward, so nothing is learnt (reward %.3g). If it is the best reward the task is solved at this level; if not, make the task easier or raise num_generations.",
		w.NoSpread, s.Reward)
	if s.Completions > 0 && s.Unscorable == s.Completions {
		flat = fmt.Sprintf("For %d steps no group had any spread, and no reward scored any completion of this one, so nothing is learnt. The traces say why.", w.NoSpread)
	}
	raise(ZeroSpread, "warn", w.NoSpread >= zeroSpreadSteps, s.ZeroSpread, "%s", flat)

	raise(Clipped, "warn", s.Clipped > clippedShare, s.Clipped,
		"%.0f %% of the completions were cut at max_completion_length %d before they ended. Raise it, or the answer is never seen.",
		100*s.Clipped, s.Limit)

	if !math.IsNaN(s.FormatBest) {
		w.NoFormat = count(w.NoFormat, s.FormatBest <= 0)
		if w.NoFormat == 0 {
			w.NoFormatN = 0
		} else {
			w.NoFormatN += s.Completions
		}
		raise(FormatZero, "warn", w.NoFormat >= formatSteps, 0,
			"%s was 0 for all %d completions of the last %d steps. Look at the traces: does the prompt already hold <think>, or is the model never shown the tags?",
			s.FormatName, w.NoFormatN, w.NoFormat)
	}

	raise(Ratio, "error", s.RatioOff != 0, s.RatioOff,
		"Sampler and trainer differ by up to %.3g in log-prob before the step's first update, so ratios do not start at 1 and the gradient is biased. This is a bug of gradus: please report it with this run's folder.",
		s.RatioOff)

	w.RecentJudg = append(w.RecentJudg, [2]int{s.Judged, s.Failed})
	judged, failed := 0, 0
	for i := len(w.RecentJudg) - 1; i >= 0; i-- {
		if judged >= errorWindow {
			w.RecentJudg = w.RecentJudg[i+1:]
			break
		}
		judged += w.RecentJudg[i][0]
		failed += w.RecentJudg[i][1]
	}
	share := 0.0
	if judged > 0 {
		share = float64(failed) / float64(judged)
	}
	raise(RewardErrors, "error", share > errorShare, share,
		"%d of the last %d reward calls failed or gave no number (%.0f %%). They count as no reward, as 0 only where on_error is \"zero\"; the traces name the reasons.",
		failed, judged, 100*share)

	w.observeEntropy(s, raise)
	return out
}

// ObserveHeldOut takes in a periodic evaluation and reports a reward that rises
// while held-out accuracy falls, which is what a hacked reward looks like. The
// intervals of the two evaluations must not touch.
func (w *Watch) ObserveHeldOut(h Held) []store.Alert {
	w.HeldStep = h.Step
	if len(w.RecentRew) > 0 {
		h.Reward = mean(w.RecentRew)
	} else {
		h.Reward = w.FirstRew
	}
	if w.Best == nil || h.Accuracy >= w.Best.Accuracy {
		w.Best = &h
		delete(w.Active, EvalDrop)
		return nil
	}
	if h.High >= w.Best.Low || h.Reward <= w.Best.Reward {
		delete(w.Active, EvalDrop)
		return nil
	}
	if w.Active[EvalDrop] {
		return nil
	}
	if w.Active == nil {
		w.Active = map[string]bool{}
	}
	w.Active[EvalDrop] = true
	return []store.Alert{{Step: h.Step, Level: "warn", Code: EvalDrop, Value: h.Accuracy, Message: fmt.Sprintf(
		"The reward rose from %.3g to %.3g since step %d while held-out accuracy fell from %.3g to %.3g: the policy may have found a way to the reward around the task. Compare the traces of both steps.",
		w.Best.Reward, h.Reward, w.Best.Step, w.Best.Accuracy, h.Accuracy)}}
}

// observeEntropy reports a policy that has become sure of itself without
// earning more. There is no agreed number for entropy, so the stage's own
// first steps are the measure.
func (w *Watch) observeEntropy(s Step, raise func(string, string, bool, float64, string, ...any)) {
	if math.IsNaN(s.Entropy) || math.IsNaN(s.Reward) {
		return
	}
	if w.FirstN < entropySteps {
		n := float64(w.FirstN)
		w.FirstEnt = (w.FirstEnt*n + s.Entropy) / (n + 1)
		w.FirstRew = (w.FirstRew*n + s.Reward) / (n + 1)
		w.FirstN++
		return
	}
	w.RecentEnt = last(append(w.RecentEnt, s.Entropy), entropySteps)
	w.RecentRew = last(append(w.RecentRew, s.Reward), entropySteps)
	if len(w.RecentEnt) < entropySteps {
		return
	}
	ent, rew := mean(w.RecentEnt), mean(w.RecentRew)
	raise(Entropy, "warn", ent < entropyShare*w.FirstEnt && rew <= w.FirstRew, ent,
		"Entropy fell from %.3g to %.3g nats a token while the reward did not rise (%.3g, at first %.3g): the policy repeats itself. Lower learning_rate, or raise temperature or entropy_coef.",
		w.FirstEnt, ent, rew, w.FirstRew)
}

func count(n int, again bool) int {
	if again {
		return n + 1
	}
	return 0
}

func last(v []float64, n int) []float64 {
	if len(v) > n {
		return append([]float64(nil), v[len(v)-n:]...)
	}
	return v
}

func mean(v []float64) float64 {
	var sum float64
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

// finite keeps alerts encodable: JSON has no NaN.
func finite(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	return x
}
