// Package verl holds reward functions of verl (utils/reward_score of version
// 0.9.1), as published. Most compare texts, not values: gradus.accuracy is
// the repaired form.
package verl

import "gradus/rewards/rules/rule"

// Rules are the entries of the catalogue.
func Rules() []rule.Rule {
	return []rule.Rule{
		{Name: "verl.gsm8k", About: "verl's gsm8k: the text behind the last \"#### \" of the last 300 characters", Fixed: "gradus.accuracy", Wants: []string{"solution"}, Make: newGSM8K, Defaults: GSM8KParams{}},
		{Name: "verl.math", Aliases: []string{"verl.math_reward"}, About: "verl's math_reward: the last box, compared as a text (Hendrycks' MATH)", Fixed: "gradus.accuracy", Wants: []string{"solution"}, Make: rule.Plain("verl.math", hendrycks)},
		{Name: "verl.math_dapo", About: "verl's math_dapo: 1 or -1 for the text behind \"Answer:\", else for a box in the last 100 characters", Fixed: "gradus.accuracy", Wants: []string{"solution"}, Make: newDAPO, Defaults: DAPOParams{}},
		{Name: "verl.search_r1", Aliases: []string{"verl.search_r1_like_qa_em", "verl.search_em"}, About: "verl's search_r1_like_qa_em: the last <answer>, compared as words with any of the gold answers", Fixed: "gradus.accuracy", Wants: []string{"solution"}, Make: newSearch, Defaults: SearchParams{}},
		{Name: "verl.math_verify", About: "verl's math_verify: Math-Verify's rules, the gold answer in a box, the claim in any form", Fixed: "gradus.accuracy", Wants: []string{"solution"}, Make: rule.Plain("verl.math_verify", mathVerify)},
		{Name: "verl.geo3k", About: "verl's geo3k: accuracy of the last box by the package mathruler, and the format of thinking and box", Fixed: "gradus.accuracy", Wants: []string{"solution"}, Make: newGeo3K, Defaults: Geo3KParams{UseBoxed: true, FormatScore: 0.1}},
		{Name: "verl.rlla", Aliases: []string{"verl.toolrl"}, About: "verl's rlla (ToolRL): the form of the answer, and its tool calls by names, parameters and values", Wants: []string{"solution"}, Make: newRLLA, Defaults: RLLAParams{}},
		{Name: "verl.dapo_overlong", Aliases: []string{"verl.overlong_buffer"}, About: "the overlong buffer of verl's DAPO reward manager, to be added to another score; it has no floor", Fixed: "gradus.soft_overlong", Wants: []string{"completion_ids"},
			Make: newOverlong, Defaults: OverlongParams{}, Needed: map[string]any{"overlong_buffer_len": 64, "max_resp_len": 256}},
	}
}
