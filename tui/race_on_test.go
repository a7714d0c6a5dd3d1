//go:build race

package tui

// underRace tells that the race detector slows everything down ten times;
// tests that look at every case then look at a sample.
const underRace = true
