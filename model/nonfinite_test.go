package model

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gradus/kernels"
)

var (
	nan = float32(math.NaN())
	inf = float32(math.Inf(1))
)

// poke overwrites elements of a stored tensor in a flat buffer, from at on.
func poke(t *testing.T, m *Model, buf kernels.Buffer, tensor string, at int64, x ...float32) {
	t.Helper()
	for _, d := range m.layout.onDisk() {
		if d.name == tensor {
			if err := m.dev.WriteF32(buf, d.off+at, x); err != nil {
				t.Fatal(err)
			}
			m.stale = true
			return
		}
	}
	t.Fatalf("no tensor %s", tensor)
}

func fill32(n int, x float32) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = x
	}
	return s
}

// named fails unless err is one line and a *NonFiniteError as described.
func named(t *testing.T, err error, program string, op kernels.Kind, layer int, tensor string) *NonFiniteError {
	t.Helper()
	var e *NonFiniteError
	if !errors.As(err, &e) {
		t.Fatalf("%v is no NonFiniteError", err)
	}
	if e.Program != program || e.Op != op || e.Layer != layer || e.Tensor != tensor {
		t.Errorf("program %q, op %s, layer %d, tensor %q; want %q, %s, %d, %q", e.Program, e.Op, e.Layer, e.Tensor, program, op, layer, tensor)
	}
	if strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), string(op)) {
		t.Errorf("error %q", err)
	}
	return e
}

// A weight that is not a number is found with the op that first trips over it,
// in sampling and in training.
func TestPoisonedWeightIsNamed(t *testing.T) {
	onDevices(t, func(t *testing.T, dev kernels.Device, _ float64) {
		for _, c := range []struct {
			tensor string
			x      float32
			op     kernels.Kind
			layer  int
		}{
			{"model.layers.0.input_layernorm.weight", nan, "rmsnorm", 0},
			{"model.layers.0.self_attn.q_proj.weight", inf, "linear", 0},
			{"model.layers.1.self_attn.v_proj.weight", nan, "linear", 1},
			{"model.layers.1.self_attn.o_proj.weight", nan, "linear", 1},
			{"model.layers.1.mlp.up_proj.weight", inf, "linear", 1},
			{"model.layers.0.mlp.down_proj.weight", nan, "linear", 0},
			{"model.norm.weight", nan, "rmsnorm", -1},
		} {
			t.Run(c.tensor, func(t *testing.T) {
				m := build(t, dev, tiny(), tinyLimits())
				poke(t, m, m.weights, c.tensor, 5, c.x)
				reqs := someRequests(13)[:1] // 3 tokens
				program := "prefill"
				if c.layer != 0 || strings.Contains(c.tensor, "o_proj") {
					program = "decode" // the last layer of a prompt ends with its keys and values
				}
				if strings.Contains(c.tensor, "layers.1.self_attn.v_proj") {
					program = "prefill"
				}
				_, err := m.Generate(context.Background(), reqs, SampleOptions{Temperature: 1, MaxNew: 3}, Watch{})
				e := named(t, err, program, c.op, c.layer, c.tensor)
				if !strings.Contains(err.Error(), c.tensor+" holds") || e.WeightsGood {
					t.Errorf("%v (weights good %v)", err, e.WeightsGood)
				}
				_, err = m.Score(context.Background(), []Sequence{{[]int32{1, 2, 3, 4, 5}, 2}}, 1)
				named(t, err, "train forward", c.op, c.layer, c.tensor)
			})
		}
	})
}

// Finite weights can overflow as well: then it is the op that counts.
func TestOverflowIsNamed(t *testing.T) {
	dev := open32(t)
	m := build(t, dev, tiny(), tinyLimits())
	poke(t, m, m.weights, "model.layers.1.post_attention_layernorm.weight", 0, fill32(12, 3e38)...)
	_, err := m.Score(context.Background(), []Sequence{{[]int32{1, 2, 3, 4, 5}, 2}}, 1)
	e := named(t, err, "train forward", "rmsnorm", 1, "model.layers.1.post_attention_layernorm.weight")
	if len(e.Inputs) != 0 || e.Bad == 0 {
		t.Errorf("%+v", e)
	}
}

// open32 is a device that computes in float32: the oracle would not overflow.
func open32(t *testing.T) kernels.Device {
	t.Helper()
	dev, err := devices()[1].open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
	return dev
}

// grow adds the gradient of two sequences in two micro-batches, the second
// with coefficients of the given size.
func grow(t *testing.T, m *Model, size float32) {
	t.Helper()
	if err := m.ZeroGrad(); err != nil {
		t.Fatal(err)
	}
	seqs := []Sequence{{[]int32{1, 2, 3, 4, 5}, 2}, {[]int32{6, 7, 8, 9, 10, 11}, 1}}
	err := m.Backward(context.Background(), seqs, 1, func(idx []int, s []Scores) (logp, ent [][]float32, err error) {
		for k, i := range idx {
			c := float32(1)
			if i == 1 {
				c = size
			}
			logp = append(logp, fill32(len(s[k].LogProbs), c))
		}
		return logp, nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestGradientIsNamed(t *testing.T) {
	dev := open32(t)
	lim := tinyLimits()
	lim.TrainRows, lim.TrainSeqs = 6, 1
	o := OptimizerOptions{LR: 0.1, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, MaxGradNorm: 1}
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, m *Model)
		check func(t *testing.T, err error)
	}{
		{"coefficients that overflow", func(t *testing.T, m *Model) { grow(t, m, 3e38) },
			func(t *testing.T, err error) {
				if e := named(t, err, "train backward", "loss_rows_bwd", -1, "model.embed_tokens.weight"); !e.WeightsGood {
					t.Error("the weights are good")
				}
			}},
		{"gradients whose squares overflow", func(t *testing.T, m *Model) { grow(t, m, 1e22) },
			func(t *testing.T, err error) {
				var e *NonFiniteError
				if !errors.As(err, &e) || e.Program != "gradient norm" || e.Tensor == "" || !e.WeightsGood || !strings.Contains(err.Error(), "all gradients are finite") {
					t.Errorf("%v", err)
				}
			}},
		{"a bit that flipped in memory", func(t *testing.T, m *Model) {
			grow(t, m, 1)
			poke(t, m, m.grads, "model.layers.1.mlp.down_proj.weight", 3, inf)
		}, func(t *testing.T, err error) {
			for _, want := range []string{"layer 1", "model.layers.1.mlp.down_proj.weight holds +Inf at element 3", "cannot be trusted"} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v does not say %q", err, want)
				}
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := build(t, dev, tiny(), lim)
			before := values(t, m, m.weights)
			c.spoil(t, m)
			norm, err := m.Step(o)
			if !notFinite(float32(norm)) {
				t.Errorf("norm %v", norm)
			}
			c.check(t, err)
			for name, w := range values(t, m, m.weights) {
				if !sameBits(w, before[name]) {
					t.Errorf("%s has changed", name)
				}
			}
			// Without the cause, the same model goes on.
			grow(t, m, 1)
			if _, err := m.Step(o); err != nil {
				t.Errorf("after a refused step: %v", err)
			}
		})
	}
}

// An update that breaks the weights is told by the step that made it, and no
// checkpoint is written of them.
func TestUpdateThatBreaksWeights(t *testing.T) {
	dev := open32(t)
	m := build(t, dev, tiny(), tinyLimits())
	dir := filepath.Join(t.TempDir(), "ckpt")
	o := OptimizerOptions{LR: 3e38, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, MaxGradNorm: 1}
	grow(t, m, 1)
	_, err := m.Step(o)
	var e *NonFiniteError
	if !errors.As(err, &e) || e.Op != "adamw" || e.WeightsGood || e.Tensor == "" || !strings.Contains(err.Error(), "learning rate 3e+38") {
		t.Fatalf("%v", err)
	}
	poke(t, m, m.weights, "model.layers.1.self_attn.k_proj.weight", 7, nan)
	if _, _, err := Save(dir, m, nil, TrainerState{}); err == nil || !strings.Contains(err.Error(), `"model.layers.1.self_attn.k_proj.weight": element 7 is NaN, not finite`) {
		t.Errorf("saved damaged weights: %v", err)
	}
	poke(t, m, m.weights, "model.layers.1.self_attn.k_proj.weight", 7, 0)
	poke(t, m, m.moment2, "model.norm.weight", 2, inf)
	if _, _, err := Save(dir, m, nil, TrainerState{}); err == nil || !strings.Contains(err.Error(), `"v.model.norm.weight": element 2 is +Inf`) {
		t.Errorf("saved damaged moments: %v", err)
	}
	left, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || slices.ContainsFunc(left, func(e os.DirEntry) bool { return true }) {
		t.Errorf("%v left behind, %v", left, err)
	}
}
