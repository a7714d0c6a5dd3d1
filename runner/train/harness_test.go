package train

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"gradus/kernels"
	"gradus/kernels/cpu"
	"gradus/runner/recipe"
	"gradus/runner/rundir"
	"gradus/runner/train/journal"
	"gradus/store"
	"gradus/store/eventlog"
)

// micro is a whole pipeline that takes well under a second: cold start, evaluation, GRPO with every switch that keeps state.
const micro = `
name = "micro"
seed = 7
[model]
hidden_size = 16
intermediate_size = 16
num_hidden_layers = 1
num_attention_heads = 2
max_position_embeddings = 96
[task]
name = "mod_chain"
level = 1
template = "short"
[[reward]]
name = "gradus.accuracy"
[[reward]]
name = "gradus.format"
weight = 0.2
[[reward]]
name = "gradus.soft_overlong"
params = { max_completion_length = 12, soft_punish_cache = 12 }
[[stage]]
kind = "sft"
steps = 3
batch_size = 4
learning_rate = 1e-2
style = { careful = 1.0, terse = 1.0 }
[[stage]]
kind = "eval"
label = "before"
[[stage]]
kind = "grpo"
steps = 5
prompts_per_step = 2
num_generations = 3
max_completion_length = 12
learning_rate = 1e-3
warmup_steps = 2
beta = 0.05
sync_ref_model = true
ref_model_sync_steps = 2
num_iterations = 2
steps_per_generation = 2
[[stage]]
kind = "eval"
label = "after"
[eval]
prompts = 6
every = 3
max_completion_length = 10
[checkpoint]
save_steps = 2
[limits]
max_prompt_length = 32
micro_batch_rows = 4
rollout_rows = 8
`

// newRun makes the folder of a run.
func newRun(t testing.TB, text string, sets ...string) rundir.Dir {
	t.Helper()
	root := t.TempDir()
	if err := os.Chmod(root, 0o700); err != nil {
		t.Fatal(err)
	}
	return newRunIn(t, root, text, sets...)
}

func newRunIn(t testing.TB, root, text string, sets ...string) rundir.Dir {
	t.Helper()
	rec, err := recipe.Parse("test.toml", []byte(text), sets...)
	if err != nil {
		t.Fatal(err)
	}
	return createRun(t, root, rec, rundir.Spec{})
}

func createRun(t testing.TB, root string, rec *recipe.Recipe, spec rundir.Spec) rundir.Dir {
	t.Helper()
	home, err := rundir.OpenHome(root)
	if err != nil {
		t.Fatal(err)
	}
	spec.ID, spec.Name, spec.Purpose = ulid.Make().String(), rec.Name, rec.Purpose()
	spec.Config, spec.ConfigTOML, spec.Host = rec.JSON(), rec.TOML(), rundir.Self().Host
	spec.CreatedUS = time.Now().UnixMicro()
	dir, err := home.Create(spec)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// testEnv runs on one thread of the CPU. The reference device would not do: it
// computes in float64 and checkpoints hold float32, so it resumes with a
// rounding.
func testEnv(t testing.TB, dir rundir.Dir) Env { // t may be nil
	return Env{
		Dir: dir, Clock: journal.System{}, NewID: func() string { return ulid.Make().String() }, Version: "test",
		OpenDevice: func(*recipe.Recipe) (kernels.Device, string, error) {
			dev, err := cpu.Open(cpu.Options{Threads: 1})
			return dev, "one thread", err
		},
		Complain: func(err error) { t.Log(err) },
	}
}

// collector gathers events.
type collector struct {
	mu     sync.Mutex
	events []Event
	each   func(Event)
}

func (c *collector) add(e Event) {
	c.mu.Lock()
	c.events = append(c.events, e)
	c.mu.Unlock()
	if c.each != nil {
		c.each(e)
	}
}

// record is everything a run has written that still counts, without what
// measures time.
type record struct {
	kinds    []store.Kind
	states   []store.StateChange
	metrics  map[int]store.Metrics
	samples  map[string]store.Samples // by phase, step and first row
	evals    []store.Eval
	ckpts    map[int]store.Checkpoint
	controls []store.Control
	alerts   []store.Alert
	rewinds  []store.Rewind
	attempts []store.Attempt
	header   *store.RunHeader
	beats    int
}

func readRecord(t testing.TB, dir rundir.Dir) record {
	t.Helper()
	rec := record{metrics: map[int]store.Metrics{}, samples: map[string]store.Samples{}, ckpts: map[int]store.Checkpoint{}}
	log := store.ReadLog(dir.Path(), eventlog.Position{})
	defer log.Close()
	decode := func(r store.Record, v any) {
		if err := json.Unmarshal(r.Body, v); err != nil {
			t.Fatalf("%s record: %v", r.Kind, err)
		}
	}
	for {
		r, _, _, err := log.Next()
		if errors.Is(err, io.EOF) {
			return rec
		}
		if err != nil {
			t.Fatal(err)
		}
		rec.kinds = append(rec.kinds, r.Kind)
		switch r.Kind {
		case store.KindRun:
			rec.header = &store.RunHeader{}
			decode(r, rec.header)
		case store.KindAttempt:
			var a store.Attempt
			decode(r, &a)
			rec.attempts = append(rec.attempts, a)
		case store.KindState:
			var s store.StateChange
			decode(r, &s)
			rec.states = append(rec.states, s)
		case store.KindMetrics:
			var m store.Metrics
			decode(r, &m)
			for name := range m.Values {
				if isTiming(name) {
					delete(m.Values, name)
				}
			}
			if _, twice := rec.metrics[m.Step]; twice {
				t.Errorf("step %d is recorded twice without a rewind", m.Step)
			}
			rec.metrics[m.Step] = m
		case store.KindSamples:
			var s store.Samples
			decode(r, &s)
			for i := range s.Rows {
				for k := range s.Rows[i].Rewards {
					s.Rows[i].Rewards[k].Micros = 0
				}
			}
			// Another run has another id.
			if _, step, ok := strings.Cut(s.Ckpt, "@"); ok {
				s.Ckpt = "RUN@" + step
			}
			key := fmt.Sprintf("%s %d", s.Phase, s.Step)
			for _, again := rec.samples[key]; again; _, again = rec.samples[key] {
				key += "+"
			}
			rec.samples[key] = s
		case store.KindEval:
			var e store.Eval
			decode(r, &e)
			e.WallSeconds = 0
			if _, step, ok := strings.Cut(e.Ckpt, "@"); ok {
				e.Ckpt = "RUN@" + step
			}
			rec.evals = append(rec.evals, e)
		case store.KindCheckpoint:
			var c store.Checkpoint
			decode(r, &c)
			rec.ckpts[c.Step] = c
		case store.KindControl:
			var c store.Control
			decode(r, &c)
			rec.controls = append(rec.controls, c)
		case store.KindAlert:
			var a store.Alert
			decode(r, &a)
			rec.alerts = append(rec.alerts, a)
		case store.KindRewind:
			var w store.Rewind
			decode(r, &w)
			rec.rewinds = append(rec.rewinds, w)
			rec.rewind(w.ToStep)
		case store.KindHeartbeat:
			rec.beats++
		}
	}
}

func (r *record) rewind(to int) {
	for s := range r.metrics {
		if s > to {
			delete(r.metrics, s)
		}
	}
	for k, s := range r.samples {
		if s.Step > to {
			delete(r.samples, k)
		}
	}
	for s := range r.ckpts {
		if s > to {
			delete(r.ckpts, s)
		}
	}
	var evals []store.Eval
	for _, e := range r.evals {
		if e.Step <= to {
			evals = append(evals, e)
		}
	}
	r.evals = evals
}

// hashes are the files of all checkpoints, by path, with their SHA-256.
func hashes(t testing.TB, dir rundir.Dir) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir.CkptPath(), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir.CkptPath(), path)
		if err != nil || strings.HasPrefix(rel, ".") {
			return err
		}
		b, err := os.ReadFile(path)
		sum := sha256.Sum256(b)
		out[rel] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// asJSON makes values comparable and their difference readable.
func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// sameRun fails unless both runs recorded the same metrics, samples,
// evaluations and checkpoints, to the bit.
func sameRun(t *testing.T, got, want rundir.Dir) {
	t.Helper()
	a, b := readRecord(t, got), readRecord(t, want)
	if x, y := stepsOf(a.metrics), stepsOf(b.metrics); asJSON(t, x) != asJSON(t, y) {
		t.Fatalf("steps %v, want %v", x, y)
	}
	for s := range b.metrics {
		if x, y := asJSON(t, a.metrics[s]), asJSON(t, b.metrics[s]); x != y {
			t.Fatalf("metrics of step %d differ:\n%s\n%s", s, x, y)
		}
	}
	if len(a.samples) != len(b.samples) {
		t.Errorf("%d records of samples, want %d", len(a.samples), len(b.samples))
	}
	for k := range b.samples {
		if x, y := asJSON(t, a.samples[k]), asJSON(t, b.samples[k]); x != y {
			t.Fatalf("samples %q differ:\n%.2000s\n%.2000s", k, x, y)
		}
	}
	if x, y := asJSON(t, a.evals), asJSON(t, b.evals); x != y {
		t.Errorf("evaluations differ:\n%s\n%s", x, y)
	}
	x, y := hashes(t, got), hashes(t, want)
	last := checkpointName(stepsOf(b.metrics)[len(b.metrics)-1])
	found := 0
	for path := range y {
		if !strings.HasPrefix(path, last+"/") {
			continue
		}
		found++
		if x[path] != y[path] {
			t.Errorf("%s differs", path)
		}
	}
	if found < 5 {
		t.Errorf("the last checkpoint %s has %d files", last, found)
	}
	// Checkpoints on the way may be more, where the run was stopped, but those
	// that both have are equal.
	for path, h := range x {
		if w, both := y[path]; both && w != h {
			t.Errorf("%s differs", path)
		}
	}
}

func stepsOf(m map[int]store.Metrics) []int {
	var s []int
	for k := range m {
		s = append(s, k)
	}
	sort.Ints(s)
	return s
}

// mustRun does a run in this process.
func mustRun(t testing.TB, env Env) {
	t.Helper()
	if err := Run(context.Background(), env); err != nil {
		t.Fatal(err)
	}
}

// readRecordQuietly lists the kinds of the records that are there now.
func readRecordQuietly(dir rundir.Dir) []store.Kind {
	var kinds []store.Kind
	log := store.ReadLog(dir.Path(), eventlog.Position{})
	defer log.Close()
	for {
		r, _, _, err := log.Next()
		if err != nil {
			return kinds
		}
		kinds = append(kinds, r.Kind)
	}
}
