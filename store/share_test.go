package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gradus/store"
	"gradus/store/query"
	"gradus/store/storetest"
)

// readOnlyCopy is the file with mode 0444 in a folder with mode 0555.
func readOnlyCopy(t *testing.T, path string) string {
	t.Helper()
	dir := t.TempDir()
	to := filepath.Join(dir, "shared.db")
	b := got[[]byte](t)(os.ReadFile(path))
	if err := errors.Join(os.WriteFile(to, b, 0o444), os.Chmod(dir, 0o555)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(dir, 0o700) })
	return to
}

func shareOpen(t *testing.T, path string) *store.DB {
	t.Helper()
	db := got[*store.DB](t)(store.Open(path, store.RoleUntrusted))
	t.Cleanup(func() { db.Close() })
	return db
}

// A shared file holds the same rows as the run, needs nothing beside it, and
// says when it was changed.
func TestShareWhole(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, final := range []store.State{store.StateDone, store.StateRunning} {
		db, dir := storetest.Open(t, storetest.Spec{Seed: 3, Steps: 8, RewindAt: 4, EvalPrompts: 4, Hostile: final == store.StateDone, Final: final})
		out := filepath.Join(t.TempDir(), "paper.db")
		m := got[store.Manifest](t)(store.Share(ctx, store.DBPath(dir), out, store.ShareOptions{Version: "1.2.3", NowUS: 77}))
		n := got[store.Counts](t)(db.Counts(ctx))
		if m.RunID != got[store.RunHeader](t)(db.Header(ctx)).ID || m.Name != "countdown-3" || m.Traces != n.Samples || m.Of != n.Samples ||
			m.Control.Records != scanOne[int](t, plain(t, store.DBPath(dir)), "SELECT count(*) FROM control") || m.CreatedUS != 77 || m.Version != "1.2.3" || len(m.Redacted) != 0 {
			t.Errorf("manifest %+v", m)
		}
		// A run that goes on has no ledger yet, and the file has one.
		if m.SHA256 != contentHash(t, out) || final == store.StateDone && m.SHA256 != contentHash(t, store.DBPath(dir)) {
			t.Errorf("%s: the content is not that of the run", final)
		}
		if n := scanOne[int](t, plain(t, out), "SELECT sum(completions) FROM cost_by_stage"); n != int(m.Traces) {
			t.Errorf("%s: the ledger has %d completions of %d", final, n, m.Traces)
		}
		ro := readOnlyCopy(t, out)
		shared := shareOpen(t, ro)
		if again := got[store.Manifest](t)(shared.VerifyShared(ctx)); again.SHA256 != m.SHA256 {
			t.Errorf("read back %+v", again)
		}
		for id := int64(1); id <= n.Samples; id += 7 {
			a, b := got[store.SampleDetail](t)(db.Sample(ctx, id)), got[store.SampleDetail](t)(shared.Sample(ctx, id))
			if a.Text != b.Text || a.Prompt.Text != b.Prompt.Text || !slices.Equal(a.TokenIDs, b.TokenIDs) || a.Reward != b.Reward {
				t.Errorf("trace %d differs", id)
			}
		}
		q := store.SampleQuery{Text: "answer"}
		if a, b := got[int](t)(db.CountSamples(ctx, q, 0)), got[int](t)(shared.CountSamples(ctx, q, 0)); a != b || a == 0 {
			t.Errorf("search finds %d in the file and %d in the run", b, a)
		}
		c := got[store.Check](t)(store.CheckDB(ctx, ro))
		if len(c.Problems) > 0 || !c.Sealed || !c.Shared {
			t.Errorf("%+v", c)
		}
		if entries := got[[]os.DirEntry](t)(os.ReadDir(filepath.Dir(out))); len(entries) != 1 {
			t.Errorf("%d files beside it", len(entries)-1)
		}
	}
}

func TestShareRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, dir := storetest.Open(t, storetest.Spec{Seed: 3, Steps: 9})
	db.Close()
	out := filepath.Join(t.TempDir(), "paper.db")
	if err := os.WriteFile(out, []byte("a paper"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Share(ctx, store.DBPath(dir), out, store.ShareOptions{}); !errors.Is(err, store.ErrExists) {
		t.Errorf("a file that is there: %v", err)
	}
	if b := got[[]byte](t)(os.ReadFile(out)); string(b) != "a paper" {
		t.Error("it was overwritten")
	}
	if _, err := store.Share(ctx, store.DBPath(dir), out, store.ShareOptions{Replace: true}); err != nil {
		t.Error(err)
	}
	bad := spoiled(t, store.DBPath(dir), "UPDATE control SET actor='eve'")
	fresh := filepath.Join(t.TempDir(), "x.db")
	if _, err := store.Share(ctx, bad, fresh, store.ShareOptions{}); err == nil || !strings.Contains(err.Error(), "it is damaged (") {
		t.Errorf("a damaged database: %v", err)
	}
	if _, err := store.Share(ctx, filepath.Join(dir, "events-00001.log"), fresh, store.ShareOptions{}); !errors.Is(err, store.ErrNotOurs) {
		t.Errorf("another file: %v", err)
	}
	if entries := got[[]os.DirEntry](t)(os.ReadDir(filepath.Dir(fresh))); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
	if _, err := shareOpen(t, store.DBPath(dir)).VerifyShared(ctx); !errors.Is(err, store.ErrNoManifest) {
		t.Errorf("a run's own database: %v", err)
	}
}

// Whoever changes a shared file is found out, also when the seals are gone.
func TestShareTampered(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, dir := storetest.Open(t, storetest.Spec{Seed: 3, Steps: 8})
	db.Close()
	out := filepath.Join(t.TempDir(), "paper.db")
	if _, err := store.Share(ctx, store.DBPath(dir), out, store.ShareOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, change := range []string{
		"UPDATE sample SET reward=9 WHERE id=5; DELETE FROM seal", "UPDATE eval SET acc=1; DELETE FROM seal",
		"UPDATE meta SET value='other' WHERE key='name'; DELETE FROM seal",
	} {
		path := spoiled(t, out, change)
		if _, err := shareOpen(t, path).VerifyShared(ctx); err == nil || !strings.Contains(err.Error(), "was changed or damaged after it was shared") {
			t.Errorf("%s: %v", change, err)
		}
	}
}

// Only the chosen traces are in the file, in no form anything else of them.
func TestShareChosen(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	long := strings.Repeat("a long and winding explanation. ", 40)
	rows := []store.Sample{
		{Text: "plain kept " + long, Finish: "stop", TokenIDs: store.IDs{1, 2}, Tokens: 2, Rewards: []store.RewardPart{{Name: "r", Version: "1", Status: "ok", Why: "because"}}},
		{Text: "zanzibar gone " + long, Finish: "stop", TokenIDs: store.IDs{31337}, Tokens: 1, Prompt: 1, Rewards: []store.RewardPart{{Name: "r", Version: "1", Status: "ok", Why: "it says zanzibar"}}},
		{Text: "short kept", Finish: "stop", TokenIDs: store.IDs{7}, Tokens: 1},
		{Text: "short zanzibar gone", Finish: "stop", Prompt: 1},
	}
	appendRecords(t, dir,
		record(t, store.KindRun, 1, 1, store.RunHeader{ID: "01JHM000000000000000000001", Name: "n"}),
		record(t, store.KindSamples, 1, 1, store.Samples{Stage: "grpo", Step: 1, Phase: "train", Rows: rows,
			Prompts: []store.Prompt{{Hash: "h1", Text: "kept prompt"}, {Hash: "h2", Text: "where is zanzibar?"}}}))
	foldOpen(t, dir)
	out := filepath.Join(t.TempDir(), "some.db")
	m := got[store.Manifest](t)(store.Share(ctx, store.DBPath(dir), out, store.ShareOptions{Chosen: true, Traces: []int64{1, 3, 3, 99}, Query: "kept"}))
	if m.Traces != 2 || m.Of != 4 || m.Query != "kept" {
		t.Errorf("manifest %+v", m)
	}
	db := shareOpen(t, out)
	for id, want := range map[int64]store.Sample{1: rows[0], 3: rows[2]} {
		d := got[store.SampleDetail](t)(db.Sample(ctx, id))
		if d.Text != want.Text || !slices.Equal(d.TokenIDs, []int32(want.TokenIDs)) || d.Prompt.Text != "kept prompt" {
			t.Errorf("trace %d: %+v", id, d)
		}
	}
	if _, err := db.Sample(ctx, 2); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("trace 2: %v", err)
	}
	for word, want := range map[string]int{"zanzibar": 0, "prompt:zanzibar": 0, "prompt:where": 0, "prompt:kept": 2} {
		if n := got[int](t)(db.CountSamples(ctx, store.SampleQuery{Where: got[query.Node](t)(query.Parse(word, query.Known{}))}, 0)); n != want {
			t.Errorf("%s finds %d, want %d", word, n, want)
		}
	}
	// What the run cost does not depend on what of it is shown.
	if l := got[store.Ledger](t)(db.Ledger(ctx, store.Price{})); l.Total.Completions != 4 || l.Total.TokensOut != 4 {
		t.Errorf("the ledger of the file is %+v", l.Total)
	}
	if strings.Contains(string(got[[]byte](t)(os.ReadFile(out))), "zanzibar") {
		t.Error("the file still holds the word")
	}
	for _, table := range []string{"text_block", "tok_block"} {
		if n := scanOne[int](t, plain(t, out), "SELECT count(*) FROM "+table); n != 1 {
			t.Errorf("%d rows of %s", n, table)
		}
	}
	none := filepath.Join(t.TempDir(), "none.db")
	if m := got[store.Manifest](t)(store.Share(ctx, store.DBPath(dir), none, store.ShareOptions{Chosen: true})); m.Traces != 0 {
		t.Errorf("no trace chosen: %+v", m)
	}
}

// Names of people and machines, folders and secrets are in no part of the
// file; traces keep their length, so that spans still fit.
func TestShareRedacted(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	const token = "hf_abcdefghijklmnopqrstuvwxyz0123"
	text := "The key is " + token + " in /home/ada/.ssh/id and ada@lab-7 said lab-7 rewards/format/mean </think> 1/2 " + strings.Repeat("lorem ipsum ", 60)
	chain := ""
	var controls []store.Control
	for _, actor := range []string{"ada@lab-7", "SIGTERM", "bob@lab-9"} {
		c := got[store.Control](t)(store.Chain(chain, store.Control{ID: fmt.Sprint("c-", len(controls)), Actor: actor, Via: "cli", Verb: "pause", Reason: "ada wants /home/ada/x/y.txt, password: hunter2hunter2", Outcome: "applied"}))
		chain, controls = c.Hash, append(controls, c)
	}
	recs := []store.Record{
		record(t, store.KindRun, 1, 1, store.RunHeader{ID: "01JHM000000000000000000001", Name: "n", Config: []byte(`{"task":{"file":"/scratch/ada/gsm8k.jsonl"}}`), ConfigTOML: "file = \"/scratch/ada/gsm8k.jsonl\"\n"}),
		record(t, store.KindAttempt, 1, 1, store.Attempt{N: 1, Host: "lab-7", BootID: "5f0e9f57", PID: 4711}),
		record(t, store.KindSamples, 1, 1, store.Samples{Stage: "grpo", Step: 1, Phase: "train",
			Rows:    []store.Sample{{Text: text, Finish: "stop", TokenIDs: store.IDs{1}, Tokens: 1}, {Text: "nothing of interest", Finish: "stop", TokenIDs: store.IDs{2}, Tokens: 1}},
			Prompts: []store.Prompt{{Hash: "h1", Text: "log in as https://ada:s3cretpass1@example.org"}}}),
		record(t, store.KindLineage, 1, 1, store.Lineage{ChildKind: "run", Child: "r", ParentKind: "dataset", Parent: "/scratch/ada/gsm8k.jsonl", How: "trained_on"}),
	}
	for _, c := range controls {
		recs = append(recs, record(t, store.KindControl, 1, 1, c))
	}
	appendRecords(t, dir, recs...)
	foldOpen(t, dir)
	r := got[store.Redaction](t)(store.ParseRedaction("all"))
	out := filepath.Join(t.TempDir(), "redacted.db")
	m := got[store.Manifest](t)(store.Share(ctx, store.DBPath(dir), out, store.ShareOptions{Redact: r}))
	if !slices.Equal(m.Redacted, []string{"paths", "hosts", "users", "secrets"}) || m.Replaced == 0 || m.Control.Head != chain {
		t.Errorf("manifest %+v", m)
	}
	raw := string(got[[]byte](t)(os.ReadFile(out)))
	for _, word := range []string{token, "/home/", "lab-7", "lab-9", "ada@", "bob", "hunter2", "s3cretpass1", "/scratch", "5f0e9f57"} {
		if i := strings.Index(raw, word); i >= 0 {
			t.Errorf("the file still holds %q: %q", word, raw[max(0, i-60):min(len(raw), i+60)])
		}
	}
	db := shareOpen(t, out)
	d := got[store.SampleDetail](t)(db.Sample(ctx, 1))
	if len(d.Text) != len(text) || len(d.TokenIDs) != 0 || !strings.HasPrefix(d.Text, "The key is ****") ||
		!strings.Contains(d.Text, "rewards/format/mean </think> 1/2 lorem") || strings.Contains(d.Text, "lab-7") || strings.Contains(d.Text, "ada") {
		t.Errorf("trace: %.200q, tokens %v", d.Text, d.TokenIDs)
	}
	if d := got[store.SampleDetail](t)(db.Sample(ctx, 2)); d.Text != "nothing of interest" || len(d.TokenIDs) != 1 {
		t.Errorf("an innocent trace: %+v", d)
	}
	x := plain(t, out)
	if got, want := scanOne[string](t, x, "SELECT group_concat(actor, ' ') FROM (SELECT actor FROM control ORDER BY seq)"), "user-1@host-1 SIGTERM user-2@host-2"; got != want {
		t.Errorf("actors are %q, want %q", got, want)
	}
	if got, want := scanOne[string](t, x, "SELECT value FROM meta WHERE key='config_toml'"), "file = \"[path]/gsm8k.jsonl\"\n"; got != want {
		t.Errorf("config is %q, want %q", got, want)
	}
	if got, want := scanOne[string](t, x, "SELECT reason FROM control LIMIT 1"), "user-1 wants [path]/y.txt, password: [secret]"; got != want {
		t.Errorf("reason is %q, want %q", got, want)
	}
	if _, err := store.ParseRedaction("names"); err == nil {
		t.Error("an unknown kind is taken")
	}
	// What links the chain is still there, and is verified.
	for change, bad := range map[string]bool{"": false, "DELETE FROM control WHERE seq=(SELECT max(seq) FROM control)": true} {
		path := spoiled(t, out, change+"; DELETE FROM seal")
		c := got[store.Check](t)(store.CheckDB(ctx, path))
		if found := strings.Contains(strings.Join(c.Problems, "\n"), "hash chain: "); found != bad {
			t.Errorf("%q: %q", change, c.Problems)
		}
	}
}

// A file of a live run is a snapshot: the writer goes on, and is not waited for.
func TestShareBesideAWriter(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	db, dir := storetest.Open(t, storetest.Spec{Seed: 4, Steps: 10, Final: store.StateRunning})
	db.Close()
	w := got[*sql.DB](t)(sql.Open("sqlite3", "file:"+store.DBPath(dir)+"?_txlock=immediate"))
	defer w.Close()
	tx := got[*sql.Tx](t)(w.Begin())
	defer tx.Rollback()
	if _, err := tx.Exec("UPDATE sample SET reward = 5"); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "live.db")
	m := got[store.Manifest](t)(store.Share(ctx, store.DBPath(dir), out, store.ShareOptions{}))
	if n := scanOne[int](t, plain(t, out), "SELECT count(*) FROM sample WHERE reward = 5"); n != 0 || m.Traces == 0 {
		t.Errorf("%d rows of an open transaction, %+v", n, m)
	}
}
