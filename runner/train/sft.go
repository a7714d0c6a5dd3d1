package train

import (
	"context"
	"fmt"

	"gradus/model"
	"gradus/runner/recipe"
	"gradus/runner/train/feed"
)

// sft is a supervised stage: the loss is the mean of -log p over the tokens of
// the completions, as TRL's SFTTrainer with completion_only_loss.
type sft struct {
	r      *run
	opt    recipe.SFT
	traces *feed.Traces
}

func (r *run) newSFT(opt recipe.SFT) *sft {
	src := feed.NewSource(r.shape.Train, r.rec.Task.Level, uint64(r.rec.Seed), r.at.Stage)
	return &sft{r: r, opt: opt, traces: feed.NewTraces(&opt, src, r.rec.Task.Template)}
}

// dataPosition is how many problems a stage has taken when it has made n steps.
func dataPosition(st recipe.Stage, n int) int64 {
	switch {
	case st.SFT != nil:
		return int64(n) * int64(st.SFT.BatchSize)
	case st.GRPO != nil:
		return int64(n) * int64(st.GRPO.PromptsPerStep)
	}
	return 0
}

func (s *sft) begin(context.Context) error { return nil }

func (s *sft) after(context.Context) error { return nil }

func (s *sft) step(ctx context.Context) (result, error) {
	r := s.r
	lr, err := learningRate(s.opt.Optim, r.at.StageStep)
	if err != nil {
		return result{}, err
	}
	seqs, err := s.batch(int64(r.at.StageStep) * int64(s.opt.BatchSize))
	if err != nil {
		return result{}, err
	}
	scored, all := 0, 0
	for _, q := range seqs {
		scored += len(q.Tokens) - q.Prompt
		all += len(q.Tokens)
	}
	if scored == 0 {
		return result{}, fmt.Errorf("none of the %d traces of step %d has a token to learn: they are empty for the model's tokenizer, and it has no end token", len(seqs), r.at.Step+1)
	}
	if err := r.m.ZeroGrad(); err != nil {
		return result{}, err
	}
	var loss, entropy float64
	coef := float32(-1 / float64(scored))
	err = r.m.Backward(ctx, seqs, 1, func(_ []int, scores []model.Scores) (logp, ent [][]float32, err error) {
		logp = make([][]float32, len(scores))
		for k, sc := range scores {
			logp[k] = make([]float32, len(sc.LogProbs))
			for t, lp := range sc.LogProbs {
				logp[k][t] = coef
				loss -= float64(lp)
				entropy += float64(sc.Entropies[t])
			}
		}
		return logp, nil, nil
	})
	if err != nil {
		return result{}, err
	}
	loss, entropy = loss/float64(scored), entropy/float64(scored)
	if err := finiteLoss(loss); err != nil {
		return result{}, err
	}
	norm, err := r.m.Step(optimizer(s.opt.Optim, lr))
	if err != nil {
		return result{changed: !weightsGood(err)}, err
	}
	return result{changed: true, values: map[string]float64{
		"loss": loss, "entropy": entropy, "learning_rate": lr, "grad_norm": norm, "num_tokens": float64(r.mem.Tokens + int64(all)),
	}}, nil
}

// batch encodes the traces from a position on.
func (s *sft) batch(position int64) ([]model.Sequence, error) {
	seqs := make([]model.Sequence, s.opt.BatchSize)
	for i := range seqs {
		p, text, err := s.traces.Trace(position + int64(i))
		if err != nil {
			return nil, err
		}
		prompt, err := s.r.enc.Encode(p)
		if err != nil {
			return nil, err
		}
		ids := append(prompt.Tokens, s.r.shape.Tok.EncodeWithSpecials(text)...)
		ids = append(ids, s.r.shape.EOS()...)
		if len(ids) > s.r.shape.Longest {
			return nil, fmt.Errorf("cold-start trace of problem %s takes %d tokens with its prompt, and %d fit; raise model.max_position_embeddings or choose a lower task.level", p.ID, len(ids), s.r.shape.Longest)
		}
		seqs[i] = model.Sequence{Tokens: ids, Prompt: len(prompt.Tokens)}
	}
	return seqs, nil
}
