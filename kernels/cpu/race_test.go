//go:build race

package cpu

// The race detector sees Go alone, and the Go code is the same on all paths.
const raceDetector = true
