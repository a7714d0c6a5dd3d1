package evaluate

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"gradus/kernels"
	"gradus/kernels/cpu"
	"gradus/runner/client"
	"gradus/runner/compare"
	"gradus/runner/recipe"
	"gradus/runner/rundir"
	"gradus/runner/train"
	"gradus/runner/train/journal"
	"gradus/store"
)

const tiny = `
name = "tiny"
[model]
hidden_size = 16
intermediate_size = 16
num_hidden_layers = 1
num_attention_heads = 2
max_position_embeddings = 96
[task]
name = "mod_chain"
level = 1
template = "short"
[[reward]]
name = "gradus.accuracy"
[[reward]]
name = "gradus.format"
weight = 0.2
[[stage]]
kind = "sft"
steps = 4
batch_size = 4
learning_rate = 1e-2
[eval]
prompts = 8
max_completion_length = 12
[checkpoint]
save_steps = 2
[limits]
max_prompt_length = 32
rollout_rows = 8
`

func testEnv(t *testing.T) Env {
	t.Helper()
	root := t.TempDir()
	if err := os.Chmod(root, 0o700); err != nil {
		t.Fatal(err)
	}
	c, err := client.Open(client.Options{Root: root, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return Env{Client: c, Train: train.Env{
		Clock: journal.System{}, NewID: func() string { return ulid.Make().String() }, Version: "test",
		OpenDevice: func(*recipe.Recipe) (kernels.Device, string, error) {
			dev, err := cpu.Open(cpu.Options{Threads: 1})
			return dev, "one thread", err
		},
		Complain: func(err error) { t.Log(err) },
	}}
}

// trained makes a run and returns its id.
func trained(t *testing.T, env Env, sets ...string) string {
	t.Helper()
	rec, err := recipe.Parse("tiny.toml", []byte(tiny), sets...)
	if err != nil {
		t.Fatal(err)
	}
	spec := rundir.Spec{ID: ulid.Make().String(), Name: rec.Name, Purpose: rec.Purpose(), Config: rec.JSON(), ConfigTOML: rec.TOML(),
		Host: rundir.Self().Host, CreatedUS: time.Now().UnixMicro()}
	dir, err := env.Client.Home().Create(spec)
	if err != nil {
		t.Fatal(err)
	}
	e := env.Train
	e.Dir = dir
	if err := train.Run(context.Background(), e); err != nil {
		t.Fatal(err)
	}
	return spec.ID
}

func resolve(t *testing.T, env Env, ref string) client.Ref {
	t.Helper()
	r, err := env.Client.ResolveCheckpoint(context.Background(), ref)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEvaluateIsARunOfItsOwn(t *testing.T) {
	ctx := context.Background()
	env := testEnv(t)
	id := trained(t, env)
	ckpt := resolve(t, env, id+"@2")
	base, err := Base(env.Client, ckpt)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := Recipe(base, ckpt, "eval.prompts=5", "eval.samples=2")
	if err != nil {
		t.Fatal(err)
	}
	res, err := Run(ctx, env, ckpt, rec)
	if err != nil {
		t.Fatal(err)
	}
	if res.Eval.N != 5 || res.Eval.K != 2 || res.Eval.Ckpt != id+"@2" || res.Eval.CIHigh <= res.Eval.CILow {
		t.Errorf("eval %+v", res.Eval)
	}
	if !strings.Contains(res.Summary, "of 10 right") {
		t.Errorf("summary %q", res.Summary)
	}
	run, err := env.Client.Run(ctx, res.RunID)
	if err != nil {
		t.Fatal(err)
	}
	if run.Purpose != "eval" || run.Parent != id+"@2" || run.State != store.StateDone {
		t.Errorf("run %+v", run)
	}
	db, err := store.OpenRead(res.DB)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	evals, err := db.Evals(ctx)
	if err != nil || len(evals) != 1 {
		t.Fatalf("%v %v", evals, err)
	}
	items, err := db.EvalItems(ctx, evals[0].ID)
	if err != nil || len(items) != 10 {
		t.Fatalf("%d items, %v", len(items), err)
	}
	right := 0
	for _, it := range items {
		if it.Correct == nil {
			t.Errorf("no verdict on sample %d", it.SampleID)
		} else if *it.Correct {
			right++
		}
	}
	if got := float64(right) / 10; got != res.Eval.Accuracy {
		t.Errorf("accuracy %v, but %v of the stored answers are right", res.Eval.Accuracy, got)
	}
}

func TestCompareMakesWhatIsMissing(t *testing.T) {
	ctx := context.Background()
	env := testEnv(t)
	id := trained(t, env)
	other := trained(t, env, "seed=2")
	a, b := resolve(t, env, id+"@2"), resolve(t, env, other+"@last")
	made := 0
	opt := CompareOptions{Found: func(_ client.Ref, there bool) {
		if !there {
			made++
		}
	}}
	first, err := Compare(ctx, env, a, b, opt)
	if err != nil {
		t.Fatal(err)
	}
	if made != 2 || first.Prompts != 8 || first.OnlyA != 0 || first.OnlyB != 0 || first.A.Ckpt != a.String() || first.B.Ckpt != b.String() {
		t.Errorf("%d made, %+v", made, first)
	}
	if first.Reward == nil || first.RewardNote != "" {
		t.Errorf("rewards of one recipe must compare: %q", first.RewardNote)
	}
	again, err := Compare(ctx, env, a, b, opt)
	if err != nil {
		t.Fatal(err)
	}
	if made != 2 {
		t.Errorf("recorded evaluations were made again: %d", made)
	}
	if again.Accuracy != first.Accuracy || again.A.EvalID != first.A.EvalID || again.A.RunID != first.A.RunID {
		t.Errorf("the second comparison differs: %+v, %+v", again.Accuracy, first.Accuracy)
	}
	// A suite of its own is another evaluation.
	if _, err := Compare(ctx, env, a, b, CompareOptions{Sets: []string{"eval.seed=5"}, Found: opt.Found}); err != nil {
		t.Fatal(err)
	}
	if made != 4 {
		t.Errorf("%d evaluations made, want 4", made)
	}
	// A checkpoint against itself: the same answers, so no difference at all.
	same, err := Compare(ctx, env, a, a, opt)
	if err != nil {
		t.Fatal(err)
	}
	if same.Accuracy.Mean != 0 || same.Accuracy.P != 1 || len(same.Gained)+len(same.Lost) != 0 || same.Tokens.Better+same.Tokens.Worse != 0 {
		t.Errorf("a checkpoint differs from itself: %+v", same)
	}
}

// An eval stage of a training run and an evaluation run of the same checkpoint
// must ask the same and get the same answers.
func TestStageAndRunAgree(t *testing.T) {
	ctx := context.Background()
	env := testEnv(t)
	withEval := strings.Replace(tiny, "[eval]", "[[stage]]\nkind = \"eval\"\nlabel = \"after\"\n[eval]", 1)
	rec, err := recipe.Parse("tiny.toml", []byte(withEval))
	if err != nil {
		t.Fatal(err)
	}
	spec := rundir.Spec{ID: ulid.Make().String(), Name: rec.Name, Purpose: rec.Purpose(), Config: rec.JSON(), Host: rundir.Self().Host}
	dir, err := env.Client.Home().Create(spec)
	if err != nil {
		t.Fatal(err)
	}
	e := env.Train
	e.Dir = dir
	if err := train.Run(ctx, e); err != nil {
		t.Fatal(err)
	}
	ckpt := resolve(t, env, spec.ID+"@last")
	base, err := Base(env.Client, ckpt)
	if err != nil {
		t.Fatal(err)
	}
	erec, err := Recipe(base, ckpt)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := SuiteHash(erec)
	if err != nil {
		t.Fatal(err)
	}
	stage, ok, err := compare.Latest(ctx, env.Client, ckpt, hash)
	if err != nil || !ok || stage.RunID != spec.ID {
		t.Fatalf("the stage's evaluation was not found: %v %v %+v", ok, err, stage)
	}
	res, err := Run(ctx, env, ckpt, erec)
	if err != nil {
		t.Fatal(err)
	}
	list, err := compare.Evaluations(ctx, env.Client, ckpt)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d evaluations, %v", len(list), err)
	}
	r, err := compare.Recorded(ctx, env.Client, list[0], list[1], compare.Options{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if res.Eval.Accuracy != stage.Eval.Accuracy || r.Tokens.Better+r.Tokens.Worse != 0 || r.Reward == nil || r.Reward.Better+r.Reward.Worse != 0 {
		t.Errorf("stage and run differ: %+v", r)
	}
}

// gsm8k is real data; a tiny model cannot answer it, and must say so.
func TestGSM8K(t *testing.T) {
	path, err := filepath.Abs("../../../shared/data/gsm8k_test.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		t.Skip("no ../shared/data/gsm8k_test.jsonl")
	}
	env := testEnv(t)
	id := trained(t, env)
	ckpt := resolve(t, env, id+"@last")
	base, err := Base(env.Client, ckpt)
	if err != nil {
		t.Fatal(err)
	}
	base.Task.Level = 2 // a level of the task the model was trained on; a file has none
	rec, err := Recipe(base, ckpt, "task.name=jsonl", "task.file="+path, "task.preset=gsm8k", "eval.prompts=32")
	if err != nil {
		t.Fatal(err)
	}
	res, err := Run(context.Background(), env, ckpt, rec)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(res.Summary)
	if res.Eval.N != 32 || res.Eval.Accuracy != 0 || !strings.HasPrefix(res.Summary, "0 of 32 right: ") {
		t.Errorf("%+v %s", res.Eval, res.Summary)
	}
	for _, say := range []string{"longer than the model can hold", "tokenizer does not know"} {
		if !strings.Contains(res.Summary, say) {
			t.Errorf("the summary does not say %q: %s", say, res.Summary)
		}
	}
}

func TestRecipeErrors(t *testing.T) {
	ref := client.Ref{Step: -1, Path: "/somewhere/model"}
	tests := []struct {
		name string
		ckpt client.Ref
		sets []string
		says string
	}{
		{"no checkpoint", client.Ref{RunID: "01JAAAAAAAAAAAAAAAAAAAAAAA", Step: -1}, nil, "@last"},
		{"a folder without a task", ref, nil, "task.name"},
		{"an unknown key", ref, []string{"task.name=mod_chain", "eval.promts=3"}, "did you mean prompts"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Recipe(nil, tt.ckpt, tt.sets...)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want one that says %q", err, tt.says)
			}
		})
	}
	if _, err := Recipe(nil, ref, "task.name=mod_chain"); err != nil {
		t.Error(err)
	}
}
