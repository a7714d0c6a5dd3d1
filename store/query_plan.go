package store

import (
	"context"
	"fmt"
	"strings"

	"gradus/store/query"
)

// samplePlan is a query for traces as the pieces of SQL that pages and counts
// have in common.
type samplePlan struct {
	from, order string
	id          string // the column that pages go on from
	edge        bool   // batches lead, so that whole ones before a page are passed over
	plan        query.Plan
}

// plan makes the pieces. Which table leads decides the speed; all leads give
// rows in the order of their id, so that a page costs no sort (a few rows of
// a prompt, or that readers wrote about, apart). CROSS JOIN keeps SQLite from
// choosing another order of tables.
func (q SampleQuery) plan(few func(match string) bool) (samplePlan, error) {
	n, err := q.node()
	if err != nil {
		return samplePlan{}, err
	}
	p := samplePlan{plan: query.Compile(n, few), id: "s.id", order: "s.id %s"}
	const attempt = " CROSS JOIN attempt a"
	const batch = " CROSS JOIN batch b ON b.seq = s.batch" + attempt
	switch p.plan.Lead {
	case query.ByText:
		p.from, p.id, p.order = "sample_fts f CROSS JOIN sample s ON s.id = f.rowid"+batch, "f.rowid", "f.rowid %s"
	case query.ByPrompt:
		p.from = "sample s INDEXED BY sample_prompt" + batch
	case query.ByID:
		p.from = "sample s" + batch
	default:
		p.from = "batch b" + attempt + " CROSS JOIN sample s ON s.id BETWEEN b.first_id AND b.last_id"
		p.order, p.edge = "b.seq %s, s.id %s", true
	}
	return p, nil
}

// fewTraces is how many traces may lie behind a term about prompts that leads:
// they are sorted for every page.
const fewTraces = 2000

// plan makes the pieces with a look into the index of prompts. A look that
// fails is no answer; the query itself will say why.
func (db *DB) plan(ctx context.Context, q SampleQuery) (samplePlan, error) {
	return q.plan(func(match string) bool {
		var n int
		err := db.sql().QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM prompt_fts f CROSS JOIN sample s INDEXED BY sample_prompt ON s.prompt = f.rowid
			WHERE prompt_fts MATCH ? LIMIT ?)`, match, fewTraces+1).Scan(&n)
		return err == nil && n <= fewTraces
	})
}

// where are the terms and their arguments.
func (p samplePlan) where() (terms []string, args []any) {
	if p.plan.Lead == query.ByText {
		terms, args = append(terms, "sample_fts MATCH ?"), append(args, p.plan.Match)
	}
	terms = append(terms, p.plan.Where...)
	return append(terms, "a.n = b.attempt", "b.step <= a.valid_to"), append(args, p.plan.Args...)
}

// page is the SQL of the rows that q asks for.
func (p samplePlan) page(q SampleQuery) (string, []any) {
	terms, args := p.where()
	dir, beyond, edge := "ASC", " > ?", "b.last_id"
	if q.Newest {
		dir, beyond, edge = "DESC", " < ?", "b.first_id"
	}
	if q.After > 0 {
		terms, args = append(terms, p.id+beyond), append(args, q.After)
		if p.edge {
			terms, args = append(terms, edge+beyond), append(args, q.After)
		}
	}
	text := "SELECT " + sampleColumns + " FROM " + p.from + sampleTables + " WHERE " + strings.Join(terms, " AND ") +
		" ORDER BY " + strings.ReplaceAll(p.order, "%s", dir) + " LIMIT ?"
	return text, append(args, pageSizeOf(q.Limit))
}

// count is the SQL of the number of rows, up to atMost if that is above 0. It
// reads no text.
func (p samplePlan) count(atMost int) (string, []any) {
	from := p.from
	if p.plan.Prompt {
		from += promptTable
	}
	terms, args := p.where()
	from += " WHERE " + strings.Join(terms, " AND ")
	if atMost > 0 {
		return "SELECT count(*) FROM (SELECT 1 FROM " + from + " LIMIT ?)", append(args, atMost)
	}
	return "SELECT count(*) FROM " + from, args
}

// node is everything that q asks for as one tree: its fields are short for
// terms of the language.
func (q SampleQuery) node() (query.Node, error) {
	words, err := query.Phrases(q.Text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSearch, err)
	}
	nodes := []query.Node{q.Where, words}
	is := func(field, value string) {
		if value != "" {
			nodes = append(nodes, query.Is{Field: field, Values: []query.Value{{Text: value}}})
		}
	}
	is("phase", q.Phase)
	is("stage", q.Stage)
	is("finish", q.Finish)
	is("task", q.Task)
	is("ckpt", q.Ckpt)
	is("hash", strings.ToLower(q.PromptHash))
	if q.Correct != nil {
		is("correct", map[bool]string{true: "yes", false: "no"}[*q.Correct])
	}
	nodes = append(nodes, within("step", q.MinStep, q.MaxStep), within("attempt", q.Attempt, q.Attempt), within("group", q.Group, q.Group),
		within("reward", q.MinReward, q.MaxReward))
	return query.All(nodes...), nil
}

// within is a range with both ends; nil for none.
func within[N int | float64](field string, lo, hi *N) query.Node {
	n := query.Within{Field: field}
	if lo != nil {
		n.Lo = query.Bound{Value: float64(*lo), Set: true}
	}
	if hi != nil {
		n.Hi = query.Bound{Value: float64(*hi), Set: true}
	}
	if !n.Lo.Set && !n.Hi.Set {
		return nil
	}
	return n
}
