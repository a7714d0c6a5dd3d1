package recipe

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"gradus/rewards"
	"gradus/rewards/custom"
	"gradus/rewards/prompt"
	"gradus/rewards/rules"
	"gradus/rewards/tasks"
)

// check refuses settings that contradict each other or name what does not
// exist. Each message says which key to change.
func (s *source) check(r *Recipe) {
	if !goodName(r.Name) {
		s.fail("name", "is %q; use 1 to 64 letters, digits, '-', '_' and '.', beginning with a letter or digit", r.Name)
	}
	s.checkModel(r)
	s.checkTask(r)
	s.checkCost(r)
	s.checkRewards(r)
	if len(r.Stages) == 0 {
		s.fail("stage", "the recipe has no stage, so there is nothing to do; add [[stage]] with kind = \"sft\", \"grpo\" or \"eval\"")
	}
	for i, st := range r.Stages {
		p := fmt.Sprintf("stage.%d", i+1)
		switch {
		case st.SFT != nil:
			s.checkOptim(p, st.SFT.Optim)
			if m := st.SFT.Style; m.Careful+m.Terse+m.WrongStep+m.Backtrack == 0 {
				s.fail(p+".style", "all weights are 0; give one of careful, terse, wrong_step, backtrack a number above 0")
			}
		case st.GRPO != nil:
			s.checkOptim(p, st.GRPO.Optim)
			s.checkGRPO(p, st.GRPO, r)
		}
	}
	if r.Gate.MinPass1 > r.Gate.MaxPass1 {
		s.fail("gate.min_pass1", "is %v, above gate.max_pass1 %v, so nothing passes; lower it", r.Gate.MinPass1, r.Gate.MaxPass1)
	}
	if r.Eval.Temperature == 0 && r.Eval.Samples > 1 {
		s.fail("eval.samples", "is %d at temperature 0, where all samples of a prompt are the same; set it to 1 or raise eval.temperature", r.Eval.Samples)
	}
	if s.seen["eval.max_completion_length"] || !hasGRPO(r) { // else it is that of a stage, checked above
		s.checkLength("eval.max_completion_length", r.Eval.MaxCompletionLength, r)
	}
}

func (s *source) checkModel(r *Recipe) {
	m := r.Model
	if m.From != "" {
		for _, f := range fieldsOf(typeOfModel()) {
			if key := "model." + f.key; f.key != "from" && f.key != "licence" && s.seen[key] {
				s.fail(key, "the shape comes with the checkpoint %q; remove this key, or model.from for a new model", m.From)
			}
		}
		if r.Tokenizer.Kind != "checkpoint" {
			s.fail("tokenizer.kind", "is %q, but model.from brings its own tokenizer; remove this key", r.Tokenizer.Kind)
		}
		return
	}
	if m.Licence != "" {
		s.fail("model.licence", "is for weights that model.from names, and this model begins with random ones; remove it")
	}
	if r.Tokenizer.Kind == "checkpoint" {
		s.fail("tokenizer.kind", "is \"checkpoint\", but there is no model.from; use chars or bytes")
	}
	if !s.seen["model.head_dim"] && m.HiddenSize%m.NumAttentionHeads != 0 {
		s.fail("model.num_attention_heads", "%d heads do not divide hidden_size %d; change one of them or give head_dim", m.NumAttentionHeads, m.HiddenSize)
	} else if m.HeadDim%2 != 0 || m.HeadDim < 2 {
		s.fail("model.head_dim", "is %d; the rotary embedding needs an even number of at least 2", m.HeadDim)
	}
	if m.HeadDim > 1024 && !s.seen["model.head_dim"] {
		s.fail("model.num_attention_heads", "%d heads of hidden_size %d are %d wide, and at most 1024 is allowed; use more heads", m.NumAttentionHeads, m.HiddenSize, m.HeadDim)
	}
	if m.NumAttentionHeads%m.NumKeyValueHeads != 0 {
		s.fail("model.num_key_value_heads", "%d heads for keys and values do not divide the %d query heads; use a divisor of %d", m.NumKeyValueHeads, m.NumAttentionHeads, m.NumAttentionHeads)
	}
}

func (s *source) checkTask(r *Recipe) {
	t := r.Task
	switch {
	case t.Name == "":
		s.fail("task.name", "is missing; use one of %s", strings.Join(tasks.List(), ", "))
		return
	case !contains(tasks.List(), t.Name):
		s.fail("task.name", "is %q; use one of %s%s", t.Name, strings.Join(tasks.List(), ", "), nearestHint(t.Name, tasks.List()))
		return
	}
	if prompt.Check(t.Template) != nil {
		s.fail("task.template", "is %q; use one of %s, or a text of your own with {question} in it once%s", t.Template, strings.Join(prompt.List(), ", "), nearestHint(t.Template, prompt.List()))
	}
	if t.Name != "jsonl" {
		for _, key := range []string{"file", "eval_file", "preset", "question", "answer", "id", "solution", "licence", "filter", "teacher", "teacher_licence"} {
			if s.seen["task."+key] {
				s.fail("task."+key, "is only for task.name = \"jsonl\", and the task is %s; remove it", t.Name)
			}
		}
		s.checkLevel(t)
		return
	}
	if t.File == "" {
		s.fail("task.file", "is missing; give the JSONL or Parquet file of the problems, as --set task.file=PATH")
	}
	if t.TeacherLicence != "" && t.Teacher == "" {
		s.fail("task.teacher_licence", "is the licence of a teacher's output, and task.teacher is missing; name the teacher, or use task.licence for the file")
	}
	if t.Preset == "" && (t.Question == "" || t.Answer == "") {
		s.fail("task.preset", "is missing; use one of gsm8k, math500, or name the columns with question and answer")
	}
}

func (s *source) checkCost(r *Recipe) {
	c := r.Cost.Currency
	letters := strings.IndexFunc(c, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.Sc, r) }) < 0
	if c == "" || len(c) > 8 || !letters {
		s.fail("cost.currency", "is %q; give its name in at most 8 letters, as USD", c)
	}
}

// checkLevel asks the task itself which levels it has.
func (s *source) checkLevel(t Task) {
	task, err := tasks.New(t.Name, tasks.Config{})
	if err != nil {
		s.fail("task.name", "%v", err)
		return
	}
	if spec := task.Spec(); t.Level < spec.MinLevel || t.Level > spec.MaxLevel {
		s.fail("task.level", "is %d; %s has levels %d .. %d", t.Level, t.Name, spec.MinLevel, spec.MaxLevel)
	}
}

// knownRule says whether a reward has the name or the alias.
func knownRule(name string) bool {
	_, err := rules.Find(name)
	return err == nil
}

// checkGates compiles the gates; they may read any reward of the recipe.
func (s *source) checkGates(list []Reward) {
	names := partNames(list)
	for i, w := range list {
		if w.Gate == "" {
			continue
		}
		p := fmt.Sprintf("reward.%d.gate", i+1)
		gate, err := custom.Compile(w.Gate)
		if err != nil {
			s.fail(p, "%v", err)
			continue
		}
		for _, name := range gate.Parts() {
			if !contains(names, name) {
				s.fail(p, "reads %q, which is neither a variable nor a reward of the recipe%s", name, nearestHint(name, names))
			}
		}
	}
}

func partNames(list []Reward) []string {
	names := make([]string, len(list))
	for i, w := range list {
		names[i] = w.PartName()
	}
	return names
}

func (s *source) checkRewards(r *Recipe) {
	seen := map[string]bool{}
	sum := 0.0
	for i, w := range r.Rewards {
		p := fmt.Sprintf("reward.%d", i+1)
		sum += w.Weight * w.Weight
		switch {
		case w.Name == "":
			s.fail(p+".name", "is missing; use one of %s", strings.Join(rules.List(), ", "))
			continue
		case !knownRule(w.Name):
			s.fail(p+".name", "is %q; use one of %s%s", w.Name, strings.Join(rules.List(), ", "), nearestHint(w.Name, rules.List()))
			continue
		case seen[w.PartName()]:
			s.fail(p+".name", "%s is there twice; add the weights and keep one, or give each its own label", w.PartName())
		}
		made, err := rules.New(w.Name, w.Params)
		if err != nil {
			s.fail(p+".params", "%v", err)
		}
		if reads, ok := made.(rewards.Reader); ok {
			for _, name := range reads.Parts() {
				if !seen[name] {
					s.fail(p+".params", "the expression reads %q, which is neither a variable nor a reward listed before it%s", name, nearestHint(name, partNames(r.Rewards[:i])))
				}
			}
		}
		seen[w.PartName()] = true
		if w.Label != "" && !regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`).MatchString(w.Label) {
			s.fail(p+".label", "is %q; use a letter and then letters, digits and _, at most 64", w.Label)
		}
	}
	s.checkGates(r.Rewards)
	for i, st := range r.Stages {
		if st.Kind != KindGRPO {
			continue
		}
		if len(r.Rewards) == 0 {
			s.fail(fmt.Sprintf("stage.%d", i+1), "grpo needs a reward; add [[reward]] with name = \"gradus.accuracy\"")
		} else if sum == 0 {
			s.fail("reward.1.weight", "all weights are 0, so there is nothing to learn from; give one a weight")
		}
		return
	}
}

func (s *source) checkOptim(p string, o Optim) {
	if o.WarmupSteps > o.Steps {
		s.fail(p+".warmup_steps", "is %d of %d steps, so the learning rate never gets to its peak; use at most %d", o.WarmupSteps, o.Steps, o.Steps)
	}
	if o.MinLRRate > 0 && o.LRSchedulerType != "cosine" {
		s.fail(p+".min_lr_rate", "is %v, which only lr_scheduler_type = \"cosine\" reads, and that is %q; remove it or use cosine", o.MinLRRate, o.LRSchedulerType)
	}
}

func (s *source) checkGRPO(p string, g *GRPO, r *Recipe) {
	rows := g.PromptsPerStep * g.NumGenerations
	if rows%g.StepsPerGeneration != 0 {
		s.fail(p+".steps_per_generation", "%d mini-batches do not divide the %d completions of a step (prompts_per_step x num_generations); use a divisor of %d", g.StepsPerGeneration, rows, rows)
	}
	if rows > 1<<24 {
		s.fail(p+".prompts_per_step", "%d x %d completions in a step are more than the %d that fit; lower prompts_per_step or num_generations", g.PromptsPerStep, g.NumGenerations, 1<<24)
	}
	if g.Delta != 0 && g.Delta <= 1+g.EpsilonHigh {
		s.fail(p+".delta", "is %v, within the clip range that ends at 1 + epsilon_high = %v; use a larger number, or 0 for none", g.Delta, 1+g.EpsilonHigh)
	}
	if g.SyncRefModel && g.Beta == 0 {
		s.fail(p+".sync_ref_model", "is true, but beta is 0 and no reference is kept; set beta, or remove this key")
	}
	if !g.SyncRefModel && s.seen[p+".ref_model_sync_steps"] && g.RefModelSyncSteps != 512 {
		s.fail(p+".ref_model_sync_steps", "is only read with sync_ref_model = true; add that, or remove this key")
	}
	s.checkLength(p+".max_completion_length", g.MaxCompletionLength, r)
}

// checkLength sees that prompt and completion fit the model. With model.from
// the run checks it, when it has read the checkpoint.
func (s *source) checkLength(key string, completion int, r *Recipe) {
	if r.Model.From != "" {
		return
	}
	if need, have := r.Limits.MaxPromptLen+completion, r.Model.MaxPositionEmbeddings; need > have {
		s.fail(key, "is %d; with limits.max_prompt_length %d that makes %d tokens, more than model.max_position_embeddings %d; raise that or lower one of the two", completion, r.Limits.MaxPromptLen, need, have)
	}
}

func hasGRPO(r *Recipe) bool {
	for _, st := range r.Stages {
		if st.GRPO != nil {
			return true
		}
	}
	return false
}

func goodName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i, c := range []byte(s) {
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && (i == 0 || !strings.ContainsRune("-_.", rune(c))) {
			return false
		}
	}
	return true
}
