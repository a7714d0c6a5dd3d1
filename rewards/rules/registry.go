// Package rules holds the reward functions that need no model: accuracy,
// format, length, repetition and language, in our own definitions and, under
// the names of their publishers, in published ones with their published
// quirks.
package rules

import (
	"fmt"
	"slices"
	"strings"

	"gradus/rewards"
	"gradus/rewards/custom"
)

// Rule is an entry of the catalogue.
type Rule struct {
	Name    string   // as "openr1.format"
	Aliases []string // other names New takes, among them the published ones
	About   string   // one line
	Fixed   string   // the repaired form of a published function; "" when there is none
	// Needed are the parameters without a default, with example values.
	Needed map[string]any
	// Custom: the function is the user's own; making it may read files, and
	// it may have to be closed (io.Closer).
	Custom bool
	// Wants are the keyword arguments without which the published function is
	// not called: "solution" (or another column with the gold answer),
	// "completion_ids".
	Wants []string
	// Arguments are parameters that callers of the published function give
	// among its keyword arguments, beside the columns.
	Arguments []string
	make      func(params map[string]any) (rewards.Reward, error)
	params    any // struct with the defaults; nil when there are none
}

// Params lists the parameters in alphabetical order.
func (r Rule) Params() []string {
	if r.params == nil {
		return nil
	}
	names, err := keys(r.params)
	if err != nil {
		return nil
	}
	return names
}

// Catalogue returns all rules, in the order to show them.
func Catalogue() []Rule {
	fixedRule := func(name string, judge judge) func(map[string]any) (rewards.Reward, error) {
		return func(params map[string]any) (rewards.Reward, error) {
			return plain(name, params, &struct{}{}, binarySpec(name), judge)
		}
	}
	return []Rule{
		{Name: "gradus.accuracy", About: "1 when the answer part is right by the task's own checker", make: fixedRule("gradus.accuracy", accuracy)},
		{Name: "gradus.format", About: "1 for one think part, then one answer part, both with something in them, nothing else", make: fixedRule("gradus.format", strictFormat)},
		{Name: "gradus.tag_count", About: "a quarter for each of the four tags that stands once and in its place", make: fixedRule("gradus.tag_count", tagCount)},
		{Name: "gradus.reasoning_steps", About: "different lines of the thinking that open a step", make: newSteps, params: StepsParams{}},
		{Name: "gradus.soft_overlong", Aliases: []string{"gradus.length"}, About: "DAPO's soft overlong punishment, in tokens", make: newLength, params: LengthParams{},
			Needed: map[string]any{"max_completion_length": 256, "soft_punish_cache": 64}},
		{Name: "gradus.kimi_length", About: "Kimi k1.5's length reward over the group, in tokens", make: gradusKimi().make},
		{Name: "gradus.cosine", About: "cosine schedule over the length in tokens, clamped at its end", make: gradusCosine().make, params: CosineParams{}, Needed: map[string]any{"max_len": 256}},
		{Name: "gradus.repetition_penalty", About: "share of repeated n-grams of tokens", make: newTokenRepetition("gradus.repetition_penalty"), params: RepetitionParams{}},
		{Name: "gradus.language_consistency", Aliases: []string{"r1.language_consistency"}, About: "share of the thinking's words in the target language (R1, section 2.3.2)", make: newLanguage, params: LanguageParams{}},
		{Name: "gradus.code", About: "the program in the completion, run against the row's test cases in a sandbox", make: newCode, params: CodeParams{}},
		{Name: "r1.format", About: "the thinking stands between <think> and </think>, as the R1 paper words it", Fixed: "gradus.format", make: fixedRule("r1.format", r1Format)},
		{Name: "openr1.accuracy", Aliases: published("openr1.accuracy"), About: "open-r1's accuracy_reward (Math-Verify's rules, gold in any form)", Fixed: "gradus.accuracy", Wants: []string{"solution"}, make: fixedRule("openr1.accuracy", openR1Accuracy)},
		{Name: "openr1.format", Aliases: published("openr1.format"), About: "open-r1's format_reward, which pays several blocks and text after a line end", Fixed: "gradus.format", make: fixedRule("openr1.format", openR1Format)},
		{Name: "openr1.tag_count", Aliases: published("openr1.tag_count"), About: "open-r1's tag_count_reward, blind to order and content", Fixed: "gradus.tag_count", make: fixedRule("openr1.tag_count", openR1TagCount)},
		{Name: "openr1.reasoning_steps", Aliases: published("openr1.reasoning_steps"), About: "open-r1's reasoning_steps_reward, which pays \"First,First,First,\"", Fixed: "gradus.reasoning_steps", make: fixedRule("openr1.reasoning_steps", openR1Steps)},
		{Name: "openr1.length", Aliases: published("openr1.length", "len"), About: "open-r1's len_reward (Kimi k1.5), in characters", Fixed: "gradus.kimi_length", Wants: []string{"solution"}, make: openR1Kimi().make},
		{Name: "openr1.cosine", Aliases: published("openr1.cosine", "cosine_scaled"), About: "open-r1's cosine_scaled_reward, in characters and not clamped", Fixed: "gradus.cosine", Wants: []string{"solution"}, make: openR1Cosine().make, params: CosineParams{}},
		{Name: "openr1.repetition_penalty", Aliases: published("openr1.repetition_penalty", "repetition"), About: "open-r1's repetition_penalty_reward, over words between white space", Fixed: "gradus.repetition_penalty", make: newWordRepetition, params: WordRepetitionParams{}},
		{Name: "openr1.soft_overlong_punishment", Aliases: published("openr1.soft_overlong_punishment", "soft_overlong", "overlong"), About: "open-r1's soft_overlong_punishment_reward", Fixed: "gradus.soft_overlong",
			Wants: []string{"completion_ids"}, make: newPeerOverlong("openr1.soft_overlong_punishment", OverlongParams{16384, 4096}), params: OverlongParams{}},
		{Name: "openr1.code", Aliases: published("openr1.code"), About: "open-r1's code_reward, which compares up to the end of the shorter output", Fixed: "gradus.code", make: newOpenR1Code("openr1.code", false), params: SandboxParams{}},
		{Name: "openr1.binary_code", Aliases: published("openr1.binary_code"), About: "open-r1's binary_code_reward: 1 for more than 0.99 of openr1.code", Fixed: "gradus.code", make: newOpenR1Code("openr1.binary_code", true), params: SandboxParams{}},
		{Name: "openr1.code_format", Aliases: published("openr1.code_format"), About: "open-r1's code_format_reward: a fenced block of the language in the answer", make: newOpenR1CodeFormat, params: CodeFormatParams{}},
		{Name: "trl.accuracy", Aliases: published("trl.accuracy"), About: "TRL's accuracy_reward (Math-Verify's rules)", Fixed: "gradus.accuracy", Wants: []string{"solution"}, make: fixedRule("trl.accuracy", trlAccuracy)},
		{Name: "trl.reasoning_accuracy", Aliases: published("trl.reasoning_accuracy"), About: "TRL's reasoning_accuracy_reward: only what follows the reasoning counts", Fixed: "gradus.accuracy", Wants: []string{"solution"}, Arguments: []string{"reasoning_delimiters"}, make: newReasoningAccuracy, params: ReasoningAccuracyParams{}},
		{Name: "trl.think_format", Aliases: published("trl.think_format"), About: "TRL's think_format_reward, which pays empty thinking", Fixed: "gradus.format", make: fixedRule("trl.think_format", trlThinkFormat)},
		{Name: "trl.cosine", Aliases: published("trl.cosine", "cosine_scaled"), About: "TRL's cosine_scaled_reward, in tokens", Fixed: "gradus.cosine", Wants: []string{"solution", "completion_ids"}, make: trlCosine().make, params: CosineParams{}, Needed: map[string]any{"max_len": 256}},
		{Name: "trl.repetition_penalty", Aliases: published("trl.repetition_penalty", "repetition"), About: "TRL's repetition_penalty_reward, over token ids", Wants: []string{"completion_ids"}, make: newTokenRepetition("trl.repetition_penalty"), params: RepetitionParams{}},
		{Name: "trl.soft_overlong_punishment", Aliases: published("trl.soft_overlong_punishment", "soft_overlong", "overlong"), About: "TRL's soft_overlong_punishment_reward", Fixed: "gradus.soft_overlong",
			Wants: []string{"completion_ids"}, make: newPeerOverlong("trl.soft_overlong_punishment", OverlongParams{}), params: OverlongParams{}, Needed: map[string]any{"max_completion_len": 256, "soft_punish_cache": 64}},
		{Name: "verl.gsm8k", About: "verl's gsm8k: the text behind the last \"#### \" of the last 300 characters", Fixed: "gradus.accuracy", Wants: []string{"solution"}, make: newVerlGSM8K, params: VerlGSM8KParams{}},
		{Name: "verl.math", Aliases: []string{"verl.math_reward"}, About: "verl's math_reward: the last box, compared as a text (Hendrycks' MATH)", Fixed: "gradus.accuracy", Wants: []string{"solution"}, make: fixedRule("verl.math", verlMath)},
		{Name: "verl.math_dapo", About: "verl's math_dapo: 1 or -1 for the text behind \"Answer:\", else for a box in the last 100 characters", Fixed: "gradus.accuracy", Wants: []string{"solution"}, make: newVerlDAPO, params: VerlDAPOParams{}},
		{Name: "verl.search_r1", Aliases: []string{"verl.search_r1_like_qa_em", "verl.search_em"}, About: "verl's search_r1_like_qa_em: the last <answer>, compared as words with any of the gold answers", Fixed: "gradus.accuracy", Wants: []string{"solution"}, make: newVerlSearch, params: VerlSearchParams{}},
		{Name: "verl.math_verify", About: "verl's math_verify: Math-Verify's rules, the gold answer in a box, the claim in any form", Fixed: "gradus.accuracy", Wants: []string{"solution"}, make: fixedRule("verl.math_verify", verlMathVerify)},
		{Name: "verl.rlla", Aliases: []string{"verl.toolrl"}, About: "verl's rlla (ToolRL): the form of the answer, and its tool calls by names, parameters and values", Wants: []string{"solution"}, make: newVerlRLLA, params: VerlRLLAParams{}},
		{Name: "expr", About: "an expression over the completion and the rewards listed before it", make: newExpr, params: custom.ExprParams{}, Custom: true,
			Needed: map[string]any{"expr": "tokens > 200 ? -0.5 : 0"}},
		{Name: "starlark", About: "a function of a Starlark file, in a bounded process", make: newStarlark, params: custom.StarlarkParams{}, Custom: true,
			Needed: map[string]any{"file": "reward.star"}},
		{Name: "python", About: "a function of a Python file, with TRL's signature", make: newPython, params: custom.PythonParams{}, Custom: true,
			Needed: map[string]any{"file": "rewards.py", "function": "my_reward"}},
		{Name: "exec", About: "a program that answers JSON lines", make: newExec, params: custom.ExecParams{}, Custom: true,
			Needed: map[string]any{"command": []string{"./my-reward"}}},
		{Name: "http", About: "a web service that answers JSON", make: newHTTP, params: custom.HTTPParams{}, Custom: true,
			Needed: map[string]any{"url": "http://localhost:8000/score"}},
		{Name: "tinyzero.countdown", About: "TinyZero's countdown reward, which evaluates ** and //", Fixed: "gradus.accuracy", make: newTinyZero, params: TinyZeroParams{}},
	}
}

// published lists the other names of a publisher's function: as it is called
// in the publisher's code ("_reward"), as the maker of it is ("get_…"), and
// so for each other stem.
func published(name string, stems ...string) []string {
	publisher, stem, _ := strings.Cut(name, ".")
	var out []string
	for _, s := range append([]string{stem}, stems...) {
		for _, n := range []string{s, s + "_reward", "get_" + s, "get_" + s + "_reward"} {
			if n := publisher + "." + n; n != name {
				out = append(out, n)
			}
		}
	}
	return out
}

// Find returns the rule of a name or alias. A published function is also
// found by the way to it in the publisher's code, as "trl.rewards.…" or
// "open_r1.rewards.…", and by its name alone where only one publisher has it.
func Find(name string) (Rule, error) {
	full := strings.NewReplacer("open-r1.", "openr1.", "open_r1.", "openr1.").Replace(name)
	full = strings.Replace(full, ".rewards.", ".", 1)
	var alone []Rule
	for _, r := range Catalogue() {
		names := append([]string{r.Name}, r.Aliases...)
		switch {
		case slices.Contains(names, full):
			return r, nil
		case !strings.Contains(full, ".") && slices.ContainsFunc(names, func(n string) bool {
			_, stem, _ := strings.Cut(n, ".")
			return stem == full
		}):
			alone = append(alone, r)
		}
	}
	switch len(alone) {
	case 0:
	case 1:
		return alone[0], nil
	default:
		var which []string
		for _, r := range alone {
			which = append(which, r.Name)
		}
		return Rule{}, fmt.Errorf("reward %q is of several publishers; say which: %s", name, strings.Join(which, ", "))
	}
	return Rule{}, fmt.Errorf("reward %q is unknown; did you mean %q? Known are %s", name, nearest(name, List()), strings.Join(List(), ", "))
}

// List returns the names of the catalogue, in the order to show them.
func List() []string {
	var out []string
	for _, r := range Catalogue() {
		out = append(out, r.Name)
	}
	return out
}

// New makes the reward function of a name or alias. params may be nil; its
// keys are those of the function's parameter struct, as LengthParams. An
// unknown name or key is an error that names the nearest known one.
func New(name string, params map[string]any) (rewards.Reward, error) {
	r, err := Find(name)
	if err != nil {
		return nil, err
	}
	return r.make(params)
}

func plain(name string, params map[string]any, into any, spec rewards.Spec, judge judge) (rewards.Reward, error) {
	if err := decode(name, params, into); err != nil {
		return nil, err
	}
	return perSample{spec, judge}, nil
}

// binarySpec is the spec of a function with scores from 0 to 1 and no
// parameters.
func binarySpec(name string) rewards.Spec {
	return rewards.Spec{Name: name, Version: "1.0.0", Range: [2]float64{0, 1}, Deterministic: true}
}
