package pytext

import (
	"regexp"
	"sync"
)

// Expression is a regular expression that is compiled when it is first asked
// for: a program lists all rules at its start and runs few of them.
func Expression(e string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(e) })
}
