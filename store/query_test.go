package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gradus/store"
	"gradus/store/storetest"
)

// everyRow is all visible traces with the search in plain Go: the oracle.
func everyRow(t *testing.T, db *store.DB) []store.SampleRow {
	t.Helper()
	rows := got[[]store.SampleRow](t)(db.Samples(context.Background(), store.SampleQuery{Limit: store.MaxPage}))
	if len(rows) == 0 || len(rows) == store.MaxPage {
		t.Fatalf("%d rows", len(rows))
	}
	return rows
}

// paged are the ids of all traces that fit q, read page by page.
func paged(t *testing.T, db *store.DB, q store.SampleQuery) (ids []int64) {
	t.Helper()
	for {
		page := got[[]store.SampleRow](t)(db.Samples(context.Background(), q))
		for _, r := range page {
			ids = append(ids, r.ID)
		}
		if len(page) < q.Limit {
			return ids
		}
		q.After = page[len(page)-1].ID
	}
}

func matches(q store.SampleQuery, r store.SampleRow) bool {
	return (q.Phase == "" || q.Phase == r.Phase) && (q.Stage == "" || q.Stage == r.Stage) && (q.Finish == "" || q.Finish == r.Finish) &&
		(q.Task == "" || q.Task == r.Task) && (q.Ckpt == "" || q.Ckpt == r.Ckpt) && (q.PromptHash == "" || q.PromptHash == r.PromptHash) &&
		(q.MinStep == nil || r.Step >= *q.MinStep) && (q.MaxStep == nil || r.Step <= *q.MaxStep) &&
		(q.Attempt == nil || r.Attempt == *q.Attempt) && (q.Group == nil || r.Group == *q.Group) &&
		(q.MinReward == nil || r.Reward >= *q.MinReward) && (q.MaxReward == nil || r.Reward <= *q.MaxReward) &&
		(q.Correct == nil || r.Correct != nil && *r.Correct == *q.Correct) && hasWords(q.Text, r.Text)
}

// hasWords asks for each word of ASCII letters and digits anywhere in text.
func hasWords(words, text string) bool {
	have := tokensOf(text)
	for _, w := range strings.Fields(strings.ToLower(words)) {
		if !slices.Contains(have, w) {
			return false
		}
	}
	return true
}

// Any combination of filters gives the rows that plain Go picks, in order, and
// pages of any size put together give the same.
func TestSamplesAgainstPlainGo(t *testing.T) {
	t.Parallel()
	db, _ := storetest.Open(t, storetest.Spec{Seed: 3, RewindAt: 20})
	all := everyRow(t, db)
	rng := rand.New(rand.NewPCG(7, 7))
	some := func() bool { return rng.IntN(4) == 0 }
	nonEmpty, rounds := 0, 300
	if testing.Short() {
		rounds = 60
	}
	for range rounds {
		var q store.SampleQuery
		row := all[rng.IntN(len(all))]
		if some() {
			q.Phase = row.Phase
		}
		if some() {
			q.Stage = row.Stage
		}
		if some() {
			q.MinStep = new(rng.IntN(41))
		}
		if some() {
			q.MaxStep = new(rng.IntN(41))
		}
		if some() {
			q.Attempt = &row.Attempt
		}
		if some() {
			q.PromptHash = strings.ToUpper(row.PromptHash)
		}
		if some() {
			q.Group = &row.Group
		}
		if some() {
			q.MinReward = &row.Reward
		}
		if some() {
			q.MaxReward = &row.Reward
		}
		if some() {
			q.Finish = row.Finish
		}
		if some() {
			q.Correct = row.Correct
		}
		if some() {
			q.Task = row.Task
		}
		if some() {
			q.Ckpt = row.Ckpt
		}
		if some() {
			q.Text = []string{"double check", "try", "DOUBLE", "yes answer", "maybe works"}[rng.IntN(5)]
		}
		oracle := q
		oracle.PromptHash = strings.ToLower(q.PromptHash)
		var want []int64
		for _, r := range all {
			if matches(oracle, r) {
				want = append(want, r.ID)
			}
		}
		q.Newest = some()
		if q.Newest {
			slices.Reverse(want)
		}
		if len(want) > 0 {
			nonEmpty++
		}
		q.Limit = 1 + rng.IntN(100)
		if have := paged(t, db, q); !slices.Equal(have, want) {
			t.Fatalf("query %+v: %d rows %v, want %d rows %v", q, len(have), have, len(want), want)
		}
	}
	if nonEmpty < rounds/3 {
		t.Fatalf("only %d of %d queries found anything", nonEmpty, rounds)
	}
}

// Rows and detail agree, and rows carry their reward parts.
func TestRowsAndDetailAgree(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, _ := storetest.Open(t, storetest.Spec{Seed: 4, Steps: 12, Hostile: true})
	for _, r := range everyRow(t, db) {
		d := got[store.SampleDetail](t)(db.Sample(ctx, r.ID))
		var sum float64
		parts := []store.PartScore{}
		for _, p := range d.Rewards {
			parts = append(parts, store.PartScore{Name: p.Name, Status: p.Status, Score: p.Score, Value: p.Value})
			sum += p.Value
		}
		if !reflect.DeepEqual(parts, r.Parts) || d.Text != r.Text || d.Reward != r.Reward || sum != r.Reward {
			t.Fatalf("trace %d: row %+v, detail %+v", r.ID, r, d)
		}
		for _, p := range d.Rewards {
			for _, s := range p.Spans {
				if s.From < 0 || s.To > len(d.Text) || s.From > s.To {
					t.Fatalf("trace %d: span %+v of %d bytes", r.ID, s, len(d.Text))
				}
			}
		}
	}
}

// No text that a user can type is read as FTS5 syntax.
func TestSearchSyntaxIsOnlyText(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	appendRecords(t, dir, record(t, store.KindSamples, 1, 1, sampleRecord(1,
		"alpha beta gamma", "body x alpha", `she said "double check" twice`, "NEAR miss OR hit AND run NOT", "naïve Straße 數學 1+2=3", "check double", "3.14 and 42%")))
	db := foldOpen(t, dir)
	for _, c := range []struct {
		text string
		want string // ids, or "error"
	}{
		{"alpha", "[1 2]"},
		{"ALPHA", "[1 2]"},
		{"alpha beta", "[1]"},
		{"beta alpha", "[1]"},
		{`"alpha beta"`, "[1]"},
		{`"beta alpha"`, "[]"},
		{`"double check"`, "[3]"},
		{"double check", "[3 6]"},
		{"body:x", "[2]"},
		{"body : x", "[2]"},
		{"alpha OR beta", "[]"},
		{"OR", "[4]"},
		{"AND", "[4 7]"},
		{"NOT alpha", "[]"},
		{"NEAR(alpha beta)", "[]"},
		{"alph*", "[]"},
		{"^alpha", "[1 2]"},
		{"-alpha", "[1 2]"},
		{"alpha)", "[1 2]"},
		{"(alpha", "[1 2]"},
		{`alpha"`, "[1 2]"},
		{`"alpha`, "[1 2]"},
		{`""alpha""`, "[1 2]"},
		{`{body} : alpha`, "[2]"},
		{"'; DROP TABLE sample; --", "[]"},
		{"naive", "[5]"},
		{"straße", "[5]"},
		{"數學", "[5]"},
		{"1+2=3", "[5]"},
		{"42%", "[7]"},
		{"3.14", "[7]"},
		{"alpha\x00beta", "[1]"},
		{"alpha \xff", "[1 2]"},
		{"  ", "[1 2 3 4 5 6 7]"},
		{"", "[1 2 3 4 5 6 7]"},
		{`"`, "error"},
		{"***", "error"},
		{"+ - * /", "error"},
		{strings.Repeat("a ", 65), "error"},
	} {
		rows, err := db.Samples(ctx, store.SampleQuery{Text: c.text})
		var ids = []int64{}
		for _, r := range rows {
			ids = append(ids, r.ID)
		}
		have := fmt.Sprint(ids)
		if err != nil {
			have = "error"
			if !strings.HasPrefix(err.Error(), "search: ") {
				t.Errorf("search %q: %v", c.text, err)
			}
		}
		if have != c.want {
			t.Errorf("search %q finds %s, want %s (%v)", c.text, have, c.want, err)
		}
	}
}

// Whatever is typed, the answer is rows or an error of our own.
func FuzzSearch(f *testing.F) {
	dir := f.TempDir()
	appendRecords(f, dir, record(f, store.KindSamples, 1, 1, sampleRecord(1, "alpha beta", "gamma")))
	db := foldOpen(f, dir)
	for _, s := range []string{"alpha", `"`, "a OR b", "body:x", "\x00", "NEAR(a b, 2)", "é\u0301", "\U000e0001", "½ ² Ⅷ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := db.Samples(context.Background(), store.SampleQuery{Text: text})
		if err != nil && !strings.HasPrefix(err.Error(), "search: ") {
			t.Fatalf("search %q: %v", text, err)
		}
	})
}
