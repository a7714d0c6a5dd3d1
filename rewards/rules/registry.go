// Package rules holds the reward functions that need no model: accuracy,
// format, length, repetition and language, in our own definitions and, under
// the names of their publishers, in published ones with their published
// quirks.
package rules

import (
	"slices"

	"gradus/rewards"
	"gradus/rewards/custom"
	"gradus/rewards/rules/countdown"
	"gradus/rewards/rules/deepscaler"
	"gradus/rewards/rules/drgrpo"
	"gradus/rewards/rules/easyr1"
	"gradus/rewards/rules/grader"
	"gradus/rewards/rules/lightr1"
	"gradus/rewards/rules/logicrl"
	"gradus/rewards/rules/openinstruct"
	"gradus/rewards/rules/openr1"
	"gradus/rewards/rules/orz"
	"gradus/rewards/rules/prime"
	"gradus/rewards/rules/qwen"
	"gradus/rewards/rules/reasoninggym"
	"gradus/rewards/rules/rule"
	"gradus/rewards/rules/simplerl"
	"gradus/rewards/rules/verifiers"
	"gradus/rewards/rules/verl"
)

// Rule is an entry of the catalogue.
type Rule = rule.Rule

// Catalogue returns all rules, in the order to show them.
func Catalogue() []Rule {
	return slices.Concat(
		own(), openR1(), openr1.Rules(), trl(), verl.Rules(), prime.Rules(), countdown.Rules(),
		logicrl.Rules(),
		reasoninggym.Rules(),
		openinstruct.Rules(), programs(),
		orz.Rules(),
		qwen.Rules(),
		lightr1.Rules(),
		easyr1.Rules(),
		simplerl.Rules(),
		verifiers.Rules(),
		grader.Rules(),
		deepscaler.Rules(),
		drgrpo.Rules(),
		byUser(),
	)
}

func own() []Rule {
	return []Rule{
		{Name: "gradus.accuracy", About: "1 when the answer part is right by the task's own checker", Make: rule.Plain("gradus.accuracy", accuracy)},
		{Name: "gradus.format", About: "1 for one think part, then one answer part, both with something in them, nothing else", Make: rule.Plain("gradus.format", strictFormat)},
		{Name: "gradus.tag_count", About: "a quarter for each of the four tags that stands once and in its place", Make: rule.Plain("gradus.tag_count", tagCount)},
		{Name: "gradus.reasoning_steps", About: "different lines of the thinking that open a step", Make: newSteps, Defaults: StepsParams{}},
		{Name: "gradus.soft_overlong", Aliases: []string{"gradus.length"}, About: "DAPO's soft overlong punishment, in tokens", Make: newLength, Defaults: LengthParams{},
			Needed: map[string]any{"max_completion_length": 256, "soft_punish_cache": 64}},
		{Name: "gradus.kimi_length", About: "Kimi k1.5's length reward over the group, in tokens", Make: gradusKimi().make},
		{Name: "gradus.cosine", About: "cosine schedule over the length in tokens, clamped at its end", Make: gradusCosine().make, Defaults: CosineParams{}, Needed: map[string]any{"max_len": 256}},
		{Name: "gradus.repetition_penalty", About: "share of repeated n-grams of tokens", Make: newTokenRepetition("gradus.repetition_penalty"), Defaults: RepetitionParams{}},
		{Name: "gradus.language_consistency", Aliases: []string{"r1.language_consistency"}, About: "share of the thinking's words in the target language (R1, section 2.3.2)", Make: newLanguage, Defaults: LanguageParams{}},
		{Name: "gradus.code", About: "the program in the completion, run against the row's test cases in a sandbox", Make: newCode, Defaults: CodeParams{}},
		{Name: "r1.format", About: "the thinking stands between <think> and </think>, as the R1 paper words it", Fixed: "gradus.format", Make: rule.Plain("r1.format", r1Format)},
	}
}

func openR1() []Rule {
	return []Rule{
		{Name: "openr1.accuracy", Aliases: rule.Published("openr1.accuracy"), About: "open-r1's accuracy_reward (Math-Verify's rules, gold in any form)", Fixed: "gradus.accuracy", Wants: []string{"solution"}, Make: rule.Plain("openr1.accuracy", openR1Accuracy)},
		{Name: "openr1.format", Aliases: rule.Published("openr1.format"), About: "open-r1's format_reward, which pays several blocks and text after a line end", Fixed: "gradus.format", Make: rule.Plain("openr1.format", openR1Format)},
		{Name: "openr1.tag_count", Aliases: rule.Published("openr1.tag_count"), About: "open-r1's tag_count_reward, blind to order and content", Fixed: "gradus.tag_count", Make: rule.Plain("openr1.tag_count", openR1TagCount)},
		{Name: "openr1.reasoning_steps", Aliases: rule.Published("openr1.reasoning_steps"), About: "open-r1's reasoning_steps_reward, which pays \"First,First,First,\"", Fixed: "gradus.reasoning_steps", Make: rule.Plain("openr1.reasoning_steps", openR1Steps)},
		{Name: "openr1.length", Aliases: rule.Published("openr1.length", "len"), About: "open-r1's len_reward (Kimi k1.5), in characters", Fixed: "gradus.kimi_length", Wants: []string{"solution"}, Make: openR1Kimi().make},
		{Name: "openr1.cosine", Aliases: rule.Published("openr1.cosine", "cosine_scaled"), About: "open-r1's cosine_scaled_reward, in characters and not clamped", Fixed: "gradus.cosine", Wants: []string{"solution"}, Make: openR1Cosine().make, Defaults: CosineParams{}},
		{Name: "openr1.repetition_penalty", Aliases: rule.Published("openr1.repetition_penalty", "repetition"), About: "open-r1's repetition_penalty_reward, over words between white space", Fixed: "gradus.repetition_penalty", Make: newWordRepetition, Defaults: WordRepetitionParams{}},
		{Name: "openr1.soft_overlong_punishment", Aliases: rule.Published("openr1.soft_overlong_punishment", "soft_overlong", "overlong"), About: "open-r1's soft_overlong_punishment_reward", Fixed: "gradus.soft_overlong",
			Wants: []string{"completion_ids"}, Make: newPeerOverlong("openr1.soft_overlong_punishment", OverlongParams{16384, 4096}), Defaults: OverlongParams{}},
		{Name: "openr1.code", Aliases: rule.Published("openr1.code"), About: "open-r1's code_reward, which compares up to the end of the shorter output", Fixed: "gradus.code", Make: newOpenR1Code("openr1.code", false), Defaults: SandboxParams{}},
		{Name: "openr1.binary_code", Aliases: rule.Published("openr1.binary_code"), About: "open-r1's binary_code_reward: 1 for more than 0.99 of openr1.code", Fixed: "gradus.code", Make: newOpenR1Code("openr1.binary_code", true), Defaults: SandboxParams{}},
		{Name: "openr1.code_format", Aliases: rule.Published("openr1.code_format"), About: "open-r1's code_format_reward: a fenced block of the language in the answer", Make: newOpenR1CodeFormat, Defaults: CodeFormatParams{}},
	}
}

// programs are published functions that run programs of the model, as
// openr1.code does.
func programs() []Rule {
	return []Rule{
		{Name: "verl.prime_code", About: "verl's prime_code (PRIME): the share of the first ten test cases that the program passes, by its comparison", Fixed: "gradus.code", Wants: []string{"solution"}, Make: newPrimeCode, Defaults: PrimeCodeParams{}},
	}
}

func trl() []Rule {
	return []Rule{
		{Name: "trl.accuracy", Aliases: rule.Published("trl.accuracy"), About: "TRL's accuracy_reward (Math-Verify's rules)", Fixed: "gradus.accuracy", Wants: []string{"solution"}, Make: rule.Plain("trl.accuracy", trlAccuracy)},
		{Name: "trl.reasoning_accuracy", Aliases: rule.Published("trl.reasoning_accuracy"), About: "TRL's reasoning_accuracy_reward: only what follows the reasoning counts", Fixed: "gradus.accuracy", Wants: []string{"solution"}, Arguments: []string{"reasoning_delimiters"}, Make: newReasoningAccuracy, Defaults: ReasoningAccuracyParams{}},
		{Name: "trl.think_format", Aliases: rule.Published("trl.think_format"), About: "TRL's think_format_reward, which pays empty thinking", Fixed: "gradus.format", Make: rule.Plain("trl.think_format", trlThinkFormat)},
		{Name: "trl.cosine", Aliases: rule.Published("trl.cosine", "cosine_scaled"), About: "TRL's cosine_scaled_reward, in tokens", Fixed: "gradus.cosine", Wants: []string{"solution", "completion_ids"}, Make: trlCosine().make, Defaults: CosineParams{}, Needed: map[string]any{"max_len": 256}},
		{Name: "trl.repetition_penalty", Aliases: rule.Published("trl.repetition_penalty", "repetition"), About: "TRL's repetition_penalty_reward, over token ids", Wants: []string{"completion_ids"}, Make: newTokenRepetition("trl.repetition_penalty"), Defaults: RepetitionParams{}},
		{Name: "trl.soft_overlong_punishment", Aliases: rule.Published("trl.soft_overlong_punishment", "soft_overlong", "overlong"), About: "TRL's soft_overlong_punishment_reward", Fixed: "gradus.soft_overlong",
			Wants: []string{"completion_ids"}, Make: newPeerOverlong("trl.soft_overlong_punishment", OverlongParams{}), Defaults: OverlongParams{}, Needed: map[string]any{"max_completion_len": 256, "soft_punish_cache": 64}},
	}
}

func byUser() []Rule {
	return []Rule{
		{Name: "expr", About: "an expression over the completion and the rewards listed before it", Make: newExpr, Defaults: custom.DefaultExpr(), Custom: true,
			Needed: map[string]any{"expr": "tokens > 200 ? -0.5 : 0"}},
		{Name: "starlark", About: "a function of a Starlark file, in a bounded process", Make: newStarlark, Defaults: custom.DefaultStarlark(), Custom: true,
			Needed: map[string]any{"file": "reward.star"}},
		{Name: "python", About: "a function of a Python file, with TRL's signature", Make: newPython, Defaults: custom.DefaultPython(), Custom: true,
			Needed: map[string]any{"file": "rewards.py", "function": "my_reward"}},
		{Name: "exec", About: "a program that answers JSON lines", Make: newExec, Defaults: custom.DefaultExec(), Custom: true,
			Needed: map[string]any{"command": []string{"./my-reward"}}},
		{Name: "http", About: "a web service that answers JSON", Make: newHTTP, Defaults: custom.DefaultHTTP(), Custom: true,
			Needed: map[string]any{"url": "http://localhost:8000/score"}},
	}
}

// Find returns the rule of a name or alias; see rule.Find.
func Find(name string) (Rule, error) { return rule.Find(Catalogue(), name) }

// List returns the names of the catalogue, in the order to show them.
func List() []string {
	var out []string
	for _, r := range Catalogue() {
		out = append(out, r.Name)
	}
	return out
}

// New makes the reward function of a name or alias; see rule.New.
func New(name string, params map[string]any) (rewards.Reward, error) {
	return rule.New(Catalogue(), name, params)
}
