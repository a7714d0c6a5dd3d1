// Package openinstruct holds the verifiers of allenai/open-instruct
// (open_instruct/ground_truth_utils.py and if_functions.py of commit
// e6c3044), as published, those that judge by a rule; and the sum that its
// trainers pay. Its verifiers that ask a model or a server are not here.
package openinstruct

import (
	"gradus/rewards"
	"gradus/rewards/rules/rule"
)

// verifier is a verifier that needs nothing but a completion and a gold answer.
type verifier struct {
	name, alias, about, fixed string // name as in open-instruct's registry
	tokens                    bool   // it counts token ids
	judge                     func(p LengthParams) rule.Judge
}

// plain is a verifier without parameters.
func plain(j rule.Judge) func(LengthParams) rule.Judge {
	return built(func() rule.Judge { return j })
}

// built is plain for a judge that takes work to build.
func built(build func() rule.Judge) func(LengthParams) rule.Judge {
	return func(LengthParams) rule.Judge { return build() }
}

func verifiers() []verifier {
	return []verifier{
		{name: "gsm8k", alias: "GSM8KVerifier", about: "the last number of the completion, compared as a text", fixed: "gradus.accuracy", judge: plain(gsm8k)},
		{name: "math", alias: "MathVerifier", about: "box, \"Final Answer\" sentence, last formula or the whole text: any that equals the gold answer", fixed: "gradus.accuracy", judge: built(func() rule.Judge { return newMath(false) })},
		{name: "strict_math", alias: "StrictMathVerifier", about: "the \"Final Answer\" sentence, else the whole text", fixed: "gradus.accuracy", judge: built(func() rule.Judge { return newMath(true) })},
		{name: "puzzle", alias: "PuzzleMatcherVerifier", about: "all after the thinking, compared as words", fixed: "gradus.accuracy", judge: plain(puzzle)},
		{name: "string_matcher", alias: "StringMatcherVerifier", about: "the last <answer>, compared as words", fixed: "gradus.accuracy", judge: plain(stringMatcher)},
		{name: "string_f1", alias: "F1Verifier", about: "F1 of the words after the thinking, the best of the gold answers", judge: plain(stringF1)},
		{name: "flan", alias: "FlanVerifier", about: "what follows the last \"The answer is: \", compared as words", fixed: "gradus.accuracy", judge: plain(flan)},
		{name: "re_search", alias: "R1SearchVerifier", about: "the first <finish>, compared as words with any of the gold answers", judge: built(newReSearch)},
		{name: "re_search_f1", alias: "ReSearchVerifierF1", about: "F1 of the words in the last <finish>; 0.1 where none is right", judge: plain(reSearchF1)},
		{name: "max_length", alias: "MaxLenVerifier", about: "1 less the distance in tokens to the gold answer, a number, as a share", tokens: true, judge: maxLength},
		{name: "up_to_max_length", alias: "UpToMaxLenVerifier", about: "the same for completions that are longer, 1 for shorter ones", tokens: true, judge: upToMaxLength},
		{name: "ifeval", alias: "IFEvalVerifier", about: "the share of the instructions in the gold answer that the completion follows, by IFEvalG", judge: built(newIFEval)},
		{name: "ifeval_old", alias: "IFEvalVerifierOld", about: "the instruction that the gold answer names, by if_functions.py", judge: built(newFollow)},
	}
}

// Rules are the entries of the catalogue.
func Rules() []rule.Rule {
	var out []rule.Rule
	for _, v := range verifiers() {
		name := "openinstruct." + v.name
		r := rule.Rule{Name: name, Aliases: []string{"openinstruct." + v.alias}, About: "open-instruct's " + v.alias + ": " + v.about, Fixed: v.fixed, Wants: []string{"solution"}}
		if v.tokens {
			r.Wants, r.Defaults = append(r.Wants, "completion_ids"), LengthParams{}
			r.Make = newLength(name, v.judge)
		} else {
			r.Make = rule.Built(name, func() rule.Judge { return v.judge(LengthParams{}) })
		}
		out = append(out, r)
	}
	return append(out,
		rule.Rule{Name: "openinstruct.soft_format", Aliases: []string{"openinstruct.soft_format_reward_func", "openinstruct.r1_style_format_reward"},
			About: "open-instruct's soft_format_reward_func: the thinking ends, then an answer between tags, whatever stands around", Fixed: "gradus.format", Make: newSoftFormat, Defaults: SoftFormatParams{}},
		rule.Rule{Name: "openinstruct.reward", Aliases: []string{"openinstruct.RewardConfig"}, About: "what open-instruct's trainers pay: the row's verifiers times verification_reward, with the format reward and the penalty for being cut",
			Wants: []string{"solution"}, Make: newReward, Defaults: RewardParams{}, Needed: map[string]any{"verifier": "gsm8k"}})
}

// unread is the result where the gold answer cannot be read; the published
// function raises an exception.
func unread(why string) rewards.Result {
	return rewards.Result{Status: rewards.Skipped, Reason: "openinstruct.gold", Why: why}
}

// failed is the result where the published function raises an exception.
func failed(why string) rewards.Result {
	return rewards.Result{Status: rewards.Error, Reason: "openinstruct.error", Why: why}
}
