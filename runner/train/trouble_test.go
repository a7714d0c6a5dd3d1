package train

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gradus/kernels"
	"gradus/kernels/machine"
	"gradus/model"
	"gradus/runner/recipe"
	"gradus/runner/rundir"
	"gradus/runner/train/alarm"
	"gradus/store"
)

// lastState is the last state in the record, the exit record of a run that
// has ended.
func lastState(t testing.TB, dir rundir.Dir) store.StateChange {
	t.Helper()
	rec := readRecord(t, dir)
	if len(rec.states) == 0 {
		return store.StateChange{}
	}
	return rec.states[len(rec.states)-1]
}

// oneLine fails unless err is a single line that holds all of says.
func oneLine(t testing.TB, err error, says ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %q", err)
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("error %q does not say %q", err, s)
		}
	}
}

func TestBadInput(t *testing.T) {
	tests := []struct {
		name string
		text string
		sets []string
		env  func(*Env)
		says []string
	}{
		{name: "no device", env: func(e *Env) {
			e.OpenDevice = func(*recipe.Recipe) (kernels.Device, string, error) {
				return nil, "", errors.New("no such device here")
			}
		}, says: []string{"no such device"}},
		{name: "too large for the memory", sets: []string{"model.hidden_size=8192", "model.num_attention_heads=64", "model.num_hidden_layers=16"}, env: func(e *Env) {
			e.Memory = func() (machine.Memory, bool) {
				return machine.Memory{Bytes: 16e9, Total: 24e9, Why: "MemAvailable"}, true
			}
			e.OpenDevice = func(*recipe.Recipe) (kernels.Device, string, error) {
				panic("a run that does not fit must be refused before it has a device")
			}
		}, says: []string{"the run needs", "weights 17.2 GB", "optimizer state 34.4 GB", "16.0 GB are free (MemAvailable)", "take a smaller model"}},
		{name: "too large for any memory", sets: []string{"model.hidden_size=8192", "model.num_attention_heads=64", "model.num_hidden_layers=500"}, says: []string{"in packed form: more than"}},
		{name: "no room for an answer", sets: []string{"grpo.max_completion_length=64", "model.max_position_embeddings=96", "limits.max_prompt_length=32", "task.template=r1-zero"}, says: []string{"prompt", "tokens", "at most 32 fit"}},
		{name: "prompt longer than allowed", sets: []string{"limits.max_prompt_length=5"}, says: []string{"prompt", "limits.max_prompt_length"}},
		{name: "r1-zero does not fit", sets: []string{"task.template=r1-zero"}, says: []string{"prompt", "tokens"}},
		{name: "trace longer than the model", sets: []string{"model.max_position_embeddings=28", "limits.max_prompt_length=16"}, says: []string{"trace", "max_position_embeddings"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := newRun(t, micro, tt.sets...)
			env := testEnv(t, dir)
			if tt.env != nil {
				tt.env(&env)
			}
			err := Run(context.Background(), env)
			oneLine(t, err, tt.says...)
			if code := ExitCode(err); code != ExitFailed {
				t.Errorf("exit code %d, want %d", code, ExitFailed)
			}
			s := lastState(t, dir)
			if s.State != store.StateFailed || s.ExitCode != ExitFailed || s.Reason != err.Error() {
				t.Errorf("exit record %+v", s)
			}
		})
	}
}

// The smallest settings work, and how many completions are decoded at once
// changes no bit: groups are larger than the slots here.
func TestFewSlots(t *testing.T) {
	dir := newRun(t, micro, "limits.rollout_rows=1")
	mustRun(t, testEnv(t, dir))
	sameRun(t, dir, reference(t))

	lonely := newRun(t, micro, "limits.rollout_rows=1", "limits.micro_batch_rows=1", "sft.batch_size=1", "sft.steps=1", "grpo.steps=2", "grpo.warmup_steps=0",
		"grpo.prompts_per_step=1", "grpo.num_generations=2", "grpo.max_completion_length=1", "eval.prompts=1", "eval.max_completion_length=1", "eval.every=1",
		"reward.gradus.soft_overlong.params={ max_completion_length = 1, soft_punish_cache = 1 }")
	mustRun(t, testEnv(t, lonely))
	rec := readRecord(t, lonely)
	if len(rec.metrics) != 3 || len(rec.evals) == 0 {
		t.Errorf("%d steps, %d evaluations", len(rec.metrics), len(rec.evals))
	}
	for key, s := range rec.samples {
		for _, row := range s.Rows {
			if row.Tokens != 1 {
				t.Errorf("%s: a completion of %d tokens, allowed is 1", key, row.Tokens)
			}
		}
	}
}

func TestModelFromLeavesNoRoom(t *testing.T) {
	small := newRun(t, micro)
	mustRun(t, testEnv(t, small))
	from := filepath.Join(small.CkptPath(), checkpointName(8))
	text := strings.NewReplacer(micro[strings.Index(micro, "[model]"):strings.Index(micro, "[task]")], fmt.Sprintf("[model]\nfrom = %q\n", from)).Replace(micro)
	rec, err := recipe.Parse("t.toml", []byte(text), "grpo.max_completion_length=96")
	if err != nil {
		t.Fatal(err)
	}
	dir := createRun(t, t.TempDir(), rec, rundir.Spec{From: from})
	oneLine(t, Run(context.Background(), testEnv(t, dir)), "no place for a prompt", "96 positions")

	// With room it works, and a fresh optimizer begins where the other ended.
	rec, err = recipe.Parse("t.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	dir = createRun(t, t.TempDir(), rec, rundir.Spec{From: from, Parent: small.ID() + "@8"})
	mustRun(t, testEnv(t, dir))
	if h := readRecord(t, dir).header; h.Parent != small.ID()+"@8" || h.Params == 0 {
		t.Errorf("header %+v", h)
	}
}

func TestHeldByAnotherProcess(t *testing.T) {
	dir := newRun(t, micro)
	lock, err := dir.Lock(rundir.Self())
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock()
	err = Run(context.Background(), testEnv(t, dir))
	oneLine(t, err, "held by another process", fmt.Sprint(os.Getpid()))
	if !errors.Is(err, rundir.ErrHeld) {
		t.Errorf("%v is not ErrHeld", err)
	}
	if n := len(readRecordQuietly(dir)); n != 0 {
		t.Errorf("%d records were written into a run that another process holds", n)
	}
}

// A damaged checkpoint costs the steps since the one before, and no bit.
func TestDamagedCheckpoint(t *testing.T) {
	want := reference(t)
	damages := []struct {
		name string
		do   func(t *testing.T, ckpt string)
	}{
		{"a flipped bit in the weights", func(t *testing.T, ckpt string) {
			path := filepath.Join(ckpt, "model.safetensors")
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b[len(b)-5] ^= 4
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		{"the optimizer is missing", func(t *testing.T, ckpt string) {
			if err := os.Remove(filepath.Join(ckpt, "optimizer.safetensors")); err != nil {
				t.Fatal(err)
			}
		}},
		{"only weights, as another program writes them", func(t *testing.T, ckpt string) {
			for _, f := range []string{"manifest.json", "trainer_state.json", "optimizer.safetensors"} {
				if err := os.Remove(filepath.Join(ckpt, f)); err != nil {
					t.Fatal(err)
				}
			}
		}},
	}
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			dir := newRun(t, micro)
			env := testEnv(t, dir)
			env.Progress = onStep(6, func() { ask(t, dir, "stop", 0) })
			mustRun(t, env)
			d.do(t, filepath.Join(dir.CkptPath(), checkpointName(6)))
			mustRun(t, testEnv(t, dir))
			sameRun(t, dir, want)
			rec := readRecord(t, dir)
			warned := false
			for _, a := range rec.alerts {
				warned = warned || a.Code == "resume.checkpoint" && a.Level == "warn"
			}
			if !warned || len(rec.rewinds) != 1 || rec.rewinds[0].ToStep != 5 || rec.attempts[1].FromStep != 5 {
				t.Errorf("warned %v, rewinds %+v, attempts %+v", warned, rec.rewinds, rec.attempts)
			}
		})
	}
	t.Run("all of them", func(t *testing.T) {
		dir := newRun(t, micro)
		env := testEnv(t, dir)
		env.Progress = onStep(3, func() { ask(t, dir, "stop", 0) })
		mustRun(t, env)
		for _, s := range []int{2, 3} {
			damages[0].do(t, filepath.Join(dir.CkptPath(), checkpointName(s)))
		}
		err := Run(context.Background(), testEnv(t, dir))
		oneLine(t, err, "damaged", "move the folder")
		if s := lastState(t, dir); s.State != store.StateFailed {
			t.Errorf("%+v", s)
		}
		// As the message says.
		if err := os.Rename(dir.CkptPath(), dir.CkptPath()+".away"); err != nil {
			t.Fatal(err)
		}
		mustRun(t, testEnv(t, dir))
		sameRun(t, dir, want)
	})
}

// A checkpoint of another run must not be taken for one's own.
func TestForeignCheckpoint(t *testing.T) {
	other := newRun(t, micro, "seed=8")
	mustRun(t, testEnv(t, other))
	dir := newRun(t, micro)
	env := testEnv(t, dir)
	env.Progress = onStep(6, func() { ask(t, dir, "stop", 0) })
	mustRun(t, env)
	mine := filepath.Join(dir.CkptPath(), checkpointName(6))
	if err := os.RemoveAll(mine); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(mine, os.DirFS(filepath.Join(other.CkptPath(), checkpointName(6)))); err != nil {
		t.Fatal(err)
	}
	mustRun(t, testEnv(t, dir))
	sameRun(t, dir, reference(t))
}

// A learning rate beyond reason must end in one sentence, not in NaN curves.
func TestDivergence(t *testing.T) {
	dir := newRun(t, micro, "sft.learning_rate=1.0", "sft.weight_decay=10.0", "sft.steps=400")
	err := Run(context.Background(), testEnv(t, dir))
	oneLine(t, err, "training cannot go on", ": op ", "lower learning_rate")
	rec := readRecord(t, dir)
	wholeCheckpoints(t, dir)
	found := false
	for _, a := range rec.alerts {
		found = found || a.Code == alarm.NonFinite && a.Level == "error"
	}
	if !found {
		t.Errorf("no alarm among %+v", rec.alerts)
	}
	if s := lastState(t, dir); s.State != store.StateFailed || s.ExitCode != ExitFailed {
		t.Errorf("%+v", s)
	}
}

// A checkpoint of finite weights that overflow is as good as none: the run goes
// on from the one before, and nobody starts from it.
func TestBrokenWeightsAreNotUsed(t *testing.T) {
	dir := newRun(t, micro)
	env := testEnv(t, dir)
	env.Progress = onStep(3, func() { ask(t, dir, "stop", 0) })
	mustRun(t, env)
	name := filepath.Join(dir.CkptPath(), checkpointName(3))
	spoil(t, name)
	from := filepath.Join(t.TempDir(), "broken")
	if err := os.CopyFS(from, os.DirFS(name)); err != nil {
		t.Fatal(err)
	}
	mustRun(t, testEnv(t, dir))
	sameRun(t, dir, reference(t))
	warned := false
	for _, a := range readRecord(t, dir).alerts {
		warned = warned || a.Code == "resume.checkpoint" && strings.Contains(a.Message, "op rmsnorm outside the layers (model.norm.weight)")
	}
	if !warned {
		t.Error("no warning names what is wrong with the checkpoint")
	}

	text := strings.NewReplacer(micro[strings.Index(micro, "[model]"):strings.Index(micro, "[task]")], fmt.Sprintf("[model]\nfrom = %q\n", from)).Replace(micro)
	rec, err := recipe.Parse("t.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	oneLine(t, Run(context.Background(), testEnv(t, createRun(t, t.TempDir(), rec, rundir.Spec{From: from}))),
		"model.from", "op rmsnorm outside the layers (model.norm.weight)", "Inf")
	// It cannot be evaluated either.
	rec.Stages = rec.Stages[1:2]
	oneLine(t, Run(context.Background(), testEnv(t, createRun(t, t.TempDir(), rec, rundir.Spec{From: from}))),
		"this model cannot be evaluated", "op rmsnorm outside the layers (model.norm.weight)", "Inf")
}

// spoil writes a checkpoint anew with norm gains so large that logits
// overflow.
func spoil(t *testing.T, name string) {
	t.Helper()
	env := testEnv(t, rundir.Dir{})
	dev, _, err := env.OpenDevice(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	path := filepath.Join(name, "model.safetensors")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) - 64; i < len(b); i += 4 { // 3e38, little endian
		binary.LittleEndian.PutUint32(b[i:], math.Float32bits(3e38))
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	// Without a manifest nothing can tell.
	if err := os.Remove(filepath.Join(name, "manifest.json")); err != nil {
		t.Fatal(err)
	}
	m, tok, st, err := model.Load(dev, name, model.Limits{TrainRows: 8, TrainSeqs: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := os.RemoveAll(name); err != nil {
		t.Fatal(err)
	}
	if _, _, err := model.Save(name, m, tok, *st); err != nil {
		t.Fatal(err)
	}
}

// smallDisk mounts a tmpfs of n bytes.
func smallDisk(t *testing.T, n int) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a full disk is tried on a small tmpfs, which only root can mount")
	}
	path := t.TempDir()
	if err := syscall.Mount("tmpfs", path, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", n)); err != nil {
		t.Skipf("a full disk is tried on a small tmpfs, which cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(path, 0) })
	return path
}

// fill leaves about left bytes free in the file system of path.
func fill(t *testing.T, path string, left int64) string {
	t.Helper()
	f, err := os.Create(filepath.Join(path, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n, err := io.Copy(f, zeros{})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("%d bytes written: %v", n, err)
	}
	if err := f.Truncate(max(0, n-left)); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestFullDisk fills the disk while the run logs and saves: it ends with one
// line and exit code 75, what it had recorded stays, and it can be resumed.
func TestFullDisk(t *testing.T) {
	want := reference(t)
	for _, left := range []int64{0, 8 << 10, 40 << 10, 120 << 10} {
		for _, at := range []int{2, 5} {
			t.Run(fmt.Sprintf("%d bytes left after step %d", left, at), func(t *testing.T) {
				root := smallDisk(t, 16<<20)
				dir := newRunIn(t, root, micro)
				env := testEnv(t, dir)
				env.Complain = func(err error) { t.Logf("complaint: %v", err) }
				var filler string
				env.Progress = onStep(at, func() { filler = fill(t, root, left) })
				err := Run(context.Background(), env)
				if err == nil {
					t.Skip("the run fitted")
				}
				oneLine(t, err, "no space left on device", "gradus resume")
				if code := ExitCode(err); code != ExitAgain {
					t.Errorf("exit code %d, want %d", code, ExitAgain)
				}
				rec := readRecord(t, dir)
				if got := stepsOf(rec.metrics); len(got) < at {
					t.Errorf("steps %v are recorded, and step %d was told", got, at)
				}
				if s := rec.states[len(rec.states)-1]; s.State != store.StateFailed || s.ExitCode != ExitAgain {
					t.Errorf("exit record %+v", s)
				}
				if err := os.Remove(filler); err != nil {
					t.Fatal(err)
				}
				mustRun(t, testEnv(t, dir))
				sameRun(t, dir, want)
			})
		}
	}
}
