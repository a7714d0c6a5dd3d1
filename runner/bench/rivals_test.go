package bench

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"
)

// The rivals in bench/rivals run models of the same shapes.
func TestRivalShapes(t *testing.T) {
	text, err := os.ReadFile("../../bench/rivals/shapes.json")
	if err != nil {
		t.Fatal(err)
	}
	type shape struct{ Hidden, Inner, Layers, Heads int }
	var rivals struct {
		Vocab        int
		RMSNormEps   float64 `json:"rms_norm_eps"`
		RopeTheta    float64 `json:"rope_theta"`
		MaxPositions int     `json:"max_positions"`
		Models       map[string]shape
	}
	if err := json.Unmarshal(text, &rivals); err != nil {
		t.Fatal(err)
	}
	for _, s := range Shapes() {
		c, r := s.Config, rivals.Models[s.Name]
		if got := (shape{c.HiddenSize, c.IntermediateSize, c.NumHiddenLayers, c.NumAttentionHeads}); got != r || c.NumKeyValueHeads != r.Heads {
			t.Errorf("%s: %+v, the rivals have %+v", s.Name, got, r)
		}
		if c.VocabSize != rivals.Vocab || float64(c.RMSNormEps) != rivals.RMSNormEps || float64(c.RopeTheta) != rivals.RopeTheta || c.MaxPositionEmbeddings != rivals.MaxPositions {
			t.Errorf("%s: %+v, the rivals have %+v", s.Name, c, rivals)
		}
		delete(rivals.Models, s.Name)
	}
	if len(rivals.Models) > 0 {
		t.Errorf("the rivals have %v, too", slices.Sorted(maps.Keys(rivals.Models)))
	}
}
