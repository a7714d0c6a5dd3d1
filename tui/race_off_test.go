//go:build !race

package tui

// underRace tells that the race detector is on.
const underRace = false
