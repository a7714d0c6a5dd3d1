//go:build !race

package rules

import "time"

// medianBudget is the design's budget for the median verification of a real
// completion, hostileBytes the size of texts made to be slow.
const (
	medianBudget = 50 * time.Microsecond
	hostileBytes = 1 << 18
)
