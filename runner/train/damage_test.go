package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"gradus/kernels"
	"gradus/kernels/cpu"
	"gradus/model"
	"gradus/runner/recipe"
	"gradus/runner/rundir"
	"gradus/runner/train/alarm"
	"gradus/store"
)

// faulty is a CPU whose memory can be damaged.
type faulty struct {
	kernels.Device
	norm    kernels.Buffer // what the program "gradient norm" reads
	weights kernels.Buffer // what the first "weight norm" reads
	// spoil, if not nil, is called before each run of "gradient norm".
	spoil func(d *faulty) error
}

type faultyExec struct {
	kernels.Exec
	before func() error
}

func (x faultyExec) Run(a *kernels.Args) error {
	if err := x.before(); err != nil {
		return err
	}
	return x.Exec.Run(a)
}

func (d *faulty) Compile(p *kernels.Program) (kernels.Exec, error) {
	x, err := d.Device.Compile(p)
	if err != nil {
		return nil, err
	}
	for _, b := range p.Bufs {
		switch {
		case b.Name != "elements":
		case p.Name == "weight norm" && d.weights == nil:
			d.weights = b.Buf
		case p.Name == "gradient norm" && d.norm == nil:
			d.norm = b.Buf
			return faultyExec{x, func() error {
				if d.spoil == nil {
					return nil
				}
				return d.spoil(d)
			}}, nil
		}
	}
	return x, nil
}

// faultyEnv is testEnv with memory that can be damaged.
func faultyEnv(t *testing.T, dir rundir.Dir) (Env, *faulty) {
	t.Helper()
	env, d := testEnv(t, dir), &faulty{}
	env.OpenDevice = func(*recipe.Recipe) (kernels.Device, string, error) {
		dev, err := cpu.Open(cpu.Options{Threads: 1})
		d.Device = dev
		return d, "one thread", err
	}
	return env, d
}

// wholeCheckpoints fails if a checkpoint does not load, or gives log-probs
// that are not finite.
func wholeCheckpoints(t *testing.T, dir rundir.Dir) []int {
	t.Helper()
	dev, err := cpu.Open(cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	steps, err := savedSteps(dir.CkptPath())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		m, _, _, err := model.Load(dev, filepath.Join(dir.CkptPath(), checkpointName(s)), model.Limits{TrainRows: 8, TrainSeqs: 1})
		if err != nil {
			t.Error(err)
			continue
		}
		if err := errors.Join(m.CheckFinite(), m.Close()); err != nil {
			t.Errorf("step %d: %v", s, err)
		}
	}
	return steps
}

// Weights that break in memory end the run before anything of them is
// written. With sound memory the run goes on from the checkpoint before, and
// ends with the bits of a run that nothing happened to.
func TestDamagedWeights(t *testing.T) {
	want := reference(t)
	for _, c := range []struct {
		name string
		at   int // step after which the weights break
		says string
		last int // the checkpoint before
	}{
		{"found by the save after the step", 2, "no checkpoint is written of the weights after step 2", -1},
		{"found by the evaluation after the step", 6, "evaluation after step 6", 5},
		{"found by the next rollout", 4, "step 5", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := newRun(t, micro)
			env, d := faultyEnv(t, dir)
			env.Progress = onStep(c.at, func() {
				bad := make([]float32, 40)
				for i := range bad {
					bad[i] = float32(math.NaN())
				}
				if err := d.WriteF32(d.weights, d.weights.Len()-600, bad); err != nil {
					t.Error(err)
				}
			})
			err := Run(context.Background(), env)
			says := []string{"training cannot go on", c.says, "op ", "layer 0", "model.layers.0.", "NaN"}
			if c.last >= 0 {
				says = append(says, fmt.Sprintf("%s@%d", dir.ID(), c.last))
			}
			t.Log(err)
			oneLine(t, err, says...)
			if s := lastState(t, dir); s.State != store.StateFailed || s.ExitCode != ExitFailed || !strings.Contains(s.Reason, c.says) {
				t.Errorf("exit record %+v", s)
			}
			alarms := 0
			for _, a := range readRecord(t, dir).alerts {
				if a.Code == alarm.NonFinite && strings.Contains(a.Message, "op ") {
					alarms++
				}
			}
			if alarms != 1 {
				t.Errorf("%d alarms", alarms)
			}
			for _, s := range wholeCheckpoints(t, dir) {
				if s >= c.at {
					t.Errorf("a checkpoint of step %d was written", s)
				}
			}
			mustRun(t, testEnv(t, dir))
			sameRun(t, dir, want)
		})
	}
}

// A gradient with an infinity ends the run before the update; the weights are
// those of the step before, and saved.
func TestInfiniteGradient(t *testing.T) {
	want := reference(t)
	dir := newRun(t, micro)
	env, d := faultyEnv(t, dir)
	env.Progress = onStep(4, func() {
		d.spoil = func(d *faulty) error {
			return d.WriteF32(d.norm, 100, []float32{float32(math.Inf(1))})
		}
	})
	err := Run(context.Background(), env)
	oneLine(t, err, "step 5", "gradient norm is +Inf", "+Inf at element", "cannot be trusted", dir.ID()+"@4")
	if got := wholeCheckpoints(t, dir); got[len(got)-1] != 4 {
		t.Errorf("checkpoints %v, want the last of step 4", got)
	}
	mustRun(t, testEnv(t, dir))
	sameRun(t, dir, want)
}
