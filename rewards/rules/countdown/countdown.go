// Package countdown holds published reward functions of the countdown game:
// reach a target with given numbers.
package countdown

import "gradus/rewards/rules/rule"

// Rules are the entries of the catalogue.
func Rules() []rule.Rule {
	const fixed = "gradus.accuracy"
	return []rule.Rule{
		{Name: "tinyzero.countdown", About: "TinyZero's countdown reward, which evaluates ** and //", Fixed: fixed, Make: newTinyZero, Defaults: TinyZeroParams{}},
		{Name: "tinyzero.multiply", Aliases: []string{"tinyzero.arithmetic"}, About: "TinyZero's multiply: 0.1 for any whole number between answer tags, 1 for the right one", Fixed: fixed, Wants: []string{"solution"}, Make: newMultiply, Defaults: TinyZeroParams{}},
		{Name: "grpozero.countdown", Aliases: []string{"grpozero.reward_function"}, About: "GRPO-Zero's reward_function: its answer reward and a tenth of its format reward", Fixed: fixed, Make: newGRPOZero, Defaults: GRPOZeroParams{}},
		{Name: "grpozero.answer", Aliases: []string{"grpozero.answer_reward_function"}, About: "GRPO-Zero's answer_reward_function: the first answer, evaluated, ** and // too", Fixed: fixed, Make: rule.Plain("grpozero.answer", grpoZeroAnswer)},
		{Name: "grpozero.format", Aliases: []string{"grpozero.format_reward_function"}, About: "GRPO-Zero's format_reward_function: 1 for the form, else 0.1 for thinking and 0.5 for an answer", Fixed: "gradus.format", Make: newGRPOZeroFormat, Defaults: GRPOZeroFormatParams{}},
		{Name: "nanoaha.equation", Aliases: []string{"nanoaha.equation_reward_func"}, About: "nano-aha-moment's equation_reward_func: the first answer on one line, evaluated", Fixed: fixed, Make: newMiniR1Equation("nanoaha")},
		{Name: "nanoaha.format", Aliases: []string{"nanoaha.format_reward_func"}, About: "nano-aha-moment's format_reward_func: 1 for the form with arithmetic as the answer, 0.5 with another", Fixed: "gradus.format", Make: newNanoAhaFormat, Defaults: NanoAhaFormatParams{}},
		{Name: "minir1.equation", Aliases: []string{"minir1.equation_reward_func"}, About: "mini-R1's equation_reward_func: the first answer on one line, evaluated", Fixed: fixed, Make: newMiniR1Equation("minir1")},
		{Name: "minir1.format", Aliases: []string{"minir1.format_reward_func"}, About: "mini-R1's format_reward_func: the thinking that the prompt opens, a line end, the answer", Fixed: "gradus.format", Make: rule.Plain("minir1.format", miniR1Format)},
	}
}
