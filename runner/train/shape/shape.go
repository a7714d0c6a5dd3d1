// Package shape says what a recipe asks of a model before there is one: its
// configuration, tokenizer and tasks, how long its sequences are, and how much
// memory it takes. It opens no device and allocates nothing large.
package shape

import (
	"errors"
	"fmt"
	"path/filepath"

	"gradus/kernels"
	"gradus/model"
	"gradus/rewards"
	"gradus/rewards/tasks"
	"gradus/runner/evaluate/suite"
	"gradus/runner/recipe"
	"gradus/runner/train/feed"
)

// Shape is all that can be known of a run's model without a device.
type Shape struct {
	Config  model.Config
	Tok     *model.Tokenizer
	Train   tasks.Task // problems of the training side; nil if there is no use for them
	Held    tasks.Task // held-out problems
	Limits  model.Limits
	Longest int // tokens of the longest sequence that a training stage may hold

	needs needs
}

// New reads the tasks, makes or reads the tokenizer, and decides how much
// memory the model needs. from is the folder that model.from stands for, if
// the recipe has one.
func New(rec *recipe.Recipe, from string) (Shape, error) {
	var s Shape
	var err error
	// A stored model under evaluation has no use for training problems, and
	// there may be none.
	if rec.Steps() > 0 || rec.Model.From == "" {
		if s.Train, err = tasks.New(rec.Task.Name, suite.TaskConfig(rec.Task, tasks.Train)); err != nil {
			return s, err
		}
	}
	if s.Held, err = tasks.New(rec.Task.Name, suite.TaskConfig(rec.Task, tasks.HeldOut)); err != nil {
		return s, err
	}
	if rec.Model.From != "" {
		err = s.fromCheckpoint(from)
	} else {
		err = s.fromRecipe(rec)
	}
	if err != nil {
		return s, err
	}
	if err := s.measure(rec); err != nil {
		return s, err
	}
	_, err = s.memory(s.Limits)
	return s, err
}

func (s *Shape) fromCheckpoint(dir string) (err error) {
	if dir == "" {
		return errors.New("run.json names no folder for model.from: start the run with gradus run, which looks it up")
	}
	if s.Config, err = model.ReadConfig(dir); err != nil {
		return fmt.Errorf("model.from: %w", err)
	}
	s.Config = s.Config.WithDefaults()
	if s.Tok, err = model.LoadTokenizer(filepath.Join(dir, "tokenizer.json")); err != nil {
		return fmt.Errorf("model.from: %w", err)
	}
	return nil
}

func (s *Shape) fromRecipe(rec *recipe.Recipe) (err error) {
	if s.Tok, err = feed.NewTokenizer(rec.Tokenizer.Kind, s.Train.Spec(), rec.Task.Template); err != nil {
		return err
	}
	eos, ok := s.Tok.ID(feed.EOS)
	if !ok {
		return fmt.Errorf("the tokenizer has no %s", feed.EOS)
	}
	m := rec.Model
	s.Config = model.Config{
		VocabSize: s.Tok.Size(), HiddenSize: m.HiddenSize, IntermediateSize: m.IntermediateSize,
		NumHiddenLayers: m.NumHiddenLayers, NumAttentionHeads: m.NumAttentionHeads,
		NumKeyValueHeads: m.NumKeyValueHeads, HeadDim: m.HeadDim, MaxPositionEmbeddings: m.MaxPositionEmbeddings,
		RopeTheta: m.RopeTheta, RMSNormEps: m.RMSNormEps, TieWordEmbeddings: m.TieWordEmbeddings,
		BOSTokenID: -1, EOSTokenIDs: []int32{eos}, PadTokenID: -1,
	}.WithDefaults()
	return s.Config.Validate()
}

// measure finds out how long prompts and sequences are, and reserves what the
// stages need.
func (s *Shape) measure(rec *recipe.Recipe) error {
	n := &s.needs
	n.of(rec)
	n.newLen = n.longestGRPO
	if n.evals {
		n.newLen = max(n.newLen, suite.MaxCompletion(rec))
	}
	positions := s.Config.MaxPositionEmbeddings
	n.promptLen = min(rec.Limits.MaxPromptLen, positions-n.newLen)
	if !n.trains() {
		// An evaluation answers what it can, whatever the training run allowed.
		longest, err := s.longestHeldOut(rec)
		if err != nil {
			return err
		}
		n.promptLen = min(longest, positions-n.newLen)
	}
	if n.promptLen < 1 {
		return fmt.Errorf("completions of up to %d tokens leave no place for a prompt in the model's %d positions; lower max_completion_length or choose a model with more positions", n.newLen, positions)
	}
	if n.trains() {
		var err error
		if n.typical, err = s.probe(rec, n.promptLen); err != nil {
			return err
		}
		if n.grpo {
			s.Longest = n.promptLen + n.longestGRPO
		}
		if n.sft {
			s.Longest = max(s.Longest, min(2*n.typical, positions))
		}
		s.Longest = min(s.Longest, positions)
	}
	s.Limits = s.reserve(rec.Limits)
	return nil
}

// needs is what the stages of a recipe ask for.
type needs struct {
	sft, grpo, evals, reference bool

	rows        int // most completions that are wanted at a time
	prompts     int // most prompts that are wanted at a time
	longestGRPO int // tokens of the longest completion of a grpo stage
	promptLen   int // tokens of the longest prompt
	newLen      int // tokens of the longest completion
	typical     int // tokens of the longest sequence among the problems looked at

	gpu     bool          // the model lies in the memory of a GPU
	compute kernels.DType // of matrix products, as far as the recipe says: with auto the device decides
}

func (n *needs) trains() bool { return n.sft || n.grpo }

func (n *needs) of(rec *recipe.Recipe) {
	n.evals = rec.Eval.Every > 0
	n.gpu = rec.Device == "cuda"
	if rec.DType == "bfloat16" || n.gpu && rec.DType == "auto" {
		n.compute = kernels.BF16
	}
	for _, st := range rec.Stages {
		switch {
		case st.SFT != nil:
			n.sft = true
		case st.GRPO != nil:
			n.grpo = true
			n.reference = n.reference || st.GRPO.Beta != 0
			n.longestGRPO = max(n.longestGRPO, st.GRPO.MaxCompletionLength)
			n.rows = max(n.rows, st.GRPO.PromptsPerStep*st.GRPO.NumGenerations)
			n.prompts = max(n.prompts, st.GRPO.PromptsPerStep)
		case st.Eval != nil:
			n.evals = true
		}
	}
	if n.evals {
		n.rows = max(n.rows, rec.Eval.Prompts*rec.Eval.Samples)
		n.prompts = max(n.prompts, rec.Eval.Prompts)
	}
}

// reserve turns the recipe's limits into those of the model. Results never
// depend on them, except that loss_type bnpo is defined by the micro-batches.
func (s *Shape) reserve(l recipe.Limits) model.Limits {
	n := s.needs
	lim := model.Limits{}.In(n.compute, s.Config, n.gpu)
	if n.grpo || n.evals {
		lim.Slots, lim.PromptLen, lim.NewLen = min(l.RolloutRows, n.rows), n.promptLen, n.newLen
		// A prompt for each slot, if there are so many: the last completions of
		// some prompts must not keep the next prompts waiting.
		lim.PromptSlots = max(1, min(lim.Slots, n.prompts, int(promptMemory/s.promptBytes(n.promptLen, lim.Attend))))
	}
	if !n.trains() {
		lim.Frozen = true
		return lim
	}
	lim.TrainSeqs, lim.Recompute = l.MicroBatchRows, l.GradientCheckpointing
	lim.TrainRows = max(s.Longest-1, l.MicroBatchRows*min(n.typical, s.Longest))
	return lim
}

// promptMemory bounds the keys and values of prompts, in bytes. Fewer prompts
// at once cost some speed with long prompts and nothing else.
const promptMemory = 256 << 20

// promptBytes is what one prompt slot takes.
func (s *Shape) promptBytes(promptLen int, dt kernels.DType) int64 {
	each := int64(4)
	if dt == kernels.BF16 {
		each = 2
	}
	return each * 2 * int64(s.Config.NumHiddenLayers) * int64(promptLen) * int64(s.Config.NumKeyValueHeads) * int64(s.Config.HeadDim)
}

// longestHeldOut is the length of the longest prompt of the held-out suite.
func (s *Shape) longestHeldOut(rec *recipe.Recipe) (int, error) {
	items, err := suite.FromRecipe(rec, s.Held.Spec()).Build(s.Held)
	if err != nil {
		return 0, err
	}
	enc := feed.Encoder{Tok: s.Tok, Template: rec.Task.Template}
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
func (s *Shape) probe(rec *recipe.Recipe, promptLen int) (int, error) {
	enc := feed.Encoder{Tok: s.Tok, Template: rec.Task.Template}
	longest := 0
	for i, st := range rec.Stages {
		src := feed.NewSource(s.Train, rec.Task.Level, uint64(rec.Seed), i)
		n := int64(probes)
		if size := s.Train.Spec().Size; size > 0 {
			n = int64(min(size, probesFixed))
		}
		switch {
		case st.SFT != nil:
			traces := feed.NewTraces(st.SFT, src, rec.Task.Template)
			for at := range n {
				p, text, err := traces.Trace(at)
				if err != nil {
					return 0, err
				}
				prompt, err := enc.Encode(p)
				if err != nil {
					return 0, err
				}
				longest = max(longest, len(prompt.Tokens)+len(s.Tok.EncodeWithSpecials(text))+1)
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
				if err := CheckPrompt(prompt, promptLen, rec, s.Config); err != nil {
					return 0, err
				}
				longest = max(longest, len(prompt.Tokens)+st.GRPO.MaxCompletionLength)
			}
		}
	}
	return longest, nil
}

// CheckPrompt refuses a training prompt that does not fit: cutting it would
// change the question.
func CheckPrompt(p feed.Prompt, promptLen int, rec *recipe.Recipe, cfg model.Config) error {
	n := len(p.Tokens)
	if n <= promptLen {
		return nil
	}
	return fmt.Errorf("prompt %s takes %d tokens, and at most %d fit (limits.max_prompt_length %d, the model's %d positions less the completion); raise limits.max_prompt_length and model.max_position_embeddings, or choose a shorter task.template",
		p.Problem.ID, n, promptLen, rec.Limits.MaxPromptLen, cfg.MaxPositionEmbeddings)
}

// EOS is the token that ends a trace; none if the model has no end token.
func (s *Shape) EOS() []int32 {
	if len(s.Config.EOSTokenIDs) == 0 {
		return nil
	}
	return s.Config.EOSTokenIDs[:1]
}

// MeanLengths returns the mean tokens of the prompts among the first problems
// of training stage i, and for an sft stage of whole traces, prompt included.
func (s *Shape) MeanLengths(rec *recipe.Recipe, i int) (prompt, whole float64, err error) {
	st := rec.Stages[i]
	enc := feed.Encoder{Tok: s.Tok, Template: rec.Task.Template}
	src := feed.NewSource(s.Train, rec.Task.Level, uint64(rec.Seed), i)
	var traces *feed.Traces
	if st.SFT != nil {
		traces = feed.NewTraces(st.SFT, src, rec.Task.Template)
	}
	for at := range int64(probes) {
		p, text, err := problemAt(src, traces, at)
		if err != nil {
			return 0, 0, err
		}
		e, err := enc.Encode(p)
		if err != nil {
			return 0, 0, err
		}
		prompt += float64(len(e.Tokens)) / probes
		whole += float64(len(e.Tokens)+len(s.Tok.EncodeWithSpecials(text))+len(s.EOS())) / probes
	}
	return prompt, whole, nil
}

// problemAt is a problem and its trace, "" without traces.
func problemAt(src *feed.Source, traces *feed.Traces, at int64) (rewards.Problem, string, error) {
	if traces != nil {
		return traces.Trace(at)
	}
	p, err := src.Problem(at)
	return p, "", err
}

// MeanHeldOut is the mean tokens of the first prompts of the held-out suite.
func (s *Shape) MeanHeldOut(rec *recipe.Recipe) (float64, error) {
	few := *rec
	few.Eval.Prompts = min(few.Eval.Prompts, probes)
	items, err := suite.FromRecipe(&few, s.Held.Spec()).Build(s.Held)
	if err != nil || len(items) == 0 {
		return 0, err
	}
	enc := feed.Encoder{Tok: s.Tok, Template: rec.Task.Template}
	sum := 0
	for _, it := range items {
		p, err := enc.Encode(it.Problem)
		if err != nil {
			return 0, err
		}
		sum += len(p.Tokens)
	}
	return float64(sum) / float64(len(items)), nil
}
