package storetest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"gradus/store"
)

// step adds the samples and the metrics of one optimizer step.
func (w *writer) step(step int) {
	s := store.Samples{Stage: "grpo", Step: step, Phase: "train"}
	var reward, accuracy, format, length float64
	for g := range w.spec.Groups {
		s.Prompts = append(s.Prompts, problem(rand.New(rand.NewPCG(w.spec.Seed, uint64(step*1000+g)))))
		group := w.group(&s, g, w.spec.Generations, w.skill(step))
		for _, r := range group {
			reward += r.Reward
			accuracy += r.Rewards[0].Score
			format += r.Rewards[1].Score
			length += float64(len(r.TokenIDs))
		}
	}
	n := float64(len(s.Rows))
	if w.spec.Hostile && step%5 == 0 {
		hostile(&s.Rows[0], step/5)
	}
	w.add(store.KindSamples, s)
	m := store.Metrics{Stage: "grpo", Step: step, Values: map[string]float64{
		"reward": reward / n, "reward_std": 0.3 + 0.1*w.rng.Float64(), "frac_reward_zero_std": w.rng.Float64() / 2,
		"rewards/accuracy/mean": accuracy / n, "rewards/format/mean": format / n,
		"kl": 0.002 * float64(step) * (0.8 + 0.4*w.rng.Float64()), "entropy": 2.1 - 1.2*w.skill(step) + 0.05*w.rng.NormFloat64(),
		"loss": 0.01 * w.rng.NormFloat64(), "grad_norm": 0.5 + 0.2*w.rng.Float64(), "learning_rate": 1e-4 * math.Min(1, float64(step)/5),
		"completions/mean_length": length / n, "completions/clipped_ratio": 0.1 * w.rng.Float64(), "clip_ratio": 0.02 * w.rng.Float64(),
		"step_time": 1.2 + 0.1*w.rng.Float64(), "tokens_per_second": 12000 + 500*w.rng.NormFloat64(),
	}}
	if step == 3 {
		delete(m.Values, "loss")
		m.NonFinite = []string{"loss"}
	}
	w.add(store.KindMetrics, m)
	if step%4 == 0 {
		w.add(store.KindHeartbeat, store.Heartbeat{Step: step, MonoMS: int64(step) * 1300, RSS: 420 << 20, CPU: float64(step) * 2.4})
	}
	w.flush()
	w.now += 1e6
}

// evaluate adds an evaluation of the checkpoint of step on the same prompts
// every time.
func (w *writer) evaluate(label string, step int) {
	ckpt := fmt.Sprintf("%s@%d", w.spec.ID, step)
	s := store.Samples{Stage: "eval", Step: step, Phase: "eval", Ckpt: ckpt}
	right, ok := 0, 0.0
	for g := range w.spec.EvalPrompts {
		s.Prompts = append(s.Prompts, problem(rand.New(rand.NewPCG(0xe7a1, uint64(g)))))
		r := w.group(&s, g, 1, w.skill(step))[0]
		if *r.Correct {
			right++
		}
		ok += r.Rewards[1].Score
	}
	w.add(store.KindSamples, s)
	n := float64(w.spec.EvalPrompts)
	acc := float64(right) / n
	half := 1.96 * math.Sqrt(acc*(1-acc)/n)
	w.add(store.KindEval, store.Eval{Ckpt: ckpt, Step: step, Suite: "countdown-3", SuiteHash: fmt.Sprintf("%064x", 0xe7a1), Label: label, Seed: 7,
		N: w.spec.EvalPrompts, K: 1, Accuracy: acc, CILow: math.Max(0, acc-half), CIHigh: math.Min(1, acc+half), FormatOK: ok / n, Tokens: 4096, WallSeconds: 3.5})
	w.flush()
}

// problem is a countdown problem whose solution is its Gold.
func problem(rng *rand.Rand) store.Prompt {
	a, b, c := 2+rng.IntN(20), 2+rng.IntN(20), 2+rng.IntN(9)
	text := fmt.Sprintf("A conversation between User and Assistant. The assistant first thinks and then answers, in <think> and <answer> tags.\n"+
		"User: Using the numbers [%d, %d, %d], create an equation that equals %d.\nAssistant: <think>", a, b, c, (a+b)*c)
	gold := fmt.Sprintf("(%d+%d)*%d", a, b, c)
	data, err := json.Marshal(map[string]any{"numbers": []int{a, b, c}, "target": (a + b) * c})
	if err != nil {
		panic(err) // integers always encode
	}
	sum := sha256.Sum256([]byte("countdown\x00" + text + "\x00" + gold))
	return store.Prompt{Hash: hex.EncodeToString(sum[:16]), Task: "countdown", Ref: fmt.Sprintf("cd-%d-%d-%d", a, b, c), Text: text, Gold: gold, Tokens: len(text), Data: data}
}

// group adds n completions of the last prompt and returns them, with their
// advantages (reward less the mean, over the standard deviation).
func (w *writer) group(s *store.Samples, g, n int, skill float64) []store.Sample {
	first := len(s.Rows)
	p := s.Prompts[len(s.Prompts)-1]
	var sum, sq float64
	for i := range n {
		row := w.completion(p, skill)
		row.Prompt, row.Group, row.Index = len(s.Prompts)-1, g, i
		row.Stream, row.PolicyVersion = w.rng.Uint64(), max(0, s.Step-1)
		sum += row.Reward
		sq += row.Reward * row.Reward
		s.Rows = append(s.Rows, row)
	}
	rows := s.Rows[first:]
	mean := sum / float64(n)
	std := math.Sqrt(math.Max(0, sq/float64(n)-mean*mean))
	for i := range rows {
		rows[i].Advantage = (rows[i].Reward - mean) / (std + 1e-4)
	}
	return rows
}

func (w *writer) completion(p store.Prompt, skill float64) store.Sample {
	var prob struct {
		Numbers []int
		Target  int
	}
	if err := json.Unmarshal(p.Data, &prob); err != nil {
		panic(err) // written by problem above
	}
	a, b, c := prob.Numbers[0], prob.Numbers[1], prob.Numbers[2]
	right, wellFormed := w.rng.Float64() < skill, w.rng.Float64() < 0.3+0.7*skill
	var t strings.Builder
	fmt.Fprintf(&t, "I need %d from %d, %d and %d. ", prob.Target, a, b, c)
	for range w.rng.IntN(6) {
		x, y := prob.Numbers[w.rng.IntN(3)], prob.Numbers[w.rng.IntN(3)]
		fmt.Fprintf(&t, "Try %d + %d = %d, no. ", x, y, x+y)
	}
	if right {
		fmt.Fprintf(&t, "Wait, let me double check: (%d + %d) * %d = %d. Yes.", a, b, c, prob.Target)
	} else {
		fmt.Fprintf(&t, "Maybe %d + %d + %d works.", a, b, c)
	}
	claim := p.Gold
	if !right {
		claim = fmt.Sprintf("%d+%d+%d", a, b, c)
	}
	finish := "stop"
	think := t.Len()
	if wellFormed {
		fmt.Fprintf(&t, "</think>\n<answer>%s</answer>", claim)
	} else {
		finish, right, claim = "length", false, ""
	}
	s := store.Sample{Finish: finish, Correct: &right, Claim: claim}
	s.SetText(t.String())
	for _, c := range []byte(s.Text) { // a byte-level vocabulary
		s.TokenIDs = append(s.TokenIDs, int32(c))
		s.LogProbs = append(s.LogProbs, -float32(w.rng.ExpFloat64())*0.3)
		s.Entropies = append(s.Entropies, float32(w.rng.ExpFloat64())*0.5)
	}
	s.Rewards = parts(s.Text, think, right, wellFormed)
	for _, r := range s.Rewards {
		s.Reward += r.Value
	}
	return s
}

func parts(text string, think int, right, wellFormed bool) []store.RewardPart {
	acc := store.RewardPart{Name: "accuracy", Version: "1", Status: "ok", Weight: 1, Reason: "accuracy.no_answer", Why: "There is no <answer>.", Micros: 14}
	form := store.RewardPart{Name: "format", Version: "1", Status: "ok", Weight: 0.1, Reason: "format.missing_answer", Why: "The tag </think> never comes.", Micros: 2}
	if wellFormed {
		open := strings.Index(text, "<answer>")
		form.Score, form.Reason, form.Why = 1, "format.ok", "One <think> block, then one <answer> block."
		form.Spans = []store.Span{{From: think, To: think + len("</think>"), Label: "think"}, {From: open, To: len(text), Label: "answer"}}
		acc.Reason, acc.Why = "accuracy.wrong_value", "The equation does not give the target."
		acc.Facts = json.RawMessage(`{"got":31}`)
		acc.Spans = []store.Span{{From: open + len("<answer>"), To: len(text) - len("</answer>"), Label: "claim"}}
		if right {
			acc.Score, acc.Reason, acc.Why, acc.Facts = 1, "accuracy.right", "The equation uses each number once and gives the target.", nil
		}
	}
	acc.Value, form.Value = acc.Weight*acc.Score, form.Weight*form.Score
	return []store.RewardPart{acc, form}
}

// hostile replaces a completion by a text that would harm a careless screen.
func hostile(s *store.Sample, i int) {
	texts := []string{
		"\x1b]52;c;cm0gLXJmIH4=\x07 clipboard \x1b[2J\x1b[31mred",
		"nul \x00 in the middle, then \x9b31m a C1 byte and \xff\xfe not UTF-8",
		"right to left \u202Etxt.exe\u202C and zero\u200Bwidth",
		strings.Repeat("long ", 20000),
		`quotes " OR body:x NEAR( * ^ "unclosed`,
	}
	s.SetText(texts[i%len(texts)])
	s.Rewards = []store.RewardPart{
		{Name: "accuracy", Version: "1", Status: "error", Weight: 1, Reason: "accuracy.crash", Why: "The checker met \x1b[5m in the text.", Micros: 3},
		{Name: "format", Version: "1", Status: "timeout", Weight: 0.1, Reason: "format.timeout", Why: "No verdict within 50 ms.", Micros: 50000},
	}
	s.Reward, s.Unscorable, s.Correct, s.Claim = 0, true, nil, ""
}
