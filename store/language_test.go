package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gradus/store"
	"gradus/store/query"
	"gradus/store/storetest"
)

// judged is a trace with everything that a query can ask of it.
type judged struct {
	store.SampleDetail
	notes []store.NoteRow
}

// says is the meaning of a query in plain Go: the oracle of the SQL.
func says(n query.Node, d judged) bool {
	switch n := n.(type) {
	case nil:
		return true
	case query.And:
		for _, x := range n {
			if !says(x, d) {
				return false
			}
		}
		return true
	case query.Or:
		return slices.ContainsFunc(n, func(x query.Node) bool { return says(x, d) })
	case query.Not:
		return !says(n.X, d)
	case query.Words:
		return spoken(n, d.Text)
	case query.Within:
		v, ok := numberOf(n, d)
		lo := !n.Lo.Set || v > n.Lo.Value || v == n.Lo.Value && !n.Lo.Open
		hi := !n.Hi.Set || v < n.Hi.Value || v == n.Hi.Value && !n.Hi.Open
		return ok && lo && hi
	case query.Is:
		return slices.ContainsFunc(n.Values, func(v query.Value) bool { return isValue(n, v, d) })
	}
	panic(fmt.Sprintf("%T", n))
}

// tokensOf are the tokens of ASCII letters and digits of a text.
func tokensOf(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r < 128 })
}

func spoken(w query.Words, text string) bool {
	want, have := tokensOf(w.Text), tokensOf(text)
	for i := 0; i+len(want) <= len(have); i++ {
		same := true
		for j, t := range want {
			same = same && (have[i+j] == t || w.Prefix && j == len(want)-1 && strings.HasPrefix(have[i+j], t))
		}
		if same {
			return true
		}
	}
	return false
}

func mean(v []float32) (float64, bool) {
	var s float64
	for _, x := range v {
		s += float64(x)
	}
	return s / float64(len(v)), len(v) > 0
}

func numberOf(n query.Within, d judged) (float64, bool) {
	switch n.Field {
	case query.PartField:
		for _, p := range d.Rewards {
			if p.Name == n.Part {
				return p.Score, p.Status == "ok"
			}
		}
		return 0, false
	case "reward":
		return d.Reward, !d.Unscorable
	case "advantage":
		return d.Advantage, true
	case "entropy":
		return mean(d.Entropies)
	case "logprob":
		return mean(d.LogProbs)
	}
	return float64(map[string]int{"step": d.Step, "length": d.Tokens, "group": d.Group, "index": d.Index, "attempt": d.Attempt,
		"policy": d.PolicyVersion, "id": int(d.ID)}[n.Field]), true
}

func isValue(n query.Is, v query.Value, d judged) bool {
	is := func(s string) bool {
		if v.Prefix {
			return strings.HasPrefix(strings.ToLower(s), strings.ToLower(v.Text)) && s != ""
		}
		return strings.EqualFold(s, v.Text)
	}
	said := func(kind string, is func(store.NoteRow) bool) bool {
		return slices.ContainsFunc(d.notes, func(r store.NoteRow) bool { return (kind == "" || r.Kind == kind) && is(r) })
	}
	switch n.Field {
	case query.PartField:
		return slices.ContainsFunc(d.Rewards, func(p store.RewardPart) bool { return p.Name == n.Part && is(p.Status) })
	case "reason":
		return slices.ContainsFunc(d.Rewards, func(p store.RewardPart) bool { return is(p.Reason) })
	case "tag", "verdict":
		return said(n.Field, func(r store.NoteRow) bool { return is(r.Text) && (v.Author == "" || v.Author == r.Author) })
	case "author":
		return said("", func(r store.NoteRow) bool { return is(r.Author) })
	case "note":
		return said("note", func(r store.NoteRow) bool {
			return strings.Contains(strings.ToLower(r.Text), strings.ToLower(v.Text))
		})
	case "has":
		switch v.Text {
		case "claim":
			return d.Claim != ""
		case "tokens":
			return len(d.TokenIDs) > 0
		case "disagreement":
			labels := map[string]bool{}
			said("verdict", func(r store.NoteRow) bool { labels[r.Text] = true; return false })
			return len(labels) > 1
		}
		return said(v.Text, func(store.NoteRow) bool { return true })
	case "correct":
		return v.Text == "none" && d.Correct == nil || d.Correct != nil && *d.Correct == (v.Text == "yes") && v.Text != "none"
	case "unscorable":
		return d.Unscorable == (v.Text == "yes")
	case "removed":
		return d.Removed == (v.Text == "yes")
	case "prompt":
		return spoken(query.Words{Text: v.Text, Prefix: v.Prefix}, d.Prompt.Text)
	case "ckpt":
		_, step, _ := strings.Cut(d.Ckpt, "@")
		return is(d.Ckpt) || !v.Prefix && !strings.Contains(v.Text, "@") && step == v.Text
	}
	return is(map[string]string{"finish": d.Finish, "claim": d.Claim, "task": d.Task, "hash": d.PromptHash, "ref": d.Ref, "phase": d.Phase, "stage": d.Stage}[n.Field])
}

// term makes a term that some trace fits, or nearly.
func term(rng *rand.Rand, d judged) string {
	pick := func(s ...string) string { return s[rng.IntN(len(s))] }
	number := func(v float64) string {
		s := strconv.FormatFloat(v, 'g', -1, 64)
		return pick(":"+s, ":"+s+"..", ":.."+s, "<"+s, "<="+s, ">"+s, ">="+s, "!="+s)
	}
	ent, _ := mean(d.Entropies)
	logp, _ := mean(d.LogProbs)
	part := d.Rewards[rng.IntN(len(d.Rewards))]
	field := func(name, value string) string {
		if value == "" {
			return name + ":*"
		}
		cut := 1 + rng.IntN(len(value))
		return name + pick(":", "!=") + pick(`"`+value+`"`, `"`+value[:cut]+`"*`, `"`+strings.ToUpper(value)+`"`)
	}
	words, asked := tokensOf(d.Text), tokensOf(d.Prompt.Text)
	at, from := rng.IntN(len(words)), rng.IntN(len(asked))
	return []string{
		"step" + number(float64(d.Step)), "reward" + number(d.Reward), "advantage" + number(d.Advantage), "length" + number(float64(d.Tokens)),
		"group" + number(float64(d.Group)), "index" + number(float64(d.Index)), "attempt" + number(float64(d.Attempt)), "policy" + number(float64(d.PolicyVersion)),
		"id" + number(float64(d.ID)), "entropy" + number(ent), "logprob" + number(logp), part.Name + number(part.Score), part.Name + ":" + pick("ok", "error,skipped"),
		"correct:" + pick("yes", "no", "none", "no,none"), "finish:" + pick("stop", "length"), "phase:" + pick("train", "eval"), "unscorable:" + pick("yes", "no"),
		"removed:" + pick("yes", "no"), "has:" + pick("note", "tag", "verdict", "disagreement", "claim", "tokens", "tag,verdict"),
		field("claim", d.Claim), field("reason", part.Reason), field("task", d.Task), field("ref", d.Ref), field("stage", d.Stage), field("ckpt", d.Ckpt),
		"hash:" + d.PromptHash[:1+rng.IntN(32)], "prompt:" + d.PromptHash[:6+rng.IntN(27)],
		`prompt:"` + strings.Join(asked[from:min(from+3, len(asked))], " ") + `"` + pick("", "*"), "prompt:" + pick(asked[from], "nowhere,"+asked[from]), "ckpt:" + pick("0", "12", "7"),
		"tag:" + pick("hack", "ha*", "seen", "none"), "verdict:" + pick("ok", "hack", "ok,hack", "ok@ada", "hack@bob"), "author:" + pick("ada", "b*", "cy"),
		"note:" + pick("odd", "ODD", "even"),
		words[at], `"` + strings.Join(words[at:min(at+2, len(words))], " ") + `"`, words[at][:1+rng.IntN(len(words[at]))] + "*", pick("maybe", "wait", "nowhere"),
	}[rng.IntN(38)]
}

func sentence(rng *rand.Rand, all []judged, depth int) string {
	n := 1 + rng.IntN(3)
	terms := make([]string, n)
	for i := range terms {
		if depth > 0 && rng.IntN(4) == 0 {
			terms[i] = "(" + sentence(rng, all, depth-1) + ")"
		} else {
			terms[i] = term(rng, all[rng.IntN(len(all))])
		}
		if rng.IntN(5) == 0 {
			terms[i] = "-" + terms[i]
		}
	}
	return strings.Join(terms, []string{" ", " ", " OR "}[rng.IntN(3)])
}

// Any query finds the traces that plain Go picks, in order, in pages of any
// size, forwards and backwards, and counts them exactly; also in a file that is
// opened as a stranger's, with its limits.
func TestQueriesAgainstPlainGo(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, dir := storetest.Open(t, storetest.Spec{Seed: 3, Steps: 12, RewindAt: 6, EvalPrompts: 4})
	run := got[store.RunHeader](t)(db.Header(ctx)).ID
	var notes []store.Note
	for i := range 24 {
		id := strconv.Itoa(1 + i%9)
		notes = append(notes, about([]string{"ada", "bob"}[i%2], "tag", id, []string{"hack", "seen", "Hacky"}[i%3]), about([]string{"bob", "ada"}[i/9%2], "verdict", id, []string{"ok", "hack"}[i%2]),
			about("bob", "note", id, []string{"Odd one", "fine"}[i/3%2]))
	}
	for i, n := range added(t, dir, run, 1e15, notes...) {
		if i%7 == 0 {
			n.Supersedes, n.Text = n.ID, ""
			added(t, dir, run, 2e15+int64(i), n)
		}
	}
	all := everything(t, db)
	known := query.Known{Parts: got[[]string](t)(db.RewardNames(ctx))}
	stranger, err := store.Open(store.DBPath(dir), store.RoleUntrusted)
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	rng := rand.New(rand.NewPCG(5, 8))
	found, queries := 0, 80
	if os.Getenv("GRADUS_FAULTS") == "full" {
		queries = 5000
	}
	for range queries {
		text := sentence(rng, all, 2)
		where, err := query.Parse(text, known)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		want := []int64{}
		for _, d := range all {
			if says(where, d) {
				want = append(want, d.ID)
			}
		}
		q := store.SampleQuery{Where: where, Newest: rng.IntN(2) == 0, Limit: []int{9, 60, 1000}[rng.IntN(3)]}
		if q.Newest {
			slices.Reverse(want)
		}
		if len(want) > 0 && len(want) < len(all) {
			found++
		}
		from := db
		if rng.IntN(2) == 0 {
			from = stranger
		}
		if have := paged(t, from, q); !slices.Equal(have, want) {
			t.Fatalf("%s\nfinds %d %v\nwant  %d %v", text, len(have), have, len(want), want)
		}
		if n := got[int](t)(from.CountSamples(ctx, q, 0)); n != len(want) {
			t.Fatalf("%s counts %d, want %d", text, n, len(want))
		}
	}
	if found < queries*2/5 {
		t.Errorf("only %d of %d queries found some traces and not all", found, queries)
	}
}

// everything is all visible traces with all that is known of them.
func everything(t *testing.T, db *store.DB) []judged {
	t.Helper()
	ctx := context.Background()
	by := map[string][]store.NoteRow{}
	for _, r := range got[[]store.NoteRow](t)(db.Notes(ctx, store.NoteQuery{TargetKind: "sample"})) {
		by[r.Target] = append(by[r.Target], r)
	}
	var all []judged
	for _, r := range everyRow(t, db) {
		all = append(all, judged{got[store.SampleDetail](t)(db.Sample(ctx, r.ID)), by[strconv.FormatInt(r.ID, 10)]})
	}
	return all
}

// The largest query that can be written runs, in a stranger's file too.
func TestLargestQueries(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, dir := storetest.Open(t, storetest.Spec{Seed: 3, Steps: 2})
	db, err := store.Open(store.DBPath(dir), store.RoleUntrusted)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	deep := strings.Repeat("(id:1 OR -(", 3) + "id:1" + strings.Repeat("))", 3)
	for _, text := range []string{
		strings.TrimSpace(strings.Repeat("-tag:a ", query.MaxTerms)),
		strings.TrimSuffix(strings.Repeat("verdict:a* OR ", query.MaxTerms), " OR "),
		strings.TrimSuffix(strings.Repeat("-step:1 OR ", query.MaxTerms), " OR "),
		strings.TrimSpace(strings.Repeat("a ", query.MaxTerms)),
		strings.TrimSpace(strings.Repeat("-a ", query.MaxTerms)),
		strings.TrimSuffix(strings.Repeat("entropy<1 OR ", query.MaxTerms), " OR "),
		"tag:" + strings.TrimSuffix(strings.Repeat("a*@b,", query.MaxValues), ","),
		"step:" + strings.TrimSuffix(strings.Repeat("1..2,", query.MaxValues), ","),
		deep, strings.Repeat("-", 12) + "id:1",
		strings.TrimSpace(strings.Repeat(deep+" ", 4)),
	} {
		where, err := query.Parse(text, query.Known{})
		if err != nil {
			t.Errorf("%.60s…: %v", text, err)
			continue
		}
		for _, q := range []store.SampleQuery{{Where: where}, {Where: where, Newest: true, After: 9}} {
			if _, err := db.Samples(ctx, q); err != nil {
				t.Errorf("%.60s…: %v", text, err)
			}
		}
		if _, err := db.CountSamples(ctx, store.SampleQuery{Where: where}, 0); err != nil {
			t.Errorf("%.60s…: %v", text, err)
		}
	}
}

// Whatever is typed, a query that can be read runs: nothing in it is taken for
// SQL or for syntax of the search index.
func FuzzQuery(f *testing.F) {
	dir := f.TempDir()
	appendRecords(f, dir, record(f, store.KindSamples, 1, 1, sampleRecord(1, "alpha beta", "gamma")))
	db := foldOpen(f, dir)
	for _, s := range []string{"alpha", `"a""b"* OR -(c d*)`, "body:x", "NEAR(a b)", "a AND -b", "-a -b", "(a OR -b) c", "\U000e0001 ½", "tag:'x' has:disagreement,tag",
		`claim:"';DROP TABLE sample;--"*`, "ref:*,a prompt:f hash:f prompt:\"NEAR(a b)\"*,^x id:1.. reward<-1e300", "entropy>1 OR logp:0", "alpha*@x", "\"*\"a", `"^alpha"`, "verdict:a@\"b'\"", "ckpt:1,a@1 index:0 removed:no"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		where, err := query.Parse(text, query.Known{Parts: []string{"acc"}})
		if err != nil {
			return
		}
		q := store.SampleQuery{Where: where, Newest: len(text)%2 == 0}
		rows, err := db.Samples(context.Background(), q)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if n, err := db.CountSamples(context.Background(), q, 0); err != nil || n != len(rows) {
			t.Fatalf("%q counts %d of %d: %v", text, n, len(rows), err)
		}
	})
}
