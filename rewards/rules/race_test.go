//go:build race

package rules

import "time"

// The race detector makes everything about ten times slower: under it the
// budget would measure the detector. That nothing is quadratic in hostile texts
// is held without it; here they only pass through every rule.
const (
	medianBudget = time.Millisecond
	hostileBytes = 1 << 12
)
