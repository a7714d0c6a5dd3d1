package main

import (
	"strings"
	"testing"
)

// What is noticed of a long trace stays in sight of its beginning.
func TestBeginning(t *testing.T) {
	if got := beginning("short é", 7); got != "short é" {
		t.Errorf("%q", got)
	}
	got := beginning(strings.Repeat("é", 700), 7)
	if !strings.HasPrefix(got, strings.Repeat("é", 600)+"…") || !strings.Contains(got, "100 characters more; --id 7") || len(got) > 1300 {
		t.Errorf("%q", got)
	}
}
