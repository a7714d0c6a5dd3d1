package text

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// Nearest returns the known name with the least edit distance, in letters of
// one case; the first of several.
func Nearest(name string, known []string) string {
	best, distance := "", 1<<30
	for _, k := range known {
		if d := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	return best
}
