//go:build !race

package tasks

// problemsPerLevel is how many problems of each level the generator tests
// look at.
const problemsPerLevel = 10_000
