package shape

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"gradus/kernels/machine"
	"gradus/kernels/ref"
	"gradus/model"
	"gradus/runner/recipe"
)

const small = `
name = "small"
[model]
hidden_size = 64
num_hidden_layers = 2
max_position_embeddings = 256
[task]
name = "digit_walk"
template = "short"
[[reward]]
name = "gradus.accuracy"
[[stage]]
kind = "grpo"
prompts_per_step = 16
num_generations = 8
max_completion_length = 96
[limits]
max_prompt_length = 64
`

func load(t *testing.T, sets ...string) (*recipe.Recipe, Shape) {
	t.Helper()
	rec, err := recipe.Parse("test.toml", []byte(small), sets...)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(rec, "")
	if err != nil {
		t.Fatal(err)
	}
	return rec, s
}

func sizes(s Shape) map[string]int64 {
	m := map[string]int64{}
	for _, it := range s.Memory() {
		m[it.Name] = it.Bytes
	}
	return m
}

// The arithmetic that a person would do by hand.
func TestMemory(t *testing.T) {
	_, s := load(t, "grpo.beta=0.04")
	got := sizes(s)
	n := s.Config.NumParams()
	if got["weights"] < 4*n || got["weights"] > 4*n+4096 || got["gradients"] != got["weights"] || got["optimizer state"] != 2*got["weights"]+4 {
		t.Errorf("%d weights: %v", n, got)
	}
	// 128 completions of 96 tokens and 16 prompts of 64, keys and values of 2 layers of width 64.
	if got["completion KV cache"] != 128*96*2*64*2*4 || got["prompt KV cache"] != 16*64*2*64*2*4 {
		t.Errorf("KV caches: %v", got)
	}
	if got["KL reference"] < 4*n || got["samples"] != 128*96*tokenBytes || got["logits chunk"] == 0 {
		t.Errorf("%v", got)
	}
	if _, again := load(t); sizes(again)["KL reference"] != 0 {
		t.Error("a reference without beta")
	}
	// It is what a model of that shape really asks for.
	m, err := model.New(ref.New(), s.Config, s.Limits)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	parts, err := s.Limits.Memory(s.Config)
	if sum, want := s.Limits.MemoryBytes(s.Config), Total(parts); err != nil || sum != want || sum == 0 {
		t.Errorf("%d bytes, the parts make %d", sum, want)
	}
}

// The memory of decoding is bounded by the slots, however much there is to
// decode, and a step that is smaller than that does not pay for them.
func TestSlotsBoundMemory(t *testing.T) {
	_, few := load(t, "stage.1.prompts_per_step=2", "limits.rollout_rows=512")
	if few.Limits.Slots != 16 || few.Limits.PromptSlots != 2 {
		t.Errorf("2 prompts x 8 completions: %+v", few.Limits)
	}
	_, a := load(t, "eval.every=10", "eval.prompts=512", "limits.rollout_rows=8")
	_, b := load(t, "eval.every=10", "eval.prompts=100000", "eval.samples=16", "limits.rollout_rows=8")
	if a.Limits != b.Limits || a.Limits.Slots != 8 || a.Limits.PromptSlots != 8 {
		t.Errorf("%+v and %+v", a.Limits, b.Limits)
	}
	_, one := load(t, "limits.rollout_rows=1", "limits.micro_batch_rows=1")
	if one.Limits.Slots != 1 || one.Limits.PromptSlots != 1 || one.Limits.TrainSeqs != 1 {
		t.Errorf("one at a time: %+v", one.Limits)
	}
}

func TestFits(t *testing.T) {
	rec, s := load(t)
	need := Total(s.Memory())
	if err := s.Fits(rec, machine.Memory{Bytes: need, Total: need}); err != nil {
		t.Errorf("exactly enough: %v", err)
	}
	err := s.Fits(rec, machine.Memory{Bytes: need - 1, Total: 2 * need, Why: "MemAvailable"})
	for _, want := range []string{"the run needs " + Bytes(need), "weights ", " + activations ", "are free (MemAvailable)", "set limits.micro_batch_rows = 16, which needs "} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if !errors.Is(err, syscall.ENOMEM) {
		t.Error("memory that others hold may come back")
	}
	err = s.Fits(rec, machine.Memory{Bytes: 1 << 20, Total: 1 << 21, Why: "x"})
	if err == nil || errors.Is(err, syscall.ENOMEM) || !strings.Contains(err.Error(), "even with the smallest limits it would need") {
		t.Errorf("a machine that never has it: %v", err)
	}
	var large *TooLargeError
	if !errors.As(err, &large) {
		t.Errorf("%T", err)
	}
}

// Whatever the machine has: limits that are advised do fit, and are given up
// only if the smallest do not.
func TestAdviceFits(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		rec, s := load(t, fmt.Sprintf("limits.micro_batch_rows=%d", 1<<rng.IntN(8)), fmt.Sprintf("limits.rollout_rows=%d", 1+rng.IntN(300)))
		need := Total(s.Memory())
		have := need - 1 - rng.Int64N(need/2)
		err := s.Fits(rec, machine.Memory{Bytes: have})
		if err == nil {
			t.Fatalf("%d of %d bytes fit", need, have)
		}
		var sets []string
		for _, w := range []string{"limits.micro_batch_rows", "limits.rollout_rows"} {
			if _, rest, ok := strings.Cut(err.Error(), w+" = "); ok {
				var n int
				if _, err := fmt.Sscan(strings.NewReplacer(",", " ").Replace(rest), &n); err != nil {
					t.Fatal(err)
				}
				sets = append(sets, fmt.Sprintf("%s=%d", w, n))
			}
		}
		again := ""
		if strings.Contains(err.Error(), "limits.gradient_checkpointing = true") {
			again = "limits.gradient_checkpointing=true"
		}
		if len(sets) == 0 && again == "" {
			_, least := load(t, "limits.micro_batch_rows=1", "limits.rollout_rows=1", "limits.gradient_checkpointing=true")
			if Total(least.Memory()) <= have {
				t.Errorf("%v, but the smallest limits fit", err)
			}
			continue
		}
		if len(sets) == 1 {
			sets = append(sets, map[bool]string{true: fmt.Sprintf("limits.rollout_rows=%d", rec.Limits.RolloutRows), false: fmt.Sprintf("limits.micro_batch_rows=%d", rec.Limits.MicroBatchRows)}[strings.HasPrefix(sets[0], "limits.micro")])
		}
		if again != "" {
			sets = append(sets, again)
		}
		if _, then := load(t, sets...); Total(then.Memory()) > have {
			t.Errorf("%v, but %v needs %d of %d", err, sets, Total(then.Memory()), have)
		}
	}
}
