package lineage

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"gradus/runner/client"
	"gradus/store"
)

// shelf holds runs made of records.
type shelf struct {
	runs []client.Run
	dirs map[string]string
}

func (s *shelf) Runs(context.Context) ([]client.Run, error) { return s.runs, nil }

func (s *shelf) OpenDB(_ context.Context, id string) (*store.DB, error) {
	if s.dirs[id] == "" {
		return nil, client.ErrNoRecord
	}
	return store.OpenRead(store.DBPath(s.dirs[id]))
}

func (s *shelf) add(t *testing.T, id string, bodies ...any) {
	t.Helper()
	dir := t.TempDir()
	log, err := store.OpenLog(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range bodies {
		kind := map[bool]store.Kind{true: store.KindRun, false: store.KindCheckpoint}[i == 0]
		if _, ok := b.(store.Lineage); ok {
			kind = store.KindLineage
		}
		rec, err := store.NewRecord(kind, 1, int64(i), b)
		if err = errors.Join(err, log.Append(rec)); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Fold(context.Background(), dir, store.DBPath(dir)); err != nil {
		t.Fatal(err)
	}
	if s.dirs == nil {
		s.dirs = map[string]string{}
	}
	s.dirs[id] = dir
	s.runs = append([]client.Run{{RunSummary: store.RunSummary{ID: id}}}, s.runs...) // newest first
}

func names(edges []Edge, of func(Edge) Node) (out []string) {
	for _, e := range edges {
		out = append(out, of(e).Kind+" "+of(e).Name)
	}
	return out
}

// Data, filters, licences and teachers of several runs, in both directions; a
// run of an older gradus; one that cannot be read; a circle.
func TestGraph(t *testing.T) {
	s := &shelf{}
	s.add(t, "OLD", store.RunHeader{ID: "OLD", Params: 7, Seed: 3, Config: []byte(`{"task":{"name":"jsonl","file":"/d/old.jsonl"},"model":{"from":"/hf/llama"}}`)},
		store.Checkpoint{Step: 5}, store.Checkpoint{Step: 9})
	s.add(t, "NEW", store.RunHeader{ID: "NEW", Parent: "OLD@9", Config: []byte(`{"task":{"name":"countdown"}}`)}, store.Checkpoint{Step: 4},
		store.Lineage{ChildKind: "ckpt", Child: "NEW@4", ParentKind: "ckpt", Parent: "OLD@9", How: "started_from", Hash: "aa"},
		store.Lineage{ChildKind: "ckpt", Child: "NEW@4", ParentKind: "dataset", Parent: "/d/new.jsonl", How: "trained_on", Hash: "0123456789abcdef", Licence: "MIT"},
		store.Lineage{ChildKind: "dataset", Child: "/d/new.jsonl", ParentKind: "filter", Parent: "no duplicates", How: "filtered_by"},
		store.Lineage{ChildKind: "dataset", Child: "/d/new.jsonl", ParentKind: "teacher", Parent: "/hf/big", How: "distilled_from"},
		store.Lineage{ChildKind: "filter", Child: "no duplicates", ParentKind: "ckpt", Parent: "NEW@4", How: "filtered_by"}) // a circle
	s.add(t, "EVAL", store.RunHeader{ID: "EVAL", Purpose: "eval", Parent: "NEW@4", Config: []byte(`{}`)})
	s.runs = append(s.runs, client.Run{RunSummary: store.RunSummary{ID: "EMPTY"}}, client.Run{RunSummary: store.RunSummary{ID: "BAD", Problem: "damaged at byte 7"}})
	g, err := Load(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Unread) != 1 || !strings.Contains(g.Unread[0], "BAD: damaged at byte 7") {
		t.Errorf("unread %q", g.Unread)
	}
	up := g.Ancestors(Node{"ckpt", "NEW@4"})
	got := names(up, func(e Edge) Node { return e.Parent })
	want := []string{"ckpt OLD@9", "dataset /d/new.jsonl", "ckpt OLD@5", "dataset /d/old.jsonl", "filter no duplicates", "teacher /hf/big",
		"model /hf/llama", "dataset /d/old.jsonl", "ckpt NEW@4"}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("ancestors\n%q, want\n%q", got, want)
	}
	for _, e := range up {
		if e.Derived != strings.HasPrefix(e.Child.Name, "OLD@") || e.Parent.Name == "/d/new.jsonl" && (e.Licence != "MIT" || e.Hash == "") {
			t.Errorf("%+v", e)
		}
	}
	for of, want := range map[Node][]string{
		{"teacher", "/hf/big"}:      {"dataset /d/new.jsonl", "ckpt NEW@4", "filter no duplicates", "run EVAL", "dataset /d/new.jsonl"},
		{"model", "/hf/llama"}:      {"ckpt OLD@5", "ckpt OLD@9", "ckpt NEW@4", "filter no duplicates", "run EVAL", "dataset /d/new.jsonl", "ckpt NEW@4"},
		{"dataset", "/d/old.jsonl"}: {"ckpt OLD@5", "ckpt OLD@9", "ckpt OLD@9", "ckpt NEW@4", "filter no duplicates", "run EVAL", "dataset /d/new.jsonl", "ckpt NEW@4"},
	} {
		got := names(g.Descendants(of), func(e Edge) Node { return e.Child })
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("descendants of %v\n%q, want\n%q", of, got, want)
		}
	}
	for name, n := range map[string]int{"/d/new.jsonl": 1, "0123456789ab": 1, "0123": 0, "/hf/big": 1, "nothing": 0} {
		if got := g.Datasets(name); len(got) != n {
			t.Errorf("data %q: %v", name, got)
		}
	}
}

// A student of traces whose rows name their policies: saved ones are walked
// to and from, one that was not saved by the checkpoint before it.
func TestTeachers(t *testing.T) {
	s := &shelf{}
	const teacher = "01M80S6DDH1074G3TG9VSZYDN1"
	s.add(t, teacher, store.RunHeader{ID: teacher, Config: []byte(`{"task":{"name":"countdown"}}`)}, store.Checkpoint{Step: 10}, store.Checkpoint{Step: 20}, store.Checkpoint{Step: 20}, store.Checkpoint{Step: 30})
	s.add(t, "STUDENT", store.RunHeader{ID: "STUDENT", Config: []byte(`{"task":{"name":"jsonl","file":"/d/traces.jsonl"}}`)}, store.Checkpoint{Step: 5},
		store.Lineage{ChildKind: "ckpt", Child: "STUDENT@5", ParentKind: "dataset", Parent: "/d/traces.jsonl", How: "trained_on", Licence: "CC-BY-4.0"},
		store.Lineage{ChildKind: "ckpt", Child: "STUDENT@5", ParentKind: "teacher", Parent: "ada/big", How: "distilled_from", Licence: "MIT"},
		store.Lineage{ChildKind: "ckpt", Child: "STUDENT@5", ParentKind: "ckpt", Parent: teacher + "@25", How: "distilled_from",
			Detail: []byte(`{"data":"/d/traces.jsonl","rows":9,"policies":[[15,22],[25,25]]}`)},
		store.Lineage{ChildKind: "ckpt", Child: "STUDENT@5", ParentKind: "ckpt", Parent: "01M80KNTD99YRM0000000000ZZ@3", How: "distilled_from", Detail: []byte(`{"policies":"other"}`)})
	g, err := Load(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	up := g.Ancestors(Node{"ckpt", "STUDENT@5"})
	from := map[string][]string{}
	for _, e := range up {
		from[e.Child.Name+" "+e.How] = append(from[e.Child.Name+" "+e.How], e.Parent.Name)
	}
	got := from["STUDENT@5 distilled_from"]
	slices.Sort(got)
	if want := []string{"01M80KNTD99YRM0000000000ZZ@3", teacher + "@20", teacher + "@25", "ada/big"}; !slices.Equal(got, want) {
		t.Errorf("teachers %q, want %q", got, want)
	}
	if got := from[teacher+"@25 started_from"]; !slices.Equal(got, []string{teacher + "@20"}) {
		t.Errorf("the policy that was not saved is made of %q", got)
	}
	if got := from[teacher+"@20 started_from"]; !slices.Equal(got, []string{teacher + "@10"}) {
		t.Errorf("the saved one is made of %q", got)
	}
	for of, n := range map[string]int{teacher + "@10": 1, teacher + "@20": 1, teacher + "@25": 1, teacher + "@30": 0} {
		students := 0
		for _, e := range g.Descendants(Node{"ckpt", of}) {
			if e.Child.Name == "STUDENT@5" && students == 0 {
				students++
			}
		}
		if students != n {
			t.Errorf("%d students of %s, want %d", students, of, n)
		}
	}
	known, unknown := Licences(up)
	if len(known) != 2 || !slices.Equal(known["MIT"], []string{"ada/big"}) || !slices.Equal(known["CC-BY-4.0"], []string{"/d/traces.jsonl"}) || len(unknown) != 0 {
		t.Errorf("licences %v, unknown %v", known, unknown)
	}
}
