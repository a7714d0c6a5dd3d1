// Package countdown holds published reward functions of the countdown game:
// reach a target with given numbers.
package countdown

import "gradus/rewards/rules/rule"

// Rules are the entries of the catalogue.
func Rules() []rule.Rule {
	return []rule.Rule{
		{Name: "tinyzero.countdown", About: "TinyZero's countdown reward, which evaluates ** and //", Fixed: "gradus.accuracy", Make: newTinyZero, Defaults: TinyZeroParams{}},
	}
}
