//go:build race

package rules

import "time"

// The race detector makes everything about ten times slower: under it the
// budget would measure the detector, and hostile texts are shorter.
const (
	medianBudget = time.Millisecond
	hostileBytes = 1 << 16
)
