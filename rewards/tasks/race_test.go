//go:build race

package tasks

// problemsPerLevel is how many problems of each level the generator tests
// look at; few under the race detector, which makes them ten times slower and
// has nothing to find in them.
const problemsPerLevel = 1000
