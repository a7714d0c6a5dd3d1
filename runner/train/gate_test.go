package train

import (
	"context"
	"errors"
	"strings"
	"testing"

	"gradus/store"
)

// A rollout outside of the bounds warns, or ends the run before its first
// update; a policy that knows nothing is too hard for the default bounds.
func TestGate(t *testing.T) {
	for _, tt := range []struct {
		sets  []string
		level string
		err   bool
	}{
		{nil, "warn", false},
		{[]string{"gate.action=off"}, "", false},
		{[]string{"gate.min_pass1=0", "gate.min_headroom=0"}, "info", false},
		{[]string{"gate.action=refuse"}, "error", true},
	} {
		dir := newRun(t, micro, append([]string{"grpo.steps=1", "grpo.warmup_steps=0", "grpo.prompts_per_step=24"}, tt.sets...)...)
		var found []store.Alert
		env := testEnv(t, dir)
		env.Progress = func(e Event) {
			if e.Alert != nil && e.Alert.Code == "gate.difficulty" {
				found = append(found, *e.Alert)
			}
		}
		if err := Run(context.Background(), env); tt.err != errors.Is(err, errGate) || !tt.err && err != nil {
			t.Errorf("%v: %v", tt.sets, err)
		}
		if tt.level == "" && len(found) != 0 || tt.level != "" && (len(found) != 1 || found[0].Level != tt.level || !strings.Contains(found[0].Message, "pass@1 ")) {
			t.Errorf("%v: %+v", tt.sets, found)
		}
	}
}
