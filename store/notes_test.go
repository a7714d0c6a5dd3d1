package store_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gradus/store"
	"gradus/store/query"
	"gradus/store/storetest"
)

// added writes notes into the run in dir, one a microsecond, and folds them.
func added(t testing.TB, dir, runID string, at int64, notes ...store.Note) []store.Note {
	t.Helper()
	var recs []store.Record
	for i := range notes {
		n, err := store.NewNote(runID, at+int64(i), notes[i])
		if err != nil {
			t.Fatal(err)
		}
		notes[i] = n
		recs = append(recs, record(t, store.KindNote, 0, at+int64(i), n))
	}
	if err := store.Append(context.Background(), dir, recs...); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Fold(context.Background(), dir, store.DBPath(dir)); err != nil {
		t.Fatal(err)
	}
	return notes
}

func about(author, kind, target, text string) store.Note {
	return store.Note{Author: author, TargetKind: "sample", Target: target, Kind: kind, Text: text}
}

// Which notes stand: what its author replaced or took back does not, and of a
// reader's verdicts on a thing the last does. Nobody takes back another's.
func TestStandingNotes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, dir := storetest.Open(t, storetest.Spec{Seed: 9, Steps: 3})
	run := got[store.RunHeader](t)(db.Header(ctx)).ID
	n := added(t, dir, run, 1e15, about("ada", "tag", "3", "hack"), about("ada", "note", "3", "odd"), about("bob", "verdict", "3", "ok"),
		about("ada", "verdict", "3", "ok"), about("ada", "verdict", "4", "ok"), about("bob", "tag", "4", "hack"))
	taken := func(n store.Note, author, text string) store.Note {
		n.Supersedes, n.Author, n.Text = n.ID, author, text
		return n
	}
	added(t, dir, run, 2e15, taken(n[0], "ada", ""), taken(n[1], "ada", "odder"), taken(n[2], "ada", "wrong"), taken(n[4], "ada", ""), taken(n[5], "ada", ""))
	var have []string
	for _, r := range got[[]store.NoteRow](t)(db.Notes(ctx, store.NoteQuery{})) {
		have = append(have, strings.Join([]string{r.Author, r.Kind, r.Target, r.Text}, " "))
		if !r.Live {
			t.Errorf("%+v does not stand", r)
		}
	}
	want := "bob verdict 3 ok, bob tag 4 hack, ada note 3 odder, ada verdict 3 wrong"
	if s := strings.Join(have, ", "); s != want {
		t.Errorf("%s, want %s", s, want)
	}
	if all := got[[]store.NoteRow](t)(db.Notes(ctx, store.NoteQuery{All: true})); len(all) != 11 {
		t.Errorf("%d rows, want all 11", len(all))
	}
	if one := got[[]store.NoteRow](t)(db.Notes(ctx, store.NoteQuery{TargetKind: "sample", Target: "4", Kind: "tag", Author: "bob"})); len(one) != 1 {
		t.Errorf("%+v", one)
	}
	// They are there again after a rebuild.
	before := contentHash(t, store.DBPath(dir))
	if err := store.Rebuild(ctx, dir, store.DBPath(dir)); err != nil {
		t.Fatal(err)
	}
	if contentHash(t, store.DBPath(dir)) != before {
		t.Error("a rebuilt database differs")
	}
}

func TestNotesThatAreRefused(t *testing.T) {
	for _, tt := range []struct {
		change func(n *store.Note)
		want   string
	}{
		{func(n *store.Note) { n.Author = "" }, "author"},
		{func(n *store.Note) { n.Author = "a\x1b[2Jb" }, "author"},
		{func(n *store.Note) { n.Author = strings.Repeat("a", 300) }, "author"},
		{func(n *store.Note) { n.Target = "03" }, "number"},
		{func(n *store.Note) { n.Target = "-1" }, "number"},
		{func(n *store.Note) { n.TargetKind = "planet" }, "want one of run, step"},
		{func(n *store.Note) { n.Kind = "shout" }, "want note, tag or verdict"},
		{func(n *store.Note) { n.Text = "a\x00b" }, "control characters"},
		{func(n *store.Note) { n.Text = "a\xff" }, "UTF-8"},
		{func(n *store.Note) { n.Text = strings.Repeat("x", store.MaxNote+1) }, "at most 8192"},
		{func(n *store.Note) { n.Text = " x" }, "blanks"},
		{func(n *store.Note) { n.Text = "" }, "takes nothing back"},
		{func(n *store.Note) { n.Kind, n.Text = "tag", "two words" }, "is a word"},
		{func(n *store.Note) { n.Kind, n.Text = "verdict", "a,b" }, "is a word"},
		{func(n *store.Note) { n.Kind, n.Text, n.Span = "verdict", "ok", &store.Quote{From: 1, To: 2} }, "the whole"},
		{func(n *store.Note) { n.Supersedes = "01N1" }, "no id"},
		{func(n *store.Note) { n.Span = &store.Quote{From: 5, To: 5} }, "no span"},
		{func(n *store.Note) { n.TargetKind, n.Span = "step", &store.Quote{From: 5, To: 6} }, "no span"},
	} {
		n := about("ada", "note", "3", "looks copied")
		tt.change(&n)
		if _, err := store.NewNote("R", 1, n); err == nil || !strings.Contains(err.Error(), tt.want) || strings.ContainsAny(err.Error(), "\x00\x1b\n") {
			t.Errorf("%+v: %v, want %q", n, err, tt.want)
		}
	}
	if _, err := store.NewNote("R", -1, about("ada", "note", "3", "x")); err == nil {
		t.Error("a time before 1970")
	}
}

// A quote stands for its bytes and for no others.
func TestQuotes(t *testing.T) {
	q, err := store.QuoteOf("let me double check", 7, 19)
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := q.In("let me double check"); s != "double check" || !ok {
		t.Errorf("%q %v", s, ok)
	}
	for _, other := range []string{"let me trouble check", "short", ""} {
		if s, ok := q.In(other); ok {
			t.Errorf("it is shown as %q in %q", s, other)
		}
	}
	for _, at := range [][2]int{{-1, 3}, {3, 3}, {4, 3}, {0, 20}} {
		if _, err := store.QuoteOf("let me double check", at[0], at[1]); err == nil {
			t.Errorf("%v is a span", at)
		}
	}
}

// merge merges the notes of the run in dir of into that in dir into.
func merge(t testing.TB, into, of string) store.Merged {
	t.Helper()
	ctx := context.Background()
	mine, err := store.OpenRead(store.DBPath(into))
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	other, err := store.Open(store.DBPath(of), store.RoleUntrusted)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	m, recs, err := store.NewNotes(ctx, mine, other)
	if err != nil {
		t.Fatal(err)
	}
	if len(recs) > 0 {
		if err := store.Append(ctx, into, recs...); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Fold(ctx, into, store.DBPath(into)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// notesOf are all notes of a run, standing or not, without the order in which
// they came to it.
func notesOf(t testing.TB, dir string) string {
	t.Helper()
	db, err := store.OpenRead(store.DBPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Notes(context.Background(), store.NoteQuery{All: true})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(r.ID + " " + r.Author + " " + r.Kind + " " + r.Target + " " + r.Text + " " + r.Supersedes)
		if r.Live {
			b.WriteString(" live")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Merging is a union: whatever is written into three stores of a run and merged
// between them, once each was merged with the others all have the same notes,
// of which the same stand, and merging again changes nothing.
func TestMergeIsAUnion(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 11))
	var dirs [3]string
	var mine [3][]store.Note
	for i := range dirs {
		_, dirs[i] = storetest.Open(t, storetest.Spec{Seed: 9, Steps: 1, Groups: 1, EvalPrompts: 1})
	}
	written := map[string]bool{}
	clock := int64(1e15)
	steps := 16
	if os.Getenv("GRADUS_FAULTS") == "full" {
		steps = 600
	}
	for range steps {
		i, j := rng.IntN(3), rng.IntN(3)
		if rng.IntN(4) == 0 {
			merge(t, dirs[i], dirs[j]) // also with itself
			continue
		}
		var batch []store.Note
		for range 1 + rng.IntN(4) {
			n := about([]string{"ada", "bob"}[rng.IntN(2)], []string{"tag", "verdict", "note"}[rng.IntN(3)],
				[]string{"1", "2"}[rng.IntN(2)], []string{"ok", "hack"}[rng.IntN(2)])
			if len(mine[i]) > 0 && rng.IntN(2) == 0 {
				n = mine[i][rng.IntN(len(mine[i]))]
				n.Supersedes, n.Text = n.ID, []string{"", "hack"}[rng.IntN(2)]
			}
			batch = append(batch, n)
		}
		clock += int64(rng.IntN(2)) // sometimes at the same instant as in another store
		for _, n := range added(t, dirs[i], "01JHM000000000000000000009", clock, batch...) {
			written[n.ID] = true
			mine[i] = append(mine[i], n)
		}
	}
	for _, m := range [][2]int{{0, 1}, {0, 2}, {1, 0}, {2, 0}} {
		merge(t, dirs[m[0]], dirs[m[1]])
	}
	want := notesOf(t, dirs[0])
	if strings.Count(want, "\n") != len(written) || !strings.Contains(want, "live") || strings.Count(want, "live") == len(written) {
		t.Errorf("%d notes were written; the store has\n%s", len(written), want)
	}
	for i := range dirs {
		if m := merge(t, dirs[i], dirs[(i+1)%3]); m.Added != 0 || m.Notes != len(written) {
			t.Errorf("merged again: %+v", m)
		}
		if have := notesOf(t, dirs[i]); have != want {
			t.Errorf("store %d has\n%swant\n%s", i, have, want)
		}
	}
}

// Of a file in which a note was changed, or that is of another run, nothing is
// taken.
func TestMergeRefusesForgedNotes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	spec := storetest.Spec{Seed: 9, Steps: 1}
	run := "01JHM000000000000000000009"
	mine, dir := storetest.Open(t, spec)
	honest := filepath.Join(t.TempDir(), "run.db")
	func() {
		_, theirs := storetest.Open(t, spec)
		added(t, theirs, run, 1e15, about("ada", "verdict", "1", "ok"), about("ada", "note", "1", "fine"))
		if _, err := plain(t, store.DBPath(theirs)).Exec("VACUUM INTO ?", honest); err != nil {
			t.Fatal(err)
		}
	}()
	for name, change := range map[string]string{
		"text":      "UPDATE note SET text = 'hack' WHERE text = 'ok'",
		"author":    "UPDATE note SET author = 'bob'",
		"time":      "UPDATE note SET ts_us = ts_us + 1",
		"target":    "UPDATE note SET target = '5'",
		"retracts":  "UPDATE note SET supersedes = id",
		"span":      "UPDATE note SET span_from = 0, span_to = 3, quote_crc = 1 WHERE kind = 'note'",
		"far span":  "UPDATE note SET span_from = 0, span_to = 1099511627776, quote_crc = 1 WHERE kind = 'note'",
		"escape":    "UPDATE note SET text = char(27) || '[2J'",
		"long":      "UPDATE note SET text = hex(zeroblob(5000))",
		"id":        "UPDATE note SET id = '01N1' WHERE text = 'ok'",
		"other run": "UPDATE meta SET value = replace(value, '0009', '0008') WHERE key IN ('header', 'run_id')",
		"many": `WITH RECURSIVE c(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM c WHERE v < 200001)
			INSERT INTO note SELECT 'x' || v, 1, 'a', 'sample', '1', 'tag', 'b', NULL, NULL, NULL, NULL, 1 FROM c`,
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			if name == "many" && testing.Short() {
				t.Skip("writes 200,000 notes")
			}
			b, err := os.ReadFile(honest)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "theirs.db")
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			p := plain(t, path)
			if _, err := p.Exec(change); err != nil {
				t.Fatal(err)
			}
			p.Close()
			other, err := store.Open(path, store.RoleUntrusted)
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			_, recs, err := store.NewNotes(ctx, mine, other)
			if err == nil || len(recs) != 0 || strings.ContainsAny(err.Error(), "\x1b\n") {
				t.Errorf("%d records, %v", len(recs), err)
			}
			if name == "other run" && !errors.Is(err, store.ErrOtherRun) {
				t.Error(err)
			}
		})
	}
	if notesOf(t, dir) != "" {
		t.Error("something was taken")
	}
}

// Cohen's kappa of published tables: Cohen's own (1960, table 1, as counts of
// 200; he gives .492) and three more, with the values and standard errors of
// statsmodels 0.14 (cohens_kappa: kappa, sqrt(var_kappa)).
func TestCohenKappa(t *testing.T) {
	for _, tt := range []struct {
		counts    [][]int
		kappa, se float64
	}{
		{[][]int{{88, 14, 18}, {10, 40, 10}, {2, 6, 12}}, 0.49152542372881347, 0.05100181557607786},
		{[][]int{{20, 5}, {10, 15}}, 0.4, 0.12699606293110033},
		{[][]int{{45, 15}, {25, 15}}, 0.13043478260869554, 0.0986615376234396},
		{[][]int{{25, 35}, {5, 35}}, 0.25925925925925924, 0.07715973174444572},
		{[][]int{{7, 0}, {0, 3}}, 1, 0},
	} {
		k, se, ok := store.CohenKappa(tt.counts)
		if !ok || math.Abs(k-tt.kappa) > 1e-12 || math.Abs(se-tt.se) > 1e-12 {
			t.Errorf("%v: %v, %v, %v; want %v, %v", tt.counts, k, se, ok, tt.kappa, tt.se)
		}
	}
	for _, none := range [][][]int{nil, {{0}}, {{9}}, {{5, 0}, {0, 0}}} {
		if k, _, ok := store.CohenKappa(none); ok {
			t.Errorf("%v: %v", none, k)
		}
	}
}

func TestAgreements(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, dir := storetest.Open(t, storetest.Spec{Seed: 9, Steps: 3})
	var notes []store.Note
	for i, v := range []string{"ok ok", "ok OK", "ok hack", "hack hack", "wrong -", "- ok"} {
		a, b, _ := strings.Cut(v, " ")
		for author, verdict := range map[string]string{"ada": a, "bob": b} {
			if verdict != "-" {
				notes = append(notes, about(author, "verdict", string(rune('1'+i)), verdict))
			}
		}
	}
	notes = append(notes, about("cy", "verdict", "9", "ok"))
	added(t, dir, got[store.RunHeader](t)(db.Header(ctx)).ID, 1e15, notes...)
	list := got[[]store.Agreement](t)(db.Agreements(ctx))
	if len(list) != 3 || list[0].Authors != [2]string{"ada", "bob"} || list[1].N != 0 || list[1].Kappa != nil {
		t.Fatalf("%+v", list)
	}
	// of 4: 3 agree; ada 3/4 ok, bob 2/4 ok: chance .5; kappa (.75-.5)/(1-.5)
	if a := list[0]; a.N != 4 || a.Agreed != 3 || *a.Kappa != 0.5 || strings.Join(a.Labels, " ") != "hack ok" || a.Counts[1][0] != 1 || a.Counts[1][1] != 2 {
		t.Errorf("%+v, kappa %v", a, *a.Kappa)
	}
	if j := got[[]store.Judged](t)(db.Judgements(ctx)); len(j) != 6 || j[1] != (store.Judged{Author: "ada", Label: "ok", N: 3}) {
		t.Errorf("%+v", j)
	}
}

// Notes on a file that somebody handed over stand in a file of their own and
// are found, listed and merged like all others, while the database stays as it
// is, byte for byte.
func TestNotesBesideAFile(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, dir := storetest.Open(t, storetest.Spec{Seed: 9, Steps: 2})
	run := got[store.RunHeader](t)(db.Header(ctx)).ID
	old := added(t, dir, run, 1e15, about("ada", "tag", "1", "hack"), about("bob", "verdict", "1", "ok"))
	file, beside := filepath.Join(t.TempDir(), "handed.db"), filepath.Join(t.TempDir(), "notes", run+".jsonl")
	if _, err := plain(t, store.DBPath(dir)).Exec("VACUUM INTO ?", file); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := store.Open(file, store.RoleUntrusted)
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	if err := theirs.AnnotateFrom(ctx, beside); err != nil { // there is none yet
		t.Fatal(err)
	}
	var mine []store.NoteRow
	taken := about("bob", "verdict", "1", "")
	taken.Supersedes = old[1].ID
	for i, n := range []store.Note{about("cy", "verdict", "2", "hack"), about("cy", "note", "2", "odd \u2028 one"), taken} {
		n, err := store.NewNote(run, 2e15+int64(i), n)
		if err != nil {
			t.Fatal(err)
		}
		mine = append(mine, store.NoteRow{Note: n, TimeUS: 2e15 + int64(i)})
		if err := store.AppendNotesFile(beside, run, mine[i]); err != nil {
			t.Fatal(err)
		}
		if i == 0 { // a crash in the middle of a line
			tear(t, beside)
		}
		if err := theirs.AnnotateFrom(ctx, beside); err != nil {
			t.Fatal(err)
		}
	}
	standing := got[[]store.NoteRow](t)(theirs.Notes(ctx, store.NoteQuery{}))
	if len(standing) != 3 || standing[0].Text != "hack" || standing[1].Author != "cy" || standing[2].Text != "odd \u2028 one" {
		t.Errorf("%+v", standing)
	}
	for text, want := range map[string]int{"verdict:hack": 1, "verdict:ok": 0, "tag:hack": 1, "has:note": 1, "-has:verdict tag:hack": 1} {
		if n := got[int](t)(theirs.CountSamples(ctx, store.SampleQuery{Where: parsed(t, text)}, 0)); n != want {
			t.Errorf("%s finds %d, want %d", text, n, want)
		}
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
	id, notes, err := store.ReadNotesFile(beside)
	if err != nil || id != run || len(notes) != 3 {
		t.Fatalf("%s, %d notes, %v", id, len(notes), err)
	}
	m, recs, err := db.NotesToAdd(ctx, beside, id, notes)
	if err != nil || m.Added != 3 || len(recs) != 3 {
		t.Errorf("%+v, %v", m, err)
	}
	b, _ := os.ReadFile(beside)
	for name, change := range map[string]string{
		"forged": strings.Replace(string(b), `"hack"`, `"ok"`, 1), "other run": strings.Replace(string(b), run, "01JHM000000000000000000008", 1),
		"no JSON": "{\n", "no run": "{}\n", "long": `{"run":"` + strings.Repeat("x", 70_000) + "\"}\n",
	} {
		if err := os.WriteFile(beside, []byte(change), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, notes, err := store.ReadNotesFile(beside); err == nil || !strings.Contains(err.Error(), "line ") || notes != nil {
			t.Errorf("%s: %d notes, %v", name, len(notes), err)
		}
	}
}

func tear(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		_, err = f.WriteString(`{"run":"01J`)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func parsed(t *testing.T, text string) query.Node {
	t.Helper()
	n, err := query.Parse(text, query.Known{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
