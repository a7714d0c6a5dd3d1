package train

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"gradus/model"
	"gradus/runner/evaluate/suite"
	"gradus/store"
)

// The record of a whole run, looked at from outside: the log, the database
// folded beside the run, and a database made anew.
func TestPipeline(t *testing.T) {
	ctx := context.Background()
	dir := newRun(t, micro)
	env := testEnv(t, dir)
	var c collector
	env.Progress = c.add
	mustRun(t, env)
	rec := readRecord(t, dir)

	h := rec.header
	if h == nil || h.ID != dir.ID() || h.Steps != 8 || h.Params <= 0 || h.Device != "one thread" || h.Seed != 7 || h.Purpose != "train" || h.Task != "mod_chain" {
		t.Errorf("header %+v", h)
	}
	if got := asJSON(t, statesOf(rec)); got != `["starting","running","running","running","running","done"]` {
		t.Errorf("states %s", got)
	}
	var stages []string
	for _, s := range rec.states {
		if s.State == store.StateRunning {
			stages = append(stages, s.Stage)
		}
	}
	if got := asJSON(t, stages); got != `["sft","eval","grpo","eval"]` {
		t.Errorf("stages %s", got)
	}
	if got := asJSON(t, stepsOf(rec.metrics)); got != `[1,2,3,4,5,6,7,8]` {
		t.Errorf("steps %s", got)
	}
	var labels []string
	for _, e := range rec.evals {
		labels = append(labels, fmt.Sprintf("%s@%d", e.Label, e.Step))
	}
	if got := fmt.Sprint(labels); got != "[before@3 @6 after@8]" {
		t.Errorf("evaluations %s", got)
	}
	for _, s := range []int{2, 3, 5, 6, 7, 8} { // save_steps, stage end, reference, evaluation, save_steps, end
		if c, ok := rec.ckpts[s]; !ok || c.Manifest == "" || c.Bytes == 0 || c.Path != filepath.Join("ckpt", checkpointName(s)) {
			t.Errorf("checkpoint of step %d: %+v", s, c)
		}
	}

	db, err := store.OpenRead(store.DBPath(dir.Path()))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	counts, err := db.Counts(ctx)
	if err != nil {
		t.Fatal(err)
	}
	// 5 steps of 2 x 3 completions; 3 evaluations of 6.
	if counts.Records != uint64(len(rec.kinds)) || counts.Samples-counts.EvalSamples != 30 || counts.EvalSamples != 18 || counts.Evals != 3 || counts.Steps != 8 {
		t.Errorf("%+v for %d records", counts, len(rec.kinds))
	}
	fresh := filepath.Join(t.TempDir(), "fresh.db")
	if err := store.Rebuild(ctx, dir.Path(), fresh); err != nil {
		t.Fatal(err)
	}
	a, err := store.ContentHash(ctx, store.DBPath(dir.Path()))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := store.ContentHash(ctx, fresh); err != nil || a != b {
		t.Errorf("the database made beside the run is not the one made from the log (%v)", err)
	}
	checkCompletions(t, ctx, db)
}

// checkCompletions holds stored traces against each other and the definitions.
func checkCompletions(t *testing.T, ctx context.Context, db *store.DB) {
	t.Helper()
	rows, err := db.Samples(ctx, store.SampleQuery{Phase: "train", Limit: store.MaxPage})
	if err != nil {
		t.Fatal(err)
	}
	groups := map[string][]store.SampleDetail{}
	for _, r := range rows {
		d, err := db.Sample(ctx, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		if d.Prompt.Hash != suite.PromptHash(d.Prompt.Task, d.Prompt.Text, d.Prompt.Gold) || d.Prompt.Tokens == 0 {
			t.Errorf("prompt %+v", d.Prompt)
		}
		if len(d.TokenIDs) == 0 || len(d.LogProbs) != len(d.TokenIDs) || len(d.Entropies) != len(d.TokenIDs) || d.Tokens != len(d.TokenIDs) {
			t.Errorf("trace %d: %d ids, %d log-probs, %d entropies", r.ID, len(d.TokenIDs), len(d.LogProbs), len(d.Entropies))
		}
		for _, lp := range d.LogProbs {
			if lp > 0 {
				t.Errorf("trace %d has log-prob %v", r.ID, lp)
			}
		}
		total := 0.0
		for _, p := range d.Rewards {
			total += p.Value
			if p.Status == "ok" && math.Abs(p.Value-p.Weight*p.Score) > 1e-12 {
				t.Errorf("trace %d: %s is worth %v at score %v and weight %v", r.ID, p.Name, p.Value, p.Score, p.Weight)
			}
			for _, s := range p.Spans {
				if s.From < 0 || s.To < s.From || s.To > len(d.Text) {
					t.Errorf("trace %d: span %+v of %d bytes", r.ID, s, len(d.Text))
				}
			}
		}
		if len(d.Rewards) != 3 || math.Abs(total-d.Reward) > 1e-12 || d.Correct == nil {
			t.Errorf("trace %d: reward %v, parts %+v", r.ID, d.Reward, d.Rewards)
		}
		key := fmt.Sprint(d.Step, "/", d.Group)
		groups[key] = append(groups[key], d)
	}
	if len(groups) != 10 {
		t.Errorf("%d groups, want 10", len(groups))
	}
	streams := map[uint64]bool{}
	for key, g := range groups {
		// TRL: (r - mean) / (std + 1e-4), sample standard deviation.
		var mean, std float64
		for _, d := range g {
			mean += d.Reward / float64(len(g))
			if streams[d.Stream] {
				t.Errorf("group %s: a random stream is used twice", key)
			}
			streams[d.Stream] = true
		}
		for _, d := range g {
			std += (d.Reward - mean) * (d.Reward - mean) / float64(len(g)-1)
		}
		std = math.Sqrt(std)
		for _, d := range g {
			if want := (d.Reward - mean) / (std + 1e-4); math.Abs(d.Advantage-want) > 1e-9 {
				t.Errorf("group %s: advantage %v, want %v", key, d.Advantage, want)
			}
		}
	}
}

// Every loss type, level and reward scale must run, and the first update of
// each step must see ratio 1.
func TestLossTypes(t *testing.T) {
	for _, set := range [][]string{
		{"grpo.loss_type=grpo"}, {"grpo.loss_type=bnpo"}, {"grpo.loss_type=dr_grpo", "grpo.scale_rewards=none"},
		{"grpo.loss_type=dapo", "grpo.epsilon_high=0.28", "grpo.mask_truncated_completions=true"},
		{"grpo.importance_sampling_level=sequence", "grpo.loss_type=grpo", "grpo.entropy_coef=0.01"},
		{"grpo.scale_rewards=batch", "grpo.std=population", "grpo.delta=2.0", "grpo.temperature=0.7", "grpo.top_k=5", "grpo.top_p=0.9"},
	} {
		t.Run(fmt.Sprint(set), func(t *testing.T) {
			dir := newRun(t, micro, append(set, "grpo.num_iterations=1", "grpo.steps_per_generation=1", "eval.every=0", "store.token_data=none")...)
			mustRun(t, testEnv(t, dir))
			rec := readRecord(t, dir)
			for s := 4; s <= 8; s++ {
				v := rec.metrics[s].Values
				if v["sampling/sampling_logp_difference/max"] != 0 || v["actor/ppo_kl"] != 0 {
					t.Errorf("step %d: the policy that trains is not the one that sampled: %v", s, v)
				}
				if s == 4 && v["kl"] != 0 {
					t.Errorf("step 4: KL to a reference that is the policy is %v", v["kl"])
				}
				if _, ok := v["loss"]; !ok {
					t.Errorf("step %d: no loss in %v", s, v)
				}
			}
			for _, a := range rec.alerts {
				if a.Level == "error" {
					t.Errorf("alarm %+v", a)
				}
			}
			for _, s := range rec.samples {
				for _, row := range s.Rows {
					if row.Tokens < 1 || len(row.TokenIDs) != 0 {
						t.Fatalf("token_data = none stores %d ids and %d tokens", len(row.TokenIDs), row.Tokens)
					}
				}
			}
		})
	}
}

// checkpoint.keep removes old checkpoints and never one that is needed.
func TestKeep(t *testing.T) {
	dir := newRun(t, micro, "checkpoint.keep=1", "checkpoint.save_steps=1", "grpo.ref_model_sync_steps=4")
	env := testEnv(t, dir)
	env.Progress = func(e Event) {
		if e.Checkpoint == nil {
			return
		}
		saved, err := savedSteps(dir.CkptPath())
		if err != nil {
			t.Error(err)
		}
		for _, s := range saved {
			if s == e.Step {
				return
			}
		}
		t.Errorf("the checkpoint of step %d is told of and not there: %v", e.Step, saved)
	}
	mustRun(t, env)
	saved, err := savedSteps(dir.CkptPath())
	if err != nil {
		t.Fatal(err)
	}
	// Stage ends 3 and 8, the reference taken at 7 (grpo step 4); the best of
	// equal accuracies is the first that was evaluated, 3.
	if got := fmt.Sprint(saved); got != "[3 7 8]" {
		t.Errorf("kept %s, want [3 7 8]", got)
	}
	// And what was removed on the way changes no bit.
	all := newRun(t, micro, "checkpoint.save_steps=1", "grpo.ref_model_sync_steps=4")
	mustRun(t, testEnv(t, all))
	sameRun(t, dir, all)
}

func TestSplitNamesWhatIsNotFinite(t *testing.T) {
	v, bad := split(map[string]float64{"a": 1, "z": math.NaN(), "b": math.Inf(1)})
	if fmt.Sprint(v, bad) != "map[a:1] [b z]" {
		t.Error(v, bad)
	}
}

// clipped_ratio and the terminated lengths as TRL defines them.
func TestLengths(t *testing.T) {
	ro := &rollout{}
	for _, c := range []struct {
		n      int
		finish string
	}{{4, model.FinishStop}, {10, model.FinishLength}, {6, model.FinishStop}, {10, model.FinishLength}} {
		ro.all = append(ro.all, completion{Completion: model.Completion{Tokens: make([]int32, c.n), Finish: c.finish}})
	}
	v := map[string]float64{}
	ro.lengths(v)
	want := map[string]float64{
		"completions/mean_length": 7.5, "completions/min_length": 4, "completions/max_length": 10,
		"completions/mean_terminated_length": 5, "completions/min_terminated_length": 4, "completions/max_terminated_length": 6,
		"completions/clipped_ratio": 0.5,
	}
	if asJSON(t, v) != asJSON(t, want) {
		t.Errorf("%v, want %v", v, want)
	}
}

// isTiming says whether a metric measures the machine rather than the run. All
// others are equal to the bit in two runs of one recipe, however often either
// was interrupted.
func isTiming(metric string) bool {
	switch metric {
	case "step_time", "tokens_per_second", "time/rollout", "time/reward", "time/update":
		return true
	}
	return strings.HasPrefix(metric, "gpu/")
}
