package text

import "fmt"

// Count is a number of things in words: "1 trace", "2 traces", "0 traces". The
// plural of noun is made by an s.
func Count[N ~int | ~int64 | ~uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
