package rescore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gradus/rewards"
	"gradus/runner/algo"
	"gradus/runner/evaluate/suite"
	"gradus/runner/recipe"
	"gradus/runner/rundir"
	"gradus/runner/train/judge"
	"gradus/store"
)

const config = `
[model]
hidden_size = 16
num_hidden_layers = 1
num_attention_heads = 2
[task]
name = "digit_walk"
template = "short"
[[reward]]
name = "gradus.accuracy"
[[reward]]
name = "gradus.format"
weight = 0.2
[[stage]]
kind = "sft"
steps = 2
[[stage]]
kind = "grpo"
steps = 5
num_generations = 4
max_completion_length = 64
`

// run is a stored run of one grpo step with two groups, and an evaluation. Its
// rewards and advantages are what training would have recorded, except that
// spoil may change them.
type run struct {
	dir    rundir.Dir
	config *recipe.Recipe
}

func completions() []string {
	return []string{
		"<think>1+1=2</think><answer>2</answer>", "<think>1+1=3</think><answer>3</answer>", "<answer>2</answer>", "nothing",
		"<think>a</think><answer>2</answer>", "<think>b</think><answer>2</answer>", "<think>c</think><answer>2</answer>", "<think>d</think><answer>2</answer>",
	}
}

func newRun(t *testing.T, spoil func(*store.Samples), sets ...string) run {
	t.Helper()
	rec, err := recipe.Parse("t.toml", []byte(config), sets...)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := os.Chmod(root, 0o700); err != nil {
		t.Fatal(err)
	}
	home, err := rundir.OpenHome(root)
	if err != nil {
		t.Fatal(err)
	}
	const id = "01JAAAAAAAAAAAAAAAAAAAAAAA"
	dir, err := home.Create(rundir.Spec{ID: id, Name: "t", Purpose: rec.Purpose(), Config: rec.JSON(), Host: rundir.Self().Host, CreatedUS: 1})
	if err != nil {
		t.Fatal(err)
	}
	j, err := judge.New(rec.Rewards, "")
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	it, err := suite.Render("short", rewards.Problem{Task: "digit_walk", ID: "digit_walk/1/1:1", Question: "1+1", Gold: "2"})
	if err != nil {
		t.Fatal(err)
	}
	s := store.Samples{Stage: "grpo", Step: 3, Phase: "train", Prompts: []store.Prompt{it.Record(3)}}
	var totals []float64
	var groups []int
	var parts [2][]float64
	for g := range 2 {
		group := rewards.Group{ID: it.Hash}
		for _, c := range completions()[4*g : 4*g+4] {
			group.Samples = append(group.Samples, rewards.Sample{Prompt: it.Text, Completion: c, TokenIDs: make([]int32, len(c)), Problem: it.Problem, Step: 3})
		}
		judged, err := j.Score(context.Background(), group)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range judged {
			s.Rows = append(s.Rows, store.Sample{Group: g, Index: i, Text: group.Samples[i].Completion, Tokens: len(group.Samples[i].TokenIDs),
				TokenIDs: group.Samples[i].TokenIDs, LogProbs: make([]float32, len(group.Samples[i].TokenIDs)), Finish: "stop",
				Reward: v.Total, Unscorable: v.Unscorable, Correct: v.Correct, Claim: v.Claim, Rewards: v.Parts})
			totals, groups = append(totals, v.Total), append(groups, g)
			for k := range parts {
				parts[k] = append(parts[k], v.Scores[k])
			}
		}
	}
	grpo := rec.Stages[1].GRPO
	advantages, _, err := algo.Advantages(totals, groups, grpo.AdvantageOptions())
	if grpo.MultiObjectiveAggregation == algo.NormalizeThenSum {
		advantages, err = algo.AdvantagesOfParts(parts[:], []float64{1, 0.2}, groups, grpo.AdvantageOptions())
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Rows {
		s.Rows[i].Advantage = advantages[i]
	}
	eval := s
	eval.Phase, eval.Step, eval.Rows = "eval", 7, append([]store.Sample{}, s.Rows[:1]...)
	eval.Rows[0].Advantage = 0
	if spoil != nil {
		spoil(&s)
	}
	l, err := store.OpenLog(dir.Path())
	if err != nil {
		t.Fatal(err)
	}
	for kind, body := range map[store.Kind]any{store.KindRun: store.RunHeader{ID: id, Name: "t"}} {
		put(t, l, kind, body)
	}
	put(t, l, store.KindAttempt, store.Attempt{N: 1})
	put(t, l, store.KindSamples, s)
	put(t, l, store.KindSamples, eval)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return run{dir, rec}
}

func put(t *testing.T, l *store.Log, kind store.Kind, body any) {
	t.Helper()
	rec, err := store.NewRecord(kind, 1, 5, body)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Append(rec); err != nil {
		t.Fatal(err)
	}
}

func (r run) db(t *testing.T) *store.DB {
	t.Helper()
	path := store.DBPath(r.dir.Path())
	if _, err := store.Fold(context.Background(), r.dir.Path(), path); err != nil {
		t.Fatal(err)
	}
	db, err := store.OpenRead(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func (r run) rescore(t *testing.T, opt Options) *Result {
	t.Helper()
	opt.Dir, opt.Config, opt.Now = r.dir, r.config, func() time.Time { return time.UnixMicro(9) }
	if opt.Rewards == nil {
		opt.Rewards = Own(r.dir, r.config)
	}
	res, err := Run(context.Background(), r.db(t), opt)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// The run's own rewards say of every trace what they said, and give the
// advantages that the loss used, to the bit, under every rule.
func TestOwnRewardsChangeNothing(t *testing.T) {
	t.Parallel()
	for _, sets := range [][]string{nil, {"grpo.scale_rewards=batch"}, {"grpo.scale_rewards=none", "grpo.std=population"}, {"grpo.multi_objective_aggregation=normalize_then_sum"}} {
		res := newRun(t, nil, sets...).rescore(t, Options{})
		if res.Traces != 9 || res.Groups != 3 || res.Changed != 0 || len(res.Changes) != 0 || !res.Totals || res.Advantage.Traces != 8 || res.Advantage.MaxChange != 0 ||
			math.Abs(res.Advantage.Correlation-1) > 1e-12 || res.Advantage.NoSpread != 1 || res.Advantage.NoSpreadNew != 1 || res.Layer != nil {
			t.Errorf("%v: %+v", sets, res)
		}
	}
}

// A verdict that was recorded wrong is found, with what it should have been,
// why, and the advantages of its whole group.
func TestChangedVerdicts(t *testing.T) {
	t.Parallel()
	wrong := false
	r := newRun(t, func(s *store.Samples) {
		row := &s.Rows[4] // the first of the second group: right, and recorded as wrong
		parts := append([]store.RewardPart{}, row.Rewards...)
		parts[0].Score, parts[0].Value = 0, 0
		row.Rewards, row.Reward, row.Correct, row.Advantage = parts, 0.2, &wrong, -1.4999
		for i := 5; i < 8; i++ {
			s.Rows[i].Advantage = 0.4999
		}
	})
	ctx := context.Background()
	res := r.rescore(t, Options{ID: "01L", MadeBy: "ada", Label: "again", Version: "v1"})
	if res.Changed != 1 || res.Raised != 1 || res.NowRight != 1 || res.Parts[0].Changed != 1 || res.Parts[0].Compared != 9 || res.Parts[1].Changed != 0 ||
		res.Advantage.NoSpread != 0 || res.Advantage.NoSpreadNew != 1 {
		t.Errorf("%+v", res.Summary)
	}
	c := res.Changes[0]
	if len(res.Changes) != 1 || c.Sample != 5 || c.Reward != (BeforeAfter{0.2, 1.2}) || c.Advantage != (BeforeAfter{-1.4999, 0}) || len(c.Parts) != 1 ||
		c.Why != "wrong -> right; gradus.accuracy 0 -> 1: claimed 2, as the gold answer" {
		t.Errorf("%+v", c)
	}
	db := r.db(t)
	if err := res.Stored(ctx, db, "01L"); err != nil || res.Layer == nil || res.Layer.N != 1 || res.Layer.Label != "again" || res.Layer.Changed != 1 || res.Layer.Rewards[1].Weight != 0.2 {
		t.Fatalf("%+v, %v", res.Layer, err)
	}
	scores, err := db.LayerOf(ctx, 1, []int64{1, 2, 5, 9})
	if err != nil {
		t.Fatal(err)
	}
	// Rewards 1.2, 0.2, 1, 0: mean 0.6, sample deviation sqrt(1.04/3).
	if want := (1.2 - 0.6) / (math.Sqrt(1.04/3) + 1e-4); math.Abs(scores[1].Advantage-want) > 1e-12 {
		t.Errorf("advantage %v, want %v", scores[1].Advantage, want)
	}
	if !scores[5].Changed || scores[1].Changed || scores[9].Advantage != 0 || *scores[5].Correct != true {
		t.Errorf("%+v", scores)
	}
	if d, err := db.Sample(ctx, 5); err != nil || d.Reward != 0.2 || *d.Correct {
		t.Errorf("the run's record changed: %+v, %v", d.SampleRow, err)
	}
}

// Other rewards: sums are compared only where they can be.
func TestOtherRewards(t *testing.T) {
	t.Parallel()
	r := newRun(t, nil)
	list, err := Named([]string{"gradus.format=3", "tinyzero.countdown"}, r.config.Rewards)
	if err != nil || list[0].Weight != 3 || list[1].Weight != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	res := r.rescore(t, Options{Rewards: list[:1]})
	if res.Totals || res.Changed != 0 || math.Abs(res.RewardAfter-3*7.0/9) > 1e-12 {
		t.Errorf("leaving accuracy out is no change: %+v", res.Summary)
	}
	res = r.rescore(t, Options{Rewards: []recipe.Reward{{Name: "openr1.format", Weight: 1}}, Changes: 2})
	if !res.Totals || res.Changed != 8 || len(res.Changes) != 2 || res.Lowered != 8 || len(res.Changes[0].Parts) != 3 ||
		!strings.Contains(res.Changes[0].Why, "openr1.format absent -> 0") {
		t.Errorf("%+v\n%+v", res.Summary, res.Changes)
	}
	// Token ids are there, so a length reward has what it needs.
	res = r.rescore(t, Options{Rewards: []recipe.Reward{{Name: "gradus.soft_overlong", Weight: 1, Params: map[string]any{"max_completion_length": 30, "soft_punish_cache": 10}}},
		Query: store.SampleQuery{Phase: "train"}})
	if res.Traces != 8 || res.Unscorable != 0 || res.RewardAfter >= 0 {
		t.Errorf("%+v", res.Summary)
	}
	// An expression sees the question and the gold answer.
	res = r.rescore(t, Options{Rewards: []recipe.Reward{{Name: "expr", Label: "q", Weight: 1, Params: map[string]any{"expr": `question == "1+1" && gold == "2" && tokens > 0 ? 1 : 0`}}}})
	if res.RewardAfter != 1 {
		t.Errorf("mean %v", res.RewardAfter)
	}
	for _, bad := range []string{"a=", "a=x", "a=NaN", "a=1e999", "a=0.2x"} {
		if _, err := Named([]string{bad}, nil); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// What cannot be scored makes no layer and says so.
func TestNothingToScore(t *testing.T) {
	t.Parallel()
	r := newRun(t, nil)
	db, step := r.db(t), 100
	own := Own(r.dir, r.config)
	_, err := Run(context.Background(), db, Options{Dir: r.dir, Config: r.config, Rewards: own, ID: "01L", Query: store.SampleQuery{MinStep: &step}})
	if !errors.Is(err, ErrNothing) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, db, Options{Dir: r.dir, Config: r.config, Rewards: own, ID: "01M"}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if l, err := r.db(t).Layers(context.Background()); err != nil || len(l) != 0 {
		t.Errorf("%+v, %v", l, err)
	}
}

// Code of the user's own is scored as the run kept it, and kept with the
// layer: what the file says now does not count.
func TestOwnCodeAsKept(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "r.star")
	write := func(path, score string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, fmt.Appendf(nil, "def reward(ctx):\n    return %s\n", score), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := newRun(t, nil)
	r.config.Rewards = []recipe.Reward{{Name: "starlark", Label: "mine", Weight: 1, Params: map[string]any{"file": file}}}
	write(file, "0.25")
	write(filepath.Join(r.dir.Code(), "mine", "r.star"), "0.75")
	own := Own(r.dir, r.config)
	if own[0].Params["file"] == file || r.config.Rewards[0].Params["file"] != file {
		t.Fatalf("%+v", own)
	}
}
