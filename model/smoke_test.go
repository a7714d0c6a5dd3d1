package model

import (
	"context"
	"testing"

	"gradus/kernels/ref"
)

func TestSmoke(t *testing.T) {
	dev := ref.New()
	cfg := Config{VocabSize: 13, HiddenSize: 16, IntermediateSize: 24, NumHiddenLayers: 2, NumAttentionHeads: 4, NumKeyValueHeads: 2, MaxPositionEmbeddings: 64, TieWordEmbeddings: true, BOSTokenID: -1, PadTokenID: -1}
	m, err := New(dev, cfg, Limits{TrainRows: 40, TrainSeqs: 4, PromptSlots: 2, PromptLen: 8, Slots: 3, NewLen: 12})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Init(1); err != nil {
		t.Fatal(err)
	}
	reqs := []Request{{[]int32{1, 2, 3}, []uint64{1, 2, 3}}, {[]int32{4}, []uint64{4, 5}}, {[]int32{7, 8, 9, 10, 11}, []uint64{6, 7, 8}}}
	out, err := m.Generate(context.Background(), reqs, SampleOptions{Temperature: 0.7, MaxNew: 9, Stop: []int32{0}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var seqs []Sequence
	for i, cs := range out {
		for _, c := range cs {
			seqs = append(seqs, Sequence{append(append([]int32{}, reqs[i].Prompt...), c.Tokens...), len(reqs[i].Prompt)})
		}
	}
	sc, err := m.Score(context.Background(), seqs, 0.7)
	if err != nil {
		t.Fatal(err)
	}
	k := 0
	for _, cs := range out {
		for _, c := range cs {
			t.Log(c.Tokens, c.Finish, c.LogProbs)
			for i := range c.LogProbs {
				if c.LogProbs[i] != sc[k].LogProbs[i] || c.Entropies[i] != sc[k].Entropies[i] {
					t.Error(k, i, c.LogProbs[i], sc[k].LogProbs[i])
				}
			}
			k++
		}
	}
}
