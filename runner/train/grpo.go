package train

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"gradus/model"
	"gradus/runner/algo"
	"gradus/runner/recipe"
	"gradus/runner/train/alarm"
	"gradus/runner/train/feed"
	"gradus/runner/train/journal"
	"gradus/store"
)

// grpo is a stage of group relative policy optimization. Sampling and training
// share their forward code, so the log-probs that completions were sampled
// with are those of the old policy to the bit: no pass is needed to compute
// them.
type grpo struct {
	r   *run
	opt recipe.GRPO
	src *feed.Source
}

func (r *run) newGRPO(opt recipe.GRPO) *grpo {
	return &grpo{r: r, opt: opt, src: feed.NewSource(r.shape.Train, r.rec.Task.Level, uint64(r.rec.Seed), r.at.Stage)}
}

// begin forgets the alarms of the stage before, and loads the reference.
func (g *grpo) begin(context.Context) error {
	r := g.r
	if r.at.StageStep == 0 {
		r.mem.Watch.Begin()
		r.mem.Reference = ""
	}
	if r.ref != nil {
		if err := r.ref.Close(); err != nil {
			return err
		}
		r.ref = nil
	}
	if g.opt.Beta == 0 {
		return nil
	}
	lim := r.shape.Reference(r.shape.Limits)
	if r.at.StageStep > 0 && r.mem.Reference != "" {
		ref, _, _, err := model.Load(r.dev, filepath.Join(r.env.Dir.CkptPath(), r.mem.Reference), lim)
		if err != nil {
			return fmt.Errorf("the reference of the KL: %w", err)
		}
		r.ref = ref
		return nil
	}
	ref, err := model.New(r.dev, r.shape.Config, lim)
	if err != nil {
		return fmt.Errorf("the reference of the KL: %w", err)
	}
	r.ref = ref
	return g.takeReference()
}

// takeReference makes the policy as it is now the reference, and sees that it
// can be found again.
func (g *grpo) takeReference() error {
	r := g.r
	if err := r.ref.CopyWeights(r.m); err != nil {
		return fmt.Errorf("the reference of the KL: %w", err)
	}
	r.mem.Reference = checkpointName(r.at.Step)
	if r.at.Step == 0 {
		return r.save()
	}
	return nil // settle saves it
}

// after refreshes the reference.
func (g *grpo) after(context.Context) error {
	r := g.r
	if g.opt.Beta == 0 || !g.opt.SyncRefModel || r.at.StageStep == 0 || r.at.StageStep%g.opt.RefModelSyncSteps != 0 {
		return nil
	}
	return g.takeReference()
}

func (g *grpo) step(ctx context.Context) (result, error) {
	r, step := g.r, g.r.at.Step+1
	lr, err := learningRate(g.opt.Optim, r.at.StageStep)
	if err != nil {
		return result{}, err
	}
	prompts, err := r.promptsAt(g.src, int64(r.at.StageStep)*int64(g.opt.PromptsPerStep), g.opt.PromptsPerStep)
	if err != nil {
		return result{}, err
	}
	stage := r.at.Stage
	ro, err := r.sample(ctx, r.progress("rollout"), prompts, g.opt.NumGenerations, sampleOptions(g.opt, uint64(r.rec.Seed), r.shape.Config.EOSTokenIDs), step,
		func(prompt, index int) uint64 { return feed.Stream(stage, step, prompt, index) })
	if err != nil {
		return result{}, err
	}
	values, groups := ro.rewards()
	advantages, stats, err := algo.Advantages(values, groups, g.opt.AdvantageOptions())
	if err != nil {
		return result{}, err
	}
	if g.opt.MultiObjectiveAggregation == algo.NormalizeThenSum {
		parts, weights := ro.parts()
		if advantages, err = algo.AdvantagesOfParts(parts, weights, groups, g.opt.AdvantageOptions()); err != nil {
			return result{}, err
		}
	}
	for i := range ro.all {
		ro.all[i].advantage = advantages[i]
	}

	begin := r.env.Clock.Now()
	u := &update{g: g, ro: ro, seqs: ro.sequences()}
	if r.ref != nil {
		if u.ref, err = r.ref.Score(ctx, u.seqs, float32(g.opt.Temperature)); err != nil {
			return result{}, err
		}
	}
	if r.at.StageStep == 0 {
		if err := g.preflight(ctx, u); err != nil {
			return result{}, err
		}
		if err := g.gate(ro); err != nil {
			return result{}, err
		}
	}
	if err := u.run(ctx, lr); err != nil {
		return result{changed: u.updates > 0}, err
	}
	updating := r.env.Clock.Now().Sub(begin)

	res := result{changed: true, values: g.metrics(ro, stats, u)}
	res.values["learning_rate"] = lr
	res.values["time/rollout"] = ro.sampling.Seconds()
	res.values["time/reward"] = ro.judging.Seconds()
	res.values["time/update"] = updating.Seconds()
	ps, rows := ro.records(keepTokens(r.rec.Store.TokenData, step, len(prompts)))
	res.records = []journal.Entry{{Kind: store.KindSamples, Body: store.Samples{
		Stage: string(recipe.KindGRPO), Step: step, Phase: "train", Prompts: ps, Rows: rows,
	}}}
	res.alerts = r.mem.Watch.Observe(g.watched(step, ro, stats, u, res.values))
	return res, nil
}

// update is the optimizer updates on one rollout.
type update struct {
	g    *grpo
	ro   *rollout
	seqs []model.Sequence
	ref  []model.Scores // nil without a reference

	updates int
	pieces  algo.Pieces
	loss    float64 // sums over updates
	norm    float64
	first   float64 // largest |log-prob - sampled log-prob| of the first update
}

// run makes num_iterations passes of steps_per_generation updates each.
func (u *update) run(ctx context.Context, lr float64) error {
	opt, r := u.g.opt, u.g.r
	n, parts := len(u.seqs), opt.StepsPerGeneration
	for pass := range opt.NumIterations {
		order := inOrder(n)
		if parts > 1 {
			order = feed.Shuffle(feed.Key(uint64(r.rec.Seed), "mini-batches", uint64(r.at.Step+1), uint64(pass)), n)
		}
		for k := range parts {
			if err := u.one(ctx, order[k*n/parts:(k+1)*n/parts], lr); err != nil {
				return err
			}
		}
	}
	return nil
}

func inOrder(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

// one makes one optimizer update on some of the completions.
func (u *update) one(ctx context.Context, which []int, lr float64) error {
	r, opt := u.g.r, u.g.opt.LossOptions()
	seqs := make([]model.Sequence, len(which))
	rows := make([]algo.Row, len(which))
	for i, w := range which {
		seqs[i] = u.seqs[w]
		rows[i] = u.row(w, 0)
	}
	lim := r.m.Limits()
	norm := algo.NormOf(rows, max(lim.MicroBatches(seqs), 1), opt)
	if err := r.m.ZeroGrad(); err != nil {
		return err
	}
	var loss float64
	var pieces algo.Pieces
	err := r.m.Backward(ctx, seqs, float32(u.g.opt.Temperature), func(idx []int, scores []model.Scores) (logp, ent [][]float32, err error) {
		b := u.batch(which, idx, scores)
		res, err := algo.Loss(b, norm, opt)
		if err != nil {
			return nil, nil, err
		}
		loss += res.Loss
		pieces = pieces.Add(res.Pieces)
		return cut(b.Rows, res.DLogP), cut(b.Rows, res.DEntropy), nil
	})
	if err != nil {
		return err
	}
	if err := finiteLoss(loss); err != nil {
		return err
	}
	gradNorm, err := r.m.Step(optimizer(u.g.opt.Optim, lr))
	if err != nil {
		return err
	}
	if u.updates == 0 {
		u.first = pieces.LogDiffMax
	}
	u.updates++
	u.loss += loss
	u.norm += gradNorm
	u.pieces = u.pieces.Add(pieces)
	return nil
}

// row is completion w as algo.Loss takes it, with its tokens from position at.
func (u *update) row(w, at int) algo.Row {
	c := &u.ro.all[w]
	return algo.Row{From: at, To: at + len(c.Tokens), Advantage: c.advantage, Truncated: c.Finish == model.FinishLength}
}

// batch lays the tokens of a micro-batch side by side.
func (u *update) batch(which, idx []int, scores []model.Scores) algo.Batch {
	var b algo.Batch
	for k, i := range idx {
		w := which[i]
		b.Rows = append(b.Rows, u.row(w, len(b.LogP)))
		b.LogP = widen(b.LogP, scores[k].LogProbs)
		b.Entropy = widen(b.Entropy, scores[k].Entropies)
		b.OldLogP = widen(b.OldLogP, u.ro.all[w].LogProbs)
		if u.ref != nil {
			b.RefLogP = widen(b.RefLogP, u.ref[w].LogProbs)
		}
	}
	return b
}

func widen(to []float64, v []float32) []float64 {
	for _, x := range v {
		to = append(to, float64(x))
	}
	return to
}

// cut gives each row its own slice of a vector over all tokens; nil for nil.
func cut(rows []algo.Row, v []float64) [][]float32 {
	if v == nil {
		return nil
	}
	out := make([][]float32, len(rows))
	for i, r := range rows {
		out[i] = make([]float32, 0, r.To-r.From)
		for _, x := range v[r.From:r.To] {
			out[i] = append(out[i], float32(x))
		}
	}
	return out
}

// errPreflight stops a run whose gradients would be wrong.
var errPreflight = errors.New("preflight failed")

// preflight checks the first rollout before the first update.
func (g *grpo) preflight(ctx context.Context, u *update) error {
	r := g.r
	scores, err := r.m.Score(ctx, u.seqs, float32(g.opt.Temperature))
	if err != nil {
		return err
	}
	alerts, hard := g.inspect(u, scores).Check()
	if err := r.alert(alerts...); err != nil {
		return err
	}
	if hard != nil {
		return fmt.Errorf("%w: %s", errPreflight, hard.Message)
	}
	return nil
}

// watched is the step as the alarms see it.
func (g *grpo) watched(step int, ro *rollout, stats algo.RewardStats, u *update, v map[string]float64) alarm.Step {
	s := alarm.Step{
		Step: step, Groups: len(ro.prompts), Completions: len(ro.all), Unscorable: stats.Unscorable, ZeroSpread: stats.FracZeroStd,
		Clipped: v["completions/clipped_ratio"], Limit: ro.limit, Reward: stats.Mean, Entropy: v["entropy"], RatioOff: u.first,
	}
	s.FormatName, s.FormatBest = ro.bestFormat()
	for _, c := range ro.all {
		s.Judged += len(c.Parts)
		s.Failed += c.Failures
	}
	return s
}
