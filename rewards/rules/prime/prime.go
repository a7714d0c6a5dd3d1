// Package prime holds the grader of mathematical answers of PRIME
// (PRIME-RL/PRIME at 18ad596, training/verl/utils/reward_score), which verl
// carries as prime_math, as published.
package prime

import (
	"gradus/rewards"
	"gradus/rewards/rules/grader"
	"gradus/rewards/rules/mathtext"
	"gradus/rewards/rules/rule"
)

// Rules are the entries of the catalogue.
func Rules() []rule.Rule {
	return []rule.Rule{
		{Name: "verl.prime_math", About: "verl's prime_math: PRIME's extraction and grader, which in verl never asks sympy about LaTeX", Fixed: "gradus.accuracy",
			Wants: []string{"solution"}, Make: rule.Built("verl.prime_math", verl)},
		{Name: "prime.math", Aliases: []string{"prime.evaluate_math", "prime.compute_score"}, About: "PRIME's own grader: the same, and what is left by sympy's parse_expr, parse_latex and simplify", Fixed: "gradus.accuracy",
			Wants: []string{"solution"}, Make: rule.Built("prime.math", own)},
	}
}

// verl is prime_math.compute_score of verl 0.9.1.
func verl() rule.Judge {
	return judge(NewEqual(false, true), mathtext.Hendrycks{})
}

// own is evaluate_math of PRIME's repository.
func own() rule.Judge {
	return judge(NewEqual(true, false), mathtext.Hendrycks{OnePercent: true})
}

// judge is compute_score: PRM800K's grader in PRIME's copy, with its copy of
// Hendrycks' normal form, then math_equal.
func judge(e *Equal, normal mathtext.Hendrycks) rule.Judge {
	g := grader.Copy{Liters: true, Spaced: true}.New()
	return func(s rewards.Sample) rewards.Result {
		claim, gold := Extract(s.Completion), s.Problem.Gold
		same := grader.MathdBy(normal, claim) == grader.MathdBy(normal, gold) || g.SameSympy(claim, gold) || e.Same(claim, gold)
		return grader.Result(claim, gold, same)
	}
}
