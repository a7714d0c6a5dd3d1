// Package drgrpo holds the reward functions of Dr. GRPO
// (sail-sg/understand-r1-zero at dfca49d, understand_r1_zero/math_grader.py), as
// published.
package drgrpo

import (
	"strings"

	"gradus/rewards"
	"gradus/rewards/mathans"
	"gradus/rewards/rules/grader"
	"gradus/rewards/rules/rule"
)

// Params are the parameters of Dr. GRPO's functions.
type Params struct {
	// Fast leaves out the last resort, Math-Verify (verifier_version "fast").
	Fast bool `json:"fast"`
}

// Rules are the entries of the catalogue.
func Rules() []rule.Rule {
	const by = ", by PRM800K's grader with more units, else by Math-Verify's rules"
	make := func(name string, claim func(string) (string, bool)) func(map[string]any) (rewards.Reward, error) {
		return func(params map[string]any) (rewards.Reward, error) {
			var p Params
			if err := rule.Decode(name, params, &p); err != nil {
				return nil, err
			}
			spec := rule.Binary(name)
			spec.Params = rule.Canonical(p)
			return rule.PerSample(spec, p.judge(claim)), nil
		}
	}
	return []rule.Rule{
		{Name: "drgrpo.boxed", Aliases: []string{"drgrpo.boxed_reward_fn"}, About: "Dr. GRPO's boxed_reward_fn: the last box" + by, Fixed: "gradus.accuracy", Wants: []string{"solution"},
			Make: make("drgrpo.boxed", box), Defaults: Params{}},
		{Name: "drgrpo.r1_zero", Aliases: []string{"drgrpo.answer_tag", "drgrpo.answer_tag_reward_fn"}, About: "Dr. GRPO's answer_tag_reward_fn: what follows \"</think> <answer>\"" + by, Fixed: "gradus.accuracy", Wants: []string{"solution"},
			Make: make("drgrpo.r1_zero", func(s string) (string, bool) { return tagged(s, "</think> <answer>") }), Defaults: Params{}},
		{Name: "drgrpo.orz", Aliases: []string{"drgrpo.answer_tag_reward_fn_for_orz"}, About: "Dr. GRPO's answer_tag_reward_fn_for_orz: what follows the last <answer>" + by, Fixed: "gradus.accuracy", Wants: []string{"solution"},
			Make: make("drgrpo.orz", func(s string) (string, bool) { return tagged(s, "<answer>") }), Defaults: Params{}},
	}
}

// box is extract_answer: the last box.
func box(s string) (string, bool) { return grader.LastBox(s) }

// tagged is what follows the last <answer>, or the last box in it; every
// closing tag is left out.
func tagged(s, opening string) (string, bool) {
	if !strings.Contains(s, opening) || !strings.Contains(s, "</answer>") {
		return "", false
	}
	claim := strings.ReplaceAll(s[strings.LastIndex(s, "<answer>")+len("<answer>"):], "</answer>", "")
	if strings.Contains(claim, `\boxed`) {
		return box(claim)
	}
	return claim, true
}

func (p Params) judge(find func(string) (string, bool)) rule.Judge {
	g := newGrader(p.Fast)
	return func(s rewards.Sample) rewards.Result {
		claim, ok := find(s.Completion)
		if !ok {
			return rewards.Result{Reason: "math.no_answer", Why: "no answer that the published code can read"}
		}
		golds := rule.Golds(s)
		for _, gold := range golds {
			if g.same(claim, gold) {
				return grader.Result(claim, gold, true)
			}
		}
		if len(golds) == 0 {
			golds = []string{""}
		}
		return grader.Result(claim, golds[0], false)
	}
}

// same is grade.
func (g *grades) same(claim, gold string) bool {
	if strings.Contains(gold, `\boxed`) {
		inside, ok := grader.LastBox(gold)
		if !ok {
			return false
		}
		gold = inside
	}
	if max(len(claim), len(gold)) > grader.MostBytes {
		return claim == gold
	}
	if grader.MathdWith(claim, g.normal) == grader.MathdWith(gold, g.normal) || g.SameSympy(claim, gold) {
		return true
	}
	return !g.fast && g.byMathVerify(claim, gold)
}

// byMathVerify is is_latex_equal: the two as formulas, first matches only,
// unless one of them is long and repeats itself.
func (g *grades) byMathVerify(claim, gold string) bool {
	if repeats(claim) || repeats(gold) {
		return false
	}
	formula := func(s string) string {
		if !strings.Contains(s, "$") {
			return "$" + s + "$"
		}
		return s
	}
	return mathans.PolicyMathVerify.Verify(formula(gold), formula(claim), mathans.Adjust{Literal: rule.Literal(), BoxesFirst: true, NoFallback: true}).Equal
}
