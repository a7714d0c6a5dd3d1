package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gradus/store"
	"gradus/store/eventlog"
)

// record makes a record or fails the test.
func record(t testing.TB, kind store.Kind, attempt int, us int64, body any) store.Record {
	t.Helper()
	r, err := store.NewRecord(kind, attempt, us, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// appendRecords adds records to the log in dir, each in a write of its own.
func appendRecords(t testing.TB, dir string, recs ...store.Record) {
	t.Helper()
	log, err := store.OpenLog(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for _, r := range recs {
		if err := log.Append(r); err != nil {
			t.Fatal(err)
		}
	}
}

// foldOpen folds the log in dir and opens the database.
func foldOpen(t testing.TB, dir string) *store.DB {
	t.Helper()
	if _, err := store.Fold(context.Background(), dir, store.DBPath(dir)); err != nil {
		t.Fatal(err)
	}
	db, err := store.OpenRead(store.DBPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// got fails the test on an error and else returns the value.
func got[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func metrics(step int, reward float64) store.Metrics {
	return store.Metrics{Stage: "grpo", Step: step, Values: map[string]float64{"reward": reward}}
}

func sampleRecord(step int, texts ...string) store.Samples {
	s := store.Samples{Stage: "grpo", Step: step, Phase: "train",
		Prompts: []store.Prompt{{Hash: "00112233445566778899aabbccddeeff", Task: "countdown", Ref: "cd-1", Text: "Make 6 of 1, 2, 3.", Gold: "1+2+3", Tokens: 9, Data: json.RawMessage(`{"target":6}`)}}}
	for i, text := range texts {
		row := store.Sample{Index: i, Stream: math.MaxUint64 - uint64(i), Finish: "stop", Reward: float64(i)}
		row.SetText(text)
		s.Rows = append(s.Rows, row)
	}
	return s
}

// Everything a run records comes back as it was.
func TestFoldReadsBack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	yes, no := true, false
	header := store.RunHeader{ID: "01JHM000000000000000000001", Name: "first", Purpose: "train", Task: "countdown", Config: json.RawMessage(`{"a":1}`),
		ConfigTOML: "a = 1\n", Seed: math.MaxUint64, Version: "0.1.0", Device: "cpu-avx2, 2 threads", Steps: 10, Params: 1 << 20, Parent: "01X@5", CreatedUS: 100}
	att := store.Attempt{N: 1, Host: "lab", BootID: "b", PID: 7, PIDStart: 70, Executable: "cafe"}
	long := strings.Repeat("Let me double check this. ", 100)
	s := sampleRecord(3, "<think>1+2+3</think><answer>1+2+3</answer>", long)
	s.Rows[0].Correct, s.Rows[1].Correct = &yes, &no
	s.Rows[0].Claim = "1+2+3"
	s.Rows[0].TokenIDs, s.Rows[0].LogProbs, s.Rows[0].Entropies = []int32{0, 5, math.MaxInt32}, []float32{-0.1, float32(math.Inf(-1)), -3e-38}, []float32{1, 2, 3}
	s.Rows[0].Advantage, s.Rows[0].PolicyVersion, s.Rows[1].Unscorable, s.Rows[1].Finish = -1.5, 2, true, "length"
	s.Rows[0].Rewards = []store.RewardPart{
		{Name: "format", Version: "2", Status: "ok", Score: 1, Weight: 0.1, Value: 0.1, Reason: "format.ok", Why: "One block each.", Spans: []store.Span{{From: 0, To: 7, Label: "think"}}, Micros: 3},
		{Name: "accuracy", Version: "1", Status: "timeout", Weight: 1, Reason: "accuracy.timeout", Why: "No verdict in 50 ms.", Facts: json.RawMessage(`{"ms":50}`), Micros: 50000},
	}
	ckpt := store.Checkpoint{Step: 3, Stage: "grpo", Path: "ckpt/3", Bytes: 1500, Manifest: "ab", Metrics: map[string]float64{"reward": 0.5}}
	ev := sampleRecord(3, "wrong", "right")
	ev.Stage, ev.Phase, ev.Ckpt = "eval", "eval", "01JHM000000000000000000001@3"
	ev.Rows[1].Correct = &yes
	eval := store.Eval{Ckpt: ev.Ckpt, Step: 3, Suite: "countdown-3", SuiteHash: "ee", Label: "after", Seed: 1 << 63, N: 2, K: 1, Accuracy: 0.5, CILow: 0.1, CIHigh: 0.9, FormatOK: 1, Tokens: 20, WallSeconds: 1.5}
	control := store.Control{ID: "01C", Actor: "ada", Via: "tui", Verb: "stop", Args: json.RawMessage(`{"x":1}`), Reason: "enough", AskedUS: 5, Outcome: "rejected", Result: "already stopping", AppliedStep: 3, PrevHash: "p", Hash: "h"}
	m := store.Metrics{Stage: "grpo", Step: 3, Values: map[string]float64{"reward": 0.25, "kl": math.MaxFloat64, "tiny": math.SmallestNonzeroFloat64}, NonFinite: []string{"loss"}}
	beat := store.Heartbeat{Step: 3, MonoMS: 5000, RSS: 1 << 30, CPU: 9.5}
	appendRecords(t, dir,
		record(t, store.KindRun, 1, 100, header), record(t, store.KindAttempt, 1, 101, att),
		record(t, store.KindState, 1, 102, store.StateChange{State: store.StateRunning, Stage: "grpo", Step: 0}),
		record(t, store.KindSamples, 1, 103, s), record(t, store.KindMetrics, 1, 104, m), record(t, store.KindHeartbeat, 1, 105, beat),
		record(t, store.KindCheckpoint, 1, 106, ckpt), record(t, store.KindSamples, 1, 107, ev), record(t, store.KindEval, 1, 108, eval),
		record(t, store.KindControl, 1, 109, control),
		record(t, store.KindAlert, 1, 110, store.Alert{Step: 3, Level: "error", Code: "alarm.all_cut", Message: "Every completion was cut."}),
		record(t, store.KindState, 1, 111, store.StateChange{State: store.StateFailed, Stage: "grpo", Step: 3, Reason: "disk full", ExitCode: 1}))
	db := foldOpen(t, dir)

	if h := got[store.RunHeader](t)(db.Header(ctx)); !reflect.DeepEqual(h, header) {
		t.Errorf("header\n got %+v\nwant %+v", h, header)
	}
	a := got[[]store.AttemptRow](t)(db.Attempts(ctx))
	if len(a) != 1 || a[0].Attempt != att || a[0].State != store.StateFailed || a[0].StartedUS != 101 || a[0].EndedUS != 111 || a[0].ExitCode != 1 || a[0].ValidTo != store.MaxStep {
		t.Errorf("attempts %+v", a)
	}
	st := got[store.StateInfo](t)(db.State(ctx))
	if st.State != store.StateFailed || st.Reason != "disk full" || st.SinceUS != 111 || st.LastRecordUS != 111 || st.Step != 3 || st.Attempt != 1 {
		t.Errorf("state %+v", st)
	}
	latest := got[store.StepMetrics](t)(db.LatestMetrics(ctx))
	if latest.Step != 3 || latest.TimeUS != 104 || !reflect.DeepEqual(latest.Values, m.Values) {
		t.Errorf("latest metrics %+v", latest)
	}
	if p := got[[]store.Point](t)(db.Series(ctx, "kl", 0)); len(p) != 1 || p[0] != (store.Point{Step: 3, Value: math.MaxFloat64, TimeUS: 104}) {
		t.Errorf("kl %+v", p)
	}
	hb, us, err := db.LatestHeartbeat(ctx)
	if err != nil || hb != beat || us != 105 {
		t.Errorf("heartbeat %+v %d %v", hb, us, err)
	}
	d := got[store.SampleDetail](t)(db.Sample(ctx, 1))
	if d.Text != s.Rows[0].Text || d.Stream != math.MaxUint64 || !reflect.DeepEqual(d.Prompt, s.Prompts[0]) || !reflect.DeepEqual(d.Rewards, s.Rows[0].Rewards) ||
		*d.Correct != true || d.Claim != "1+2+3" || d.Advantage != -1.5 || d.PolicyVersion != 2 || d.Tokens != 3 || d.Stage != "grpo" || d.Superseded ||
		!reflect.DeepEqual(d.TokenIDs, []int32(s.Rows[0].TokenIDs)) || !reflect.DeepEqual(d.LogProbs, []float32(s.Rows[0].LogProbs)) || !reflect.DeepEqual(d.Entropies, []float32(s.Rows[0].Entropies)) {
		t.Errorf("sample 1 %+v", d)
	}
	d = got[store.SampleDetail](t)(db.Sample(ctx, 2))
	if d.Text != long || !d.Unscorable || *d.Correct || d.Finish != "length" || d.TokenIDs != nil || len(d.Rewards) != 0 {
		t.Errorf("sample 2 %+v", d)
	}
	if c := got[[]store.CheckpointRow](t)(db.Checkpoints(ctx)); len(c) != 1 || !reflect.DeepEqual(c[0].Checkpoint, ckpt) || c[0].TimeUS != 106 {
		t.Errorf("checkpoints %+v", c)
	}
	evals := got[[]store.EvalRow](t)(db.Evals(ctx))
	if len(evals) != 1 || evals[0].Eval != eval {
		t.Fatalf("evals %+v", evals)
	}
	items := got[[]store.EvalItem](t)(db.EvalItems(ctx, evals[0].ID))
	if len(items) != 2 || items[0].SampleID != 3 || items[0].Correct != nil || items[1].Correct == nil || items[1].PromptHash != s.Prompts[0].Hash || items[1].Index != 1 {
		t.Errorf("eval items %+v", items)
	}
	c := got[store.Counts](t)(db.Counts(ctx))
	if c.Samples != 4 || c.EvalSamples != 2 || c.Prompts != 1 || c.Records != 12 || c.Steps != 1 || c.Series != 3 || c.Checkpoints != 1 || c.Evals != 1 || c.Events != 7 || c.DBBytes == 0 {
		t.Errorf("counts %+v", c)
	}
	events := got[[]store.Event](t)(db.Events(ctx, 0, 100))
	want := []string{
		"Attempt 1 began on lab (pid 7).",
		"The run is running in stage grpo at step 0.",
		"Checkpoint of step 3 written to ckpt/3 (1.5 kB).",
		"Evaluation (countdown-3, after) of 01JHM000000000000000000001@3: accuracy 0.500 [0.100, 0.900] on 2 prompts.",
		"stop by ada (tui): rejected: already stopping.",
		"Every completion was cut.",
		"The run failed in stage grpo at step 3 (exit code 1): disk full.",
	}
	for i, e := range events {
		if i >= len(want) || e.Text != want[i] {
			t.Errorf("event %d: %q", i, e.Text)
		}
	}
	if tail := got[[]store.Event](t)(db.RecentEvents(ctx, 2)); len(tail) != 2 || tail[1].Seq != 12 || tail[0].Seq != 11 || tail[1].Level != "error" {
		t.Errorf("recent events %+v", tail)
	}
	if since := got[[]store.Event](t)(db.Events(ctx, 11, 5)); len(since) != 1 || since[0].Seq != 12 {
		t.Errorf("events since 11: %+v", since)
	}
}

func TestRewindHides(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	for step := 1; step <= 5; step++ {
		appendRecords(t, dir, record(t, store.KindSamples, 1, int64(step), sampleRecord(step, "first attempt")),
			record(t, store.KindMetrics, 1, int64(step), metrics(step, float64(step))),
			record(t, store.KindCheckpoint, 1, int64(step), store.Checkpoint{Step: step, Path: "one"}))
	}
	db := foldOpen(t, dir)
	delta := got[store.SeriesDelta](t)(db.SeriesSince(ctx, 0))
	if !delta.Reset || len(delta.Points["reward"]) != 5 {
		t.Fatalf("first delta %+v", delta)
	}
	appendRecords(t, dir, record(t, store.KindRewind, 2, 10, store.Rewind{FromAttempt: 1, ToStep: 3}))
	for step := 4; step <= 4; step++ {
		appendRecords(t, dir, record(t, store.KindSamples, 2, int64(step), sampleRecord(step, "second attempt")),
			record(t, store.KindMetrics, 2, int64(step), metrics(step, 40)),
			record(t, store.KindCheckpoint, 2, int64(step), store.Checkpoint{Step: step, Path: "two"}))
	}
	foldOpen(t, dir)
	var values []float64
	for _, p := range got[[]store.Point](t)(db.Series(ctx, "reward", 0)) {
		values = append(values, p.Value)
	}
	if !reflect.DeepEqual(values, []float64{1, 2, 3, 40}) {
		t.Errorf("reward %v", values)
	}
	delta = got[store.SeriesDelta](t)(db.SeriesSince(ctx, delta.Cursor))
	if !delta.Reset || len(delta.Points["reward"]) != 4 {
		t.Errorf("delta over the rewind %+v", delta)
	}
	if m := got[store.StepMetrics](t)(db.LatestMetrics(ctx)); m.Step != 4 || m.Values["reward"] != 40 || m.Attempt != 2 {
		t.Errorf("latest %+v", m)
	}
	var steps []int
	var ids []int64
	for _, s := range got[[]store.SampleRow](t)(db.Samples(ctx, store.SampleQuery{})) {
		steps, ids = append(steps, s.Step), append(ids, s.ID)
	}
	if !reflect.DeepEqual(steps, []int{1, 2, 3, 4}) || !reflect.DeepEqual(ids, []int64{1, 2, 3, 6}) {
		t.Errorf("steps %v ids %v", steps, ids)
	}
	if rows := got[[]store.SampleRow](t)(db.Samples(ctx, store.SampleQuery{Text: "first"})); len(rows) != 3 {
		t.Errorf("search finds %d rows of the first attempt, want 3", len(rows))
	}
	if d := got[store.SampleDetail](t)(db.Sample(ctx, 5)); !d.Superseded {
		t.Error("sample 5 is not marked superseded")
	}
	var paths []string
	for _, c := range got[[]store.CheckpointRow](t)(db.Checkpoints(ctx)) {
		paths = append(paths, c.Path)
	}
	if !reflect.DeepEqual(paths, []string{"one", "one", "one", "two"}) {
		t.Errorf("checkpoints %v", paths)
	}
}

func TestSeriesSinceGivesOnlyNewPoints(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	appendRecords(t, dir, record(t, store.KindMetrics, 1, 1, metrics(1, 1)))
	db := foldOpen(t, dir)
	d := got[store.SeriesDelta](t)(db.SeriesSince(ctx, 0))
	next := metrics(2, 2)
	next.Values["kl"] = 0.5
	appendRecords(t, dir, record(t, store.KindMetrics, 1, 2, next))
	foldOpen(t, dir)
	d = got[store.SeriesDelta](t)(db.SeriesSince(ctx, d.Cursor))
	want := map[string][]store.Point{"reward": {{Step: 2, Value: 2, TimeUS: 2}}, "kl": {{Step: 2, Value: 0.5, TimeUS: 2}}}
	if d.Reset || !reflect.DeepEqual(d.Points, want) {
		t.Fatalf("delta %+v", d)
	}
	if d = got[store.SeriesDelta](t)(db.SeriesSince(ctx, d.Cursor)); d.Reset || len(d.Points) != 0 {
		t.Fatalf("delta without news %+v", d)
	}
}

// Two evaluations of the same checkpoint keep their samples apart, and samples
// of an evaluation that a crash broke off belong to none.
func TestEvalsOwnTheirSamples(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	ev := func(text string) store.Samples {
		s := sampleRecord(3, text)
		s.Phase, s.Ckpt = "eval", "R@3"
		return s
	}
	done := store.Eval{Ckpt: "R@3", Step: 3, N: 1, K: 1}
	appendRecords(t, dir, record(t, store.KindSamples, 1, 1, ev("broken off")),
		record(t, store.KindSamples, 2, 2, ev("one")), record(t, store.KindEval, 2, 3, done),
		record(t, store.KindSamples, 2, 4, ev("two")), record(t, store.KindEval, 2, 5, done))
	db := foldOpen(t, dir)
	for i, want := range []int64{2, 3} {
		items := got[[]store.EvalItem](t)(db.EvalItems(ctx, int64(i+1)))
		if len(items) != 1 || items[0].SampleID != want {
			t.Errorf("evaluation %d: %+v, want sample %d", i+1, items, want)
		}
	}
}

func TestUnknownAndBrokenRecordsAreKept(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	w, err := eventlog.OpenWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, payload := range []string{
		`{"kind":"weather","attempt":1,"ts_us":5,"body":{"rain":true}}`,
		`{"kind":"metrics","attempt":1,"ts_us":6,"body":{"step":"one"}}`,
		`{"kind":"metrics","attempt":1,"ts_us":6,"body":{"step":1,"values":{"reward":1e999}}}`,
		`{"kind":"samples","attempt":1,"ts_us":7,"body":{"rows":[{"prompt":3}]}}`,
		`{"kind":"samples","attempt":1,"ts_us":7,"body":{"rows":[{"prompt":-1}],"prompts":[{}]}}`,
		"\x00\x01\x02 not JSON \xff",
		`{"attempt":1}`,
		`{"body":{"state":"running","step":4},"kind":"state","attempt":1,"ts_us":9,"more":[1,2]}`,
		`{"kind":"state","attempt":1,"ts_us":10,"body":{"state":"paused","step":5},"more":[1,2]}`,
		`{"kind":"samples","attempt":1,"ts_us":11,"body":{"rows":[{"ids":"AAA"}],"prompts":[{}]}}`,
	} {
		if _, err := w.Append([]byte(payload)); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	db := foldOpen(t, dir)
	events := got[[]store.Event](t)(db.Events(ctx, 0, 100))
	kinds := []store.Kind{"weather", "metrics", "metrics", "samples", "samples", "unreadable", "unreadable", "state", "state", "samples"}
	levels := []string{"warn", "error", "error", "error", "error", "error", "error", "info", "info", "error"}
	if len(events) != len(kinds) {
		t.Fatalf("%d events, want %d", len(events), len(kinds))
	}
	for i, e := range events {
		if e.Kind != kinds[i] || e.Level != levels[i] || e.Seq != uint64(i+1) {
			t.Errorf("event %d: %+v", i+1, e)
		}
	}
	if string(events[0].Body) != `{"rain":true}` {
		t.Errorf("the unknown record's body is %q", events[0].Body)
	}
	if s := got[store.StateInfo](t)(db.State(ctx)); s.State != store.StatePaused || s.Step != 5 {
		t.Errorf("state %+v", s)
	}
}

func TestHostileStringsComeBack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	texts := []string{"", "\x00", "a\x00b", "\xff\xfe", "\x1b]52;c;eA==\x07", "\u202Eabc", strings.Repeat("\xf0\x28", 5000), strings.Repeat("x", 1<<20),
		"'); DROP TABLE sample; --", "\uFFFD", strings.Repeat("🙂", 300)}
	s := sampleRecord(1, texts...)
	for i := range s.Rows {
		s.Rows[i].Claim = strings.ToValidUTF8(texts[i], "?")
		s.Rows[i].Rewards = []store.RewardPart{{Name: s.Rows[i].Claim, Version: s.Rows[i].Claim, Status: "ok", Why: s.Rows[i].Claim}}
	}
	appendRecords(t, dir, record(t, store.KindSamples, 1, 1, s),
		record(t, store.KindMetrics, 1, 2, store.Metrics{Step: 1, Values: map[string]float64{"a\x00b": 1, "'\"; --": 2, "": 3}}),
		record(t, store.KindAlert, 1, 3, store.Alert{Message: "nul \x00 \x1b[2J"}))
	db := foldOpen(t, dir)
	for i, want := range texts {
		d := got[store.SampleDetail](t)(db.Sample(ctx, int64(i+1)))
		if d.Text != want || d.Claim != s.Rows[i].Claim || d.Rewards[0].Name != d.Claim || d.Rewards[0].Why != d.Claim {
			t.Errorf("text %d came back changed (%d bytes, want %d)", i, len(d.Text), len(want))
		}
	}
	if p := got[[]store.Point](t)(db.Series(ctx, "'\"; --", 0)); len(p) != 1 || p[0].Value != 2 {
		t.Errorf("series with quotes: %+v", p)
	}
	if n := got[[]string](t)(db.SeriesNames(ctx)); len(n) != 3 {
		t.Errorf("series %q", n)
	}
}

func TestGroupOf(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	one, two := sampleRecord(1, "a", "b"), sampleRecord(1, "c")
	two.Rows[0].Index = 2
	other := sampleRecord(1, "x")
	other.Rows[0].Group = 1
	appendRecords(t, dir, record(t, store.KindSamples, 1, 1, one), record(t, store.KindSamples, 1, 2, other), record(t, store.KindSamples, 1, 3, two),
		record(t, store.KindSamples, 1, 4, sampleRecord(2, "y")))
	db := foldOpen(t, dir)
	var text string
	for _, r := range got[[]store.SampleRow](t)(db.GroupOf(ctx, 2)) {
		text += r.Text
	}
	if text != "abc" {
		t.Errorf("group is %q, want abc", text)
	}
	if _, err := db.GroupOf(ctx, 99); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("group of a missing trace: %v", err)
	}
}

func TestMissingThings(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	if _, err := store.OpenRead(store.DBPath(dir)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no database: %v", err)
	}
	db := foldOpen(t, dir) // of no log at all
	if _, err := db.Header(ctx); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("header: %v", err)
	}
	if _, err := db.State(ctx); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("state: %v", err)
	}
	if _, err := db.LatestMetrics(ctx); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("metrics: %v", err)
	}
	if _, _, err := db.LatestHeartbeat(ctx); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("heartbeat: %v", err)
	}
	if _, err := db.Sample(ctx, 1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("sample: %v", err)
	}
	if rows := got[[]store.SampleRow](t)(db.Samples(ctx, store.SampleQuery{Text: "x"})); len(rows) != 0 {
		t.Errorf("samples: %v", rows)
	}
	info, err := os.Stat(store.DBPath(dir))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the database has mode %v, %v; want 0600", info.Mode(), err)
	}
	foreign := filepath.Join(t.TempDir(), "x.db")
	if err := os.WriteFile(foreign, []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.OpenRead(foreign); !errors.Is(err, store.ErrNotOurs) {
		t.Errorf("a foreign file: %v", err)
	}
	if _, err := store.OpenRead(t.TempDir()); !errors.Is(err, store.ErrNotOurs) {
		t.Errorf("a directory: %v", err)
	}
}
