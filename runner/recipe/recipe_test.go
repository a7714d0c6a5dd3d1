package recipe

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// small is a recipe with nothing but what it must have.
const small = `
[task]
name = "chain_sum"

[[reward]]
name = "gradus.accuracy"

[[stage]]
kind = "grpo"
`

func mustParse(t *testing.T, text string, sets ...string) *Recipe {
	t.Helper()
	r, err := Parse("small.toml", []byte(text), sets...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The numbers are TRL's defaults (trl/trainer/grpo_config.py and transformers'
// TrainingArguments) for the keys that TRL has.
func TestDefaults(t *testing.T) {
	r := mustParse(t, small)
	g := *r.Stages[0].GRPO
	want := GRPO{
		Optim:          Optim{Steps: 100, LearningRate: 1e-6, LRSchedulerType: "constant", MaxGradNorm: 1, AdamBeta1: 0.9, AdamBeta2: 0.999, AdamEpsilon: 1e-8},
		PromptsPerStep: 16, NumGenerations: 8, MaxCompletionLength: 128, NumIterations: 1, StepsPerGeneration: 1,
		Temperature: 1, TopP: 1, TopK: 0,
		LossType: "dapo", ImportanceSamplingLevel: "token", Epsilon: 0.2, EpsilonHigh: 0.2, RefModelSyncSteps: 512,
		ScaleRewards: "group", Std: "sample", AdvantageEps: 1e-4, MultiObjectiveAggregation: "sum_then_normalize",
	}
	if g != want {
		t.Errorf("grpo defaults are\n%+v, want\n%+v", g, want)
	}
	if r.Name != "small" || r.Seed != 1 || r.Device != "cpu" || r.Tokenizer.Kind != "chars" || r.Task.Template != "r1-zero" || r.Rewards[0].Weight != 1 || r.Store.TokenData != "all" {
		t.Errorf("defaults are %+v", r)
	}
	// Derived as transformers' LlamaConfig does: 128/4 per head, as many key heads; 8/3 of 128 is 341.3, up to 352.
	if m := r.Model; m.HeadDim != 32 || m.NumKeyValueHeads != 4 || m.IntermediateSize != 352 {
		t.Errorf("model is %+v", m)
	}
	if r.Eval.MaxCompletionLength != 128 || r.Eval.Prompts != 128 || r.Eval.Samples != 1 || r.Eval.Every != 0 {
		t.Errorf("eval is %+v", r.Eval)
	}
	if s := mustParse(t, strings.Replace(small, "grpo", "sft", 1)).Stages[0].SFT; s.LearningRate != 1e-3 || s.Style != (StyleMix{Careful: 1}) {
		t.Errorf("sft is %+v", s)
	}
}

func TestProblems(t *testing.T) {
	for _, c := range []struct {
		name string
		text string // appended to small
		sets []string
		want []string // one line each, in order
	}{
		{"misspelt key", "beat = 0.1", nil, []string{`small.toml:10: stage.1.beat: unknown key; did you mean beta?`}},
		{"another case", "NumGenerations = 4", nil, []string{`small.toml:10: stage.1.NumGenerations: unknown key; did you mean num_generations?`}},
		{"verl's name", "kl_loss_coef = 0.1", nil, []string{`small.toml:10: stage.1.kl_loss_coef: unknown key; here it is called beta`}},
		{"wrong table", "[eval]\nhidden_size = 64", nil, []string{`small.toml:11: eval.hidden_size: unknown key here; it belongs in [model]`}},
		{"unknown table", "[optimizer]\nlr = 1", nil, []string{`small.toml:10: optimizer: unknown key; the nearest is`}},
		{"nonsense", "[task.zzzzzzzz]", nil, []string{`small.toml:10: task.zzzzzzzz: unknown key; the nearest is `}},
		{"dotted key", "[eval]\nfoo.bar = 1", nil, []string{`small.toml:11: eval.foo: unknown key`}},
		{"inline table", "style = {careful = 1}", nil, []string{`small.toml:10: stage.1.style: unknown key here; it belongs in [[stage]] kind = "sft"`}},
		{"inline inner", "[[stage]]\nkind = \"sft\"\nstyle = {carefull = 1}", nil, []string{`small.toml:12: stage.2.style.carefull: unknown key; did you mean careful?`}},
		{"several", "beat = 1\n[eval]\nprompt = 3\n", nil, []string{`small.toml:10: stage.1.beat`, `small.toml:12: eval.prompt: unknown key; did you mean prompts?`}},

		{"too low", "num_generations = 1", nil, []string{`small.toml:10: stage.1.num_generations: is 1; allowed is 2 .. 65536 (completions of each prompt`}},
		{"too high", "temperature = 101", nil, []string{`small.toml:10: stage.1.temperature: is 101; allowed is 0.01 .. 100`}},
		{"negative", "beta = -0.1", nil, []string{`stage.1.beta: is -0.1; allowed is 0 .. 1000`}},
		{"infinite", "learning_rate = inf", nil, []string{`stage.1.learning_rate: is +Inf; allowed is 0 .. 1`}},
		{"nan", "entropy_coef = nan", nil, []string{`stage.1.entropy_coef: is NaN; allowed is -100 .. 100`}},
		{"infinite without bound", "max_grad_norm = inf", nil, []string{`stage.1.max_grad_norm: is +Inf; allowed is 0 or more`}},
		{"choice", `loss_type = "ppo"`, nil, []string{`stage.1.loss_type: is "ppo"; use one of grpo, bnpo, dr_grpo, dapo`}},
		{"near choice", `loss_type = "drgrpo"`, nil, []string{`did you mean "dr_grpo"?`}},
		{"string for number", `beta = "0.1"`, nil, []string{`stage.1.beta: is the string "0.1"; give a number`}},
		{"fraction for count", "steps = 1.5", nil, []string{`stage.1.steps: is the number 1.5; give a whole number`}},
		{"number for string", "loss_type = 1", nil, []string{`stage.1.loss_type: is the whole number 1; give a string in quotes`}},
		{"number for bool", "sync_ref_model = 1", nil, []string{`stage.1.sync_ref_model: is the whole number 1; give true or false`}},
		{"date", "steps = 2020-01-01", nil, []string{`stage.1.steps: is a `}},
		{"list for table", "[[eval]]\nprompts = 1", nil, []string{`eval: is a list; write it as a table: [eval]`}},
		{"escape codes", "loss_type = \"\\u001b[2J\"", nil, []string{`is "\x1b[2J"; use one of`}},

		{"no kind", "[[stage]]\nsteps = 3", nil, []string{`small.toml:10: stage.2: a stage needs a kind`}},
		{"unknown kind", "[[stage]]\nkind = \"grop\"", nil, []string{`small.toml:11: stage.2.kind: is "grop"; use one of sft, grpo, eval; did you mean "grpo"?`}},
		{"unknown task", "", []string{"task.name=countdwon"}, []string{`--set "task.name=countdwon": task.name: is "countdwon"; use one of`, `did you mean "countdown"?`}},
		{"unknown template", "", []string{"task.template=r1"}, []string{`task.template: is "r1"; use one of r1-zero, short, or a text`}},
		{"unknown reward", "[[reward]]\nname = \"format\"", nil, []string{`small.toml:11: reward.2.name: is "format"; use one of gradus.accuracy`}},
		{"no reward name", "[[reward]]\nweight = 2", nil, []string{`small.toml:10: reward.2.name: is missing`}},
		{"reward twice", "[[reward]]\nname = \"gradus.accuracy\"", nil, []string{`small.toml:11: reward.2.name: gradus.accuracy is there twice`}},
		{"no weight", "", []string{"reward.gradus.accuracy.weight=0"}, []string{`reward.1.weight: all weights are 0`}},
		{"level", "", []string{"task.level=99"}, []string{`task.level: is 99; chain_sum has levels 1 .. `}},
		{"file without jsonl", "", []string{"task.file=x"}, []string{`task.file: is only for task.name = "jsonl"`}},
		{"jsonl without file", "", []string{"task.name=jsonl"}, []string{`task.file: is missing; give the JSONL or Parquet file of the problems, as --set task.file=PATH`, `task.preset: is missing`}},

		{"heads", "[model]\nnum_attention_heads = 3", nil, []string{`small.toml:11: model.num_attention_heads: 3 heads do not divide hidden_size 128`}},
		{"odd head", "[model]\nhead_dim = 33", nil, []string{`small.toml:11: model.head_dim: is 33; the rotary embedding needs an even number`}},
		{"key heads", "[model]\nnum_key_value_heads = 3", nil, []string{`model.num_key_value_heads: 3 heads for keys and values do not divide the 4 query heads`}},
		{"shape and checkpoint", "[model]\nfrom = \"demo@last\"\nhidden_size = 64", nil, []string{`small.toml:12: model.hidden_size: the shape comes with the checkpoint "demo@last"`}},
		{"tokenizer and checkpoint", "[model]\nfrom = \"demo@last\"\n[tokenizer]\nkind = \"bytes\"", nil, []string{`small.toml:13: tokenizer.kind: is "bytes", but model.from brings its own`}},
		{"tokenizer of no checkpoint", "[tokenizer]\nkind = \"checkpoint\"", nil, []string{`there is no model.from`}},
		{"no completion", "max_completion_length = 0", nil, []string{`small.toml:10: stage.1.max_completion_length: is 0; allowed is 1 .. 1048576`}},
		{"too long", "max_completion_length = 400", nil, []string{`small.toml:10: stage.1.max_completion_length: is 400; with limits.max_prompt_length 256 that makes 656 tokens, more than model.max_position_embeddings 512`}},
		{"mini-batches", "steps_per_generation = 3", nil, []string{`3 mini-batches do not divide the 128 completions`}},
		{"delta inside", "delta = 1.2", nil, []string{`stage.1.delta: is 1.2, within the clip range that ends at 1 + epsilon_high = 1.2`}},
		{"reference without beta", "sync_ref_model = true", nil, []string{`sync_ref_model: is true, but beta is 0`}},
		{"sync steps without sync", "ref_model_sync_steps = 400", nil, []string{`is only read with sync_ref_model = true`}},
		{"warm-up", "warmup_steps = 101", nil, []string{`warmup_steps: is 101 of 100 steps`}},
		{"min rate", "min_lr_rate = 0.1", nil, []string{`which only lr_scheduler_type = "cosine" reads`}},
		{"greedy samples", "[eval]\ntemperature = 0\nsamples = 4", nil, []string{`small.toml:12: eval.samples: is 4 at temperature 0`}},
		{"no style", "[[stage]]\nkind = \"sft\"\nstyle = {careful = 0}", nil, []string{`stage.2.style: all weights are 0`}},
		{"name", "", []string{"name=../x"}, []string{`name: is "../x"; use 1 to 64 letters`}},
		{"params", "[reward.params]\nx = 2020-01-01", nil, []string{`give a table`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := small + c.text + "\n"
			if c.name == "params" {
				text = strings.Replace(small, "accuracy\"\n", "accuracy\"\nparams = 3\n", 1)
			}
			_, err := Parse("small.toml", []byte(text), c.sets...)
			if err == nil {
				t.Fatal("no error")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(c.want) == 1 && len(lines) != 1 {
				t.Errorf("%d lines for one problem:\n%s", len(lines), err)
			}
			rest := err.Error()
			for _, w := range c.want {
				i := strings.Index(rest, w)
				if i < 0 {
					t.Fatalf("got\n%s\nwant, in order,\n%s", err, strings.Join(c.want, "\n"))
				}
				rest = rest[i+len(w):]
			}
			if strings.ContainsAny(err.Error(), "\x1b\r\x00") {
				t.Errorf("control characters in %q", err)
			}
			var ps Problems
			if !errors.As(err, &ps) {
				t.Errorf("the error is a %T, want Problems", err)
			}
		})
	}
}

func TestSyntaxErrors(t *testing.T) {
	for text, want := range map[string]string{
		"seed = ":                        "x.toml:1: not valid TOML",
		"a = 1\nseed = 1 2":              "x.toml:2: not valid TOML",
		"seed = 1\nseed = 2":             "not valid TOML",
		"[task]\n[task]":                 "not valid TOML",
		"\xff\xfe":                       "not valid TOML",
		"seed = 99999999999999999999":    "not valid TOML",
		strings.Repeat("#\n", maxSource): "too many for a recipe",
		"":                               "task.name: is missing",
	} {
		_, err := Parse("x.toml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q gives %v, want %q", text, err, want)
		}
	}
}

func TestSet(t *testing.T) {
	two := small + "[[stage]]\nkind = \"grpo\"\nsteps = 7\n[[reward]]\nname = \"gradus.format\"\n"
	r := mustParse(t, two,
		"seed=42", "name=my-run", "task.level=2", "grpo.beta=0.04", "stage.2.steps=9", "grpo.loss_type=dr_grpo", `grpo.scale_rewards="none"`,
		"reward.gradus.format.weight=0.5", "reward.1.weight=2", "eval.prompts=1_000", "model.rope_theta=1e4", "checkpoint.keep = 3", "about=a = b")
	switch {
	case r.Seed != 42, r.Name != "my-run", r.Task.Level != 2, r.Stages[0].GRPO.Beta != 0.04, r.Stages[1].GRPO.Beta != 0.04,
		r.Stages[0].GRPO.Steps != 100, r.Stages[1].GRPO.Steps != 9, r.Stages[0].GRPO.LossType != "dr_grpo", r.Stages[1].GRPO.ScaleRewards != "none",
		r.Rewards[1].Weight != 0.5, r.Rewards[0].Weight != 2, r.Eval.Prompts != 1000, r.Checkpoint.Keep != 3, r.About != "a = b":
		t.Errorf("got %+v", r)
	}
	// A name that looks like a number is a name all the same.
	if r := mustParse(t, small, "name=7"); r.Name != "7" {
		t.Errorf("name is %q", r.Name)
	}
	if r := mustParse(t, small, "seed=1", "seed=2"); r.Seed != 2 {
		t.Errorf("the last --set does not win: %d", r.Seed)
	}
	// epsilon_high follows epsilon wherever that comes from.
	if r := mustParse(t, small, "grpo.epsilon=0.3"); r.Stages[0].GRPO.EpsilonHigh != 0.3 {
		t.Errorf("epsilon_high is %v", r.Stages[0].GRPO.EpsilonHigh)
	}
	if r := mustParse(t, small, "grpo.epsilon_high=0"); r.Stages[0].GRPO.EpsilonHigh != 0 {
		t.Errorf("epsilon_high is %v, not the 0 that was asked for", r.Stages[0].GRPO.EpsilonHigh)
	}
	labelled := small
	for _, label := range []string{"short", "brief", "accuracy"} {
		labelled += "[[reward]]\nname = \"expr\"\nlabel = \"" + label + "\"\nparams = { expr = \"1\" }\n"
	}
	r = mustParse(t, labelled, "reward.brief.weight=3", `reward.brief.params.expr="2"`, "reward.short.params.expr=len(answer)", "reward.gradus.accuracy.weight=4")
	if r.Rewards[0].Weight != 4 || r.Rewards[1].Weight != 1 || r.Rewards[2].Weight != 3 || r.Rewards[1].Params["expr"] != "len(answer)" || r.Rewards[2].Params["expr"] != "2" {
		t.Errorf("rewards with labels: %+v", r.Rewards)
	}
	if _, err := Parse("r.toml", []byte(labelled), "reward.expr.weight=3"); err == nil || !strings.Contains(err.Error(), "3 rewards of that name; say which by its label: it has gradus.accuracy, short, brief, accuracy") {
		t.Errorf("a name of several rewards: %v", err)
	}

	for set, want := range map[string]string{
		"seed":                      "write it as KEY=VALUE",
		"=1":                        "write it as KEY=VALUE",
		"grpo..beta=1":              "empty part",
		"sft.steps=1":               "has no sft stage",
		"stage.3.steps=1":           "there is no stage 3; the recipe has 2",
		"stage.0.steps=1":           "there is no stage 0",
		"stage.x.steps=1":           "write stage.N.KEY",
		"stage.1=1":                 "write stage.N.KEY",
		"reward.gradus.lenght.x=1":  "no reward of that name; it has gradus.accuracy, gradus.format",
		"grpo.beat=1":               "did you mean beta?",
		"grpo.beta=-1":              "allowed is 0 .. 1000",
		"grpo.beta=abc":             `is the text "abc"; give a number`,
		"grpo.steps=":               `is the text ""; give a whole number`,
		"seed=1\nname = 'x'":        "give a whole number",
		"grpo.beta=1\n[eval]":       "give a number",
		"seed.x=1":                  "is a table; give a whole number",
		"model=3":                   "write it as a table",
		"task.template=\x1b[2J":     `is "\x1b[2J"`,
		"eval.prompts={a=1}":        "is a table; give a whole number",
		"grpo.beta=0x1p-2000000000": "give a number",
	} {
		_, err := Parse("small.toml", []byte(two), set)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "--set ") || strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("--set %q gives %v, want one line with %q", set, err, want)
		}
	}
	if r := mustParse(t, small, "grpo.kind=sft"); r.Stages[0].Kind != KindSFT {
		t.Errorf("stage is %+v", r.Stages[0])
	}
}

func TestPaths(t *testing.T) {
	dir := t.TempDir()
	text := strings.Replace(small, `"chain_sum"`, "\"jsonl\"\npreset = \"gsm8k\"\nfile = \"rows.jsonl\"", 1)
	file := filepath.Join(dir, "r.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Load(file, "task.eval_file=held.jsonl", "model.from=./ckpt")
	if err != nil {
		t.Fatal(err)
	}
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if r.Task.File != filepath.Join(dir, "rows.jsonl") || r.Task.EvalFile != filepath.Join(wd, "held.jsonl") || r.Model.From != filepath.Join(wd, "ckpt") {
		t.Errorf("paths are %q, %q, %q", r.Task.File, r.Task.EvalFile, r.Model.From)
	}
	if r, err = Load(file, "model.from=demo@last"); err != nil || r.Model.From != "demo@last" || r.Tokenizer.Kind != "checkpoint" || r.Model.HiddenSize != 0 {
		t.Errorf("model is %+v, %v", r, err)
	}
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]string{
		"dmeo":          `neither a shipped recipe nor a file; shipped recipes are chain_sum, countdown, demo, gsm8k, r1-zero; did you mean "demo"?`,
		dir:             "this is a folder",
		"/etc/passwd/x": "recipe",
		"":              "neither a shipped recipe nor a file",
		"x\x1b[2J":      `recipe "x\x1b[2J"`,
	} {
		_, err := Load(name)
		if err == nil || !strings.Contains(err.Error(), want) || strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%q gives %v, want one line with %q", name, err, want)
		}
	}
}

func TestShippedRecipes(t *testing.T) {
	list, err := List()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 5 {
		t.Fatalf("%d recipes", len(list))
	}
	for _, info := range list {
		if info.About == "" {
			t.Errorf("%s does not say what it is", info.Name)
		}
		var sets []string
		if info.Name == "gsm8k" {
			sets = []string{"task.file=/data/train.jsonl"}
		}
		r, err := Load(info.Name, sets...)
		if err != nil {
			t.Errorf("%s: %v", info.Name, err)
			continue
		}
		if r.Name != info.Name || r.Steps() == 0 || r.Purpose() != "train" {
			t.Errorf("%s: name %q, %d steps", info.Name, r.Name, r.Steps())
		}
	}
	// The numbers of R1-Zero, from the report (arXiv 2501.12948v2, appendix).
	r, err := Load("r1-zero")
	if err != nil {
		t.Fatal(err)
	}
	g := r.Stages[1].GRPO
	if g.LearningRate != 3e-6 || g.Beta != 0.001 || g.NumGenerations != 16 || g.PromptsPerStep != 32 || g.Steps != 10400 || g.Temperature != 1 || !g.SyncRefModel || g.RefModelSyncSteps != 400 {
		t.Errorf("r1-zero is %+v", g)
	}
	if r.Rewards[0].Weight != r.Rewards[1].Weight || len(r.Rewards) != 2 {
		t.Errorf("r1-zero weighs accuracy and format %+v", r.Rewards)
	}
}

// The tags of the structs are data that nothing else checks.
func TestTagsAreSound(t *testing.T) {
	for _, table := range Tables() {
		seen := map[string]bool{}
		for i := range table.typ.NumField() {
			if f := table.typ.Field(i); !f.Anonymous && f.Tag.Get("toml") == "" && f.Type.Kind() != reflect.Slice {
				t.Errorf("%s: field %s has no key", table.Title, f.Name)
			}
		}
		for _, f := range fieldsOf(table.typ) {
			where := table.Title + " " + f.key
			if seen[f.key] {
				t.Errorf("%s is there twice", where)
			}
			seen[f.key] = true
			if k := f.typ.Kind(); k == reflect.Struct || k == reflect.Slice {
				continue
			}
			if f.help == "" {
				t.Errorf("%s has no help", where)
			}
			switch f.typ.Kind() {
			case reflect.Int, reflect.Uint64, reflect.Float64:
				if !(f.low < f.high) || f.low < -1e9 {
					t.Errorf("%s: range %q", where, f.limits)
				}
				if f.preset != "" {
					x, err := strconv.ParseFloat(f.preset, 64)
					if err != nil || !f.within(x) {
						t.Errorf("%s: default %q is outside %s", where, f.preset, f.limits)
					}
				}
			case reflect.String:
				if f.preset != "" && len(f.oneof) > 0 && !contains(f.oneof, f.preset) {
					t.Errorf("%s: default %q is none of %v", where, f.preset, f.oneof)
				}
			case reflect.Bool:
				if f.preset != "true" && f.preset != "false" {
					t.Errorf("%s: default %q", where, f.preset)
				}
			}
		}
	}
}

func TestOtherNamesLeadSomewhere(t *testing.T) {
	known := map[string]bool{}
	for _, table := range Tables() {
		for _, f := range fieldsOf(table.typ) {
			known[f.key] = true
		}
	}
	for theirs, ours := range otherNames() {
		if known[theirs] {
			t.Errorf("%s is a key of ours", theirs)
		}
		if _, last, ok := strings.Cut(ours, "."); ok {
			ours = last
		}
		if !known[ours] {
			t.Errorf("%s leads to %s, which is no key", theirs, ours)
		}
	}
}
