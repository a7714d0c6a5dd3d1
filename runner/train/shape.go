package train

import (
	"errors"
	"fmt"

	"gradus/kernels"
	"gradus/model"
	"gradus/rewards/tasks"
	"gradus/runner/evaluate/suite"
	"gradus/runner/recipe"
	"gradus/runner/rundir"
	"gradus/runner/train/feed"
)

// shape is all that can be known of a run's model without a device.
type shape struct {
	cfg   model.Config
	tok   *model.Tokenizer
	train tasks.Task // problems of the training side; nil if there is no use for them
	held  tasks.Task // held-out problems
	lim   model.Limits
	seq   int // tokens of the longest sequence that a training stage may hold
}

// newShape reads the tasks, makes or reads the tokenizer, and decides how much
// memory the model needs.
func newShape(rec *recipe.Recipe, spec rundir.Spec) (shape, error) {
	var s shape
	var err error
	// A stored model under evaluation has no use for training problems, and
	// there may be none.
	if rec.Steps() > 0 || rec.Model.From == "" {
		if s.train, err = tasks.New(rec.Task.Name, suite.TaskConfig(rec.Task, tasks.Train)); err != nil {
			return s, err
		}
	}
	if s.held, err = tasks.New(rec.Task.Name, suite.TaskConfig(rec.Task, tasks.HeldOut)); err != nil {
		return s, err
	}
	if rec.Model.From != "" {
		err = s.fromCheckpoint(spec.From)
	} else {
		err = s.fromRecipe(rec)
	}
	if err != nil {
		return s, err
	}
	return s, s.limits(rec)
}

func (s *shape) fromCheckpoint(dir string) (err error) {
	if dir == "" {
		return errors.New("run.json names no folder for model.from: start the run with gradus run, which looks it up")
	}
	if s.cfg, err = model.ReadConfig(dir); err != nil {
		return fmt.Errorf("model.from: %w", err)
	}
	s.cfg = s.cfg.WithDefaults()
	if s.tok, err = model.LoadTokenizer(tokenizerPath(dir)); err != nil {
		return fmt.Errorf("model.from: %w", err)
	}
	return nil
}

func (s *shape) fromRecipe(rec *recipe.Recipe) (err error) {
	if s.tok, err = feed.NewTokenizer(rec.Tokenizer.Kind, s.train.Spec(), rec.Task.Template); err != nil {
		return err
	}
	eos, ok := s.tok.ID(feed.EOS)
	if !ok {
		return fmt.Errorf("the tokenizer has no %s", feed.EOS)
	}
	m := rec.Model
	s.cfg = model.Config{
		VocabSize: s.tok.Size(), HiddenSize: m.HiddenSize, IntermediateSize: m.IntermediateSize,
		NumHiddenLayers: m.NumHiddenLayers, NumAttentionHeads: m.NumAttentionHeads,
		NumKeyValueHeads: m.NumKeyValueHeads, HeadDim: m.HeadDim, MaxPositionEmbeddings: m.MaxPositionEmbeddings,
		RopeTheta: m.RopeTheta, RMSNormEps: m.RMSNormEps, TieWordEmbeddings: m.TieWordEmbeddings,
		BOSTokenID: -1, EOSTokenIDs: []int32{eos}, PadTokenID: -1,
	}.WithDefaults()
	return s.cfg.Validate()
}

// limits reserves what the stages need. Results never depend on it, except
// that loss_type bnpo is defined by the micro-batches.
func (s *shape) limits(rec *recipe.Recipe) error {
	newLen, longestGRPO, sft, grpo, evals := 0, 0, false, false, rec.Eval.Every > 0
	group := rec.Eval.Samples
	for _, st := range rec.Stages {
		switch {
		case st.SFT != nil:
			sft = true
		case st.GRPO != nil:
			grpo = true
			longestGRPO = max(longestGRPO, st.GRPO.MaxCompletionLength)
			group = max(group, st.GRPO.NumGenerations)
		case st.Eval != nil:
			evals = true
		}
	}
	newLen = longestGRPO
	if evals {
		newLen = max(newLen, suite.MaxCompletion(rec))
	}
	positions := s.cfg.MaxPositionEmbeddings
	promptLen := min(rec.Limits.MaxPromptLen, positions-newLen)
	if !sft && !grpo {
		// An evaluation answers what it can, whatever the training run allowed.
		longest, err := s.longestHeldOut(rec)
		if err != nil {
			return err
		}
		promptLen = min(longest, positions-newLen)
	}
	if promptLen < 1 {
		return fmt.Errorf("completions of up to %d tokens leave no place for a prompt in the model's %d positions; lower max_completion_length or choose a model with more positions", newLen, positions)
	}
	if grpo || evals {
		s.lim.Slots = rec.Limits.RolloutRows
		// An evaluation with one sample a prompt needs a prompt for each slot.
		s.lim.PromptSlots = rec.Limits.RolloutRows
		if !evals || rec.Eval.Samples > 1 {
			s.lim.PromptSlots = min(s.lim.Slots, s.lim.Slots/group+2)
		}
		s.lim.PromptLen, s.lim.NewLen = promptLen, newLen
		s.lim.PromptSlots = max(1, min(s.lim.PromptSlots, int(promptMemory/s.promptBytes())))
	}
	if !sft && !grpo {
		s.lim.Frozen = true
		return nil
	}
	typical, err := s.probe(rec, promptLen)
	if err != nil {
		return err
	}
	if grpo {
		s.seq = promptLen + longestGRPO
	}
	if sft {
		s.seq = max(s.seq, min(2*typical, positions))
	}
	s.seq = min(s.seq, positions)
	s.lim.TrainSeqs = rec.Limits.MicroBatchRows
	s.lim.TrainRows = max(s.seq-1, rec.Limits.MicroBatchRows*min(typical, s.seq))
	return nil
}

// promptMemory bounds the keys and values of prompts, in bytes. Fewer prompts
// at once cost some speed with long prompts and nothing else.
const promptMemory = 256 << 20

// promptBytes is what one prompt slot takes.
func (s *shape) promptBytes() int64 {
	return 4 * 2 * int64(s.cfg.NumHiddenLayers) * int64(s.lim.PromptLen) * int64(s.cfg.NumKeyValueHeads) * int64(s.cfg.HeadDim)
}

// longestHeldOut is the length of the longest prompt of the held-out suite.
func (s *shape) longestHeldOut(rec *recipe.Recipe) (int, error) {
	items, err := suite.FromRecipe(rec, s.held.Spec()).Build(s.held)
	if err != nil {
		return 0, err
	}
	enc := feed.Encoder{Tok: s.tok, Template: rec.Task.Template}
	longest := 0
	for _, it := range items {
		p, err := enc.Encode(it.Problem)
		if err != nil {
			return 0, err
		}
		longest = max(longest, len(p.Tokens))
	}
	return longest, nil
}

// probes is how many problems are looked at to learn how long sequences are.
// Of a task with a fixed number of problems all are, up to probesFixed.
const (
	probes      = 64
	probesFixed = 200_000
)

// probe returns the length of the longest sequence among the first problems
// of each training stage.
func (s *shape) probe(rec *recipe.Recipe, promptLen int) (int, error) {
	enc := feed.Encoder{Tok: s.tok, Template: rec.Task.Template}
	longest := 0
	for i, st := range rec.Stages {
		src := feed.NewSource(s.train, rec.Task.Level, uint64(rec.Seed), i)
		n := int64(probes)
		if size := s.train.Spec().Size; size > 0 {
			n = int64(min(size, probesFixed))
		}
		switch {
		case st.SFT != nil:
			traces := newTraces(st.SFT, src)
			for at := range n {
				p, text, err := traces.Trace(at)
				if err != nil {
					return 0, err
				}
				prompt, err := enc.Encode(p)
				if err != nil {
					return 0, err
				}
				longest = max(longest, len(prompt.Tokens)+len(s.tok.EncodeWithSpecials(text))+1)
			}
		case st.GRPO != nil:
			for at := range n {
				p, err := src.Problem(at)
				if err != nil {
					return 0, err
				}
				prompt, err := enc.Encode(p)
				if err != nil {
					return 0, err
				}
				if err := checkPrompt(prompt, promptLen, rec, s.cfg); err != nil {
					return 0, err
				}
				longest = max(longest, len(prompt.Tokens)+st.GRPO.MaxCompletionLength)
			}
		}
	}
	return longest, nil
}

// checkPrompt refuses a training prompt that does not fit: cutting it would
// change the question.
func checkPrompt(p feed.Prompt, promptLen int, rec *recipe.Recipe, cfg model.Config) error {
	n := len(p.Tokens)
	if n <= promptLen {
		return nil
	}
	return fmt.Errorf("prompt %s takes %d tokens, and at most %d fit (limits.max_prompt_length %d, the model's %d positions less the completion); raise limits.max_prompt_length and model.max_position_embeddings, or choose a shorter task.template",
		p.Problem.ID, n, promptLen, rec.Limits.MaxPromptLen, cfg.MaxPositionEmbeddings)
}

// newModel makes the policy as a run begins with it: fresh weights from the
// seed, or those of model.from with a fresh optimizer.
func (s *shape) newModel(dev kernels.Device, rec *recipe.Recipe, from string) (*model.Model, error) {
	m, err := model.New(dev, s.cfg, s.lim)
	if err != nil {
		return nil, err
	}
	if rec.Model.From == "" {
		err = m.Init(feed.Key(uint64(rec.Seed), "weights"))
	} else {
		err = s.copyFrom(dev, m, from)
	}
	if err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

func (s *shape) copyFrom(dev kernels.Device, m *model.Model, dir string) error {
	src, _, _, err := model.Load(dev, dir, model.Limits{TrainRows: 1, TrainSeqs: 1, Frozen: true})
	if err != nil {
		return fmt.Errorf("model.from: %w", err)
	}
	if err := errors.Join(m.CopyWeights(src), src.Close()); err != nil || m.Limits().TrainRows == 0 {
		return err
	}
	if err := m.CheckFinite(); err != nil {
		return fmt.Errorf("model.from: its weights are of no use: %w", err)
	}
	return nil
}
