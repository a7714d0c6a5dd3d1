package rescore

import (
	"testing"

	"gradus/store"
)

// TestSpreadOfScorable: a trace that no reward could score gives its group no
// spread, as it takes no part in the advantages, and no mean.
func TestSpreadOfScorable(t *testing.T) {
	before, after := make([]store.SampleDetail, 7), make([]store.LayerScore, 7)
	groups := []int{0, 0, 1, 1, 2, 2, 2}
	for i, reward := range []float64{1, 0, 0, 0, 0, 0.5, 1} {
		before[i].Phase, before[i].Reward = "train", reward
		after[i].Reward, after[i].Unscorable = reward, i != 0 && i != 4 && i != 6 // one scorable, none, two
	}
	var s tally
	s.step(before, after, groups)
	got := s.done()
	if a := got.Advantage; a.Groups != 3 || a.NoSpread != 1 || a.NoSpreadNew != 2 {
		t.Errorf("of %d groups %d had no spread, and %d have none; want 3, 1, 2", a.Groups, a.NoSpread, a.NoSpreadNew)
	}
	if got.ScoredBefore != 7 || got.ScoredAfter != 3 || got.RewardAfter != 2.0/3 || got.Unscorable != 4 {
		t.Errorf("%+v", got)
	}
}
