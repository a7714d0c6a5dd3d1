// Package custom runs reward functions of the user's own: an expression, a
// Starlark file, a Python function with TRL's signature unchanged, any
// program, or a web service. Whatever happens in them becomes a status of the
// completions they were asked about and never the score 0.
package custom

import "gradus/rewards"

// The reason codes of results that are no judgement.
const (
	reasonSkipped = "custom.skipped" // the function has no opinion (TRL's None)
	reasonInvalid = "custom.invalid" // it returned no usable number
	reasonError   = "custom.error"   // it failed
	reasonTimeout = "custom.timeout" // it did not answer in time
	reasonScored  = "custom.scored"
)

// same gives every completion of a group one result.
func same(g rewards.Group, r rewards.Result) []rewards.Result {
	out := make([]rewards.Result, len(g.Samples))
	for i := range out {
		out[i] = r
	}
	return out
}
