package model

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"gradus/kernels"
)

// The numbers of testdata/llama.json come from Hugging Face transformers;
// make_fixtures.py beside it tells how. The formulas below repeat its own.

type fixtures struct {
	AdamW struct {
		LR, Beta1, Beta2, Eps float64
		WeightDecay           float64 `json:"weight_decay"`
		MaxGradNorm           float64 `json:"max_grad_norm"`
	}
	Seqs  [][2]int
	Cases []fixture
}

type fixture struct {
	Name             string
	VocabSize        int     `json:"vocab_size"`
	HiddenSize       int     `json:"hidden_size"`
	IntermediateSize int     `json:"intermediate_size"`
	Layers           int     `json:"num_hidden_layers"`
	Heads            int     `json:"num_attention_heads"`
	KVHeads          int     `json:"num_key_value_heads"`
	HeadDim          int     `json:"head_dim"`
	RopeTheta        float64 `json:"rope_theta"`
	RMSNormEps       float64 `json:"rms_norm_eps"`
	Tie              bool    `json:"tie_word_embeddings"`
	Temperature      float32

	Params    int64
	Objective float64
	Scores    []struct {
		LogProbs, Entropies []float64
	}
	Grads    map[string][2]float64 // norm and product with mix(i, 5000)
	AllGrads map[string][]float64  `json:"all_grads"`
	Steps    []struct {
		Objective, Norm float64
	}
	WeightsAfter map[string][2]float64 `json:"weights_after"`
}

// mix is a number in [-0.5, 0.5) from two indices.
func mix(i, k int) float64 {
	h := uint32(i)*2654435761 + uint32(k)*974711 + 12345
	h ^= h >> 15
	h *= 2246822519
	h ^= h >> 13
	return float64(h)/(1<<32) - 0.5
}

func (f fixture) config() Config {
	return Config{
		VocabSize: f.VocabSize, HiddenSize: f.HiddenSize, IntermediateSize: f.IntermediateSize,
		NumHiddenLayers: f.Layers, NumAttentionHeads: f.Heads, NumKeyValueHeads: f.KVHeads, HeadDim: f.HeadDim,
		MaxPositionEmbeddings: 64, RopeTheta: f.RopeTheta, RMSNormEps: f.RMSNormEps, TieWordEmbeddings: f.Tie,
		BOSTokenID: -1, PadTokenID: -1,
	}
}

func (f fixture) sequences(shapes [][2]int) []Sequence {
	var out []Sequence
	for s, shape := range shapes {
		ids := make([]int32, shape[0])
		for i := range ids {
			ids[i] = int32((mix(i, 1000+s) + 0.5) * float64(f.VocabSize))
		}
		out = append(out, Sequence{Tokens: ids, Prompt: shape[1]})
	}
	return out
}

// model makes the fixture's model with the fixture's weights.
func (f fixture) model(t *testing.T, dev kernels.Device, lim Limits) *Model {
	t.Helper()
	m, err := New(dev, f.config(), lim)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	list := m.layout.onDisk()
	slices.SortFunc(list, func(a, b diskTensor) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	for k, d := range list {
		w := make([]float32, d.len)
		for i := range w {
			w[i] = float32(0.6 * mix(i, k))
			if len(d.shape) == 1 {
				w[i] = float32(1 + 0.5*mix(i, k))
			}
		}
		if err := dev.WriteF32(m.weights, d.off, w); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// objective runs Backward with the fixture's coefficients and returns the sum
// they are the derivatives of.
func objective(t *testing.T, m *Model, seqs []Sequence, temperature float32) (total float64, scores []Scores) {
	t.Helper()
	scores = make([]Scores, len(seqs))
	err := m.Backward(context.Background(), seqs, temperature, func(idx []int, s []Scores) (logp, ent [][]float32, err error) {
		for k, i := range idx {
			n := len(s[k].LogProbs)
			c, e := make([]float32, n), make([]float32, n)
			for j := range n {
				c[j], e[j] = float32(mix(j, 2000+i)), float32(0.3*mix(j, 3000+i))
				total += mix(j, 2000+i)*float64(s[k].LogProbs[j]) + 0.3*mix(j, 3000+i)*float64(s[k].Entropies[j])
			}
			logp, ent = append(logp, c), append(ent, e)
			scores[i] = Scores{slices.Clone(s[k].LogProbs), slices.Clone(s[k].Entropies)}
		}
		return logp, ent, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return total, scores
}

func digest(v []float32) [2]float64 {
	var d [2]float64
	for i, x := range v {
		d[0] += float64(x) * float64(x)
		d[1] += float64(x) * mix(i, 5000)
	}
	d[0] = math.Sqrt(d[0])
	return d
}

func near(t *testing.T, what string, got, want, scale, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*max(scale, math.Abs(want))) {
		t.Errorf("%s = %.9g, want %.9g", what, got, want)
	}
}

func readFixtures(t *testing.T) fixtures {
	t.Helper()
	b, err := os.ReadFile("testdata/llama.json")
	if err != nil {
		t.Fatal(err)
	}
	var f fixtures
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	if len(f.Cases) == 0 {
		t.Fatal("no cases")
	}
	return f
}

func TestTransformersAgree(t *testing.T) {
	fx := readFixtures(t)
	// One micro-batch for all, and one for each sequence: gradients add up.
	for _, lim := range []Limits{{TrainRows: 40, TrainSeqs: 3}, {TrainRows: 13, TrainSeqs: 1}} {
		onDevices(t, func(t *testing.T, dev kernels.Device, tol float64) {
			for _, f := range fx.Cases {
				t.Run(f.Name, func(t *testing.T) {
					m := f.model(t, dev, lim)
					if m.NumParams() != f.Params {
						t.Errorf("NumParams = %d, want %d", m.NumParams(), f.Params)
					}
					total, scores := objective(t, m, f.sequences(fx.Seqs), f.Temperature)
					near(t, "objective", total, f.Objective, 1, tol)
					for i, want := range f.Scores {
						if len(scores[i].LogProbs) != len(want.LogProbs) {
							t.Fatalf("sequence %d: %d log-probs, want %d", i, len(scores[i].LogProbs), len(want.LogProbs))
						}
						for j := range want.LogProbs {
							near(t, "log-prob", float64(scores[i].LogProbs[j]), want.LogProbs[j], 1, tol)
							near(t, "entropy", float64(scores[i].Entropies[j]), want.Entropies[j], 1, tol)
						}
					}
					grads := values(t, m, m.grads)
					for name, want := range f.Grads {
						got := digest(grads[name])
						near(t, "norm of "+name, got[0], want[0], 0, tol)
						near(t, "projection of "+name, got[1], want[1], want[0], tol)
					}
					for name, want := range f.AllGrads {
						for i := range want {
							near(t, name, float64(grads[name][i]), want[i], f.Grads[name][0], tol)
						}
					}
				})
			}
		})
	}
}

func TestAdamWAgreesWithTorch(t *testing.T) {
	fx := readFixtures(t)
	o := OptimizerOptions{
		LR: fx.AdamW.LR, Beta1: fx.AdamW.Beta1, Beta2: fx.AdamW.Beta2, Eps: fx.AdamW.Eps,
		WeightDecay: fx.AdamW.WeightDecay, MaxGradNorm: fx.AdamW.MaxGradNorm,
	}
	onDevices(t, func(t *testing.T, dev kernels.Device, tol float64) {
		for _, f := range fx.Cases {
			t.Run(f.Name, func(t *testing.T) {
				m := f.model(t, dev, Limits{TrainRows: 40, TrainSeqs: 3})
				// Adam divides by the size of the gradient, so small ones cost a
				// digit.
				for i, want := range f.Steps {
					if err := m.ZeroGrad(); err != nil {
						t.Fatal(err)
					}
					total, _ := objective(t, m, f.sequences(fx.Seqs), f.Temperature)
					near(t, "objective", total, want.Objective, 1, 10*tol)
					norm, err := m.Step(o)
					if err != nil {
						t.Fatal(err)
					}
					near(t, "gradient norm", norm, want.Norm, 0, 10*tol)
					if m.OptimizerSteps() != i+1 {
						t.Errorf("OptimizerSteps = %d, want %d", m.OptimizerSteps(), i+1)
					}
				}
				weights := values(t, m, m.weights)
				for name, want := range f.WeightsAfter {
					got := digest(weights[name])
					near(t, "norm of "+name, got[0], want[0], 0, 10*tol)
					near(t, "projection of "+name, got[1], want[1], want[0], 10*tol)
				}
			})
		}
	})
}
