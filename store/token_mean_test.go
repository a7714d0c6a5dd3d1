package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"gradus/store"
	"gradus/store/query"
)

// The means of a trace are those of its token data, worked out by hand, in the
// rows, in the language and in plain SQL; they stay when the token data goes.
func TestTokenMeans(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	inf, nan := float32(math.Inf(-1)), float32(math.NaN())
	rows := []store.Sample{
		{Text: "two", TokenIDs: store.IDs{1, 2}, LogProbs: store.Floats{-0.5, -1.5}, Entropies: store.Floats{0.25, 0.75}},
		{Text: "one sided", TokenIDs: store.IDs{1}, LogProbs: store.Floats{-3}},
		{Text: "none"},
		{Text: "never", TokenIDs: store.IDs{1, 2}, LogProbs: store.Floats{inf, -1}, Entropies: store.Floats{nan, 1}},
	}
	appendRecords(t, dir, record(t, store.KindRun, 1, 1, store.RunHeader{ID: "01JHM000000000000000000001"}),
		record(t, store.KindSamples, 1, 1, store.Samples{Step: 1, Prompts: []store.Prompt{{Hash: "h", Text: "p"}}, Rows: rows}))
	db := foldOpen(t, dir)
	check := func(when string) {
		t.Helper()
		list := got[[]store.SampleRow](t)(db.Samples(ctx, store.SampleQuery{}))
		for i, want := range [][2]float64{{-1, 0.5}, {-3, math.NaN()}, {math.NaN(), math.NaN()}, {math.NaN(), math.NaN()}} {
			for k, have := range []*float64{list[i].MeanLogProb, list[i].MeanEntropy} {
				if (have == nil) != math.IsNaN(want[k]) || have != nil && *have != want[k] {
					t.Errorf("%s: trace %d has mean %d %v, want %v", when, i+1, k, have, want[k])
				}
			}
		}
		if _, err := json.Marshal(list); err != nil {
			t.Errorf("%s: %v", when, err)
		}
		for text, want := range map[string]int{"logprob:-1": 1, "logprob<-2": 2, "logprob<-1e300": 1, "entropy:.5": 1, "entropy>=0": 1, "-entropy>=0": 3, "logp>-2 entropy<.6": 1} {
			where := got[query.Node](t)(query.Parse(text, query.Known{}))
			if n := got[int](t)(db.CountSamples(ctx, store.SampleQuery{Where: where}, 0)); n != want {
				t.Errorf("%s: %s finds %d, want %d", when, text, n, want)
			}
		}
		if v := scanOne[float64](t, plain(t, store.DBPath(dir)), "SELECT entropy - logprob FROM traces WHERE id = 1"); v != 1.5 {
			t.Errorf("%s: plain SQL has %v", when, v)
		}
	}
	check("folded")
	if _, err := store.RemoveTexts(ctx, dir, store.DBPath(dir), []int64{1, 2, 3, 4}, store.Removal{}); err != nil {
		t.Fatal(err)
	}
	if n := scanOne[int](t, plain(t, store.DBPath(dir)), "SELECT count(*) FROM sample_tok"); n != 0 {
		t.Errorf("%d traces have token data still", n)
	}
	check("texts removed")
}

// The words of a prompt are found as they are typed, whatever they mean to the
// index, and with everything else that a query can ask.
func TestPromptWords(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	var s store.Samples
	for i, p := range []string{"How many apples are 3 apples?", "NEAR the pears OR apples AND NOT plums", `she asked "how many" körbe`, "many how", "3fa9c1 facade 12345"} {
		s.Prompts = append(s.Prompts, store.Prompt{Hash: []string{"3fa9c1aa", "3fb", "aa", "bb", "cc"}[i], Text: p})
		s.Rows = append(s.Rows, store.Sample{Prompt: i, Text: "apples", Reward: float64(i)}, store.Sample{Prompt: i, Text: "pears", Reward: float64(i)})
	}
	s.Step = 1
	appendRecords(t, dir, record(t, store.KindSamples, 1, 1, s))
	db := foldOpen(t, dir)
	for _, c := range []struct {
		text string
		want string // ids
	}{
		{"prompt:apples", "[1 2 3 4]"},
		{"prompt:APPLES pears", "[2 4]"},
		{`prompt:"how many"`, "[1 2 5 6]"},
		{`prompt:"how many apples"`, "[1 2]"},
		{"prompt:how prompt:apples", "[1 2]"},
		{"prompt:plums,apples", "[1 2 3 4]"},
		{"prompt:appl*", "[1 2 3 4]"},
		{`prompt:"how man"*`, "[1 2 5 6]"},
		{"prompt:korbe", "[5 6]"},
		{`prompt:"NEAR(apples pears)"`, "[]"},
		{`prompt:"pears OR apples"`, "[3 4]"},
		{`prompt:"apples OR"*`, "[]"},
		{`prompt:"""how many"""`, "[1 2 5 6]"},
		{`prompt:"body:apples"`, "[]"},
		{"-prompt:many", "[3 4 9 10]"},
		{"prompt!=many reward<3", "[3 4]"},
		{"prompt:12345 OR prompt:pears", "[3 4 9 10]"},
		{"prompt:3fa9c1", "[1 2]"},
		{`prompt:"3fa9c1"`, "[9 10]"},
		{"hash:3f", "[1 2 3 4]"},
		{`hash:3f prompt:"how many"`, "[1 2]"},
		{"prompt:many id:2..7", "[2 5 6 7]"},
	} {
		where, err := query.Parse(c.text, query.Known{})
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		q := store.SampleQuery{Where: where, Limit: 1}
		if have := fmt.Sprint(paged(t, db, q)); have != c.want {
			t.Errorf("%s finds %s, want %s", c.text, have, c.want)
		}
		if n, err := db.SampleIDs(ctx, q); err != nil || fmt.Sprint(n) != c.want {
			t.Errorf("%s has ids %v, %v; want %s", c.text, n, err, c.want)
		}
	}
}
