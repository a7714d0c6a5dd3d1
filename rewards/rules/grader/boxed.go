package grader

import (
	"strings"

	"gradus/rewards/rules/mathtext"
)

// LastBox is remove_boxed of last_boxed_only_string in the copies that know no
// "\boxed " with a space: what stands in the last \boxed{…}. ok is false
// where the published code finds none or gives None; an \fbox is found where
// there is no \boxed, and then refused.
func LastBox(s string) (string, bool) {
	at := strings.LastIndex(s, `\boxed`)
	if at < 0 {
		return "", false
	}
	return mathtext.Braced(s[at:])
}
