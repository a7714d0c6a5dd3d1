package store

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"gradus/store/query"
)

// A page of traces never sorts and never scans all traces where an index or
// the batches can lead: the plan of every shape of query says so.
func TestPagesNeedNoSort(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.db")
	if err := createDB(path); err != nil {
		t.Fatal(err)
	}
	db, err := OpenRead(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	one, half := 1, 0.5
	where := func(text string) SampleQuery {
		n, err := query.Parse(text, query.Known{})
		if err != nil {
			t.Fatal(err)
		}
		return SampleQuery{Where: n, After: 7}
	}
	for _, q := range []SampleQuery{
		where("step:700.. reward<.2 finish:length task:countdown"), where(`"double check" -wait -verdict:ok reward<.2`), where("id:3..9 correct:no"),
		where("-wait"), where("wait OR step:3"), where("(a OR b) prompt:00112233445566778899aabbccddeeff"), where(`prompt:"how many" entropy>1`), where("prompt:apple*,pear correct:no"), where("tag:hack correct:no"),
		where("has:disagreement"), where("verdict:ok author:ada entropy>1"), where("prompt:00112233445566778899aabbccddeeff"),
		{}, {After: 5}, {Phase: "train"}, {Phase: "eval", Ckpt: "R@1"}, {MinStep: &one}, {MinStep: &one, MaxStep: &one, Phase: "train"},
		{MinReward: &half}, {Task: "t"}, {PromptHash: "ab"}, {PromptHash: "ab", MinStep: &one, Phase: "train", After: 3}, {Text: "word"},
		{Text: "word", MinStep: &one, Phase: "eval", After: 3}, {Text: "word", PromptHash: "ab"}, {Attempt: &one, Group: &one},
	} {
		for _, q.Newest = range []bool{false, true} {
			p, err := q.plan(nil)
			if err != nil {
				t.Fatal(err)
			}
			text, args := p.page(q)
			plan := explain(t, db, text, args)
			if strings.Contains(plan, "B-TREE FOR ORDER BY") {
				t.Errorf("%+v sorts:\n%s", q, plan)
			}
			if strings.Contains(plan, "SCAN s\n") || strings.Contains(plan, "SCAN p\n") || strings.Contains(plan, "SCAN sb\n") {
				t.Errorf("%+v scans:\n%s", q, plan)
			}
		}
	}
}

func explain(t *testing.T, db *DB, query string, args []any) string {
	t.Helper()
	rows, err := db.sql().QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var a, b, c int
		var line string
		if err := rows.Scan(&a, &b, &c, &line); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	return plan.String()
}
