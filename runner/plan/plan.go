// Package plan says what a run will take before it is started: memory by
// item, time, tokens and disk by stage. Memory is exact arithmetic, the same
// that refuses a run that does not fit. Time comes from a short measurement of
// this machine (Measure), or from its ceilings (FromCeilings).
package plan

import (
	"fmt"
	"math"

	"gradus/model"
	"gradus/runner/evaluate/suite"
	"gradus/runner/recipe"
	"gradus/runner/train/feed"
	"gradus/runner/train/shape"
)

// Plan is what `gradus plan` prints.
type Plan struct {
	Recipe string `json:"recipe"`
	Params int64  `json:"params"`
	Device string `json:"device"`

	Memory      []model.MemoryItem `json:"memory"`
	MemoryBytes int64              `json:"memory_bytes"`         // of the device
	FreeBytes   int64              `json:"free_bytes,omitempty"` // 0: unknown
	FreeWhy     string             `json:"free_why,omitempty"`
	Fits        bool               `json:"fits"`

	Rates   Rates   `json:"rates"`
	Mean    int     `json:"completion_tokens"` // assumed length of a completion; 0: the longest allowed
	Stages  []Stage `json:"stages"`
	Seconds float64 `json:"seconds"` // of all stages
	Tokens  Tokens  `json:"tokens"`  // of all stages

	Price    float64 `json:"price,omitempty"` // of Seconds, at cost.price_per_hour of the recipe; 0: unknown
	Currency string  `json:"currency,omitempty"`

	DiskBytes       int64 `json:"disk_bytes"` // of all stages, log, database and checkpoints
	CheckpointBytes int64 `json:"checkpoint_bytes"`
}

// Stage is a stage of the recipe, with what its periodic evaluations take.
type Stage struct {
	Kind    string  `json:"kind"`
	Steps   int     `json:"steps"` // 0 for an evaluation
	Step    Parts   `json:"step"`  // of one step, or of the evaluation
	Evals   int     `json:"evals,omitempty"`
	Eval    Parts   `json:"eval"` // of one periodic evaluation
	Seconds float64 `json:"seconds"`
	Tokens  Tokens  `json:"tokens"`
	// Checkpoints are those that stay, also under checkpoint.keep; Record is
	// log and database.
	Checkpoints int   `json:"checkpoints"`
	RecordBytes int64 `json:"record_bytes"`
}

// Parts are the seconds of a step.
type Parts struct {
	Prompts  float64 `json:"prompts,omitempty"`  // prompts through the model
	Decoding float64 `json:"decoding,omitempty"` // sampling
	Scoring  float64 `json:"scoring,omitempty"`  // KL reference
	Training float64 `json:"training,omitempty"` // forward and backward
	Update   float64 `json:"update,omitempty"`   // AdamW and packing
}

// Sum is the time of the step. The reward functions are not in it.
func (p Parts) Sum() float64 { return p.Prompts + p.Decoding + p.Scoring + p.Training + p.Update }

// Tokens that the model works on.
type Tokens struct {
	Prompt  int64 `json:"prompt"`  // of prompts, each once
	Sampled int64 `json:"sampled"` // of completions
	Trained int64 `json:"trained"` // forward and backward, all passes
}

func (t Tokens) times(n int) Tokens {
	return Tokens{t.Prompt * int64(n), t.Sampled * int64(n), t.Trained * int64(n)}
}

func (t Tokens) plus(o Tokens) Tokens {
	return Tokens{t.Prompt + o.Prompt, t.Sampled + o.Sampled, t.Trained + o.Trained}
}

// work is what one step asks of the model.
type work struct {
	tokens      Tokens
	scored      int64 // tokens that the reference scores
	updates     int   // of the optimizer
	completions int
}

// New plans a recipe. mean is the length that completions are assumed to have,
// in tokens; 0 or anything longer than allowed means the longest allowed.
func New(rec *recipe.Recipe, s *shape.Shape, r Rates, mean int) (*Plan, error) {
	p := &Plan{Recipe: rec.Name, Params: s.Config.NumParams(), Memory: s.Memory(), Rates: r, Mean: mean, Fits: true}
	p.MemoryBytes = shape.Total(p.Memory)
	p.CheckpointBytes = checkpointBytes(p.Params)
	held, err := s.MeanHeldOut(rec)
	if err != nil {
		return nil, err
	}
	exam := examWork(rec, s, held, mean)
	stay := 0
	for i, st := range rec.Stages {
		out := Stage{Kind: string(st.Kind)}
		var step work
		switch {
		case st.SFT != nil:
			out.Steps = st.SFT.Steps
			_, whole, err := s.MeanLengths(rec, i)
			if err != nil {
				return nil, err
			}
			step = work{tokens: Tokens{Trained: int64(whole * float64(st.SFT.BatchSize))}, updates: 1}
		case st.GRPO != nil:
			out.Steps = st.GRPO.Steps
			prompt, _, err := s.MeanLengths(rec, i)
			if err != nil {
				return nil, err
			}
			step = grpoWork(rec, st.GRPO, s.Limits, prompt, mean)
			if rec.Eval.Every > 0 {
				out.Evals = st.GRPO.Steps / rec.Eval.Every
				out.Eval = r.parts(exam)
			}
		default:
			step = exam
		}
		out.Step = r.parts(step)
		n := max(out.Steps, 1)
		out.Seconds = float64(n)*out.Step.Sum() + float64(out.Evals)*out.Eval.Sum()
		out.Tokens = step.tokens.times(n).plus(exam.tokens.times(out.Evals))
		keepTokens := rec.Store.TokenData
		out.RecordBytes = int64(n)*recordBytes(step, rec, keepTokens, st.GRPO) + int64(out.Evals)*recordBytes(exam, rec, keepTokens, nil)
		if out.Steps > 0 {
			out.Checkpoints = checkpoints(rec, out.Steps, out.Evals)
			stay += out.Checkpoints
		}
		p.Seconds += out.Seconds
		p.Tokens = p.Tokens.plus(out.Tokens)
		p.DiskBytes += out.RecordBytes
		p.Stages = append(p.Stages, out)
	}
	p.DiskBytes += emptyBytes + int64(stay)*p.CheckpointBytes
	return p, nil
}

func grpoWork(rec *recipe.Recipe, g *recipe.GRPO, lim model.Limits, prompt float64, mean int) work {
	n := int64(g.PromptsPerStep) * int64(g.NumGenerations)
	length := int64(completion(g.MaxCompletionLength, mean))
	w := work{completions: int(n), updates: g.NumIterations * g.StepsPerGeneration}
	seqs := groups(g, int(math.Round(prompt)), int(length))
	w.tokens = Tokens{Prompt: int64(prompt * float64(g.PromptsPerStep)), Sampled: n * length}
	for pass := range g.NumIterations {
		w.tokens.Trained += passRows(rec, g, lim, seqs, pass)
	}
	if g.Beta != 0 {
		w.scored = lim.Rows(seqs)
	}
	return w
}

// groups are sequences as a step trains on them: those of a group have one
// prompt, that of another is another.
func groups(g *recipe.GRPO, prompt, completion int) []model.Sequence {
	prompt = max(prompt, 1)
	var seqs []model.Sequence
	for i := range g.PromptsPerStep {
		tokens := make([]int32, prompt+completion)
		for k := range prompt {
			tokens[k] = int32(i)
		}
		for range g.NumGenerations {
			seqs = append(seqs, model.Sequence{Tokens: tokens, Prompt: prompt})
		}
	}
	return seqs
}

// passRows is how many token rows a pass over the sequences trains. Completions
// of a group that meet in a micro-batch share the rows of their prompt; several
// updates in a step shuffle them, and few meet then.
func passRows(rec *recipe.Recipe, g *recipe.GRPO, lim model.Limits, seqs []model.Sequence, pass int) (rows int64) {
	n, parts := len(seqs), g.StepsPerGeneration
	if parts <= 1 {
		return lim.Rows(seqs)
	}
	mixed := make([]model.Sequence, n)
	for i, from := range feed.Shuffle(feed.Key(uint64(rec.Seed), "mini-batches", 1, uint64(pass)), n) {
		mixed[i] = seqs[from]
	}
	for k := range parts {
		rows += lim.Rows(mixed[k*n/parts : (k+1)*n/parts])
	}
	return rows
}

func examWork(rec *recipe.Recipe, s *shape.Shape, prompt float64, mean int) work {
	n := int64(rec.Eval.Prompts) * int64(rec.Eval.Samples)
	if size := s.Held.Spec().Size; size > 0 {
		n = min(n, int64(size)*int64(rec.Eval.Samples))
	}
	length := int64(completion(suite.MaxCompletion(rec), mean))
	return work{completions: int(n), tokens: Tokens{Prompt: int64(prompt * float64(n) / float64(rec.Eval.Samples)), Sampled: n * length}}
}

// completion is the assumed length of a completion of at most longest tokens.
func completion(longest, mean int) int {
	if mean <= 0 {
		return longest
	}
	return min(mean, longest)
}

// Duration writes seconds as people say them.
func Duration(s float64) string {
	switch {
	case s < 0.0995:
		return fmt.Sprintf("%.0f ms", 1000*s)
	case s < 120:
		return fmt.Sprintf("%.1f s", s)
	case s < 2*3600:
		return fmt.Sprintf("%.0f min", s/60)
	case s < 72*3600:
		return fmt.Sprintf("%.1f h", s/3600)
	}
	return fmt.Sprintf("%.1f days", s/86400)
}
