package plan

import (
	"context"
	"math"
	"testing"
	"time"

	"gradus/kernels/cpu"
	"gradus/model"
	"gradus/runner/recipe"
	"gradus/runner/train/shape"
)

const text = `
name = "p"
[model]
hidden_size = 32
num_hidden_layers = 1
num_attention_heads = 2
max_position_embeddings = 256
[task]
name = "countdown"
template = "short"
[[reward]]
name = "gradus.accuracy"
[[stage]]
kind = "sft"
steps = 10
batch_size = 4
[[stage]]
kind = "grpo"
steps = 24
prompts_per_step = 16
num_generations = 8
max_completion_length = 96
num_iterations = 2
beta = 0.04
[[stage]]
kind = "eval"
[eval]
prompts = 32
samples = 2
every = 8
[checkpoint]
save_steps = 5
[limits]
max_prompt_length = 96
`

func load(t *testing.T, sets ...string) (*recipe.Recipe, *shape.Shape) {
	t.Helper()
	rec, err := recipe.Parse("test.toml", []byte(text), sets...)
	if err != nil {
		t.Fatal(err)
	}
	s, err := shape.New(rec, "")
	if err != nil {
		t.Fatal(err)
	}
	return rec, &s
}

// One second for everything makes times countable by hand.
func TestNew(t *testing.T) {
	rec, s := load(t)
	p, err := New(rec, s, Rates{Prefill: 1, Decode: 1, Score: 1, Train: 1, Update: 1}, 0)
	if err != nil {
		t.Fatal(err)
	}
	sft, grpo, eval := p.Stages[0], p.Stages[1], p.Stages[2]
	if grpo.Step.Decoding != 16*8*96 || grpo.Step.Update != 2 || grpo.Steps != 24 || grpo.Evals != 3 {
		t.Errorf("grpo %+v", grpo)
	}
	prompt := grpo.Step.Prompts / 16 // the mean prompt, in tokens
	if prompt < 5 || prompt > 96 {
		t.Fatalf("prompts of %v tokens", prompt)
	}
	// Micro-batches of 32 hold four groups of 8, each with its prompt once.
	if whole := 16 * ((prompt - 1) + 8*96); math.Abs(grpo.Step.Scoring-whole) > 16 || grpo.Step.Training != 2*grpo.Step.Scoring {
		t.Errorf("%v tokens scored and %v trained, want %v and twice that", grpo.Step.Scoring, grpo.Step.Training, whole)
	}
	if eval.Step.Decoding != 32*2*96 || eval.Steps != 0 || eval.Step.Training != 0 || grpo.Eval != eval.Step {
		t.Errorf("eval %+v", eval)
	}
	if sft.Step.Decoding != 0 || sft.Step.Update != 1 || sft.Step.Training < 4*prompt {
		t.Errorf("sft %+v", sft)
	}
	if want := 10*sft.Step.Sum() + 24*grpo.Step.Sum() + 4*eval.Step.Sum(); math.Abs(p.Seconds-want) > 1e-6*want {
		t.Errorf("%v s, want %v", p.Seconds, want)
	}
	if p.Tokens.Sampled != 24*128*96+4*32*2*96 {
		t.Errorf("%+v", p.Tokens)
	}
	if sft.Checkpoints != 2 || grpo.Checkpoints != 5+3 || p.CheckpointBytes < 12*p.Params {
		t.Errorf("checkpoints %d and %d of %d bytes", sft.Checkpoints, grpo.Checkpoints, p.CheckpointBytes)
	}
	short, err := New(rec, s, Rates{Decode: 1}, 12)
	if err != nil || short.Stages[1].Step.Decoding != 128*12 {
		t.Errorf("at 12 tokens: %+v, %v", short.Stages[1].Step, err)
	}
	kept, s := load(t, "checkpoint.keep=2")
	if few, err := New(kept, s, Rates{}, 0); err != nil || few.Stages[1].Checkpoints != 4 || few.DiskBytes >= p.DiskBytes {
		t.Errorf("keep 2: %+v, %v", few.Stages[1], err)
	}
}

// What six runs of this shape, 24 steps without a reference, took on disk.
func TestRecordMatchesRuns(t *testing.T) {
	for _, c := range []struct {
		keep             string
		sampled, log, db int64
	}{
		{"all", 126113, 4469316, 2203648},
		{"none", 126113, 2354859, 1458176},
		{"none", 58081, 2233051, 1171456},
		{"all", 58081, 3253339, 1597440},
		{"sampled", 126113, 2483108, 1425408},
	} {
		rec, _ := load(t, "store.token_data="+c.keep)
		w := work{completions: 128, tokens: Tokens{Sampled: c.sampled / 24, Prompt: 16 * 40}}
		got := emptyBytes + 24*recordBytes(w, rec, c.keep, rec.Stages[1].GRPO)
		if want := c.log + c.db; math.Abs(float64(got)/float64(want)-1) > 0.12 {
			t.Errorf("%+v: %d bytes planned, %d taken", c, got, want)
		}
	}
}

func TestRates(t *testing.T) {
	cfg := model.Config{VocabSize: 512, HiddenSize: 256, IntermediateSize: 688, NumHiddenLayers: 6, NumAttentionHeads: 8, MaxPositionEmbeddings: 128, TieWordEmbeddings: true}
	if n := MatmulParams(cfg); n != 6*(4*256*256+3*256*688)+512*256 {
		t.Errorf("%d weights in products", n)
	}
	r := FromCeilings(cfg, model.Limits{}, 100, 20)
	if want := 6 * float64(MatmulParams(cfg)) / 100e9 / trainShare; math.Abs(r.Train/want-1) > 1e-9 || r.Decode <= r.Prefill || r.Update <= 0 || r.How == "" {
		t.Errorf("%+v", r)
	}
}

// A measured model of this machine: all rates are there, also of a model that
// has only just room for its sequences, and none where there is no use.
func TestMeasure(t *testing.T) {
	dev, err := cpu.Open(cpu.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	for _, sets := range [][]string{nil, {"grpo.max_completion_length=1", "eval.max_completion_length=1"}, {"limits.rollout_rows=1", "limits.micro_batch_rows=1"}, {"grpo.max_completion_length=160"}} {
		_, s := load(t, sets...)
		r, err := Measure(context.Background(), dev, s, time.Now)
		if err != nil {
			t.Fatalf("%v: %v", sets, err)
		}
		if r.Decode <= 0 || r.Score <= 0 || r.Train <= 0 || r.How == "" {
			t.Errorf("%v: %+v", sets, r)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, s := load(t)
	if _, err := Measure(ctx, dev, s, time.Now); err == nil {
		t.Error("measured although nobody waits")
	}
}

// The rows of prompts count as often as training works on them: once for each
// micro-batch that a group is in, and nearly once for each completion where
// several updates shuffle the groups.
func TestSharedPrompts(t *testing.T) {
	const prompt, length = 50, 20
	lim := model.Limits{TrainRows: 32 * (prompt + length), TrainSeqs: 32}
	g := &recipe.GRPO{PromptsPerStep: 16, NumGenerations: 8, MaxCompletionLength: length, NumIterations: 1, StepsPerGeneration: 1}
	rec := &recipe.Recipe{Seed: 3}
	rows := func() int64 { return grpoWork(rec, g, lim, prompt, 0).tokens.Trained }
	own, shared := int64(16*8*length), int64(16*(prompt-1))
	if got := rows(); got != own+shared {
		t.Errorf("%d rows, want %d of completions and %d of prompts", got, own, shared)
	}
	lim.TrainSeqs = 4 // each group is cut in two
	if got := rows(); got != own+2*shared {
		t.Errorf("%d rows in small micro-batches, want %d and twice %d", got, own, shared)
	}
	lim.TrainSeqs, g.StepsPerGeneration = 32, 4
	if got := rows(); got < own+5*shared || got > own+8*shared {
		t.Errorf("%d rows of shuffled groups, want between %d and %d", got, own+5*shared, own+8*shared)
	}
	g.StepsPerGeneration, g.NumIterations = 1, 3
	if got := rows(); got != 3*(own+shared) {
		t.Errorf("%d rows in three passes", got)
	}
}
